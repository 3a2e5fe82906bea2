"""Takes secrets out of a text that comes in pieces; the output does not depend on the pieces.

**What waits.** The end of a text may be the beginning of a secret: of a known value, of a key behind its
prefix, of an escape sequence in the middle of one. Exactly that waits for the next piece; everything before
it goes at once. There is no timer: a program that pauses for an hour in the middle of a key has printed none
of it. As soon as a key is known to be one, the mark is emitted, and the rest of the key is dropped as it
comes, so that a key of any length is never held.

**What always holds.** However a text is cut, the outputs joined are the output for the whole. So whether
something is a secret depends on the text alone, never on where a piece ended: a form counts once the
character behind it is there, or its text has ended. `begun` finds every beginning of whatever `hit` finds
(see `secret_patterns`), and what was emitted stays known as far back as a lead can reach.

**Limits.** A form that needs more than HOLD_LENGTH_MAX characters to be recognised is no secret, so no more
than that waits. A secret ends after KEY_LENGTH_MAX characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from orchestrator.domain.hidden_text import Seen, open_escape, seen
from orchestrator.domain.key_kinds import HOLD_LENGTH_MAX, KEY_LENGTH_MAX, LEAD_LENGTH_MAX, MARK, kinds
from orchestrator.domain.known_values import KnownValues
from orchestrator.domain.secret_patterns import (
    CONTEXT_LENGTH,
    Kind,
    Pattern,
    Tail,
    begun_anywhere,
    begun_words,
    first_of_any,
    word_begins,
)

VALUE_NAME = "value of a variable"

_MARK = MARK.encode()
_BEFORE_LENGTH = LEAD_LENGTH_MAX + CONTEXT_LENGTH


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret in a text. `is_decided`: more text would change nothing but its end, which `tail` finds."""

    name: str
    start: int
    end: int
    is_decided: bool
    tail: Tail | None = None


class Finder(Protocol):
    """Finds secrets in a text as it is seen."""

    def may_hit(self, text: bytes) -> bool:
        """Whether it is worth looking closer."""

    def hit(self, text: bytes, at: int) -> Hit | None:
        """The first secret that ends behind this place."""

    def begun(self, text: bytes, at: int) -> int:
        """Where behind this place a secret begins that may go on; the length of the text if none does."""


class ValueFinder:
    """Finds known values."""

    def __init__(self, values: KnownValues) -> None:
        self._values = values

    def may_hit(self, text: bytes) -> bool:
        """See Finder."""
        return self._values.pattern is not None and self._values.pattern.search(text) is not None

    def hit(self, text: bytes, at: int) -> Hit | None:
        """See Finder. None is decided while a longer value could still be meant."""
        pattern = self._values.pattern
        found = pattern.search(text, at) if pattern else None
        return Hit(VALUE_NAME, found.start(), found.end(), is_decided=False) if found else None

    def begun(self, text: bytes, at: int) -> int:
        """See Finder."""
        return self._values.begun(text, at)


class KindFinder:
    """Finds secrets of known kinds."""

    def __init__(self, known: tuple[Kind, ...]) -> None:
        self._first: Pattern = first_of_any(known)
        self._words, self._anywhere = begun_words(known), begun_anywhere(known)
        self._by_first_byte = {
            byte: tuple(kind for kind in known if byte in kind.first_bytes)
            for byte in frozenset().union(*(kind.first_bytes for kind in known))
        }

    def may_hit(self, text: bytes) -> bool:
        """See Finder."""
        return self._first.search(text) is not None

    def hit(self, text: bytes, at: int) -> Hit | None:
        """See Finder. A lead may stand before the place: it was put out already."""
        best: Hit | None = None
        place = max(at - LEAD_LENGTH_MAX, 0)
        while (found := self._first.search(text, place)) and (best is None or found.start() < best.start):
            place = found.start() + 1
            hit = self._at(text, found.start(), at)
            if hit and (best is None or hit.start < best.start):
                best = hit
        return best

    def _at(self, text: bytes, start: int, at: int) -> Hit | None:
        is_word = word_begins(text, start)
        for kind in self._by_first_byte[text[start]]:
            if kind.is_word and not is_word:
                continue
            if (place := kind.place(text, start)) is None or place[1] <= at:
                continue
            begins, ends = place
            if kind.check is None or kind.check(text, begins, ends):
                is_decided = kind.is_fixed or ends < len(text)
                return Hit(kind.name, max(begins, at), ends, is_decided, kind.tail)
        return None

    def begun(self, text: bytes, at: int) -> int:
        """See Finder."""
        place = max(at - LEAD_LENGTH_MAX, len(text) - HOLD_LENGTH_MAX, 0)
        found = (pattern.search(text, place) for pattern in (self._words, self._anywhere))
        return max(min((one.start(one.lastindex) for one in found if one), default=len(text)), at)


@cache
def kind_finder() -> KindFinder:
    """The one for all known kinds; it takes some milliseconds to build."""
    return KindFinder(kinds())


class RedactedBytes:
    """One text in pieces, and one finder."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._before = b""  # what was put out last, as it is seen and unredacted: a lead may be in it
        self._held = b""
        self._tail: Tail | None = None
        self._left = 0
        self.found: list[tuple[str, int, int]] = []
        """What the last piece held: kind and place, counted from the beginning of what waited before it."""

    def feed(self, data: bytes, *, is_last: bool = False) -> bytes:
        """What is certain by now, without secrets; with `is_last` all of it: the next piece is a new text."""
        raw = self._held + data if self._held else data
        cut = len(raw) if is_last else open_escape(raw)
        sight = seen(raw[:cut], self._before)
        joined = self._before + raw if self._before else raw
        pieces: list[bytes] = []
        self.found = []
        hold, done = self._take(sight, joined, pieces, is_last=is_last)
        goes_on = self._tail is not None
        end = done if goes_on else sight.place(hold) if hold < len(sight.text) else len(self._before) + cut
        self._held = joined[end:]
        self._before = sight.text[max(hold - _BEFORE_LENGTH, 0) : hold]
        if is_last:
            self._held, self._before, self._tail = b"", b"", None
        if not pieces and not done and end == len(joined):
            return joined
        return b"".join([*pieces, joined[done:end]])

    def _take(self, sight: Seen, joined: bytes, pieces: list[bytes], *, is_last: bool) -> tuple[int, int]:
        """Where what waits begins in what is seen, and how far the text was put into the pieces."""
        text, at = sight.text, len(self._before)
        done = at
        while True:
            if self._tail is not None:
                end, is_over = self._tail.end(text, at, at + self._left, is_last=is_last)
                self._left -= end - at
                done = max(done, sight.end(end)) if end > at else done
                at = end
                if self.found:
                    self.found[-1] = (*self.found[-1][:2], done)
                if not is_over:
                    return at, done
                self._tail = None
            begun = len(text) + 1 if is_last else self._finder.begun(text, at)
            hit = self._finder.hit(text, at)
            if hit is None or begun < hit.start or (begun == hit.start and not hit.is_decided):
                return min(begun, len(text)), done
            start = sight.place(hit.start)
            pieces += (joined[done:start], _MARK)
            at, done = hit.end, sight.end(hit.end)
            self.found.append((hit.name, start, done))
            self._tail, self._left = hit.tail, KEY_LENGTH_MAX
