"""YAML front matter: settings for the whole plan, which are the defaults of its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from orchestrator.domain.plan_fields import (
    BadValueError,
    read_agent,
    read_attempts,
    read_count,
    read_model,
    read_timeout,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.domain.plan_problems import ProblemLog
    from orchestrator.domain.plan_text import PlanText

MAX_FRONT_MATTER_CHARACTERS = 16_384
MAX_PARALLEL = 64


@dataclass(slots=True)
class PlanSettings:
    """The front matter's values; `end` is the line behind it (0 if there is none)."""

    end: int = 0
    title: str | None = None
    agent: str | None = None
    model: str | None = None
    timeout_seconds: float | None = None
    attempts: int | None = None
    parallel: int | None = None


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, so that a small text stays a small value."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.MarkedYAMLError(problem="aliases are not supported", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def read_settings(source: PlanText, log: ProblemLog) -> PlanSettings:
    """The front matter at the very start of the text; what cannot be read is reported."""
    end = _closing_line(source.lines)
    if end is None:
        return PlanSettings()
    text = "\n".join(source.lines[1:end])
    if len(text) > MAX_FRONT_MATTER_CHARACTERS:
        log.add("bad_front_matter", f"longer than {MAX_FRONT_MATTER_CHARACTERS} characters", 1)
        return PlanSettings(end + 1)
    values = _load(text, log)
    if values is None and text.strip():
        # Nothing but comments: `# Title` between two rules is Markdown, not YAML.
        return PlanSettings()
    settings = PlanSettings(end + 1)
    if isinstance(values, dict):
        _take_all(settings, values, source, log)
    elif values is not None and not isinstance(values, _Unreadable):
        log.add("bad_front_matter", "expected lines such as `agent: claude`", 2)
    return settings


def _closing_line(lines: list[str]) -> int | None:
    if lines[0].rstrip() != "---":
        return None
    return next((i for i, line in enumerate(lines) if i and line.rstrip() in ("---", "...")), None)


class _Unreadable:
    """Stands for YAML that could not be read and was reported."""


def _load(text: str, log: ProblemLog) -> Any:
    try:
        # _Loader is a SafeLoader.
        return yaml.load(text, _Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 2, mark.column + 1) if mark else (1, 1)
        log.add("bad_front_matter", f"not YAML: {error.problem or error}", line, column)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, TypeError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        log.add("bad_front_matter", f"not YAML: {reason}", 1)
    return _Unreadable()


def _take_all(settings: PlanSettings, values: dict[Any, Any], source: PlanText, log: ProblemLog) -> None:
    for name, value in values.items():
        written = name if isinstance(name, str) else type(name).__name__
        key = written.strip().lower()
        line = _line_of_key(source.lines[: settings.end], written)
        if key not in _READERS:
            known = ", ".join(_READERS)
            log.add("unknown_setting", f"`{key[:60]}` is none of {known}", line)
        elif value is None:
            log.add("empty_value", f"`{key}:` has no value", line)
        else:
            _take(settings, key, value, line, log)


def _take(settings: PlanSettings, key: str, value: object, line: int, log: ProblemLog) -> None:
    attribute, read = _READERS[key]
    try:
        if isinstance(value, bool | list | dict | set | bytes):
            raise BadValueError("expected a word or a number")
        setattr(settings, attribute, read(str(value).strip()))
    except ValueError as error:  # also what str() says to a number of too many digits
        log.add("bad_value", f"`{key}`: {error}", line)


def _line_of_key(lines: list[str], key: str) -> int:
    matching = (i for i, line in enumerate(lines) if line.lstrip(" \"'").startswith(key))
    return next(matching, 0) + 1


def _read_parallel(text: str) -> int:
    return read_count(text, MAX_PARALLEL)


_READERS: dict[str, tuple[str, Callable[[str], str | float | int]]] = {
    "title": ("title", str),
    "agent": ("agent", read_agent),
    "model": ("model", read_model),
    "timeout": ("timeout_seconds", read_timeout),
    "attempts": ("attempts", read_attempts),
    "parallel": ("parallel", _read_parallel),
}
