"""Notices that others change a file: whether it is still the same, and when to look again."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 2.0
"""How often a file is looked at where the system cannot say that it has changed."""

DEBOUNCE_MILLISECONDS = 200
STEP_MILLISECONDS = 100


@dataclass(frozen=True, slots=True)
class Version:
    """Tells a file's content from what it was before; a file that is replaced is another one."""

    inode: int
    modified_ns: int
    size_bytes: int

    @property
    def age_seconds(self) -> float:
        """How long ago it was written, by this host's clock."""
        return abs(time.time() - self.modified_ns / 1e9)


def version_of(found: os.stat_result) -> Version:
    """The version that the system's answer describes."""
    return Version(found.st_ino, found.st_mtime_ns, found.st_size)


def present_version(path: Path) -> Version | None:
    """The version that is there now; None where there is none, or where it cannot be told."""
    try:
        return version_of(path.lstat())
    except OSError:
        return None


async def changes_in(folder: Path, name: str) -> AsyncIterator[None]:
    """Yield whenever the file `name` in `folder` may have changed; ends when it is closed.

    Where watching is not possible (no inotify left, a network file system), it looks now and then.
    """
    # Imported here: a run needs it, and almost no other command does.
    from watchfiles import awatch  # noqa: PLC0415

    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        async for changes in awatch(
            folder,
            watch_filter=lambda _change, path: os.path.basename(path) == name,  # noqa: PTH119 - a text
            debounce=DEBOUNCE_MILLISECONDS,
            step=STEP_MILLISECONDS,
            recursive=False,
        ):
            if changes:
                yield
    except (OSError, RuntimeError):
        pass
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        yield
