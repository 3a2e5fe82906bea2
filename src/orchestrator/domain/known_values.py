"""Known values, such as those of variables with secret names, wherever they appear in a text.

Each is searched for as it is and as JSON, a URL, Base64 and hexadecimal digits write it. One expression finds
whole values. The end of a text is followed through a trie in which each node is linked to the longest other
beginning that the same characters form (Aho and Corasick, 1975): a text waits only while it ends in the
beginning of a value.
"""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from urllib.parse import quote, quote_plus

from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.secret_patterns import Pattern, compiled

FORM_LENGTH_MAX = 4_096
"""A longer value is looked for in pieces of this length."""

ENCODED_LENGTH_MIN = 10
"""A shorter piece of Base64 would be found in any picture."""


class KnownValues:
    """The values in all their forms."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(dict.fromkeys(values))

    @cached_property
    def forms(self) -> tuple[bytes, ...]:
        """Every form, the longest first."""
        found = {piece for value in self._values for form in _forms(value) for piece in _pieces(form)}
        return tuple(
            sorted((form for form in found if form not in MARK.encode()), key=lambda form: (-len(form), form))
        )

    @cached_property
    def pattern(self) -> Pattern | None:
        """Finds whole values, the longest where several begin; None where there are no values."""
        return compiled("|".join(map(_literal, self.forms))) if self.forms else None

    @cached_property
    def _trie(self) -> _Trie:
        return _Trie(self.forms)

    def begun(self, text: bytes, at: int) -> int:
        """Where, from `at` on, the beginning of a value begins that the text ends with; else its length."""
        if not self.forms or at >= len(text):
            return len(text)
        return len(text) - self._trie.depth_at_end(text, max(at, len(text) - len(self.forms[0])))


class _Trie:
    """The beginnings of all values."""

    def __init__(self, forms: Collection[bytes]) -> None:
        self._next: list[dict[int, int]] = [{}]
        self._depth, self._link = [0], [0]
        for form in forms:
            node = 0
            for byte in form:
                if (after := self._next[node].get(byte)) is None:
                    after = self._next[node][byte] = len(self._next)
                    self._next.append({})
                    self._depth.append(self._depth[node] + 1)
                    self._link.append(0)
                node = after
        self._tie()
        # What is longer than one byte begins with one of these: most texts need no walk at all.
        self._first_two = compiled("|".join(sorted({_literal(form[:2]) for form in forms})))

    def depth_at_end(self, text: bytes, start: int) -> int:
        """How long the longest end of the text is that some value goes on from."""
        found = self._first_two.search(text, start)
        if found is None:
            return 1 if text[-1] in self._next[0] else 0
        node = 0
        for byte in text[found.start() :]:
            node = self._step(node, byte)
        while node and not self._next[node]:
            node = self._link[node]
        return self._depth[node]

    def _step(self, node: int, byte: int) -> int:
        while (after := self._next[node].get(byte)) is None:
            if not node:
                return 0
            node = self._link[node]
        return after

    def _tie(self) -> None:
        """Set the links, level by level: a node's longest other beginning is one step from its parent's."""
        waiting = deque(self._next[0].values())
        while waiting:
            node = waiting.popleft()
            for byte, after in self._next[node].items():
                self._link[after] = self._step(self._link[node], byte)
                waiting.append(after)


def _forms(value: str) -> Iterator[bytes]:
    plain = value.encode("utf-8", "surrogatepass")
    yield plain
    for escaped in (quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")):
        yield escaped.encode()
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), escaped).encode()
    for is_ascii in (False, True):
        once = json.dumps(value, ensure_ascii=is_ascii)[1:-1]
        yield once.encode("utf-8", "surrogatepass")
        yield json.dumps(once, ensure_ascii=is_ascii)[1:-1].encode("utf-8", "surrogatepass")
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield from _base64_forms(plain)


def _base64_forms(plain: bytes) -> Iterator[bytes]:
    """The part of its Base64 that does not depend on its neighbours, for each place in a group of three."""
    for before in range(3):
        bits = 8 * before
        encoded = base64.b64encode(bytes(before) + plain)
        core = encoded[-(-bits // 6) : (bits + 8 * len(plain)) // 6]
        if len(core) >= ENCODED_LENGTH_MIN:
            yield core
            yield core.translate(bytes.maketrans(b"+/", b"-_"))


def _pieces(form: bytes) -> Iterator[bytes]:
    for start in range(0, len(form), FORM_LENGTH_MAX):
        piece = form[start : start + FORM_LENGTH_MAX]
        if len(piece) >= min(len(form), 8):
            yield piece


def _literal(form: bytes) -> str:
    """The expression for exactly these bytes."""
    return "".join(f"\\x{byte:02x}" for byte in form)
