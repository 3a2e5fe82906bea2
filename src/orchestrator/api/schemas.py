"""The wire models that only delivery knows: problems, receipts, requests, and every event's envelope."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from orchestrator.domain.commands import TASK_ID_LENGTH_MAX, TEXT_LENGTH_MAX, CommandState
from orchestrator.domain.events import EVENT_TYPES
from orchestrator.domain.status import OrchestratorInfo, OrchestratorStatus


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


class StartRequest(_Request):
    """Which plan to work through, and how. What is left out is as on the command line."""

    plan: str = Field(min_length=1, max_length=1_000, description="A name, or a path in docs/plans.")
    agent: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    parallel: int | None = Field(default=None, ge=1, le=64, description="Tasks at once.")
    max_attempts: int | None = Field(default=None, ge=1, le=100, description="Attempts a task.")
    timeout_seconds: float | None = Field(default=None, ge=0.001, le=1e6, description="Time for each task.")
    restart: bool = Field(default=False, description="Start over; findings are archived.")


class StartedOrchestrator(OrchestratorInfo):
    """The orchestrator that was started; `log_path`, relative to its project, has its output."""

    log_path: str


class PingData(BaseModel):
    """`up_to` is the last position of the log that was looked at."""

    up_to: int


class ResyncData(BaseModel):
    """Why there is a hole: `requested` is the last position the client has, `oldest` the first kept."""

    reason: Literal["not_kept", "beyond_log", "fell_behind"]
    requested: int
    oldest: int


def _envelope(
    type_name: str, data: type[BaseModel], *, has_seq: bool = True, doc: str = ""
) -> type[BaseModel]:
    name = "".join(part.capitalize() for part in type_name.split("_"))
    fields: dict[str, Any] = {"type": (Literal[type_name], ...), "timestamp": (datetime, ...)}
    fields |= {"instance_id": (str, ...)} | ({"seq": (int, ...)} if has_seq else {}) | {"data": (data, ...)}
    model: type[BaseModel] = create_model(f"{name}Event", __doc__=doc or data.__doc__, **fields)
    return model


FRAME_TYPES: dict[str, type[BaseModel]] = {
    "initial_status": _envelope(
        "initial_status",
        OrchestratorStatus,
        doc="First on every connection without a cursor: the whole status at `seq`. Not an entry of the log.",
    ),
    "ping": _envelope(
        "ping",
        PingData,
        has_seq=False,
        doc="A sign of life on a silent connection. Not an entry of the log.",
    ),
    "resync": _envelope(
        "resync",
        ResyncData,
        has_seq=False,
        doc="Sent instead of a hole; a fresh initial_status follows. Not an entry of the log.",
    ),
}
"""The envelopes of what a stream sends besides entries of the log."""

ENVELOPE_TYPES: dict[str, type[BaseModel]] = {
    **{name: _envelope(name, data) for name, data in EVENT_TYPES.items()},
    **FRAME_TYPES,
}
"""The envelope of everything that a stream sends, by its `type`."""

REQUESTS = (EmptyRequest, SkipTaskRequest, RetryTaskRequest, StartRequest)
