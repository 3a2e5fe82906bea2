"""Where a watch stands in a log, and what each message means there: nothing twice, no hole unseen."""

from __future__ import annotations

from pydantic import ValidationError

from orchestrator.client.errors import failure
from orchestrator.client.messages import InitialStatus, Ping, Resync, WatchItem
from orchestrator.domain.events import OrchestratorChanged, StoredEvent, ends_run
from orchestrator.domain.status import OrchestratorInfo


class Position:
    """The last position that is known of; None before the first status when none was asked for."""

    def __init__(self, last: int | None) -> None:
        self.last = last
        self.has_ended = False
        self._resync: Resync | None = None

    def connect(self, info: OrchestratorInfo) -> None:
        """Begin a connection to this orchestrator: half a resync of the one before counts for nothing."""
        self._resync = None
        self.has_ended = info.status.has_ended and self.last == info.seq

    def has_reached(self, seq: int) -> bool:
        """Whether everything up to `seq` is known."""
        return self.last is not None and self.last >= seq

    def take(self, message: WatchItem | Ping | None) -> tuple[WatchItem, ...]:
        """What the message adds; raises ApiError where the stream must begin anew at `last`."""
        match message:
            case StoredEvent():
                return self._entry(message)
            case InitialStatus():
                return self._status(message)
            case Resync(reason="fell_behind"):
                # Nothing is lost: the log still has what the stream left out, and is read on from here.
                raise failure("fell_behind", "The stream left events out, as they were not read in time.", "")
            case Resync():
                self._resync = message
            case Ping() if self.last is not None and message.up_to > self.last:
                raise self._hole(message.up_to)
        return ()

    def _entry(self, event: StoredEvent) -> tuple[WatchItem, ...]:
        if self.last is None or event.seq > self.last + 1:
            raise self._hole(event.seq)
        if event.seq <= self.last:
            return ()
        self.last = event.seq
        self.has_ended = _is_end(event)
        return (event,)

    def _status(self, message: InitialStatus) -> tuple[WatchItem, ...]:
        items = (message,) if self._resync is None else (self._resync, message)
        # Also when it is lower than before: the log may be another one, as after a database was replaced.
        self.last = message.seq
        self.has_ended = message.status.status.has_ended
        self._resync = None
        return items

    def _hole(self, seen: int) -> Exception:
        after = "the beginning" if self.last is None else f"event {self.last}"
        return failure("events_missing", f"The stream went from {after} to event {seen}.", "")


def _is_end(event: StoredEvent) -> bool:
    try:
        return event.type == OrchestratorChanged.type and ends_run(event.data)
    except ValidationError:
        return False  # a status of a later version
