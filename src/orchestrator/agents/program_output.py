"""What a program writes, taken apart: the lines of its stdout, the tail of its stderr."""

from __future__ import annotations

from orchestrator.domain.key_kinds import KEY_LENGTH_MAX
from orchestrator.domain.redaction import Redact


class LineTooLong(ValueError):
    """A line was longer than the limit and is thrown away; the next one can be read."""

    def __init__(self, line_bytes_max: int) -> None:
        super().__init__(f"The agent wrote a line of more than {line_bytes_max:,} bytes.")


class LineSplitter:
    """Takes bytes in pieces of any size and gives back whole lines. Holds a line and a piece at most."""

    def __init__(self, line_bytes_max: int) -> None:
        self._line_bytes_max = line_bytes_max
        self._held = bytearray()
        self._searched = 0  # so that a long line in many pieces is not searched from its start each time
        self._is_skipping = False

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        self._held += data

    def next_line(self) -> bytes | None:
        """The next whole line, without its newline; None when more is needed. May raise LineTooLong."""
        end = self._held.find(b"\n", self._searched)
        if self._is_skipping and end >= 0:
            del self._held[: end + 1]
            self._is_skipping, self._searched = False, 0
            end = self._held.find(b"\n")
        if end >= 0:
            return self._cut(end)
        self._searched = len(self._held)
        if self._is_skipping:
            self._forget()
        elif self._searched > self._line_bytes_max:
            self._forget()
            self._is_skipping = True
            raise LineTooLong(self._line_bytes_max)
        return None

    def rest(self) -> bytes | None:
        """What stands behind the last newline, once there is no more to come."""
        rest = bytes(self._held)
        is_part = self._is_skipping
        self._forget()
        return None if is_part or not rest else rest

    def _cut(self, end: int) -> bytes:
        line = bytes(self._held[:end]) if end <= self._line_bytes_max else None
        del self._held[: end + 1]
        self._searched = 0
        if line is None:
            raise LineTooLong(self._line_bytes_max)
        return line

    def _forget(self) -> None:
        self._held.clear()
        self._searched = 0


class Tail:
    """The last of a stream, as text without secrets.

    More is held than is given back: where the end of a secret stands first, its beginning must be known too.
    """

    def __init__(self, length_max: int, redact: Redact) -> None:
        self._length_max = length_max
        self._redact = redact
        self._held = bytearray()
        self._is_cut = False

    def add(self, data: bytes) -> None:
        """Take the next piece, and forget what is now too far from the end."""
        self._held += data
        excess = len(self._held) - self._length_max - KEY_LENGTH_MAX
        if excess > 0:
            del self._held[:excess]
            self._is_cut = True

    @property
    def text(self) -> str:
        """The tail in whole lines, where there are any; bytes that are no UTF-8 are replaced."""
        whole = self._redact(bytes(self._held).decode(errors="replace"))
        tail = whole[-self._length_max :]
        if (self._is_cut or len(whole) > len(tail)) and "\n" in tail[:-1]:
            tail = tail[tail.index("\n") + 1 :]
        return tail.strip()
