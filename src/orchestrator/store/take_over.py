"""Takes over what an earlier version, or a project before its repository, has kept in `.orchestrator`."""

from __future__ import annotations

from pathlib import Path

from orchestrator.domain.errors import StorageError
from orchestrator.domain.wording import counted
from orchestrator.store.database import DATABASE_NAME
from orchestrator.store.failures import storage_errors
from orchestrator.store.old_state import is_from_here, take_over, take_over_files
from orchestrator.store.regular_files import replace_file
from orchestrator.store.state_folder import ProjectState, locked
from orchestrator.store.state_mark import is_in_place, is_ours, read_mark
from orchestrator.store.state_place import IN_ROOT

_NOT_USED = "not-taken-over"


def old_folder(state: ProjectState) -> Path | None:
    """The folder in the root that the state was kept in, if there is one and it is not the state folder."""
    old = state.root / IN_ROOT
    return old if old != state.folder and old.is_dir() else None


def take_over_old_folder(state: ProjectState, database: Path | None) -> str | None:
    """Move what is in the old folder; returns the sentence about it, None where there is nothing to say.

    `database` is the project's own; None where it uses another, which the old rows do not go into. Raises
    StorageError, also while the old folder is in use.
    """
    if (old := old_folder(state)) is None:
        return None
    with storage_errors(old), locked(state.folder):
        has_database = (old / DATABASE_NAME).is_file()
        if not old.is_dir():
            return None
        if has_database and not _is_believed(old, state.root):
            return _said_once(state.folder, old)
        count = 0
        if has_database and database is not None:
            count = take_over(old, database, state.project, state.checkout)
        if has_database and database is None:
            return None
        take_over_files(old, state.folder, state.chosen_plan)
    return (
        f"Took over {counted(count, 'run')} from {old}; state is kept in {state.folder} now."
        if count
        else None
    )


def _is_believed(old: Path, root: Path) -> bool:
    mark = read_mark(old)
    if mark is not None:
        return not old.is_symlink() and (is_in_place(old, mark) or is_ours(old, mark))
    try:
        return is_from_here(old, root)
    except StorageError:
        return False


def _said_once(folder: Path, old: Path) -> str | None:
    said, stamp = folder / _NOT_USED, f"{old.lstat().st_ino}\n".encode()
    if said.is_file() and said.read_bytes() == stamp:
        return None
    replace_file(said, stamp, 0o600)
    return (
        f"{old} was not written by this user on this machine for this folder: it came with the repository or "
        "an archive. What it says is done is not believed, and it is left as it is."
    )
