"""Takes secrets out of texts before they are written: known kinds of keys, and given values.

A secret that is cut in two is not found any more. So code that bounds a text redacts it first, and text that
comes in pieces goes through a `RedactedStream`. A value that is to become JSON is redacted before it does
(`redact_values`), since JSON escapes some characters. `redacted_bytes` says how it is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orchestrator.domain.hidden_text import hides
from orchestrator.domain.known_values import KnownValues
from orchestrator.domain.redacted_bytes import Finder, RedactedBytes, ValueFinder, kind_finder

Redact = Callable[[str], str]

SECRET_LENGTH_MIN = 8
"""Shorter values are no secrets worth the name, and would blot out ordinary words."""

DEPTH_MAX = 64
"""What lies deeper in a value is left out: nobody reads it, and Python's own stack has a limit."""

_SHORTEST = len("://u:p@")
"""Nothing that is taken out is shorter; and many names and ids are."""

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A secret of some kind, and where in the text it is."""

    kind: str
    start: int
    end: int


class Redactor:
    """Takes out known kinds of keys, and the given values, also as JSON, a URL or Base64 have them.

    What it needs is built when the first text comes: that takes some tens of milliseconds.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = KnownValues(values)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if len(text) < _SHORTEST:
            return text
        data = _encoded(text)
        finders = self.finders()
        if not hides(data) and not any(finder.may_hit(data) for finder in finders):
            return text  # most texts, and most are short
        clean = data
        for finder in finders:
            clean = RedactedBytes(finder).feed(clean, is_last=True)
        return _decoded(clean)

    def finders(self) -> tuple[Finder, ...]:
        """What is looked for, in this order: a value may hold what ends a key."""
        return self._finders

    @cached_property
    def _finders(self) -> tuple[Finder, ...]:
        if not self._values.forms:
            return (kind_finder(),)
        return ValueFinder(self._values), kind_finder()

    def found(self, text: str) -> list[Found]:
        """What would be taken out, in the order of the text; nothing inside something else that would be."""
        data = _encoded(text)
        hits = []
        for finder in self.finders():
            search = RedactedBytes(finder)
            search.feed(data, is_last=True)
            hits += [Found(name, start, end) for name, start, end in search.found]
        told: list[Found] = []
        for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
            if not told or hit.start >= told[-1].end:
                told.append(hit)
        return [
            Found(hit.kind, len(_decoded(data[: hit.start])), len(_decoded(data[: hit.end]))) for hit in told
        ]


class RedactedStream:
    """Redacts a text that comes in pieces: what may be a secret that goes on waits for the next piece."""

    def __init__(self, redact: Redactor) -> None:
        self._stages = tuple(map(RedactedBytes, redact.finders()))

    def feed(self, text: str, *, is_last: bool = False) -> str:
        """What is certain by now, without secrets; with `is_last` all of it: the next piece is a new text."""
        return _decoded(self.feed_bytes(_encoded(text), is_last=is_last))

    def feed_bytes(self, data: bytes, *, is_last: bool = False) -> bytes:
        """The same for UTF-8, which may come with a character in two pieces."""
        for stage in self._stages:
            data = stage.feed(data, is_last=is_last)
        return data


def redact_values(value: Any, redact: Redact, keep: Collection[str] = (), depth: int = DEPTH_MAX) -> Any:
    """A value as JSON has them, with every text in it redacted, names too.

    Values under the names in `keep` are left as they are: ids that must find what they belong to.
    """
    match value:
        case str():
            return redact(value)
        case dict() | list() if not depth:
            return "…"
        case dict():
            return {
                redact(str(name)): item if name in keep else redact_values(item, redact, keep, depth - 1)
                for name, item in value.items()
            }
        case list():
            return [redact_values(item, redact, keep, depth - 1) for item in value]
    return value


redact_known = Redactor()
"""Takes out known kinds of keys."""


def redactor(variables: Mapping[str, str]) -> Redactor:
    """Takes out known kinds of keys, and the values of variables whose names say that they are secret."""
    return Redactor(
        value
        for name, value in variables.items()
        if _SECRET_NAME.search(name) and len(value) >= SECRET_LENGTH_MIN
    )


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # a secret ended at its greatest length, in the middle of a character
        return data.decode("utf-8", "replace")
