"""Status as people and programs read it: the wire values of the REST answers and `initial_status`.

How they come out of a run's state stands in `projection`.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from orchestrator.domain.blockers import Blocker
from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.events import Stale, StatusSummary
from orchestrator.domain.evidence import Remark
from orchestrator.domain.plan_parts import UnapprovedPart
from orchestrator.domain.task_status import RunStatus, TaskStatus


class View(BaseModel):
    """A frozen value on the wire; every field is always sent."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class UsageInfo(View):
    """What was used; a cost that no agent told is null, never zero.

    `is_cost_complete` is false when tokens were used whose price nobody told: then `cost_usd` is less than
    the whole.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None
    is_cost_complete: bool = True

    @property
    def tokens(self) -> int:
        """All of them together."""
        return self.input_tokens + self.output_tokens + self.cache_read_tokens + self.cache_write_tokens


class TaskInfo(View):
    """One task. `blocked_by` says in order what it still waits for.

    A completed task is checked if it is `verified`: its checks passed, or it is the shell agent's and its
    commands ended with exit code 0. Else it is unchecked. `remarks` are what makes its success doubtful.

    `stale`: it is completed or skipped, but its instruction was changed since (`wording`).
    """

    id: str
    description: str
    phase: int
    status: TaskStatus
    kind: str
    depends_on: tuple[str, ...]
    blocked_by: tuple[Blocker, ...]
    agent: str | None
    attempt: int
    retry_count: int
    last_error: str | None
    reason: str | None
    retry_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    duration_ms: int | None
    revision: int
    verified: bool
    remarks: tuple[Remark, ...]
    stale: Stale | None = None
    finding: str | None
    usage: UsageInfo


class PhaseInfo(View):
    """One phase with its counts; `is_current` marks the first with unfinished tasks."""

    number: int
    name: str
    total_tasks: int
    completed: int
    pending: int
    in_progress: int
    failed: int
    skipped: int
    is_current: bool


class ModelUsage(UsageInfo):
    """What one model was used for; null where the agent did not say which one."""

    model: str | None = None


class ApprovalInfo(View):
    """A question of an agent that waits for an answer. Unanswered, it is denied at `expires_at`.

    The fields are those of `approval_requested`. Where the agent does not say what it would do, `can_allow`
    is false: the question can only be denied.
    """

    id: str
    task_id: str
    attempt: int
    question: str
    tool_id: str | None
    agent: str | None = None
    tool_name: str | None = None
    command: str | None = None
    command_artifact: str | None = None
    context: str | None = None
    can_allow: bool = True
    requested_at: datetime
    expires_at: datetime | None


class WaitingFor(View):
    """What the run waits for (a person, a retry, a limit), and until when where that is known."""

    what: str
    until: datetime | None


class UnapprovedPlan(View):
    """What attempts have changed in the plan; approve-plan takes the `digest`.

    It `is_approved` when the run has ended and the approval is kept: the plan's next run begins with it.
    """

    digest: str
    parts: tuple[UnapprovedPart, ...]
    is_approved: bool = False


class KeptCommand(View):
    """A command that waits for the plan's next run, since this one has ended."""

    id: str
    command: str
    task_id: str | None
    actor: str
    submitted_at: datetime


class OrchestratorStatus(View):
    """The whole status of one orchestrator at position `seq` of its log.

    `options` are those it was started with; null in logs of versions that did not record them. `unapproved`
    is null when nothing in the plan waits for an approval. `kept` are the commands that came after the run's
    end and that the plan's next run begins with: they are not in this log, `seq` does not cover them, and a
    status as it was has none.
    """

    instance_id: str
    plan_name: str
    plan_path: str
    status: RunStatus
    summary: StatusSummary
    phases: tuple[PhaseInfo, ...]
    tasks: tuple[TaskInfo, ...]
    started_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    seq: int
    usage: UsageInfo
    usage_by_model: tuple[ModelUsage, ...]
    approvals: tuple[ApprovalInfo, ...]
    waiting_for: WaitingFor | None
    options: ChosenOptions | None = None
    unapproved: UnapprovedPlan | None = None
    kept: tuple[KeptCommand, ...] = ()


class OrchestratorInfo(View):
    """One orchestrator in a list. `is_stale`: two renewals of its lease were missed.

    One with `pruned_at` is a line in the history: its log and outputs are gone.
    `project` is the project's id; `checkout` is None for its main one; `worktree_path` is the root.
    `unchecked` of its completed tasks are so without a check, and `stale` of its tasks are done for an
    earlier wording.
    """

    id: str
    plan_name: str
    plan_path: str
    project: str
    checkout: str | None = None
    host: str
    pid: int
    worktree_path: str
    agent: str | None
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    last_heartbeat: datetime
    is_alive: bool
    is_stale: bool
    seq: int
    progress_percent: float
    pruned_at: datetime | None = None
    unchecked: int = 0
    stale: int = 0


class PlanInfo(View):
    """One plan in a list; `unchecked` of its completed tasks are so without a check.

    `progress_percent` counts skipped tasks too, as a run does: it is 100 only where nothing is left to do.

    `problems` is what lint would say. A run refuses a plan that `has_errors`.
    """

    name: str
    title: str
    path: str
    has_status: bool
    last_modified: datetime
    output_dir: str
    total_tasks: int
    completed: int
    unchecked: int
    stale: int = 0
    progress_percent: float = 0.0
    problems: tuple[str, ...]
    has_errors: bool = False


class PlanStatus(View):
    """The latest orchestrator's status of a plan, else what status.json or the plan's boxes say.

    `source` names which of the three it is; `instance_id` is null for the last two.
    """

    name: str
    source: str
    instance_id: str | None
    plan_path: str
    status: RunStatus | None
    summary: StatusSummary
    phases: tuple[PhaseInfo, ...]
    tasks: tuple[TaskInfo, ...]
    seq: int | None


class FindingInfo(View):
    """What a task left behind; `file_path` is where its copy for people is, or was written."""

    task_id: str
    file_path: str
    size_bytes: int
    last_modified: datetime
