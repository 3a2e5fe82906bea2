"""What a stream sends: each frame is encoded once and shared by every client it goes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property

from orchestrator.domain.events import StoredEvent, utc_text
from orchestrator.domain.frames import ResyncReason

PIECE_BYTES = 16 * 2**10
"""How much of a burst is written at once: a quarter of a transport's high-water mark."""
_TEXT = 0x81
"""The first byte of a whole text message, RFC 6455, section 5.2."""


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

    @cached_property
    def wire(self) -> bytes:
        """The WebSocket frame as it goes over the wire: whole, not masked, not compressed."""
        length = len(self.envelope)
        if length < 126:
            head = bytes((_TEXT, length))
        elif length < 2**16:
            head = bytes((_TEXT, 126)) + length.to_bytes(2, "big")
        else:
            head = bytes((_TEXT, 127)) + length.to_bytes(8, "big")
        return head + self.envelope

    @cached_property
    def http_chunk(self) -> bytes:
        """The SSE lines as a chunk of a chunked HTTP body, RFC 9112, section 7.1."""
        return b"%x\r\n%b\r\n" % (len(self.chunk), self.chunk)


class Piece:
    """Consecutive frames that are written at once, finished for the wire."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.last_seq = max((frame.seq for frame in frames if frame.seq is not None), default=0)

    @cached_property
    def wire(self) -> bytes:
        """All of them as WebSocket frames."""
        return self.frames[0].wire if len(self.frames) == 1 else b"".join([f.wire for f in self.frames])

    @cached_property
    def http_chunk(self) -> bytes:
        """All of them as chunks of a chunked HTTP body."""
        if len(self.frames) == 1:
            return self.frames[0].http_chunk
        return b"".join([frame.http_chunk for frame in self.frames])


class Delivery:
    """Frames that go out together, at `time` of the loop's clock: filtered and joined once for all."""

    def __init__(self, frames: Sequence[Frame], time: float = 0.0) -> None:
        self.frames = frames
        self.time = time
        self.first_seq = min((frame.seq for frame in frames if frame.seq is not None), default=None)
        self._wanted: dict[frozenset[str], Delivery] = {}

    def wanted(self, types: frozenset[str] | None) -> Delivery:
        """What a client gets that asked for these types; what is no log entry goes to every client."""
        if types is None:
            return self
        found = self._wanted.get(types)
        if found is None:
            frames = [frame for frame in self.frames if frame.seq is None or frame.type in types]
            found = self._wanted[types] = Delivery(frames, self.time)
        return found

    def after(self, seq: int) -> Delivery:
        """Without the log entries up to `seq`."""
        if self.first_seq is None or self.first_seq > seq:
            return self
        return Delivery([frame for frame in self.frames if frame.seq is None or frame.seq > seq], self.time)

    @cached_property
    def size_bytes(self) -> int:
        """What they add to a queue."""
        return sum(frame.size_bytes for frame in self.frames)

    @cached_property
    def pieces(self) -> list[Piece]:
        """The frames in pieces of at most `PIECE_BYTES`, or of one frame that is bigger."""
        return [Piece(frames) for frames in _cut(self.frames)]


def _cut(frames: Sequence[Frame]) -> Iterator[list[Frame]]:
    piece: list[Frame] = []
    size = 0
    for frame in frames:
        if piece and size + frame.size_bytes > PIECE_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(frame)
        size += frame.size_bytes
    if piece:
        yield piece


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
