"""Takes secrets out of texts before they are written: known kinds of keys, and given values.

A secret that is cut in two is not found any more. So code that bounds a text redacts it first, and text that
comes in pieces goes through a `RedactedStream`. A value that is to become JSON is redacted before it does
(`redact_values`), since JSON escapes some characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from orchestrator.domain.key_kinds import KEY_LENGTH_MAX, MARK, key_across, open_key, without_keys

Redact = Callable[[str], str]

SECRET_LENGTH_MIN = 8
"""Shorter values are no secrets worth the name, and would blot out ordinary words."""

CONTEXT_LENGTH = 16
"""So many characters before a key decide whether it is one."""

DEPTH_MAX = 64
"""What lies deeper in a value is left out: nobody reads it, and Python's own stack has a limit."""

_SHORTEST = len("://u:p@")
"""Nothing that is taken out is shorter; and many names and ids are."""

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)$", re.IGNORECASE)


class Redactor:
    """Takes out known kinds of keys, and the given values, also where JSON or a URL has escaped them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values for form in _forms(value) if form not in MARK}
        self._longest_first = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if len(text) < _SHORTEST:
            return text
        for value in self._longest_first:
            text = text.replace(value, MARK)
        return without_keys(text)

    def open_end(self, text: str) -> int:
        """Where a secret begins that may go on behind the text's end; the text's length where none does."""
        end = min([open_key(text), *(_begun(value, text) for value in self._longest_first)])
        while end < len(text) and (earlier := self._across(text, end)) < end:
            end = earlier
        return end

    def _across(self, text: str, place: int) -> int:
        """Where a secret begins that lies across the place; the place itself where none does."""
        found = (
            text.find(value, max(place - len(value) + 1, 0), place + len(value) - 1)
            for value in self._longest_first
        )
        return min([key_across(text, place), *(at for at in found if at >= 0)])


class RedactedStream:
    """Redacts a text that comes in pieces: what may be a secret that goes on waits for the next piece."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact
        self._before = ""  # the end of what was returned, unredacted: what precedes a key matters
        self._held = ""

    def feed(self, text: str, *, is_last: bool = False) -> str:
        """What is certain by now, without secrets; with `is_last` all of it."""
        before = self._before
        whole = before + self._held + text
        end = len(whole) if is_last else max(self._redact.open_end(whole), len(before))
        if len(whole) - end > 2 * KEY_LENGTH_MAX:
            end = len(whole)  # no secret is that long
        certain, self._held = whole[:end], whole[end:]
        self._before = certain[-CONTEXT_LENGTH:]
        redacted, already = self._redact(certain), self._redact(before)
        if redacted.startswith(already):
            return redacted[len(already) :]
        return self._redact(certain[len(before) :])


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


def _forms(value: str) -> Iterator[str]:
    """The value as it is, in JSON, in JSON that is a text in JSON, and in a URL."""
    yield value
    yield quote(value, safe="", errors="replace")
    for is_ascii in (False, True):
        once = json.dumps(value, ensure_ascii=is_ascii)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=is_ascii)[1:-1]


def _begun(value: str, text: str) -> int:
    """Where the text ends in the first part of the value; the text's length where it does not."""
    at = text.find(value[0], max(len(text) - len(value) + 1, 0))
    while at >= 0:
        if value.startswith(text[at:]):
            return at
        at = text.find(value[0], at + 1)
    return len(text)
