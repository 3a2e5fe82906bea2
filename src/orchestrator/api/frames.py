"""What a stream sends: each frame is encoded once and shared by every client it goes to."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from orchestrator.domain.events import StoredEvent, utc_text
from orchestrator.domain.frames import ResyncReason


class Frame:
    """One message. `seq` is its position in the log, or None for one that no client can resume from."""

    def __init__(self, frame_type: str, seq: int | None, envelope: bytes) -> None:
        self.type = frame_type
        self.seq = seq
        self.envelope = envelope

    @property
    def size_bytes(self) -> int:
        """What the frame adds to a queue."""
        return len(self.envelope)

    @cached_property
    def text(self) -> str:
        """The message of a WebSocket."""
        return self.envelope.decode()

    @cached_property
    def chunk(self) -> bytes:
        """The lines of an SSE stream: `id:` where it can be resumed from, `event:`, one `data:`."""
        lines = b"event: %s\ndata: %s\n\n" % (self.type.encode(), self.envelope)
        return lines if self.seq is None else b"id: %d\n%s" % (self.seq, lines)


def event_frame(event: StoredEvent) -> Frame:
    """An entry of the log."""
    return Frame(event.type, event.seq, event.envelope())


def _envelope(frame_type: str, instance_id: str, now: datetime, seq: int | None, data: bytes) -> bytes:
    position = b"" if seq is None else b'"seq":%d,' % seq
    return b'{"type":"%s","timestamp":"%s","instance_id":"%s",%s"data":%s}' % (
        frame_type.encode(),
        utc_text(now).encode(),
        instance_id.encode(),
        position,
        data,
    )


def status_frame(instance_id: str, seq: int, status: bytes, now: datetime) -> Frame:
    """The whole status, as the JSON `status`, at position `seq`."""
    return Frame("initial_status", seq, _envelope("initial_status", instance_id, now, seq, status))


def ping_frame(instance_id: str, up_to: int, now: datetime) -> Frame:
    """A sign of life on a silent connection."""
    return Frame("ping", None, _envelope("ping", instance_id, now, None, b'{"up_to":%d}' % up_to))


def resync_frame(instance_id: str, reason: ResyncReason, requested: int, oldest: int, now: datetime) -> Frame:
    """The mark of a hole after position `requested`."""
    data = b'{"reason":"%s","requested":%d,"oldest":%d}' % (reason.encode(), requested, oldest)
    return Frame("resync", None, _envelope("resync", instance_id, now, None, data))
