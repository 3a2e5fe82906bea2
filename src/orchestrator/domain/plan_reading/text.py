"""A plan's text and its lines: bytes to text and back, positions, characters nobody can read.

Markdown counts lines by CR, LF and CRLF only, so `str.splitlines` must not be used on a plan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.domain.plan import Span
from orchestrator.domain.plan_problems import ProblemLog

BYTE_ORDER_MARK = "\ufeff"
REPLACEMENT = "\ufffd"

_NEWLINE = re.compile(r"\r\n|\r|\n")
# C0 and C1 controls but tab, newlines and form feed; bidirectional overrides, which hide what a
# shell block does; surrogates, which is how invalid bytes are kept.
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def decode_plan(data: bytes) -> str:
    """Bytes as text, whatever they are; `encode_plan` gives exactly the same bytes back."""
    return data.decode("utf-8", "surrogateescape")


def encode_plan(text: str) -> bytes:
    """The bytes of a text that came from `decode_plan`."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class PlanText:
    """The text as it was read, and its lines (counted from 0) as Markdown sees them.

    `lines` hold no line ends, no byte order mark and no unreadable characters, but every
    character stands in the column of the original one. `starts` are offsets into `text`.
    """

    text: str
    lines: list[str]
    starts: list[int]

    @classmethod
    def of(cls, text: str) -> PlanText:
        """Split the text into lines."""
        readable = _UNREADABLE.sub(REPLACEMENT, text) if _UNREADABLE.search(text) else text
        lines: list[str] = []
        starts: list[int] = []
        position = 1 if text.startswith(BYTE_ORDER_MARK) else 0
        for newline in _NEWLINE.finditer(readable):
            starts.append(position)
            lines.append(readable[position : newline.start()])
            position = newline.end()
        starts.append(position)
        lines.append(readable[position:])
        return cls(text, lines, starts)

    def span(self, first: int, end: int) -> Span:
        """The lines `[first, end)` without the blank ones at their end."""
        while end > first + 1 and not self.lines[end - 1].strip():
            end -= 1
        last = max(first, end - 1)
        return Span(self.starts[first], self.starts[last] + len(self.lines[last]))

    def column_of(self, line: int, snippet: str) -> int:
        """The column (from 1) at which the snippet stands in a line; 1 if it doesn't."""
        return max(0, self.lines[line].find(snippet)) + 1

    def indent_of(self, line: int) -> int:
        """The column (from 1) of the first visible character of a line."""
        text = self.lines[line]
        return len(text) - len(text.lstrip()) + 1

    def line_of(self, offset: int) -> int:
        """The line that an offset into the text belongs to, by bisection."""
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            if self.starts[middle] <= offset:
                low = middle
            else:
                high = middle
        return low


def report_unreadable(source: PlanText, log: ProblemLog) -> None:
    """Report invalid UTF-8 and control characters: the first place of each, and how many."""
    found = [match.start() for match in _UNREADABLE.finditer(source.text)]
    invalid = [offset for offset in found if _SURROGATE.match(source.text, offset)]
    control = len(found) - len(invalid)
    if invalid:
        line, column = _position(source, invalid[0])
        byte = f"0x{ord(source.text[invalid[0]]) & 0xFF:02x}"
        message = f"not UTF-8: byte {byte} here, {len(invalid)} such bytes in all; save as UTF-8"
        log.add("invalid_utf8", message, line, column)
    if control:
        first = next(o for o in found if not _SURROGATE.match(source.text, o))
        line, column = _position(source, first)
        name = f"U+{ord(source.text[first]):04X}"
        message = f"control character {name} here, {control} in all; each is read as {REPLACEMENT}"
        log.add("control_character", message, line, column)


def _position(source: PlanText, offset: int) -> tuple[int, int]:
    line = source.line_of(offset)
    return line + 1, offset - source.starts[line] + 1
