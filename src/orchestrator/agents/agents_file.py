"""`agents.toml` in a project's root: agents of one's own, and changes to the known ones.

    [goose]
    command = ["goose", "acp"]
    pass_environment = ["ANTHROPIC_API_KEY", "GOOSE_*"]

    [opencode]
    command = ["/opt/opencode/bin/opencode", "acp"]

A table is an agent that speaks ACP; its name is what a plan's `agent:` says. Its keys are the fields of
`AcpProfile`. In the root, and not in `.orchestrator`, because it belongs into the repository like the plans.

So it is the repository's writer who wrote it, not its user. A table names a program, or how and with which
variables one is started: any of its keys can make it run what its writer wants. That is why every agent that
has a table here is marked, and started by nothing but a run that may start it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from orchestrator.agents.acp.profiles import PROFILES, AcpProfile
from orchestrator.domain.errors import AgentUnavailable

FILE_NAME = "agents.toml"
RESERVED = frozenset({"shell", "scripted", "claude", "codex"})
BYTES_MAX = 262_144

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_KEYS = tuple(part.name for part in fields(AcpProfile) if part.name not in {"name", "is_from_repository"})
_TABLES = frozenset({"environment", "asking_environment"})
_TEXTS = frozenset({"login", "install", "complaint", "failure"})
_SWITCHES = frozenset({"asks", "can_resume", "tells_cost", "reports_calls"})


def read_profiles(data: bytes, path: str) -> tuple[AcpProfile, ...]:
    """The known agents, with the file's changes and additions, additions first. Pure.

    Raises AgentUnavailable with file, line and what to do, where the file says what it cannot.
    """
    try:
        text = data.decode()
        tables = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AgentUnavailable(f"{path} is no TOML: {error}. Correct it, or remove the file.") from error
    known = {profile.name: profile for profile in PROFILES}
    reader = _Reader(path, text.splitlines())
    told = {name: reader.profile(name, table, known.get(name)) for name, table in tables.items()}
    added = [profile for name, profile in told.items() if name not in known]
    return (*added, *(told.get(name, profile) for name, profile in known.items()))


def _is_pattern(pattern: str, groups_min: int) -> bool:
    try:
        return not pattern or re.compile(pattern).groups >= groups_min
    except re.error:
        return False


class _Reader:
    """Reads tables strictly, and knows where in the file a problem stands."""

    def __init__(self, path: str, lines: Sequence[str]) -> None:
        self._path = path
        self._lines = lines

    def profile(self, name: str, table: Any, known: AcpProfile | None) -> AcpProfile:
        if not isinstance(table, dict):
            raise self._problem(
                name, None, f"“{name}” stands outside a table; write [name-of-agent] above it"
            )
        if not _NAME.fullmatch(name):
            raise self._problem(name, None, f"“{name}” is no name for an agent; use a-z, 0-9, - and _")
        if name in RESERVED:
            raise self._problem(
                name, None, f"“{name}” is an agent of the orchestrator's own; choose another name"
            )
        values = {key: self._value(name, key, value) for key, value in table.items()}
        if known is not None:
            return replace(known, **values, is_from_repository=True)
        if "command" not in values:
            raise self._problem(name, None, f'[{name}] needs a command, such as command = ["{name}", "acp"]')
        return AcpProfile(name=name, **values, is_from_repository=True)

    def _value(self, name: str, key: str, value: Any) -> Any:
        if key not in _KEYS:
            raise self._problem(name, key, f"“{key}” is unknown; there are {', '.join(_KEYS)}")
        if key in _TABLES:
            is_right = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
            wanted = 'a table of texts, such as { NAME = "value" }'
        elif key in _TEXTS:
            is_right, wanted = isinstance(value, str), "a text in quotes"
        elif key in _SWITCHES:
            is_right, wanted = isinstance(value, bool), "true or false"
        else:
            is_right = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
            is_right = is_right and (key != "command" or bool(value))
            wanted = 'a list of texts, such as ["one", "two"]'
        if key == "complaint" and is_right:
            is_right = _is_pattern(value, groups_min=1)
            wanted = "a regular expression with a group, such as 'error=(.*)'"
        if key == "failure" and is_right:
            is_right, wanted = _is_pattern(value, groups_min=0), "a regular expression, such as '^Error: '"
        if not is_right or "\\u0000" in repr(value) or "\\x00" in repr(value):
            raise self._problem(name, key, f"“{key}” must be {wanted}")
        return tuple(value) if isinstance(value, list) else value

    def _problem(self, name: str, key: str | None, what: str) -> AgentUnavailable:
        line = self._line(name, key)
        place = self._path if line is None else f"{self._path}, line {line}"
        return AgentUnavailable(f"{place}: {what}.")

    def _line(self, name: str, key: str | None) -> int | None:
        """Where the key stands below its table's head, or the head itself; None where it is not found."""
        called = rf"[\"']?{re.escape(name)}[\"']?\s*"
        asked = rf"[\"']?{re.escape(key or '')}[\"']?\s*"
        head = re.compile(rf"\s*\[\s*{called}\]|\s*{called}[=.]")
        own_head, entry = re.compile(rf"\s*\[\s*{called}\.\s*{asked}\]"), re.compile(rf"\s*{asked}[=.]")
        found, is_inside = None, False
        for number, line in enumerate(self._lines, 1):
            if key is not None and (own_head.match(line) or (is_inside and entry.match(line))):
                return number
            if head.match(line):
                found, is_inside = found or number, True
            elif line.lstrip().startswith("["):
                is_inside = False
        return found
