"""One orchestrator's pen: what it writes changes the state at once and is durable when `record` returns.

Nobody else writes to this log while the lease is held, so the state can run ahead of the disk by what is
on its way there; if a write fails, the journal is closed and the run ends.

Every event of a run comes by here, so here every text in it is redacted, before anything else sees it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from orchestrator.domain.errors import OrchestratorError, StorageError
from orchestrator.domain.events import EventData, NewEvent, PlanLoaded, TaskChanged
from orchestrator.domain.projection import summarize
from orchestrator.domain.redacted_models import redacted
from orchestrator.domain.redaction import Redact, redact_known
from orchestrator.domain.run_state import RunState, evolve
from orchestrator.engine.ports import EventLog
from orchestrator.engine.records import Lease, RunCounts

Listener = Callable[[EventData], None]
Waiting = tuple[list[NewEvent], asyncio.Future[None]]

_log = logging.getLogger(__name__)


class Journal:
    """Appends events and keeps the state that they fold to."""

    def __init__(
        self, log: EventLog, lease: Lease, now: Callable[[], datetime], redact: Redact = redact_known
    ) -> None:
        self.state = RunState()
        self.lease = lease
        self._log = log
        self._now = now
        self._redact = redact
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._failure: OrchestratorError | None = None
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener` with each event when the state has taken it in, before it is durable.

        One that raises is not called again; the run goes on without it.
        """
        self._listeners.append(listener)

    async def record(self, *events: EventData) -> None:
        """Append the events, all or none, and return when they are durable.

        The state changes before the first await, so a decision and its `record` must have none between
        them. Raises LeaseLost or StorageError, for good: nothing can be recorded after that.
        """
        if events:
            await asyncio.shield(self.append(*events))
        else:
            self.check()

    def append(self, *events: EventData) -> asyncio.Future[None]:
        """Begin to append the events, all or none; the future is done when they are durable.

        What is appended later is durable later, so whoever waits for the last has waited for all. Raises, or
        the future does, as `record` does.
        """
        self.check()
        at = self._now()
        events = tuple(redacted(event, self._redact) for event in events)
        state = self.state
        for event in events:
            state = replace(evolve(state, event, at), seq=state.seq + 1)
        self.state = state
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(([NewEvent(event, at) for event in events], durable))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        for event in events:
            self._tell(event)
        return durable

    def check(self) -> None:
        """Raise what closed the journal, if anything has."""
        if self._failure is not None:
            raise self._failure

    def close(self, error: OrchestratorError) -> None:
        """Write nothing more: whatever is recorded from now on, or still waits, raises `error`."""
        self._fail(error, [])

    def _tell(self, event: EventData) -> None:
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - the run does not depend on who watches it
                self._listeners.remove(listener)
                _log.exception("A listener of the run failed and is not told any more")

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            events = [event for group, _ in batch for event in group]
            moved = any(isinstance(event.data, PlanLoaded | TaskChanged) for event in events)
            counts = RunCounts.of(summarize(self.state)) if moved else None
            try:
                await self._log.append(self.lease, events, counts=counts)
            except OrchestratorError as error:
                self._fail(error, batch)
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                self._fail(StorageError(f"The log cannot be written: {type(error).__name__}: {error}"), batch)
            for _, durable in batch:
                if not durable.done():
                    durable.set_result(None)
        self._writing = None

    def _fail(self, error: OrchestratorError, batch: list[Waiting]) -> None:
        self._failure = self._failure or error
        for _, durable in [*batch, *self._waiting]:
            if not durable.done():
                durable.set_exception(self._failure)
                durable.exception()  # whoever waits gets it; nobody may be waiting any more
        self._waiting = []
