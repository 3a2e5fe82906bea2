"""The bodies of requests. A field that is not known is refused, so that no slip goes unnoticed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain.commands import DIGEST_LENGTH_MAX, TASK_ID_LENGTH_MAX, TEXT_LENGTH_MAX
from orchestrator.domain.plan import Permissions
from orchestrator.domain.plan_matching import Reworded


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EmptyRequest(_Request):
    """The body of pause, resume and shutdown: none, or an object without fields."""


class SkipTaskRequest(_Request):
    """Which task to skip, and why."""

    task_id: str = Field(min_length=1, max_length=TASK_ID_LENGTH_MAX)
    reason: str | None = Field(default=None, max_length=TEXT_LENGTH_MAX)


class RetryTaskRequest(_Request):
    """Which task to run again; `note` is told to the agent, `force` takes a completed one too."""

    task_id: str = Field(min_length=1, max_length=TASK_ID_LENGTH_MAX)
    note: str | None = Field(default=None, max_length=TEXT_LENGTH_MAX)
    force: bool = False


class ApprovePlanRequest(_Request):
    """The `digest` of the status's `unapproved`, as it was shown to the person who approves it."""

    digest: str = Field(min_length=1, max_length=DIGEST_LENGTH_MAX)


class AnswerApprovalRequest(_Request):
    """The answer to an agent that asks whether it may do something; `reason` stands in the log."""

    allow: bool
    reason: str | None = Field(default=None, max_length=TEXT_LENGTH_MAX)


class MessageTaskRequest(_Request):
    """A note for the agent that is at work on a task."""

    text: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)


class StartRequest(_Request):
    """Which plan to work through, and how. What is left out is as the plan says, else as usual."""

    plan: str = Field(min_length=1, max_length=1_000, description="A name, or a path in docs/plans.")
    agent: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    parallel: int | None = Field(default=None, ge=1, le=64, description="Maximum number of parallel tasks.")
    max_attempts: int | None = Field(default=None, ge=1, le=1_000_000, description="Attempts per task.")
    timeout_seconds: float | None = Field(default=None, ge=0.001, le=1e8, description="Time limit per task.")
    restart: bool = Field(default=False, description="Start over; findings are archived.")
    reworded: Reworded | None = Field(
        default=None,
        description="What is done, but was reworded since: keep it (as if left out), or run it again.",
    )
    permissions: Permissions | None = Field(
        default=None, description="The most that agents may do by themselves; the plan can only narrow it."
    )
    budget_usd: float | None = Field(
        default=None, ge=0.01, le=1e6, description="Pause when so much is spent."
    )
    budget_tokens: int | None = Field(default=None, ge=1, le=10**12, description="The same in tokens.")
    task_budget_usd: float | None = Field(
        default=None, ge=0.01, le=1e6, description="The run pauses when a task has spent this."
    )
    task_budget_tokens: int | None = Field(default=None, ge=1, le=10**12, description="The same in tokens.")
    back_off_seconds: float | None = Field(
        default=None, ge=0, le=1e8, description="The pause before the second attempt."
    )
    longest_wait_seconds: float | None = Field(
        default=None, ge=0, le=1e8, description="How long an agent's rate limit is waited for; 0: not at all."
    )
    silence_seconds: float | None = Field(
        default=None, ge=0.001, le=1e8, description="After which a silent agent is stuck."
    )
    tool_seconds: float | None = Field(
        default=None, ge=0.001, le=1e8, description="After which an agent in one tool call is stuck."
    )
    repeats_max: int | None = Field(
        default=None,
        ge=2,
        le=1_000_000,
        description="The number of equal calls in a row after which an agent is stuck.",
    )
    approval_seconds: float | None = Field(
        default=None, ge=0.001, le=1e8, description="After which an unanswered question is denied."
    )
    strict: bool | None = Field(
        default=None, description="Whether what makes a task's success doubtful fails its attempt."
    )
