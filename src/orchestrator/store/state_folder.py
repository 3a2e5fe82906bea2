"""A project's state folder: made, recognised, and known by the project's id.

What has to hold, whatever else happens: a state folder that was not made here is never believed; an id that
was once found is kept, so that the first commit or another remote makes no other project of it; and of
several processes that come at once all find the same folder with the same id. So whatever is not plainly as
it was is looked at under a lock on the folder that the state folder belongs into.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.domain.errors import UsageError
from orchestrator.store.database import DATABASE_NAME
from orchestrator.store.failures import storage_errors
from orchestrator.store.old_state import adopt, is_from_here
from orchestrator.store.project_identity import Identity, identify, project_id
from orchestrator.store.regular_files import replace_file
from orchestrator.store.state_mark import is_in_place, is_ours, read_mark, user_state, write_mark
from orchestrator.store.state_place import (
    IN_ROOT,
    Place,
    checkout_file_name,
    find_place,
    place_entry,
    place_file,
)

CHOSEN_PLAN = "current-plan"
_CHECKOUT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class ProjectState:
    """Where a project's state is, and whose it is.

    `notices` are for its user: what was found and is not used, and why the state is where one would not look.
    """

    root: Path
    place: Place
    identity: Identity
    checkout: str
    notices: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The state folder."""
        return self.place.folder

    @property
    def project(self) -> str:
        """The project's id."""
        return project_id(self.identity, self.place.repository, self.root)

    @property
    def chosen_plan(self) -> Path:
        """The file with the plan that `orchestrator use` chose."""
        return chosen_plan_file(self.root, self.place)


def open_state(root: Path, checkout: str | None = None) -> ProjectState:
    """The state of the project at `root`; its folder is made where it is missing.

    `checkout` is a name for this checkout; without one it has that of its linked worktree. Raises UsageError
    for a name that cannot be one, and StorageError.
    """
    root = root.resolve()
    place = find_place(root)
    if checkout is not None and not _CHECKOUT_NAME.fullmatch(checkout):
        raise UsageError(
            f"{checkout[:80]!r} cannot be the name of a checkout: up to 64 letters, digits and, after the "
            "first, . _ -"
        )
    if checkout is None:
        checkout = place.repository.checkout if place.repository else ""
    if place.identity is not None:
        with storage_errors(place.folder):
            _make_folder(place.folder)
            _remember(place.home, place.identity)
        notice = f"State is kept in {place.folder}, because {place.obstacle}."
        return ProjectState(root, place, place.identity, checkout, (notice,))
    notices: list[str] = []
    with storage_errors(place.folder):
        identity = _identity(root, place, notices)
    return ProjectState(root, place, identity, checkout, tuple(notices))


def is_believed(place: Place) -> bool:
    """Whether the state folder is there, and is one of this user's making."""
    if place.identity is not None:
        return place.folder.is_dir()
    mark = read_mark(place.folder)
    return mark is not None and (is_in_place(place.folder, mark) or is_ours(place.folder, mark))


def has_state(root: Path) -> bool:
    """Whether the project has a history here, in its state folder or where earlier versions kept it.

    Raises StorageError as `find_place` does.
    """
    root = root.resolve()
    folders = (find_place(root).folder, root / IN_ROOT)
    return any((folder / DATABASE_NAME).exists() for folder in folders)


def chosen_plan_file(root: Path, place: Place) -> Path:
    """Where the choice of `orchestrator use` is kept: each root and checkout has its own."""
    repository = place.repository
    if repository is None:
        return place.folder / CHOSEN_PLAN
    subfolder = "" if root == repository.top else root.relative_to(repository.top).as_posix()
    return place.folder / checkout_file_name(CHOSEN_PLAN, repository.checkout, subfolder)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of what this one does with the folder's state. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _identity(root: Path, place: Place, notices: list[str]) -> Identity:
    """What the folder's mark says; one without a mark of ours is set aside, and a new one made."""
    folder = place.folder
    if (mark := read_mark(folder)) is not None and is_in_place(folder, mark):
        return mark.identity
    with locked(place.home):
        mark = read_mark(folder)
        if mark is not None and is_in_place(folder, mark):
            return mark.identity
        if mark is not None and is_ours(folder, mark):
            # It was copied, or moved to another disk.
            write_mark(folder, mark.identity)
            return mark.identity
        identity = _earlier(root, place) or identify(place.repository)
        if folder.is_symlink() or _is_filled(folder):
            if place.repository is None and mark is None and is_from_here(folder, root):
                adopt(folder / DATABASE_NAME, root, identity.id)
            else:
                notices.append(_set_aside(folder))
        _make_folder(folder)
        write_mark(folder, identity)
        return identity


def _earlier(root: Path, place: Place) -> Identity | None:
    """What the project was known by before its folder became a repository."""
    if place.repository is None or root != place.repository.top:
        return None
    mark, old = read_mark(root / IN_ROOT), root / IN_ROOT
    if mark is None or old.is_symlink() or not (is_in_place(old, mark) or is_ours(old, mark)):
        return None
    return mark.identity


def _is_filled(folder: Path) -> bool:
    return folder.is_dir() and any(entry.name != ".gitignore" for entry in folder.iterdir())


def _set_aside(folder: Path) -> str:
    """Rename a state folder that is not believed; returns the sentence about it."""
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    aside = folder.with_name(f"{folder.name}.set-aside-{stamp}")
    folder.rename(aside)
    return (
        f"{folder} was not made by this user on this machine: it came with the repository, an archive or "
        f"another user's copy. What it says is done is not believed; it was set aside as {aside.name}."
    )


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    if folder.name == IN_ROOT:
        # There is no repository yet: in one that is made later it is nobody's to commit. Never through a
        # link, which may lead anywhere.
        with contextlib.suppress(FileExistsError), (folder / ".gitignore").open("x") as ignore:
            ignore.write("*\n")


def _remember(home: Path, identity: Identity) -> None:
    """Note in the user's own state folder which project this is."""
    file, entry = place_file(home), place_entry(home, identity)
    if not file.exists() or file.read_bytes() != entry:
        user_state().mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(file, entry, 0o600)
