"""What the API answers besides status: receipts, health, findings, and why it did not answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain import plan
from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.commands import CommandState
from orchestrator.domain.status import OrchestratorInfo
from orchestrator.domain.task_status import RunStatus


class ProblemPart(BaseModel):
    """One thing that is wrong with a request; `pointer` leads to it: `/body/…`, `/query/…`, `/header/…`."""

    pointer: str
    detail: str


class PlanProblem(BaseModel):
    """One thing that is wrong with a plan. Lines and columns count from 1."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    line: int
    column: int

    @classmethod
    def of(cls, problem: plan.Problem) -> PlanProblem:
        """What the parser found, as it is told."""
        return cls(
            severity=problem.severity.value,
            code=problem.code,
            message=problem.message,
            line=problem.line,
            column=problem.column,
        )


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457). `code` is for programs, `detail` for people."""

    type: str = Field(description="Always `about:blank`: `code` says which problem it is.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for.")
    code: str
    errors: list[ProblemPart] = Field(description="What is wrong with the request, else empty.")
    problems: list[PlanProblem] | None = Field(default=None, description="With `plan_invalid`: why.")
    owner: str | None = Field(default=None, description="With `plan_owned`: the orchestrator that has it.")
    lease_until: datetime | None = Field(default=None, description="With `plan_owned`: how long at least.")
    log_path: str | None = Field(default=None, description="With `run_not_started`: the run's output.")


class CommandResponse(BaseModel):
    """A command's receipt. `success` is false once it was rejected or expired; `seq` its place in the log."""

    success: bool
    message: str
    command_id: str | None = Field(description="Null when there was nothing to command any more.")
    state: CommandState
    seq: int | None


class Health(BaseModel):
    """How the server is. `degraded`: it answers, but its live streams or its look-out lag behind."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str
    timestamp: datetime
    orchestrators_running: int
    detail: str | None


class FindingContent(BaseModel):
    """A finding's text."""

    task_id: str
    content: str


class PlanTaskLine(BaseModel):
    """Where a task begins in its plan's text, from line 1."""

    task_id: str
    line: int


class LastRun(BaseModel):
    """The latest run of a plan. `options` are those it was started with; null where its log does not say."""

    id: str
    status: RunStatus
    options: ChosenOptions | None


class PlanDocument(BaseModel):
    """A plan as it is written, with what is wrong with it and where its tasks stand.

    `settings` are the options that its front matter sets, `defaults` those of the program, which hold where
    neither the plan nor the starter of a run says anything; a default of null means that there is none.
    """

    name: str
    title: str
    path: str
    last_modified: datetime
    markdown: str
    problems: list[PlanProblem]
    tasks: list[PlanTaskLine]
    settings: ChosenOptions
    defaults: ChosenOptions
    last_run: LastRun | None


class TranscriptLine(BaseModel):
    """Something that an agent told, each text up to 16,000 characters; more fields go with its `type`.

    `artifact` is where a longer input or output of a call is kept whole.
    """

    model_config = ConfigDict(extra="allow")

    time: datetime
    type: str


class AgentInfo(BaseModel):
    """An agent that a run or a task can name: whether it can work here, and if not, what to do.

    One whose program the repository names (`named_by_repository`) was not asked, so it is not `is_ready`; a
    run may use it all the same.
    """

    name: str
    is_ready: bool
    version: str | None
    problem: str | None
    abilities: list[Literal["permissions", "resume", "messages", "cost", "budget", "calls"]]
    named_by_repository: bool


class ArtifactContent(BaseModel):
    """A text that an attempt left, whole, with its size in bytes."""

    name: str
    size_bytes: int
    text: str


class StartedOrchestrator(OrchestratorInfo):
    """The orchestrator that was started; `log_path`, relative to its project, has its output."""

    log_path: str
