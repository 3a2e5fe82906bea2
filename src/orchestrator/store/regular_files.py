"""Reads and replaces whole files with care: only regular ones, never half, never too large."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.store.failures import file_failure

LEFTOVER_SECONDS = 60.0


class NotRegular(OSError):
    """There is something else than a plain file: a folder, a pipe, a device, or a link where none may be."""


class TooLarge(OSError):
    """The file is larger than the limit that the caller has set."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held, and what the system said of it."""

    data: bytes
    size_bytes: int
    last_modified: datetime


def modified(found: os.stat_result) -> datetime:
    """When the file was last written."""
    return datetime.fromtimestamp(found.st_mtime, UTC)


def read_regular(path: Path, bytes_max: int, *, follow_symlink: bool = False) -> Content:
    """Read the file; raises OSError, among them NotRegular and TooLarge. Never waits for a pipe."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow_symlink else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise NotRegular(0, "it is not a plain file")
        pieces, left = [], bytes_max + 1
        while left > 0 and (piece := os.read(descriptor, min(left, 1024 * 1024))):
            pieces.append(piece)
            left -= len(piece)
        if left == 0:
            raise TooLarge(0, f"it is larger than {_size(bytes_max)}")
    finally:
        os.close(descriptor)
    data = b"".join(pieces)
    return Content(data, len(data), modified(found))


def _size(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count // 2**10} KiB"


def read_inside(root: Path, path: Path, bytes_max: int) -> Content:
    """The same for a file of the repository at `root`, which a link may lead to, but not out of `root`."""
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(os.path.realpath(root)):
        raise NotRegular(0, f"it is a link that leads out of {root}")
    return read_regular(target, bytes_max)


def replace_file(path: Path, data: bytes, mode: int = 0o666) -> os.stat_result:
    """Make `data` the content of `path`: a reader sees the old or the new, also after a crash.

    The file has the rights of `mode`, less those that the umask takes. Folders are made. Raises StorageError
    and leaves the old file and no other behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        try:
            found = _write(temporary, data, mode)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise file_failure(path, error) from error
    return found


def _write(path: Path, data: bytes, mode: int) -> os.stat_result:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(path: Path) -> None:
    """Remove what a writer that was killed between creating and renaming has left of this file."""
    prefix, oldest = f".{path.name}.", time.time() - LEFTOVER_SECONDS
    with os.scandir(path.parent) as entries:
        old = [
            entry.path
            for entry in entries
            if entry.name.startswith(prefix)
            and entry.name.endswith(".tmp")
            and entry.stat(follow_symlinks=False).st_mtime < oldest
        ]
    for leftover in old:
        with contextlib.suppress(OSError):
            Path(leftover).unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
