"""What an agent tells while it works, in our own words; every agent's driver translates into these.

A run of an agent yields any number of these values and then, always and last, exactly one `Finished`. Texts
come whole: the listener redacts them first, and cuts them then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

ToolOutcome = Literal["ok", "error", "denied", "interrupted"]
RunOutcome = Literal[
    "completed",
    "failed",
    "interrupted",
    "timed_out",
    "lost",
    "limited",
    "unauthorized",
    "unknown_model",
    "context_full",
    "budget",
]
"""`limited`: a vendor's limit stands in the way; `unauthorized`: no key, or not a valid one;
`unknown_model`: the vendor does not have it, or not for this account; `lost`: the agent or its driver broke;
`budget`: the agent stopped at the money it was given."""


@dataclass(frozen=True, slots=True)
class Started:
    """The agent is up. `session_id` is what it calls this conversation, where it can go on with one later."""

    agent: str
    version: str | None = None
    model: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The agent says something."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """A tool call began. `tool_id` is unique within the attempt; `input` is all of what it was given."""

    tool_id: str
    tool_name: str
    input: str = ""
    parent_tool_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallOutput:
    """A chunk of an open tool call's output, bounded and sent a few times a second at most."""

    tool_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallCompleted:
    """A tool call ended. `output` is all of what it gave."""

    tool_id: str
    outcome: ToolOutcome
    output: str = ""


@dataclass(frozen=True, slots=True)
class UsageDelta:
    """What was used since the last such value; an unknown cost is None."""

    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None

    @property
    def tokens(self) -> int:
        """All of them, also those that a cache gave and took."""
        return self.input_tokens + self.output_tokens + self.cache_read_tokens + self.cache_write_tokens


@dataclass(frozen=True, slots=True)
class PermissionAsked:
    """The agent may go on only once somebody has answered through `AgentRun.answer`.

    `command` is all that the tool would be given, and `context` what else the agent says about it: where it
    would run, and why. `can_allow` is false where the question does not say what would be done: nobody can
    allow that.
    """

    request_id: str
    question: str
    tool_id: str | None = None
    tool_name: str | None = None
    command: str | None = None
    context: str | None = None
    can_allow: bool = True


@dataclass(frozen=True, slots=True)
class Retrying:
    """The agent's request to its model failed, and it tries again by itself. `attempt` counts from 1."""

    why: str
    attempt: int | None = None
    delay_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A vendor refuses for a while. `resets_at` is None where nobody said until when."""

    message: str
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """Something that the agent's program said beside its work."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end. `text` becomes the finding (Markdown); `error` is one sentence where it did not complete.

    `limit` goes with the outcome `limited`. `is_final`: another attempt would end the same way.
    """

    outcome: RunOutcome
    text: str = ""
    error: str | None = None
    exit_code: int | None = None
    limit: Limit | None = None
    is_final: bool = False


AgentEvent = (
    Started
    | Text
    | ToolCallStarted
    | ToolCallOutput
    | ToolCallCompleted
    | UsageDelta
    | PermissionAsked
    | Retrying
    | Log
    | Finished
)

_Told = TypeVar("_Told", bound=AgentEvent | Limit)


def without_secrets(event: _Told, redact: Callable[[str], str]) -> _Told:
    """The event with every text in it redacted; this stands before all that is cut, written or sent."""
    changes: dict[str, Any] = {}
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, str) and (told := redact(value)) != value:
            changes[field.name] = told
        elif isinstance(value, Limit):
            changes[field.name] = without_secrets(value, redact)
    return replace(event, **changes) if changes else event
