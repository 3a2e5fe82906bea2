"""What a stream brings, as values: entries of the log, and the frames around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json

from orchestrator.domain.events import StoredEvent, microseconds
from orchestrator.domain.frames import PingData, ResyncData, ResyncReason
from orchestrator.domain.status import OrchestratorStatus


@dataclass(frozen=True, slots=True)
class InitialStatus:
    """The whole status at `seq`: what is known at the beginning, and what is true after a Resync."""

    timestamp: datetime
    status: OrchestratorStatus

    @property
    def seq(self) -> int:
        """The position at which this was the status."""
        return self.status.seq


@dataclass(frozen=True, slots=True)
class Resync:
    """There is a hole: what was known is out of date, and an InitialStatus follows right after.

    `requested` is the last position that was asked for, `oldest` the first one that is kept.
    """

    timestamp: datetime
    reason: ResyncReason
    requested: int
    oldest: int


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life; `up_to` is the last position that the server has looked at."""

    up_to: int


WatchItem = StoredEvent | InitialStatus | Resync
"""What a watch hands over; entries of types that this version does not know are StoredEvents too."""


class Envelope(BaseModel):
    """What every message looks like. `seq` is missing where no client can resume from."""

    type: str
    timestamp: datetime
    instance_id: str
    seq: int | None = None
    data: Any


class _Entry(Envelope):
    seq: int


ENTRIES: TypeAdapter[list[_Entry]] = TypeAdapter(list[_Entry])
"""A page of the log."""


def message_of(text: str | bytes) -> WatchItem | Ping | None:
    """The message of a stream, or None for a frame of a later version; raises ValueError for nonsense."""
    envelope = Envelope.model_validate_json(text)
    match envelope.type:
        case "initial_status":
            return InitialStatus(envelope.timestamp, OrchestratorStatus.model_validate(envelope.data))
        case "ping":
            return Ping(PingData.model_validate(envelope.data).up_to)
        case "resync":
            data = ResyncData.model_validate(envelope.data)
            return Resync(envelope.timestamp, data.reason, data.requested, data.oldest)
        case _:
            return None if envelope.seq is None else entry_of(envelope)


def entry_of(envelope: Envelope) -> StoredEvent:
    """The entry of the log that an envelope with a `seq` stands for."""
    assert envelope.seq is not None
    return StoredEvent(
        envelope.instance_id,
        envelope.seq,
        envelope.type,
        microseconds(envelope.timestamp),
        # As the server writes it, so that the envelope is the same to the byte.
        to_json(envelope.data),
    )
