"""What the hub has for one client of a stream: written to it at once, or kept until it takes more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from orchestrator.api.direct import Line
from orchestrator.api.frames import Delivery, Frame, Piece
from orchestrator.api.metrics import Metrics


class Mailbox:
    """Takes frames from the hub without ever waiting; one that grows too full is emptied and says so.

    `start` is the position of the log after which every wanted entry comes through this mailbox, and `cursor`
    the last position that the client has got. Frames are either queued for a task that takes and sends them
    (`take`), or written by `put` itself to the client's line while its task is parked in `forward`.
    """

    def __init__(
        self, start: int, *, frames_max: int, bytes_max: int, types: frozenset[str] | None = None
    ) -> None:
        self.start = start
        self.cursor = start
        self.types = types
        self.is_closed = False
        self.has_overflowed = False
        self.waiting_since: float | None = None
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._frames: list[Frame] = []
        self._bytes = 0
        self._line: Line | None = None
        self._is_awake = False
        self._waiter: asyncio.Future[None] | None = None

    def put(self, delivery: Delivery) -> int:
        """Write what the client wants of these, or queue it; returns how many frames were written.

        A frame that is too big alone still fits an empty queue.
        """
        if self.has_overflowed or self.is_closed:
            return 0
        delivery = delivery.wanted(self.types)
        if self._line is None:
            self._queue(delivery)
            return 0
        # While a pass over the clients makes a pause, this one may have read the same entries from the log.
        delivery = delivery.after(self.cursor)
        if not delivery.frames:
            return 0
        count = self._write(self._line, delivery.pieces)
        if count == len(delivery.frames):
            self.waiting_since = delivery.time
        else:
            self._line = None
            self._queue(Delivery(delivery.frames[count:]))
        return count

    def _write(self, line: Line, pieces: Sequence[Piece]) -> int:
        count = line.write(pieces)
        if not count:
            return 0
        self.cursor = max(self.cursor, pieces[count - 1].last_seq)
        return sum([len(piece.frames) for piece in pieces[:count]])

    def _queue(self, delivery: Delivery) -> None:
        self._frames.extend(delivery.frames)
        self._bytes += delivery.size_bytes
        count = len(self._frames)
        if count > self._frames_max or (count > 1 and self._bytes > self._bytes_max):
            self._clear()
            self.has_overflowed = True
        if count:
            self._wake()

    def _clear(self) -> None:
        self._frames = []
        self._bytes = 0

    async def take(self) -> list[Frame]:
        """Wait for frames and take them all; nothing when the mailbox is closed or has overflowed."""
        if not self._is_awake:
            await self._silence()
        if not self.is_closed:
            self._is_awake = False
        frames = self._frames
        self._clear()
        return [] if self.is_closed or self.has_overflowed else frames

    def _wake(self) -> None:
        # By hand: an asyncio.Event holds a queue for many waiters, which is 600 bytes.
        self._is_awake = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _silence(self) -> None:
        """Wait for the wake-up. The client has all that there is, and is pinged when that takes long."""
        loop = asyncio.get_running_loop()
        self.waiting_since = loop.time()
        self._waiter = loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = self.waiting_since = None

    async def forward(self, line: Line, stuck_seconds: float | None, metrics: Metrics) -> None:
        """Have `put` write to the line, until the mailbox is closed or has overflowed.

        Raises TimeoutError when the client takes nothing for `stuck_seconds`. What it does not take waits
        here, and goes on when the line has drained.
        """
        while not (self.is_closed or self.has_overflowed):
            metrics.frames_sent += self._flush(line)
            if not self._frames:
                await self._live(line)
            if self._frames or self.has_overflowed:
                async with asyncio.timeout(stuck_seconds):
                    await line.drained()
                if not line.is_open:
                    self.close()

    async def _live(self, line: Line) -> None:
        """The time in which `put` writes to the line; ends when it cannot."""
        self._is_awake = False
        self._line = line
        try:
            await self._silence()
        finally:
            self._line = None

    def _flush(self, line: Line) -> int:
        """Write what has waited, as far as the client takes it; returns how many frames were written."""
        waiting = Delivery(self._frames).after(self.cursor).frames
        # Frame by frame: what is joined for one client alone would not be shared with the others.
        count = self._write(line, [Piece((frame,)) for frame in waiting])
        self._frames = list(waiting[count:])
        self._bytes = sum(frame.size_bytes for frame in self._frames)
        return count

    def restart(self, start: int) -> None:
        """Begin again, empty, at another position of the log."""
        self.start = start
        self.has_overflowed = False
        self._clear()
        if not self.is_closed:
            self._is_awake = False

    def close(self) -> None:
        """Let the client go: `take` and `forward` return, now and ever after."""
        self.is_closed = True
        self._line = None
        self._wake()
