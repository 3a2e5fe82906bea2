"""What can be chosen for a run when it is started, under the same names in request, log and status."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain.plan import Permissions


class ChosenOptions(BaseModel):
    """The options of a run; null where one was left to the plan, or to the program's defaults.

    They say how a run goes, never with which secrets: they are in the log, and every reader of it sees them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_serialization_defaults_required=True)

    agent: str | None = Field(default=None, description="For tasks that name none.")
    parallel: int | None = Field(default=None, description="Maximum number of parallel tasks.")
    max_attempts: int | None = Field(default=None, description="Attempts per task.")
    timeout_seconds: float | None = Field(default=None, description="Time limit per task.")
    permissions: Permissions | None = Field(
        default=None, description="The most that agents may do by themselves."
    )
    budget_usd: float | None = Field(default=None, description="The run pauses when this is spent.")
    budget_tokens: int | None = Field(default=None, description="The same in tokens.")
    task_budget_usd: float | None = Field(
        default=None, description="The run pauses when a task has spent this."
    )
    task_budget_tokens: int | None = Field(default=None, description="The same in tokens.")
    back_off_seconds: float | None = Field(default=None, description="The pause before the second attempt.")
    longest_wait_seconds: float | None = Field(
        default=None, description="How long an agent's rate limit is waited for; 0: not at all."
    )
    silence_seconds: float | None = Field(default=None, description="After which a silent agent is stuck.")
    tool_seconds: float | None = Field(
        default=None, description="After which an agent in one tool call is stuck."
    )
    repeats_max: int | None = Field(
        default=None, description="The number of equal calls in a row after which an agent is stuck."
    )
    approval_seconds: float | None = Field(
        default=None, description="After which an unanswered question is denied."
    )
    strict: bool | None = Field(
        default=None, description="Whether what makes a task's success doubtful fails its attempt."
    )
