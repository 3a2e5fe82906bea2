"""What an agent tells while it works, in our own words; every agent's driver translates into these.

A run of an agent yields any number of these values and then, always and last, exactly one `Finished`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

ToolOutcome = Literal["ok", "error", "denied", "interrupted"]
RunOutcome = Literal["completed", "failed", "interrupted", "timed_out", "lost"]


@dataclass(frozen=True, slots=True)
class Started:
    """The agent is up."""

    agent: str
    version: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The agent says something."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """A tool call began. `tool_id` is unique within the attempt."""

    tool_id: str
    tool_name: str
    input_summary: str = ""
    parent_tool_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallOutput:
    """A chunk of an open tool call's output, bounded and sent a few times a second at most."""

    tool_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallCompleted:
    """A tool call ended."""

    tool_id: str
    outcome: ToolOutcome
    output_summary: str = ""


@dataclass(frozen=True, slots=True)
class UsageDelta:
    """What was used since the last such value; an unknown cost is None."""

    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The end. `text` becomes the finding (Markdown); `error` is one sentence where it did not complete."""

    outcome: RunOutcome
    text: str = ""
    error: str | None = None
    exit_code: int | None = None


AgentEvent = Started | Text | ToolCallStarted | ToolCallOutput | ToolCallCompleted | UsageDelta | Finished

_TEXTS = ("text", "input_summary", "output_summary", "error")


def without_secrets(event: AgentEvent, redact: Callable[[str], str]) -> AgentEvent:
    """The event with its texts redacted; this stands before all that is written or sent."""
    changes: dict[str, Any] = {
        name: redact(text) for name in _TEXTS if isinstance(text := getattr(event, name, None), str)
    }
    return replace(event, **changes) if changes else event
