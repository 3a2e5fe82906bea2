"""Which tasks may run now, and what every other one still waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice, takewhile

from orchestrator.domain.blockers import (
    Blocker,
    FilesBlocker,
    GateBlocker,
    PhaseBlocker,
    RateLimitBlocker,
    RetryBlocker,
    TaskBlocker,
    UnapprovedBlocker,
)
from orchestrator.domain.events import AgentLimit, PlannedTask
from orchestrator.domain.file_claims import FileClaim, overlap
from orchestrator.domain.held_tasks import kinds_of
from orchestrator.domain.run_state import RunState
from orchestrator.domain.task_status import TaskStatus


def unsettled_phases(state: RunState) -> list[int]:
    """The phases that still have tasks which are neither completed nor skipped, in order."""
    return list(state.open_tasks.unsettled)


def open_phases(state: RunState) -> list[int]:
    """The phases whose tasks may run: the first unsettled one, and those [PARALLEL] with it."""
    unsettled = unsettled_phases(state)
    if not unsettled:
        return []
    together = {unsettled[0]}
    for group in state.outline.parallel_phases:
        if unsettled[0] in group:
            together |= group
    # A group is a stretch of phases: one that lies behind a phase outside the group waits for it.
    found = []
    for number in unsettled:
        if number not in together:
            break
        found.append(number)
    return found


def ready_tasks(state: RunState, now: datetime, limit: int | None = None) -> list[str]:
    """The tasks that could start together at this moment, in the order of the plan, at most `limit`.

    Those whose declared files overlap with a running task's, or with those of one before them here, wait.
    """
    ready = (task for task in _next_tasks(state) if _may_start(state, task, now))
    return [task.id for task in islice(_apart(state, ready), limit)]


def is_ready(state: RunState, task_id: str, now: datetime) -> bool:
    """Whether this task could start at this moment, whichever others could as well."""
    task = state.planned(task_id)
    is_free = task_id in state.open_tasks.free.get(task.phase, ()) and task.phase in open_phases(state)
    return is_free and _is_next(state, task) and _may_start(state, task, now) and any(_apart(state, [task]))


def _may_start(state: RunState, task: PlannedTask, now: datetime) -> bool:
    """Whether neither a person nor a time has to be waited for."""
    start = _earliest_start(state, task)
    return not _waits_for_a_person(state, task) and (start is None or start <= now)


def _waits_for_a_person(state: RunState, task: PlannedTask) -> bool:
    return bool(task.gate) or task.id in state.held


def _apart(state: RunState, tasks: Iterable[PlannedTask]) -> Iterator[PlannedTask]:
    """The tasks that share no declared file with a running one, nor with one that was taken before them."""
    claims = state.outline.claims
    taken = list(_running_claims(state).values())
    for task in tasks:
        own = claims.get(task.id)
        if own is None:
            yield task
        elif not any(overlap(own, others) for others in taken):
            taken.append(own)
            yield task


def _running_claims(state: RunState) -> Mapping[str, frozenset[FileClaim]]:
    """What the running tasks claim, by task."""
    if not state.count(TaskStatus.IN_PROGRESS):
        return {}
    return {
        task_id: claims
        for task_id, claims in state.outline.claims.items()
        if state.tasks[task_id].status is TaskStatus.IN_PROGRESS
    }


def _earliest_start(state: RunState, task: PlannedTask) -> datetime | None:
    """When the task's back-off is over and its agent's vendor lets it work; None when it need not wait."""
    limit = agent_limit(state, task)
    moments = (state.tasks[task.id].retry_at, limit.until if limit else None)
    return max((moment for moment in moments if moment is not None), default=None)


def agent_limit(state: RunState, task: PlannedTask) -> AgentLimit | None:
    """The limit that the task's agent has met last; it may be over already."""
    agent = state.tasks[task.id].agent or task.agent
    return state.limits.get(agent) if agent is not None else None


def can_start(state: RunState) -> bool:
    """Whether any task could start, now or when its back-off is over."""
    return any(not _waits_for_a_person(state, task) for task in _next_tasks(state))


def open_gates(state: RunState) -> list[str]:
    """The tasks that are a person's to do and could be done now: `skip-task` lets the run go on."""
    return [task.id for task in _next_tasks(state) if task.gate]


def unapproved_tasks(state: RunState) -> list[str]:
    """The tasks that could be done now if a person approved what an attempt has changed in the plan."""
    return [task.id for task in _next_tasks(state) if task.id in state.held]


def next_start(state: RunState) -> tuple[datetime, PlannedTask] | None:
    """When the first task that only waits for a time may start, and which it is; None when there is none."""
    waiting = (
        (start, task)
        for task in _apart(state, _next_tasks(state))
        if not _waits_for_a_person(state, task) and (start := _earliest_start(state, task)) is not None
    )
    return min(waiting, key=lambda found: found[0], default=None)


def _next_tasks(state: RunState) -> Iterator[PlannedTask]:
    """The pending tasks with nothing before them that is unsettled, whatever else they wait for."""
    for number in open_phases(state):
        for task in state.open_tasks.free.get(number, {}).values():
            if _is_next(state, task):
                yield task


def _is_next(state: RunState, task: PlannedTask) -> bool:
    """Whether a free task is pending, and the first one left of its phase where it has to be."""
    if state.tasks[task.id].status is not TaskStatus.PENDING:
        return False
    return not task.runs_after_preceding or task.id == next(iter(state.open_tasks.unsettled[task.phase]))


def blockers(state: RunState) -> Mapping[str, tuple[Blocker, ...]]:
    """For each pending task, all that it waits for; what has to come before it first."""
    running = _running_claims(state)
    is_open = set(open_phases(state))
    return {
        task.id: tuple(_task_blockers(state, task, running, is_in_open_phase=number in is_open))
        for number, tasks in state.open_tasks.unsettled.items()
        for task in tasks.values()
        if state.tasks[task.id].status is TaskStatus.PENDING
    }


def _task_blockers(
    state: RunState,
    task: PlannedTask,
    running: Mapping[str, frozenset[FileClaim]],
    *,
    is_in_open_phase: bool,
) -> Iterator[Blocker]:
    yield from (TaskBlocker(task_id=task_id) for task_id in _unsettled_before(state, task))
    if not is_in_open_phase:
        yield PhaseBlocker(phase=next(iter(state.open_tasks.unsettled)))
    if task.gate:
        yield GateBlocker(text=task.gate)
    if parts := state.held.get(task.id):
        yield UnapprovedBlocker(parts=kinds_of(parts))
    if state.tasks[task.id].retry_at is not None:
        yield RetryBlocker()
    if (limit := agent_limit(state, task)) is not None:
        yield RateLimitBlocker(agent=limit.agent, until=limit.until)
    own = state.outline.claims.get(task.id, frozenset())
    yield from (FilesBlocker(task_id=other) for other, claims in running.items() if overlap(own, claims))


def _unsettled_before(state: RunState, task: PlannedTask) -> Iterator[str]:
    """The unsettled tasks that must come before `task`, each once, as far as its own phase is open."""
    before = dict.fromkeys(state.outline.waits_for[task.id])
    if task.runs_after_preceding:
        before |= dict.fromkeys(
            takewhile(lambda other: other != task.id, state.open_tasks.unsettled[task.phase])
        )
    return (task_id for task_id in before if not state.tasks[task_id].status.is_settled)
