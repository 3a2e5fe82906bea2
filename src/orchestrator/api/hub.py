"""One tailer per process: it follows the logs that someone watches, and hands each entry to all who do."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

from orchestrator.api.errors import ApiError
from orchestrator.api.frames import Delivery, Frame, event_frame, ping_frame
from orchestrator.api.mailbox import Mailbox
from orchestrator.api.metrics import Metrics
from orchestrator.api.settings import ApiSettings
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.events import OrchestratorChanged, StoredEvent
from orchestrator.engine.ports import Changes, EventLog
from orchestrator.engine.records import InstanceRecord

logger = logging.getLogger(__name__)

PAGE_EVENTS = 250
RETRY_SECONDS = 1.0
SLICE_SECONDS = 0.002
SLICE_CLIENTS = 16
"""How many clients are written to between looks at the clock."""


class _Channel:
    """One orchestrator's log as far as it was read, and who watches it."""

    def __init__(self, instance_id: str, position: int, *, has_ended: bool) -> None:
        self.instance_id = instance_id
        self.position = position
        self.has_ended = has_ended
        self.mailboxes: set[Mailbox] = set()
        self.passing = asyncio.Lock()
        """One pass at a time: a ping must not overtake the entries that it says were looked at."""


class Hub:
    """Joins clients to logs. `run` must be running; `close` lets every client go, for good."""

    def __init__(
        self,
        log: EventLog,
        changes: Changes,
        settings: ApiSettings,
        metrics: Metrics,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log = log
        self._changes = changes
        self._settings = settings
        self._metrics = metrics
        self._now = now
        self._channels: dict[str, _Channel] = {}
        self.is_closed = False
        self.is_failing = False

    @property
    def streams(self) -> int:
        """How many clients are joined."""
        return sum(len(channel.mailboxes) for channel in self._channels.values())

    def position(self, instance_id: str) -> int:
        """How far the log was read; raises KeyError for one that nobody watches."""
        return self._channels[instance_id].position

    @contextmanager
    def join(self, record: InstanceRecord, types: frozenset[str] | None = None) -> Iterator[Mailbox]:
        """A mailbox that gets every entry after its `start`, until the context ends."""
        if self.is_closed:
            raise ApiError(503, "shutting_down", "The server is shutting down; try again.")
        if self.streams >= self._settings.streams_max:
            raise ApiError(
                503,
                "too_many_streams",
                f"{self._settings.streams_max} streams are open, and no more are served.",
                headers={"Retry-After": "10"},
            )
        channel = self._channels.get(record.id)
        if channel is None:
            channel = _Channel(record.id, record.seq, has_ended=record.status.has_ended)
            self._channels[record.id] = channel
        mailbox = Mailbox(
            channel.position,
            frames_max=self._settings.queue_frames_max,
            bytes_max=self._settings.queue_bytes_max,
            types=types,
        )
        channel.mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            channel.mailboxes.discard(mailbox)
            mailbox.close()
            if not channel.mailboxes and self._channels.get(record.id) is channel:
                del self._channels[record.id]

    def close(self) -> None:
        """End every stream now, and refuse new ones; also called before the server waits for connections."""
        self.is_closed = True
        for channel in self._channels.values():
            for mailbox in channel.mailboxes:
                mailbox.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the logs and send pings while the context lasts."""
        tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._ping())]
        try:
            yield
        finally:
            self.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            try:
                async with self._changes.subscribe() as subscription:
                    while True:
                        await self._catch_up()
                        self._recovered()
                        await subscription.wait(self._settings.poll_seconds)
            except Exception as error:  # noqa: BLE001 - the tailer outlives whatever the storage does
                self._failed(error)
                await asyncio.sleep(RETRY_SECONDS)

    def _failed(self, error: Exception) -> None:
        if not self.is_failing:
            unexpected = None if isinstance(error, OrchestratorError) else error
            logger.error("live streams stand still, trying again: %s", error, exc_info=unexpected)
        self.is_failing = True

    def _recovered(self) -> None:
        if self.is_failing:
            logger.warning("live streams go on")
        self.is_failing = False

    async def _catch_up(self) -> None:
        for channel in list(self._channels.values()):
            has_ended = channel.has_ended
            while channel.mailboxes and not channel.has_ended:
                page = await self._log.read(channel.instance_id, after=channel.position, limit=PAGE_EVENTS)
                has_ended = has_ended or any(map(_is_end, page))
                await self._deliver(channel, page)
                if len(page) < PAGE_EVENTS:
                    channel.has_ended = has_ended
                    break
                # Let the clients take this page before the next one fills their mailboxes.
                await asyncio.sleep(0)

    async def _deliver(self, channel: _Channel, page: list[StoredEvent]) -> None:
        if not page:
            return
        frames = [event_frame(event) for event in page]
        async with channel.passing:
            # First: who joins or restarts while the pass makes a pause reads these from the log.
            channel.position = page[-1].seq
            await self._pass(channel, frames, list(channel.mailboxes))
        self._metrics.events_followed += len(frames)

    async def _pass(self, channel: _Channel, frames: Sequence[Frame], mailboxes: Sequence[Mailbox]) -> None:
        """Put the frames into the mailboxes, with a pause every 2 ms: beside a run this is the engine's loop.

        In a pause clients may join (they are not in `mailboxes`), leave (theirs are closed), overflow, or go
        on from the log at the channel's position (their cursors are beyond these frames).
        """
        delivery = Delivery(frames, asyncio.get_running_loop().time())
        pause_at = time.perf_counter() + SLICE_SECONDS
        for number, mailbox in enumerate(mailboxes, 1):
            try:
                self._metrics.frames_sent += mailbox.put(delivery)
            except Exception:
                # The others still have to get theirs: nobody comes back to this page.
                logger.exception("a stream of %s broke", channel.instance_id)
                mailbox.close()
            if number % SLICE_CLIENTS == 0 and time.perf_counter() >= pause_at:
                await asyncio.sleep(0)
                pause_at = time.perf_counter() + SLICE_SECONDS

    async def _ping(self) -> None:
        """One timer for all clients; the ping itself is shared too."""
        loop = asyncio.get_running_loop()
        silence = self._settings.ping_seconds
        while True:
            await asyncio.sleep(min(silence / 4, 1.0))
            for channel in list(self._channels.values()):
                async with channel.passing:
                    silent_since = loop.time() - silence
                    silent = [
                        mailbox
                        for mailbox in channel.mailboxes
                        if mailbox.waiting_since is not None and mailbox.waiting_since <= silent_since
                    ]
                    if silent:
                        ping = ping_frame(channel.instance_id, channel.position, self._now())
                        await self._pass(channel, [ping], silent)


def _is_end(event: StoredEvent) -> bool:
    if event.type != OrchestratorChanged.type:
        return False
    data = event.data
    return isinstance(data, OrchestratorChanged) and data.new_status.has_ended
