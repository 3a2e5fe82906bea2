"""A task's declared files as digests: one that any touch changes, one that only their content does."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.domain.file_claims import declared_paths
from orchestrator.store.regular_files import read_regular

ENTRIES_MAX = 20_000
"""How many files and folders are looked at below the declared ones."""
CONTENT_BYTES_MAX = 16 * 1024 * 1024
"""How much is read of all files together; where they hold more, only their sizes and times are compared."""

_WILDCARD = re.compile(r"[*?\[{]")
_NOT_SEARCHED = frozenset({"node_modules", "__pycache__", "venv"})


class TooMuch(Exception):
    """There is more to look at than the limits allow."""


@dataclass
class Fingerprint:
    """Takes in files one after another. `content` has what they hold, as long as there is room for it."""

    deadline: float
    touched: hashlib._Hash = field(default_factory=hashlib.sha256)
    content: hashlib._Hash = field(default_factory=hashlib.sha256)
    entries_left: int = field(default_factory=lambda: ENTRIES_MAX)
    bytes_left: int = field(default_factory=lambda: CONTENT_BYTES_MAX)

    def add(self, path: Path, name: str) -> None:
        """Take in what is at `path`, also if there is nothing. Raises TooMuch."""
        self.entries_left -= 1
        if self.entries_left < 0 or time.monotonic() > self.deadline:
            raise TooMuch
        marks = _marks(path)
        self.touched.update(f"{name}\0{marks}\0".encode("utf-8", "surrogateescape"))
        self.content.update(f"{name}\0".encode("utf-8", "surrogateescape") + self._held(path, marks) + b"\0")

    def _held(self, path: Path, marks: str) -> bytes:
        """A digest of what the file holds; its marks where that is not read."""
        try:
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode) and found.st_size <= self.bytes_left:
                data = read_regular(path, self.bytes_left).data
                self.bytes_left -= len(data)
                return b"%o %s" % (found.st_mode, hashlib.sha256(data).digest())
        except OSError:
            pass
        return marks.encode()


def _marks(path: Path) -> str:
    """What changes with every touch of the file, or of the one that a link leads to."""
    told = []
    for look in (os.lstat, os.stat):
        try:
            found = look(path)
        except OSError:
            told.append("none")
            continue
        # A folder changes its times with what is in it, which is taken in by itself.
        times = () if stat.S_ISDIR(found.st_mode) else (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        told.append(" ".join(map(str, (found.st_mode, found.st_ino, *times))))
    return ", ".join(told)


def declared_digests(root: Path, files: Sequence[str], deadline: float) -> tuple[str | None, str | None]:
    """A digest that changes when a declared file is touched, and one that changes only with their content.

    None for both where the entries are no clear paths, or too much is below them.
    """
    paths = declared_paths(files)
    if paths is None:
        return None, None
    print_ = Fingerprint(deadline)
    try:
        for path in paths:
            _take_in(print_, root, path)
    except TooMuch:
        return None, None
    return print_.touched.hexdigest(), print_.content.hexdigest()


def _take_in(print_: Fingerprint, root: Path, path: str) -> None:
    wildcard = _WILDCARD.search(path)
    if wildcard is None:
        there = root / path
        print_.add(there, path)
        if there.is_dir():
            _take_in_below(print_, there, path, None)
        elif "/" not in path and not os.path.lexists(there):
            # Perhaps only its name was written, and not the folder that it is in.
            _take_in_below(print_, root, "", f"*/{path}", is_search=True)
        return
    folder = path[: wildcard.start()].rpartition("/")[0]
    # What looks like a pattern is as likely a name: `pages/[id].tsx`.
    print_.add(root / path, path)
    _take_in_below(print_, root / folder, folder, path if "{" not in path and "[" not in path else None)


def _take_in_below(
    print_: Fingerprint, folder: Path, name: str, pattern: str | None, *, is_search: bool = False
) -> None:
    """Take in the files below a folder, those that match the pattern where there is one."""
    for entry, path in _walk(print_, folder, name, is_search=is_search):
        if pattern is None or fnmatch.fnmatchcase(path.lower(), _anywhere(pattern)):
            print_.add(Path(entry.path), path)


def _anywhere(pattern: str) -> str:
    """The pattern for fnmatch, whose `*` goes across folders, so that `**/` may also stand for none."""
    return pattern.lower().replace("**/", "*")


def _walk(
    print_: Fingerprint, folder: Path, name: str, *, is_search: bool
) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Every entry below the folder but for .git, in a fixed order; links are not followed. Raises TooMuch."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        print_.entries_left -= 1
        if print_.entries_left < 0 or time.monotonic() > print_.deadline:
            raise TooMuch
        path = f"{name}/{entry.name}" if name else entry.name
        yield entry, path
        is_passed_over = entry.name == ".git" or (
            is_search and (entry.name.startswith(".") or entry.name in _NOT_SEARCHED)
        )
        if not is_passed_over and entry.is_dir(follow_symlinks=False):
            yield from _walk(print_, Path(entry.path), path, is_search=is_search)
