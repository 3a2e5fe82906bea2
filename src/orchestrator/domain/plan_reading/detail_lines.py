"""Detail lines of a task (`agent:`, `timeout:`, `verify:` …): which lines they are, what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import get_args

from orchestrator.domain.plan import Permissions
from orchestrator.domain.plan_problems import ProblemLog

TIMEOUT_SECONDS_MAX = 7 * 24 * 3600.0
ATTEMPTS_MAX = 100
DEPENDS = "depends"
"""The key of `depends: 1.1`, which says the same as `(depends: 1.1)`."""

_FIELD = re.compile(
    r"(?P<bold>\*\*|__)?`?"
    r"(?P<key>agent|model|timeout|verify_timeout|verify|files|attempts|once|gate|permissions"
    r"|depends(?:[ \t]on)?)`?"
    r"(?::(?P<in>\*\*|__)|(?P<out>\*\*|__)?[ \t]*:)(?=[ \t]|$)[ \t]*(?P<value>.*)$",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"(?:(?P<h>[0-9]{1,6}) ?h(?:ours?)?)? ?(?:(?P<m>[0-9]{1,6}) ?m(?:in(?:utes?)?)?)?"
    r" ?(?:(?P<s>[0-9]{1,6}) ?(?:s(?:ec(?:onds?)?)?)?)?$",
    re.IGNORECASE,
)
_CODE_SPAN = re.compile(r"`([^`]+)`")
_BETWEEN_SPANS = re.compile(r"\s*(?:,|;|&&|and|,\s*and)\s*", re.IGNORECASE)
_AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MODEL = re.compile(r"[A-Za-z0-9][^\s]{0,127}")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class BadValueError(ValueError):
    """A setting's value cannot be read; the text says what was expected."""


@dataclass(slots=True)
class TaskFields:
    """What the detail lines of one task set."""

    agent: str | None = None
    model: str | None = None
    timeout_seconds: float | None = None
    verify_timeout_seconds: float | None = None
    attempts: int | None = None
    once: bool | None = None
    gate: str | None = None
    permissions: Permissions | None = None
    files: list[str] = field(default_factory=list)
    verify: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)

    def take(self, key: str, value: str, place: tuple[int, int], log: ProblemLog) -> None:
        """Set one field from its text; report what cannot be read. `place` is line and column."""
        if key == "files":
            self.files.extend(split_files(value))
            return
        if key in self.given:
            log.add("repeated_field", f"`{key}:` is given twice; the first one counts", *place)
            return
        try:
            self._set(key, value)
        except BadValueError as error:
            log.add("bad_value", f"`{key}: {_shorten(value)}`: {error}", *place)

    def _set(self, key: str, value: str) -> None:
        if key == "verify":
            self.verify.extend(split_commands(value))
            return
        self.given.add(key)
        text = unwrap(value)
        match key:
            case "agent":
                self.agent = read_agent(text)
            case "model":
                self.model = read_model(text)
            case "timeout":
                self.timeout_seconds = read_timeout(text)
            case "verify_timeout":
                self.verify_timeout_seconds = read_timeout(text)
            case "attempts":
                self.attempts = read_attempts(text)
            case "once":
                self.once = read_boolean(text)
            case "permissions":
                self.permissions = read_permissions(text)
            case _:
                self.gate = read_gate(text)


def read_field(line: str) -> tuple[str, str] | None:
    """Key (lower-case) and value of a detail line, or None. The value may be empty."""
    match = _match(line)
    if match is None or _is_prose(match):
        return None
    return match["key"].lower().split()[0], match["value"].strip()


def is_prose_verify(line: str) -> bool:
    """True for `Verify: all links work`, a sentence: as a command it could only fail."""
    match = _match(line)
    return match is not None and _is_prose(match)


def _match(line: str) -> re.Match[str] | None:
    match = _FIELD.match(line.strip())
    return None if match is None or (match["in"] or match["out"]) != match["bold"] else match


def _is_prose(match: re.Match[str]) -> bool:
    key, value = match["key"], match["value"].strip()
    return key != key.lower() and key.lower() == "verify" and value != "" and "`" not in value


def unwrap(value: str) -> str:
    """The value without backticks, bold or quotes around the whole of it."""
    value = value.strip()
    for mark in ("**", "__", "`", '"', "'"):
        size = len(mark)
        inner = value[size:-size]
        if len(value) > 2 * size and value == mark + inner + mark and mark not in inner:
            return inner.strip()
    return value


def split_files(value: str) -> list[str]:
    """Paths between commas, each perhaps in backticks."""
    return [path for part in value.split(",") if (path := unwrap(part))]


def split_commands(value: str) -> list[str]:
    """The commands of a `verify:` line: the whole line, or each of its code spans.

    Prose around a code span would become part of a command, so it is refused.
    """
    spans = _CODE_SPAN.findall(value)
    if not spans or "`" in _CODE_SPAN.sub("", value):
        if "`" in value:
            raise BadValueError("unpaired backtick; use $(…), or a sh block under `verify:`")
        return [value]
    between = [part for part in _CODE_SPAN.split(value)[::2] if part.strip()]
    if any(not _BETWEEN_SPANS.fullmatch(part) for part in between):
        raise BadValueError("write the command alone, or alone in backticks")
    return [span.strip() for span in spans if span.strip()]


def read_agent(text: str) -> str:
    """An agent's name: one word."""
    if not _AGENT.fullmatch(text):
        raise BadValueError("expected the name of an agent, such as `claude`")
    return text


def read_model(text: str) -> str:
    """A model's name: one word."""
    if not _MODEL.fullmatch(text):
        raise BadValueError("expected the name of a model, without spaces")
    return text


def read_timeout(text: str) -> float:
    """Seconds of `90`, `90s`, `15m`, `1h` or `1h30m`."""
    match = _DURATION.match(text)
    if match is None or not text:
        raise BadValueError("expected a duration such as 90s, 15m or 1h30m")
    hours, minutes, seconds = (int(match[unit] or 0) for unit in "hms")
    total = float(hours * 3600 + minutes * 60 + seconds)
    if not 0 < total <= TIMEOUT_SECONDS_MAX:
        raise BadValueError("expected more than nothing and at most seven days")
    return total


def read_attempts(text: str) -> int:
    """How often a task may be tried: 1 to `ATTEMPTS_MAX`."""
    return read_count(text, ATTEMPTS_MAX)


def read_count(text: str, largest: int) -> int:
    """A whole number from 1 to `largest`."""
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= largest:
        raise BadValueError(f"expected a whole number from 1 to {largest}")
    return int(text)


def read_boolean(text: str) -> bool:
    """True or false."""
    if text.lower() not in _BOOLEANS:
        raise BadValueError("expected true or false")
    return _BOOLEANS[text.lower()]


def read_gate(text: str) -> str:
    """Who must open the gate; only a human can."""
    if text.lower() != "human":
        raise BadValueError("expected `human`, the only gate there is")
    return "human"


def read_permissions(text: str) -> Permissions:
    """One of the policies."""
    for policy in get_args(Permissions):
        if text.lower() == policy:
            return policy  # type: ignore[no-any-return]  # the arguments of a Literal are what it allows
    raise BadValueError(f"expected one of {', '.join(get_args(Permissions))}")


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
