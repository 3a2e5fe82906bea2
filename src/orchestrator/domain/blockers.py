"""What a pending task waits for: values told apart by `kind`, and the sentence that each of them is shown as.

The values are on the wire as they are. Nobody reads the sentences but people.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain.held_tasks import kinds_text
from orchestrator.domain.plan_parts import PartKind


class _Blocker(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class TaskBlocker(_Blocker):
    """A task that has to be completed or skipped before."""

    kind: Literal["task"] = "task"
    task_id: str


class PhaseBlocker(_Blocker):
    """A phase that comes before the task's own."""

    kind: Literal["phase"] = "phase"
    phase: int


class GateBlocker(_Blocker):
    """A person, who does what the task's `gate:` line says."""

    kind: Literal["gate"] = "gate"
    text: str


class RetryBlocker(_Blocker):
    """The pause between two attempts; the task's `retry_at` says when it is over."""

    kind: Literal["retry"] = "retry"


class RateLimitBlocker(_Blocker):
    """The limit of an agent's vendor, and when it is over."""

    kind: Literal["rate_limit"] = "rate_limit"
    agent: str
    until: datetime


class FilesBlocker(_Blocker):
    """A running task that has declared the same files."""

    kind: Literal["files"] = "files"
    task_id: str


class UnapprovedBlocker(_Blocker):
    """A person's approval: `parts` of the task appeared or changed in the plan's file during an attempt.

    One that `is_approved` waits for the plan's next run only, which begins with the approval.
    """

    kind: Literal["unapproved"] = "unapproved"
    parts: tuple[PartKind, ...]
    is_approved: bool = False


Blocker = Annotated[
    TaskBlocker
    | PhaseBlocker
    | GateBlocker
    | RetryBlocker
    | RateLimitBlocker
    | FilesBlocker
    | UnapprovedBlocker,
    Field(discriminator="kind"),
]


def _in_utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def blocker_text(  # noqa: PLR0911 - one case a kind
    blocker: Blocker, time_text: Callable[[datetime], str] = _in_utc
) -> str:
    """What is waited for, as it follows "waits for"; `time_text` writes times as the reader wants them."""
    match blocker:
        case TaskBlocker():
            return blocker.task_id
        case PhaseBlocker():
            return f"phase {blocker.phase}"
        case GateBlocker():
            return f"a person (gate: {blocker.text})"
        case RetryBlocker():
            return "the next attempt"
        case RateLimitBlocker():
            return f"the limit of {blocker.agent} until {time_text(blocker.until)}"
        case FilesBlocker():
            return f"{blocker.task_id}, which works on the same files"
        case UnapprovedBlocker(is_approved=True):
            return f"the plan's next run: the change of its {kinds_text(blocker.parts)} is approved"
        case UnapprovedBlocker():
            return f"approve-plan: {kinds_text(blocker.parts)} changed during an attempt"
