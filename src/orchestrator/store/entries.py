"""Events on their way into the log: what every adapter does with them before it stores them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.domain.commands import CommandState
from orchestrator.domain.errors import UsageError
from orchestrator.domain.events import (
    CommandSettled,
    EventData,
    NewEvent,
    OrchestratorChanged,
    StoredEvent,
    ends_run,
    microseconds,
)
from orchestrator.domain.task_status import RunStatus

Clock = Callable[[], datetime]

EXPIRED_CODE = "expired"


@dataclass(slots=True)  # not frozen: that would make it thrice as slow to build
class Entry:
    """An event with its time, in microseconds since 1970, and its encoded body.

    `is_own` marks those that the store adds itself.
    """

    event: EventData
    time: int
    body: str
    is_own: bool = False

    def stored(self, instance_id: str, seq: int) -> StoredEvent:
        """The entry as it stands in a log."""
        return StoredEvent(instance_id, seq, self.event.type, self.time, self.body.encode())


@dataclass(frozen=True, slots=True)
class OpenCommand:
    """A command without a receipt."""

    id: str
    name: str
    actor: str


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def entries_of(events: Sequence[NewEvent]) -> list[Entry]:
    """The events with their encoded bodies."""
    return [
        Entry(event.data, microseconds(event.timestamp), event.data.model_dump_json()) for event in events
    ]


def last_status(entries: Sequence[Entry]) -> RunStatus | None:
    """The status that the entries leave the orchestrator in, or None if they don't touch it."""
    changes = (e.event.new_status for e in reversed(entries) if isinstance(e.event, OrchestratorChanged))
    return next(changes, None)


def with_expired_commands(entries: Sequence[Entry], open_commands: Sequence[OpenCommand]) -> list[Entry]:
    """The entries of an ending run, with a receipt for each command that would be left without one.

    They come right before the entry that ends the run, which stays the last word on it.
    """
    settled = {e.event.command_id for e in entries if isinstance(e.event, CommandSettled)}
    ending = next(i for i, e in enumerate(entries) if ends_run(e.event))
    reason = _expired_reason(entries[ending].event)
    receipts = [
        CommandSettled(
            command_id=command.id,
            command=command.name,
            state=CommandState.EXPIRED,
            reason=reason,
            code=EXPIRED_CODE,
            actor=command.actor,
        )
        for command in open_commands
        if command.id not in settled
    ]
    at = entries[ending].time
    own = [Entry(receipt, at, receipt.model_dump_json(), is_own=True) for receipt in receipts]
    return [*entries[:ending], *own, *entries[ending:]]


def _expired_reason(end: EventData) -> str:
    """Why nobody obeys any more, in the words of the entry that says so."""
    assert isinstance(end, OrchestratorChanged)
    if end.new_status is RunStatus.CRASHED:
        return end.reason or "The orchestrator crashed."
    return f"The orchestrator ended before it took the command: it is {end.new_status}."


def check_burial(events: Sequence[NewEvent]) -> None:
    """Raise UsageError unless the last event says that the orchestrator has crashed."""
    last = events[-1].data if events else None
    if not isinstance(last, OrchestratorChanged) or last.new_status is not RunStatus.CRASHED:
        raise UsageError("The last event of a dead orchestrator must be that it has crashed.")
