r"""Text as a person sees it: without escape sequences and control characters that show nothing.

A colour in the middle of a key would hide it from any search. So texts are searched as they are seen, and
what is found is mapped back to the original. Escape sequences count in both spellings: as the character
itself, and as programs and JSON write it (`\x1b[`, `\u001b[`, `\033[`, `\e[`).
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

from orchestrator.domain.secret_patterns import Pattern, compiled

STRING_LENGTH_MAX = 500
"""A title or a link in an escape sequence; a longer one counts as text."""

HELD_LENGTH_MAX = 2 * STRING_LENGTH_MAX
SPELLED_LENGTH_MAX = 100
"""How long an escape sequence can be that is spelled with a backslash."""

_UNSEEN = r"\x00\x07\x08\x1b\x7f"
_STRING = rf"[\]PX^_][^\x07\x1b\n]{{0,{STRING_LENGTH_MAX}}}"
_SPELLED = r"\\(?:u001[bB]|x1[bB]|033|e)"


class Seen:
    """A text as it is seen, and where each byte of it is in the text as it is."""

    __slots__ = ("_begins", "_shifts", "text")

    def __init__(self, text: bytes, begins: list[int], shifts: list[int]) -> None:
        self.text = text
        self._begins = begins  # where in the seen text the shift changes
        self._shifts = shifts

    def place(self, at: int) -> int:
        """Where the byte is that is seen at this place."""
        if not self._begins:
            return at
        return at + self._shifts[bisect_right(self._begins, at)]

    def end(self, at: int) -> int:
        """Behind the byte before this place: what is unseen there belongs to what follows."""
        return self.place(at - 1) + 1 if at else 0


def seen(text: bytes, before: bytes = b"") -> Seen:
    """The text as it is seen, behind `before`, which is seen as it is; places are those in both together."""
    if not hides(text):
        return Seen(before + text, [], [])
    parts, begins, shifts = [before], [], [0]
    done, length = 0, len(before)
    for found in _patterns()[0].finditer(text):  # type: ignore[attr-defined]
        parts.append(text[done : found.start()])
        length += found.start() - done
        done = found.end()
        begins.append(length)
        shifts.append(done + len(before) - length)
    parts.append(text[done:])
    return Seen(b"".join(parts), begins, shifts)


def open_escape(text: bytes) -> int:
    """Where an escape sequence begins that may go on behind the text's end; its length where none does."""
    if b"\x1b" not in text and b"\\" not in text[-SPELLED_LENGTH_MAX:]:
        return len(text)
    found = _patterns()[1].search(text, max(len(text) - HELD_LENGTH_MAX, 0))
    return found.start() if found else len(text)


def hides(text: bytes) -> bool:
    """Whether anything in it is not seen."""
    if b"\x1b" in text or b"\0" in text or b"\x07" in text or b"\x08" in text or b"\x7f" in text:
        return True
    return b"\\" in text and b"[" in text and _patterns()[2].search(text) is not None


@cache
def _patterns() -> tuple[Pattern, Pattern, Pattern]:
    csi = r"\[[0-?]{0,64}[ -/]{0,8}[@-~]"
    sequences = (
        rf"\x1b{csi}",
        rf"\x1b{_STRING}(?:\x07|\x1b\\)",
        r"\x1b[ -/]{0,8}[0-OQ-WYZ\\`-~]",
        rf"{_SPELLED}{csi}",
        f"[{_UNSEEN}]",
    )
    spelled = r"\\(?:u(?:0(?:0(?:1[bB]?)?)?)?|x(?:1[bB]?)?|0(?:33?)?|e)?"
    begun = (
        rf"\x1b(?:\[[0-?]{{0,64}}[ -/]{{0,8}}|{_STRING}\x1b?|[ -/]{{0,8}})?",
        rf"{_SPELLED}\[[0-?]{{0,64}}[ -/]{{0,8}}",
        spelled,
    )
    return (
        compiled("|".join(sequences)),
        compiled(rf"(?:{'|'.join(begun)})\z"),
        compiled(rf"{_SPELLED}{csi}"),
    )
