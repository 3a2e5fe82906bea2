"""Which git repository a folder is in, found by reading its files.

Git itself is not asked: it may be missing, and it refuses repositories of other owners (safe.directory).
What is read here is what gitrepository-layout(5) describes: `.git` is a folder, or a file that names one
(`gitdir: …`, in linked worktrees, submodules and after `git init --separate-git-dir`); a linked worktree's
folder has a file `commondir` that names the one that all worktrees share.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from orchestrator.store.regular_files import read_regular

GIT_NAME = ".git"
_FILE_BYTES_MAX = 64 * 1024
_GITDIR = "gitdir:"
_WORKTREES = "worktrees"


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, as seen from one of its checkouts.

    `top` is the checkout's folder, `common` the folder that all checkouts share (free of symlinks), and
    `checkout` the name of a linked worktree, else empty. With a `problem`, `common` cannot be used.
    """

    top: Path
    common: Path
    checkout: str = ""
    problem: str | None = None


def find_repository(root: Path) -> Repository | None:
    """The repository that `root` is in, else None. `root` is absolute and without symlinks."""
    for folder in (root, *root.parents):
        found = _at(folder)
        if found is not None:
            return found
    return None


def _at(folder: Path) -> Repository | None:
    mark = folder / GIT_NAME
    if _is_folder(mark):
        # As git does, an empty folder of that name is passed over.
        return _repository(folder, mark) if _is_git_folder(mark) else None
    if _is_file(mark):
        named = _named_by(mark)
        if named is None:
            return Repository(folder, mark, problem=f"{mark} does not name a git folder")
        if not _is_git_folder(named):
            return Repository(folder, mark, problem=f"{named}, which {mark} names, cannot be reached")
        return _repository(folder, named)
    return _repository(folder, folder) if _is_git_folder(folder) else None


def _repository(top: Path, git_folder: Path) -> Repository:
    shared = _text(git_folder / "commondir")
    if shared is None:
        return Repository(top, git_folder.resolve())
    common = (git_folder / shared).resolve()
    is_linked = git_folder.parent.name == _WORKTREES
    problem = None if _is_folder(common / "objects") else f"{common} cannot be reached"
    return Repository(top, common, git_folder.name if is_linked else "", problem)


def _named_by(mark: Path) -> Path | None:
    """The folder that a `.git` file names, relative to the file's own."""
    text = _text(mark)
    if text is None or not text.startswith(_GITDIR):
        return None
    return mark.parent / text.removeprefix(_GITDIR).strip()


def _is_git_folder(folder: Path) -> bool:
    """Whether git would take it for one; a linked worktree's own has its objects elsewhere."""
    if not _is_file(folder / "HEAD"):
        return False
    return _is_file(folder / "commondir") or (_is_folder(folder / "objects") and _is_folder(folder / "refs"))


# Not the methods of Path: those raise where a folder on the way may not be looked into.
def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113


def _text(path: Path) -> str | None:
    """The file's text without blanks around it; None where there is none that can be read."""
    try:
        return os.fsdecode(read_regular(path, _FILE_BYTES_MAX).data).strip()
    except (OSError, ValueError):
        return None
