"""What one client of a stream gets, in order: no entry of the log twice, and none left out unsaid."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.api.direct import Line
from orchestrator.api.frames import Frame, event_frame, resync_frame
from orchestrator.api.hub import PAGE_EVENTS, Hub
from orchestrator.api.mailbox import Mailbox
from orchestrator.api.metrics import Metrics
from orchestrator.api.status_cache import StatusCache
from orchestrator.domain.errors import InstancePruned
from orchestrator.domain.events import StoredEvent
from orchestrator.domain.frames import ResyncReason
from orchestrator.engine.ports import EventLog
from orchestrator.engine.records import InstanceRecord


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a client asks for: everything after `cursor`, or from now on when it has none.

    `types` None is every type; `with_status` says whether the stream tells the whole status as well.
    """

    record: InstanceRecord
    cursor: int | None
    types: frozenset[str] | None = None
    with_status: bool = True


class Stream:
    """One client's way through a log: the snapshot or the past first, then the hub's mailbox."""

    def __init__(
        self,
        request: StreamRequest,
        mailbox: Mailbox,
        *,
        hub: Hub,
        log: EventLog,
        statuses: StatusCache,
        metrics: Metrics,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._id = request.record.id
        self._request = request
        self._mailbox = mailbox
        self._hub = hub
        self._log = log
        self._statuses = statuses
        self._metrics = metrics
        self._now = now
        mailbox.cursor = request.cursor if request.cursor is not None else mailbox.start

    async def batches(
        self, line: Line | None = None, stuck_seconds: float | None = None
    ) -> AsyncGenerator[list[Frame], None]:
        """The frames, as they are due; ends when the mailbox is closed.

        With a line the hub writes the live ones there itself, and only the others come from here. Raises
        TimeoutError when the line takes nothing for `stuck_seconds`.
        """
        yield await self._opening()
        while True:
            while not self._has_met_hub():
                yield await self._past()
            if line is not None:
                await self._mailbox.forward(line, stuck_seconds, self._metrics)
            while frames := await self._live():
                yield frames
            if self._mailbox.is_closed:
                return
            yield await self._resync("fell_behind")

    async def _opening(self) -> list[Frame]:
        if self._request.cursor is None:
            return await self._snapshot()
        if self._request.cursor > max(self._request.record.seq, self._mailbox.start):
            return await self._resync("beyond_log")
        return []

    async def _snapshot(self) -> list[Frame]:
        if not self._request.with_status:
            return []
        status = await self._statuses.latest(self._id)
        self._mailbox.cursor = status.seq
        return [status.frame]

    async def _resync(self, reason: ResyncReason) -> list[Frame]:
        """The mark of a hole, and where the stream goes on: at a fresh status, or at the hub's position."""
        self._metrics.resyncs[reason] += 1
        first = await self._log.read(self._id, after=0, limit=1)
        oldest = first[0].seq if first else 1
        mark = resync_frame(self._id, reason, self._mailbox.cursor, oldest, self._now())
        self._mailbox.cursor = self._hub.position(self._id)
        try:
            return [mark, *await self._snapshot()]
        except InstancePruned:
            # Nothing is left to send; a client that connects again gets the error.
            self._mailbox.close()
            return [mark]

    def _has_met_hub(self) -> bool:
        """Whether the mailbox has everything after the cursor (and not only the log has)."""
        if self._mailbox.has_overflowed:
            # The log still has what did not fit: read on there, and meet the hub further ahead.
            self._mailbox.restart(self._hub.position(self._id))
        return self._mailbox.cursor >= self._mailbox.start or self._mailbox.is_closed

    async def _past(self) -> list[Frame]:
        """The next page of what the log holds between the cursor and the mailbox's start."""
        page = await self._log.read(
            self._id, after=self._mailbox.cursor, limit=PAGE_EVENTS, types=self._request.types
        )
        if await self._is_torn(page):
            return await self._resync("not_kept")
        self._mailbox.cursor = page[-1].seq if page else self._mailbox.cursor
        if len(page) < PAGE_EVENTS:
            self._mailbox.cursor = max(self._mailbox.cursor, self._mailbox.start)
        return [event_frame(event) for event in page]

    async def _is_torn(self, page: Sequence[StoredEvent]) -> bool:
        """Whether entries right after the cursor are gone, as when the run is pruned meanwhile."""
        if self._request.types is not None:
            page = page or await self._log.read(self._id, after=self._mailbox.cursor, limit=1)
            return not page and self._mailbox.cursor < self._mailbox.start
        return page[0].seq != self._mailbox.cursor + 1 if page else self._mailbox.cursor < self._mailbox.start

    async def _live(self) -> list[Frame]:
        """What the hub delivers; nothing when the client fell too far behind, or the mailbox is closed."""
        fresh: list[Frame] = []
        while not fresh:
            frames = await self._mailbox.take()
            if self._mailbox.is_closed or self._mailbox.has_overflowed:
                return []
            fresh = [frame for frame in frames if frame.seq is None or frame.seq > self._mailbox.cursor]
        self._mailbox.cursor = max(self._mailbox.cursor, *(frame.seq or 0 for frame in fresh))
        return fresh


async def pump(
    stream: Stream,
    send: Callable[[list[Frame]], Awaitable[None]],
    line: Line | None,
    metrics: Metrics,
    stuck_seconds: float,
) -> None:
    """Send a stream's frames until it ends; raises TimeoutError when the client takes nothing for long."""
    async with aclosing(stream.batches(line, stuck_seconds)) as batches:
        async for frames in batches:
            if frames:
                async with asyncio.timeout(stuck_seconds):
                    await send(frames)
                metrics.frames_sent += len(frames)
