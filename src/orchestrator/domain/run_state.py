"""The state of one orchestrator, folded from its log: `evolve` is the only way it changes.

What may happen next is decided in `decisions`; what may run next in `ready_tasks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from orchestrator.domain.events import (
    AgentLimit,
    AgentLimited,
    AgentStarted,
    ApprovalRequested,
    ApprovalSettled,
    AttemptPlace,
    EventData,
    FindingPlace,
    FindingWritten,
    OrchestratorChanged,
    PhaseChanged,
    PlanApproved,
    PlanChanged,
    PlanLoaded,
    PlannedTask,
    Stale,
    StoredEvent,
    TaskChanged,
    ToolCompleted,
    ToolStarted,
    UsageUpdated,
)
from orchestrator.domain.evidence import Remark
from orchestrator.domain.held_tasks import HeldTasks, held_tasks, with_unapproved
from orchestrator.domain.open_tasks import OpenTasks, Outline
from orchestrator.domain.plan_parts import AttemptName, PlanReading, UnapprovedPart
from orchestrator.domain.status import ApprovalInfo, UsageInfo
from orchestrator.domain.task_status import RunStatus, TaskStatus

NOTHING_USED = UsageInfo()


@dataclass(frozen=True, slots=True)
class TaskState:
    """What has become of a task. `failures` counts the attempts since its limit was last fresh."""

    status: TaskStatus = TaskStatus.PENDING
    attempt: int = 0
    failures: int = 0
    retry_count: int = 0
    revision: int = 1
    agent: str | None = None
    last_error: str | None = None
    reason: str | None = None
    retry_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_ms: int | None = None
    verified: bool = False
    remarks: tuple[Remark, ...] = ()
    finding: str | None = None
    finding_place: FindingPlace | None = None
    stale: Stale | None = None
    done_wording: str | None = None
    """The wording that it was completed or skipped for."""
    attempt_place: AttemptPlace | None = None
    """Where its latest attempt took place: the same run, or an earlier one."""
    tick_unchecked: bool = False
    """Whether its box is ticked and its check has not yet said whether that is so."""
    usage: UsageInfo = NOTHING_USED
    session_id: str | None = None
    """The conversation of its last attempt, as that attempt's agent calls it."""

    @property
    def is_unchecked(self) -> bool:
        """Whether it is completed, and nothing but somebody's word says so."""
        return self.status is TaskStatus.COMPLETED and not self.verified


@dataclass(frozen=True, slots=True)
class OpenTool:
    """A tool call that has begun and not ended."""

    task_id: str
    attempt: int
    tool_id: str
    tool_name: str
    input_summary: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RunState:
    """One orchestrator at position `seq` of its log.

    `counts` says how many tasks have each status, `unchecked` how many are completed without a check,
    and `stale` how many are done for an earlier wording of their instruction; they and `open_tasks` follow
    from `tasks`.
    """

    outline: Outline = field(default_factory=Outline)
    status: RunStatus = RunStatus.STARTING
    reason: str | None = None
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    counts: Mapping[TaskStatus, int] = field(default_factory=lambda: dict.fromkeys(TaskStatus, 0))
    unchecked: int = 0
    stale: int = 0
    open_tasks: OpenTasks = field(default_factory=OpenTasks)
    open_tools: Mapping[str, OpenTool] = field(default_factory=dict)
    open_approvals: Mapping[str, ApprovalInfo] = field(default_factory=dict)
    limits: Mapping[str, AgentLimit] = field(default_factory=dict)
    """Which agents their vendors refuse, and until when."""
    limits_met: Mapping[str, int] = field(default_factory=dict)
    """How many limits each agent has met since it last completed a task."""
    reading: PlanReading | None = None
    """The plan's file as it was read last; the outline has it as it was loaded."""
    unapproved: tuple[UnapprovedPart, ...] = ()
    held: HeldTasks = field(default_factory=dict)
    """The tasks that wait for an approval; follows from the two readings and `unapproved`."""
    suspects: tuple[AttemptName, ...] = ()
    """The attempts that nobody has looked behind: the run crashed, or the file could not be read since."""
    approved: frozenset[str] = frozenset()
    """The tasks that were held and approved in this run: they are done as the file has them now."""
    current_phase: int | None = None
    usage: UsageInfo = NOTHING_USED
    usage_by_model: Mapping[str | None, UsageInfo] = field(default_factory=dict)
    waits_for: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seq: int = 0

    def with_status(self, *statuses: TaskStatus) -> Iterator[str]:
        """The ids of the tasks that have one of these statuses, in the order of the plan."""
        if not self.count(*statuses):
            return iter(())
        return (task_id for task_id, task in self.tasks.items() if task.status in statuses)

    def count(self, *statuses: TaskStatus) -> int:
        """How many tasks have one of these statuses."""
        return sum(self.counts[status] for status in statuses)

    def planned(self, task_id: str) -> PlannedTask:
        """The plan's part of a task; raises KeyError for an id that the plan has not."""
        return self.outline.tasks[task_id]


def fold(events: Iterable[StoredEvent], state: RunState | None = None) -> RunState:
    """The state after these log entries; entries of types this version does not know change only `seq`."""
    state = state or RunState()
    for event in events:
        state = apply(state, event)
    return state


def apply(state: RunState, event: StoredEvent) -> RunState:
    """The state after one log entry."""
    if event.type not in _EVOLVERS:
        return replace(state, seq=event.seq)
    return replace(evolve(state, event.data, event.timestamp), seq=event.seq)


def evolve(state: RunState, event: EventData, at: datetime) -> RunState:
    """The state after `event` happened `at` that time; most events leave it as it is."""
    evolver = _EVOLVERS.get(event.type)
    return evolver(state, event, at) if evolver else state


def _plan_loaded(state: RunState, event: PlanLoaded, at: datetime) -> RunState:
    outline = Outline(
        plan_name=event.plan_name,
        plan_path=event.plan_path,
        title=event.title,
        predecessor=event.predecessor,
        parallel=event.parallel,
        options=event.options,
        phases=tuple((phase.number, phase.name) for phase in event.phases),
        tasks={task.id: task for task in event.tasks},
        parallel_phases=tuple(frozenset(group) for group in event.parallel_phases),
        gone=event.gone,
        made_up=event.made_up,
        reading=event.reading,
    )
    tasks = {task.id: loaded_state(task) for task in event.tasks}
    counts = dict.fromkeys(TaskStatus, 0)
    for task in tasks.values():
        counts[task.status] += 1
    open_tasks = OpenTasks.of(outline, lambda task_id: tasks[task_id].status.is_settled)
    limits = {limit.agent: limit for limit in event.limits}
    return replace(
        state,
        outline=outline,
        tasks=tasks,
        counts=counts,
        unchecked=sum(task.is_unchecked for task in tasks.values()),
        stale=sum(task.stale is not None for task in tasks.values()),
        open_tasks=open_tasks,
        limits=limits,
        reading=event.reading,
        unapproved=event.unapproved,
        suspects=event.suspects,
        held=held_tasks(event.reading, event.reading, event.unapproved),
        started_at=at,
    )


def loaded_state(task: PlannedTask) -> TaskState:
    """What `plan_loaded` says has become of a task."""
    return TaskState(
        status=task.status,
        attempt=task.attempt,
        retry_count=task.retry_count,
        revision=task.revision,
        agent=task.agent,
        last_error=task.last_error,
        reason=task.reason,
        started_at=task.started_at,
        completed_at=task.completed_at,
        duration_ms=task.duration_ms,
        verified=task.verified,
        remarks=task.remarks,
        finding=task.finding,
        finding_place=task.finding_place,
        stale=task.stale,
        done_wording=task.done_wording,
        attempt_place=task.attempt_place,
        tick_unchecked=task.tick_unchecked,
    )


def _task_changed(state: RunState, event: TaskChanged, at: datetime) -> RunState:
    before = state.tasks[event.task_id]
    starts = event.new_status is TaskStatus.IN_PROGRESS
    ends = event.new_status in {TaskStatus.COMPLETED, TaskStatus.SKIPPED, TaskStatus.FAILED}
    after = replace(
        before,
        status=event.new_status,
        attempt=event.attempt,
        failures=event.failures,
        retry_count=before.retry_count + (starts and before.attempt > 0),
        revision=event.revision,
        agent=event.agent or before.agent,
        last_error=None if event.new_status is TaskStatus.COMPLETED else event.error or before.last_error,
        reason=event.reason,
        retry_at=event.retry_at,
        attempt_place=_attempt_place(event) if starts else before.attempt_place,
        started_at=at if starts else before.started_at,
        completed_at=at if ends else None,
        duration_ms=event.duration_ms if ends else None,
        verified=event.verified,
        remarks=event.remarks,
        stale=None,
        done_wording=state.outline.tasks[event.task_id].wording if event.new_status.is_settled else None,
        tick_unchecked=before.tick_unchecked and event.error is None and not event.new_status.is_settled,
    )
    tasks = dict(state.tasks)
    tasks[event.task_id] = after
    counts = dict(state.counts)
    counts[before.status] -= 1
    counts[after.status] += 1
    open_tasks = state.open_tasks
    if before.status.is_settled != after.status.is_settled:
        open_tasks = _open_tasks_after(state, tasks, event.task_id)
    # Whoever asked is gone with its attempt.
    approvals = {
        key: approval for key, approval in state.open_approvals.items() if approval.task_id != event.task_id
    }
    limits_met = state.limits_met
    if event.new_status is TaskStatus.COMPLETED and after.agent in limits_met:
        limits_met = {agent: count for agent, count in limits_met.items() if agent != after.agent}
    return replace(
        state,
        tasks=tasks,
        counts=counts,
        unchecked=state.unchecked - before.is_unchecked + after.is_unchecked,
        stale=state.stale - (before.stale is not None),
        open_tasks=open_tasks,
        open_approvals=approvals,
        limits_met=limits_met,
    )


def _attempt_place(event: TaskChanged) -> AttemptPlace:
    return AttemptPlace(task_id=event.task_id, attempt=event.attempt)


def _open_tasks_after(state: RunState, tasks: Mapping[str, TaskState], task_id: str) -> OpenTasks:
    def is_settled(other: str) -> bool:
        return tasks[other].status.is_settled

    if is_settled(task_id):
        return state.open_tasks.without(task_id, state.outline, is_settled)
    return OpenTasks.of(state.outline, is_settled)


def _phase_changed(state: RunState, event: PhaseChanged, _at: datetime) -> RunState:
    return replace(state, current_phase=event.new_phase)


def _orchestrator_changed(state: RunState, event: OrchestratorChanged, at: datetime) -> RunState:
    ended_at = at if event.new_status.has_ended else None
    return replace(
        state,
        status=event.new_status,
        reason=event.reason,
        waits_for=event.waits_for,
        suspects=(*state.suspects, *event.interrupted),
        ended_at=ended_at,
    )


def _finding_written(state: RunState, event: FindingWritten, at: datetime) -> RunState:
    place = FindingPlace(
        task_id=event.task_id, attempt=event.attempt, size_bytes=event.size_bytes, written_at=at
    )
    tasks = dict(state.tasks)
    tasks[event.task_id] = replace(tasks[event.task_id], finding=event.file_path, finding_place=place)
    return replace(state, tasks=tasks)


def _tool_key(event: ToolStarted | ToolCompleted) -> str:
    return f"{event.task_id}/{event.attempt}/{event.tool_id}"


def _tool_started(state: RunState, event: ToolStarted, at: datetime) -> RunState:
    tool = OpenTool(event.task_id, event.attempt, event.tool_id, event.tool_name, event.input_summary, at)
    return replace(state, open_tools={**state.open_tools, _tool_key(event): tool})


def _tool_completed(state: RunState, event: ToolCompleted, _at: datetime) -> RunState:
    open_tools = {key: tool for key, tool in state.open_tools.items() if key != _tool_key(event)}
    return replace(state, open_tools=open_tools)


def _usage_updated(state: RunState, event: UsageUpdated, _at: datetime) -> RunState:
    tasks = dict(state.tasks)
    if (task := tasks.get(event.task_id)) is not None:
        tasks[event.task_id] = replace(task, usage=_with_usage(task.usage, event))
    by_model = dict(state.usage_by_model)
    by_model[event.model] = _with_usage(by_model.get(event.model, NOTHING_USED), event)
    usage = _with_usage(state.usage, event)
    return replace(state, tasks=tasks, usage=usage, usage_by_model=by_model)


def _with_usage(before: UsageInfo, event: UsageUpdated) -> UsageInfo:
    cost = before.cost_usd
    if event.cost_usd is not None:
        cost = (cost or 0.0) + event.cost_usd
    after = UsageInfo(
        input_tokens=before.input_tokens + event.input_tokens,
        output_tokens=before.output_tokens + event.output_tokens,
        cache_read_tokens=before.cache_read_tokens + event.cache_read_tokens,
        cache_write_tokens=before.cache_write_tokens + event.cache_write_tokens,
        cost_usd=cost,
    )
    is_priced = event.cost_usd is not None or after.tokens == before.tokens
    return after.model_copy(update={"is_cost_complete": before.is_cost_complete and is_priced})


def _agent_limited(state: RunState, event: AgentLimited, _at: datetime) -> RunState:
    limits = {agent: limit for agent, limit in state.limits.items() if agent != event.agent}
    if event.until is not None:
        limits[event.agent] = AgentLimit(agent=event.agent, until=event.until, message=event.message)
    return replace(state, limits=limits, limits_met={**state.limits_met, event.agent: event.count})


def _agent_started(state: RunState, event: AgentStarted, _at: datetime) -> RunState:
    tasks = dict(state.tasks)
    tasks[event.task_id] = replace(tasks[event.task_id], session_id=event.session_id)
    return replace(state, tasks=tasks)


def _approval_requested(state: RunState, event: ApprovalRequested, at: datetime) -> RunState:
    asked = event.model_dump(exclude={"approval_id"})
    approval = ApprovalInfo(id=event.approval_id, requested_at=at, **asked)
    return replace(state, open_approvals={**state.open_approvals, approval.id: approval})


def _approval_settled(state: RunState, event: ApprovalSettled, _at: datetime) -> RunState:
    left = {key: approval for key, approval in state.open_approvals.items() if key != event.approval_id}
    return replace(state, open_approvals=left)


def _plan_changed(state: RunState, event: PlanChanged, _at: datetime) -> RunState:
    if event.reading is None or state.reading is None:
        return replace(state, suspects=tuple(dict.fromkeys((*state.suspects, *event.attempts))))
    return _with_held(
        replace(
            state,
            suspects=(),
            reading=event.reading.applied_to(state.reading),
            unapproved=with_unapproved(state.unapproved, event.unapproved),
        )
    )


def _plan_approved(state: RunState, event: PlanApproved, _at: datetime) -> RunState:
    approved = {(part.task_id, part.kind, part.digest) for part in event.parts}
    left = (part for part in state.unapproved if (part.task_id, part.kind, part.digest) not in approved)
    freed = state.approved | frozenset(event.freed)
    return _with_held(replace(state, unapproved=tuple(left), approved=freed))


def with_unapproved_parts(state: RunState, parts: tuple[UnapprovedPart, ...]) -> RunState:
    """The state if these parts waited for an approval, and no others."""
    return _with_held(replace(state, unapproved=parts))


def _with_held(state: RunState) -> RunState:
    return replace(state, held=held_tasks(state.outline.reading, state.reading, state.unapproved))


# Each entry takes the event type that its key names; the mapping's type cannot say so.
_EVOLVERS: Mapping[str, Callable[[RunState, Any, datetime], RunState]] = {
    PlanLoaded.type: _plan_loaded,
    TaskChanged.type: _task_changed,
    PhaseChanged.type: _phase_changed,
    OrchestratorChanged.type: _orchestrator_changed,
    FindingWritten.type: _finding_written,
    ToolStarted.type: _tool_started,
    ToolCompleted.type: _tool_completed,
    UsageUpdated.type: _usage_updated,
    AgentStarted.type: _agent_started,
    AgentLimited.type: _agent_limited,
    ApprovalRequested.type: _approval_requested,
    ApprovalSettled.type: _approval_settled,
    PlanChanged.type: _plan_changed,
    PlanApproved.type: _plan_approved,
}
