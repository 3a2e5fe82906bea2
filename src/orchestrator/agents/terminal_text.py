"""A terminal's output as plain and bounded text: escape sequences stripped, long output cut in the middle."""

from __future__ import annotations

import codecs
import re

ESCAPE_LENGTH_MAX = 4_096
"""A sequence that is still open after so many characters is taken for text."""

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"  # the short ones
)
_OPEN_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -/]*)?\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class TerminalText:
    r"""Decodes a terminal's bytes as they come: UTF-8, without escape sequences and control characters.

    Newlines are `\n`. Of a line that was drawn over with carriage returns the last state is kept;
    where it comes in several pieces, the last state of each.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes, *, is_last: bool = False) -> str:
        """The text that is certain by now; what may be the start of a sequence waits for the next piece."""
        text = _ESCAPE.sub("", self._held + self._decoder.decode(data, is_last))
        self._held = ""
        if not is_last:
            text, self._held = _split_open_end(text)
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            begun = "\n" if text[0] == "\r" and text.strip("\r") else ""  # the line before it is out already
            text = begun + "\n".join(map(_last_state, text.split("\n")))
        return _CONTROL.sub("", text)


class BoundedText:
    """The head and the tail of a text of any length, in bounded memory."""

    def __init__(self, length_max: int) -> None:
        self._head_max = length_max // 2
        self._tail_max = length_max - self._head_max
        self._head = ""
        self._tail = ""
        self._length = 0

    def add(self, text: str) -> None:
        """Append."""
        self._length += len(text)
        room = self._head_max - len(self._head)
        if room > 0:
            self._head += text[:room]
            text = text[room:]
        if text:
            self._tail = (self._tail + text)[-self._tail_max :]

    @property
    def text(self) -> str:
        """All of it, or head and tail with a mark between them."""
        missing = self._length - len(self._head) - len(self._tail)
        if not missing:
            return self._head + self._tail
        return f"{self._head}\n… {missing} characters left out …\n{self._tail}"

    @property
    def tail(self) -> str:
        """The end of it."""
        return self._tail or self._head

    def __len__(self) -> int:
        return self._length


class LiveOutput:
    """Makes chunks of output for those who watch: few a second, each bounded, and bounded in all."""

    CHUNK_LENGTH_MAX = 8_000
    CHUNK_INTERVAL_SECONDS = 0.25
    FIRST_DELAY_SECONDS = 0.05
    TOTAL_LENGTH_MAX = 262_144
    MARK_LENGTH = 60
    LAST_WORDS = "\n… more output is not shown live; the finding keeps its head and tail …\n"

    def __init__(self) -> None:
        self._waiting = self._empty()
        self._next_at = 0.0
        self._room = self.TOTAL_LENGTH_MAX

    def add(self, text: str, now: float) -> None:
        """Take output in; what comes shortly after it goes into the same chunk."""
        if self._room > 0 and text:
            if not len(self._waiting):
                self._next_at = max(self._next_at, now + self.FIRST_DELAY_SECONDS)
            self._waiting.add(text)

    def delay_seconds(self, now: float) -> float | None:
        """How long until the next chunk is due; None while there is nothing to show."""
        return max(self._next_at - now, 0.0) if len(self._waiting) else None

    def take(self, now: float, *, at_once: bool = False) -> str:
        """The chunk that is due, `at_once` one that is not; else an empty text."""
        if not len(self._waiting) or (now < self._next_at and not at_once):
            return ""
        text, self._waiting = self._waiting.text, self._empty()
        self._next_at = now + self.CHUNK_INTERVAL_SECONDS
        if len(text) >= self._room:
            text = text[: self._room] + self.LAST_WORDS
        self._room -= len(text)
        return text

    def _empty(self) -> BoundedText:
        return BoundedText(self.CHUNK_LENGTH_MAX - self.MARK_LENGTH - len(self.LAST_WORDS))


def _last_state(line: str) -> str:
    """What is to be seen of a line that was drawn over."""
    line = line.rstrip("\r")
    return line[line.rfind("\r") + 1 :]


def _split_open_end(text: str) -> tuple[str, str]:
    """Cut off a carriage return or an escape sequence that has begun at the end and may go on."""
    found = _OPEN_ESCAPE.search(text, max(len(text) - ESCAPE_LENGTH_MAX, 0))
    if found:
        return text[: found.start()], found.group()
    if text.endswith("\r"):
        return text[:-1], "\r"
    return text, ""
