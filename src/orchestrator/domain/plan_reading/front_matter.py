"""YAML front matter: settings for the whole plan, which are the defaults of its tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.detail_lines import (
    BadValueError,
    TaskFields,
    read_boolean,
    read_count,
    read_field,
)
from orchestrator.domain.plan_reading.text import PlanText

FRONT_MATTER_CHARACTERS_MAX = 16_384
PARALLEL_MAX = 64


@dataclass(slots=True)
class PlanSettings:
    """The front matter's values; `end` is the line behind it (0 if there is none)."""

    end: int = 0
    title: str | None = None
    parallel: int | None = None
    strict: bool | None = None
    defaults: TaskFields = field(default_factory=TaskFields)


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, so that a small text stays a small value."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]  # the stubs leave it out
            raise yaml.MarkedYAMLError(problem="aliases are not supported", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in keys:
                problem = f"`{name[:60]}` stands there twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            keys.add(name)
        return super().construct_mapping(node, deep)


def read_settings(source: PlanText, log: ProblemLog) -> PlanSettings:
    """The front matter at the very start of the text; what cannot be read is reported."""
    end = _closing_line(source.lines)
    if end is None:
        if source.lines[0].rstrip() == "---" and len(source.lines) > 1 and read_field(source.lines[1]):
            log.add("bad_front_matter", "no line `---` ends it", 1)
        return PlanSettings()
    text = "\n".join(source.lines[1:end])
    if len(text) > FRONT_MATTER_CHARACTERS_MAX:
        log.add("bad_front_matter", f"longer than {FRONT_MATTER_CHARACTERS_MAX} characters", 1)
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
    lines = source.lines[: settings.end]
    for name, value in values.items():
        written = name if isinstance(name, str) else type(name).__name__
        key = written.strip().lower()
        place = _place_of_key(lines, written)
        if key not in _KEYS:
            log.add("unknown_setting", f"`{key[:60]}` is none of {', '.join(_KEYS)}", *place)
        elif value is None:
            log.add("empty_value", f"`{key}:` has no value", *place)
        else:
            _take(settings, key, value, place, log)


def _take(settings: PlanSettings, key: str, value: object, place: tuple[int, int], log: ProblemLog) -> None:
    try:
        if key == "title":
            settings.title = " ".join(_text(value).split())
        elif key == "parallel":
            settings.parallel = read_count(_text(value), PARALLEL_MAX)
        elif key == "strict":
            settings.strict = read_boolean(_text(value))
        else:
            several = value if isinstance(value, list) and key in _LISTS else [value]
            for text in map(_text, several):
                settings.defaults.take(key, text, place, log)
    except ValueError as error:  # also what str() says to a number of too many digits
        log.add("bad_value", f"`{key}`: {error}", *place)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise BadValueError("expected a word or a number")
    return str(value).strip()


def _place_of_key(lines: list[str], key: str) -> tuple[int, int]:
    line = next((i for i, line in enumerate(lines) if line.lstrip(" \"'").startswith(key)), 0)
    return line + 1, max(0, lines[line].find(key)) + 1


_LISTS = ("verify", "files")
_KEYS = (
    *("title", "parallel", "agent", "model", "timeout", "verify_timeout", "attempts", "once", "gate"),
    *("permissions", "strict", *_LISTS),
)
