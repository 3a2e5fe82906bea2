"""The values that pass through the ports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.events import StatusSummary
from orchestrator.domain.plan import CodeBlock, Permissions, Task
from orchestrator.domain.plan_matching import Reworded
from orchestrator.domain.redaction import Redactor, redact_known
from orchestrator.domain.task_status import RunStatus


@dataclass(frozen=True, slots=True)
class PlanKey:
    """What a lease and a history belong to: one plan of a project in one of its checkouts.

    `project` is the project's id, never a path; `checkout` is empty for the main one; `path` is the plan's,
    relative to the root.
    """

    project: str
    checkout: str
    path: str


class RunCounts(NamedTuple):
    """How far a run is, as the registry has it for lists of runs.

    `unchecked` of its completed tasks are so without a check, and `stale` of its tasks are done for an
    earlier wording. They are written in one transaction with the events that change them, so they are never
    behind the log. Without `total_tasks` they were never written, or by a version that did not count tasks.
    """

    progress_percent: float = 0.0
    unchecked: int = 0
    stale: int = 0
    total_tasks: int = 0
    completed: int = 0

    @staticmethod
    def of(summary: StatusSummary) -> RunCounts:
        """The counts at the head of a status."""
        return RunCounts(
            summary.progress_percent,
            summary.unchecked,
            summary.stale,
            summary.total_tasks,
            summary.completed,
        )


class InstanceRecord(NamedTuple):
    """An orchestrator as the registry knows it.

    `pid_started` is the process's start time in the host's own units, so that a reused pid is told
    apart. `lease_until` and `last_heartbeat` are in the database's time; `database_now` is that time
    when the record was read. Of a run with `pruned_at` only this record is left.

    A named tuple, because every list of runs makes hundreds.
    """

    id: str
    project: str
    plan_name: str
    plan_path: str
    worktree_path: str
    host: str
    pid: int
    pid_started: str
    agent: str | None
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    last_heartbeat: datetime
    lease_until: datetime
    database_now: datetime
    epoch: int
    seq: int
    counts: RunCounts
    checkout: str = ""
    pruned_at: datetime | None = None

    @property
    def plan_key(self) -> PlanKey:
        """Which plan it works on."""
        return PlanKey(self.project, self.checkout, self.plan_path)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it is stored; `is_empty`: nothing but its line in the registry is left of it."""

    record: InstanceRecord
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of something there is: rows or files, and their bytes."""

    items: int = 0
    bytes: int = 0

    def __add__(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.items + other.items, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class NewInstance:
    """What a process says of itself when it claims a plan.

    `worktree_path` is its root, for people to read: the plan is known by `plan_key`.
    """

    id: str
    project: str
    plan_name: str
    plan_path: str
    worktree_path: str
    host: str
    pid: int
    pid_started: str
    agent: str | None = None
    checkout: str = ""

    @property
    def plan_key(self) -> PlanKey:
        """Which plan it claims."""
        return PlanKey(self.project, self.checkout, self.plan_path)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a plan: every write carries the epoch, and an older epoch writes nothing."""

    instance_id: str
    project: str
    plan_path: str
    epoch: int
    checkout: str = ""

    @property
    def plan_key(self) -> PlanKey:
        """The plan that may be written for."""
        return PlanKey(self.project, self.checkout, self.plan_path)


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something a task left in the database, such as a finding or the full output of a tool call."""

    task_id: str
    attempt: int
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan's file as it was read. `path` is relative to the root, with `/`."""

    name: str
    path: str
    data: bytes
    last_modified: datetime
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class FindingFile:
    """A finding on disk. `path` is relative to the root."""

    task_id: str
    path: str
    size_bytes: int
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class StatusFile:
    """What status.json holds: None where there is none. `rejected` says what is wrong with it.

    `is_settling`: someone is writing it at this moment, so look again.
    """

    document: dict[str, Any] | None
    rejected: str | None = None
    is_settling: bool = False


@dataclass(frozen=True, slots=True)
class NewRun:
    """The choices for a run; `plan` is a name, or a path in docs/plans. None leaves it to the defaults.

    `reworded` is for tasks whose instruction was changed since they were done.
    `longest_wait_seconds` is how long an agent's limit is waited for at most, 0 not at all.
    """

    plan: str
    agent: str | None = None
    parallel: int | None = None
    max_attempts: int | None = None
    timeout_seconds: float | None = None
    restart: bool = False
    reworded: Reworded | None = None
    permissions: Permissions | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    task_budget_usd: float | None = None
    task_budget_tokens: int | None = None
    back_off_seconds: float | None = None
    longest_wait_seconds: float | None = None
    silence_seconds: float | None = None
    tool_seconds: float | None = None
    repeats_max: int | None = None
    approval_seconds: float | None = None
    strict: bool | None = None

    def chosen(self) -> ChosenOptions:
        """What was chosen for the run, as its log records it."""
        return ChosenOptions(**{name: getattr(self, name) for name in ChosenOptions.model_fields})


@dataclass(frozen=True, slots=True)
class LaunchedRun:
    """A run that was started in a process of its own. `log_path`, relative to the root, has its output."""

    instance_id: str
    log_path: str


@dataclass(frozen=True, slots=True)
class EndedRun:
    """How the process of a launched run ended: its exit code, and what it said last."""

    exit_code: int
    last_words: str


BLOCK_TOOL_NAME = "bash"
"""The name of the call that runs a task's block; checks have another."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work for an agent. `root` is where it works; `blocks` is what the shell agent runs.

    Each block is a call named `tool_name`, and may take `block_seconds_max`. `session_id` is an earlier
    conversation of the agent about this task, to go on with where it can; `budget_usd` what may be spent at
    most, for agents that stop at it by themselves. `redact` is for whatever the agent's driver cuts, joins or
    turns into JSON: what it hands on is redacted again as a whole.
    """

    instance_id: str
    plan_name: str
    task: Task
    attempt: int
    root: Path
    prompt: str
    blocks: tuple[CodeBlock, ...] = ()
    tool_name: str = BLOCK_TOOL_NAME
    block_seconds_max: float | None = None
    model: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    permissions: Permissions = "full"
    session_id: str | None = None
    budget_usd: float | None = None
    redact: Redactor = redact_known


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an agent can do besides working.

    Ask for permissions, go on with a conversation, take notes while it works, tell what it costs, stop at
    a budget by itself, report every tool call.
    """

    permissions: bool = False
    resume: bool = False
    messages: bool = False
    cost: bool = False
    budget: bool = False
    calls: bool = False


NO_ABILITIES = Abilities()


@dataclass(frozen=True, slots=True)
class AgentCheck:
    """Whether an agent can work here, found out without spending anything.

    `named_by_repository`: its program is one that the repository names, which was not started to find out.
    """

    is_ready: bool
    version: str | None = None
    problem: str | None = None
    abilities: Abilities = Abilities()
    named_by_repository: bool = False
