"""The bounded queue between the hub and one client of a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from orchestrator.api.frames import Frame


class Mailbox:
    """Takes frames from the hub without ever waiting; one that grows too full is emptied and says so.

    `start` is the position of the log after which every wanted entry comes through this mailbox.
    """

    def __init__(
        self, start: int, *, frames_max: int, bytes_max: int, types: Collection[str] | None = None
    ) -> None:
        self.start = start
        self.types = types
        self.is_closed = False
        self.has_overflowed = False
        self.waiting_since: float | None = None
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._frames: list[Frame] = []
        self._bytes = 0
        self._wake = asyncio.Event()

    def put(self, frames: Sequence[Frame]) -> None:
        """Queue what the client wants of these; a frame that is too big alone still fits an empty queue."""
        if self.has_overflowed or self.is_closed:
            return
        if self.types is not None:
            frames = [frame for frame in frames if frame.seq is None or frame.type in self.types]
        self._frames.extend(frames)
        self._bytes += sum(frame.size_bytes for frame in frames)
        count = len(self._frames)
        if count > self._frames_max or (count > 1 and self._bytes > self._bytes_max):
            self._frames.clear()
            self._bytes = 0
            self.has_overflowed = True
        if count:
            self._wake.set()

    async def take(self) -> list[Frame]:
        """Wait for frames and take them all; nothing when the mailbox is closed or has overflowed."""
        if not self._wake.is_set():
            self.waiting_since = asyncio.get_running_loop().time()
        await self._wake.wait()
        self.waiting_since = None
        if not self.is_closed:
            self._wake.clear()
        frames, self._frames = self._frames, []
        self._bytes = 0
        return [] if self.is_closed or self.has_overflowed else frames

    def restart(self, start: int) -> None:
        """Begin anew, empty, at another position of the log."""
        self.start = start
        self.has_overflowed = False
        self._frames = []
        self._bytes = 0
        if not self.is_closed:
            self._wake.clear()

    def close(self) -> None:
        """Let the client go: `take` returns at once, now and ever after."""
        self.is_closed = True
        self._wake.set()
