"""The two state machines, as tables: every step that a task or an orchestrator can take stands here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from orchestrator.domain.errors import IllegalTransition


class TaskStatus(StrEnum):
    """Where a task stands. Finer truth (checks, waits, errors) stands in other fields."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_settled(self) -> bool:
        """True when the task's dependants may run: completed or skipped."""
        return self in _SETTLED


_SETTLED = frozenset({TaskStatus.COMPLETED, TaskStatus.SKIPPED})


class TaskTrigger(StrEnum):
    """What moves a task."""

    START = "start"
    SUCCEED = "succeed"
    BACK_OFF = "back_off"
    FAIL = "fail"
    INTERRUPT = "interrupt"
    SKIP = "skip"
    RETRY = "retry"
    FORCE_RETRY = "force_retry"


_S, _T = TaskStatus, TaskTrigger
TASK_TRANSITIONS: Mapping[TaskStatus, Mapping[TaskTrigger, TaskStatus]] = {
    _S.PENDING: {_T.START: _S.IN_PROGRESS, _T.SKIP: _S.SKIPPED},
    _S.IN_PROGRESS: {
        _T.SUCCEED: _S.COMPLETED,
        _T.BACK_OFF: _S.PENDING,
        _T.FAIL: _S.FAILED,
        _T.INTERRUPT: _S.PENDING,
        _T.SKIP: _S.SKIPPED,
    },
    _S.FAILED: {
        _T.RETRY: _S.PENDING,
        _T.FORCE_RETRY: _S.PENDING,
        _T.SKIP: _S.SKIPPED,
    },
    _S.SKIPPED: {_T.RETRY: _S.PENDING, _T.FORCE_RETRY: _S.PENDING},
    _S.COMPLETED: {_T.FORCE_RETRY: _S.PENDING},
}


class RunStatus(StrEnum):
    """Where an orchestrator stands."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    BLOCKED = "blocked"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    CRASHED = "crashed"

    @property
    def has_ended(self) -> bool:
        """True when nothing will ever happen again in this orchestrator's log."""
        return not RUN_TRANSITIONS[self]


_R = RunStatus
RUN_TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = {
    _R.STARTING: frozenset(
        {_R.RUNNING, _R.PAUSED, _R.BLOCKED, _R.STOPPING, _R.COMPLETED, _R.FAILED, _R.CRASHED}
    ),
    _R.RUNNING: frozenset({_R.PAUSED, _R.BLOCKED, _R.STOPPING, _R.COMPLETED, _R.FAILED, _R.CRASHED}),
    _R.PAUSED: frozenset({_R.RUNNING, _R.STOPPING, _R.COMPLETED, _R.CRASHED}),
    _R.BLOCKED: frozenset({_R.RUNNING, _R.PAUSED, _R.STOPPING, _R.COMPLETED, _R.FAILED, _R.CRASHED}),
    _R.STOPPING: frozenset({_R.STOPPED, _R.CRASHED}),
    _R.COMPLETED: frozenset(),
    _R.FAILED: frozenset(),
    _R.STOPPED: frozenset(),
    _R.CRASHED: frozenset(),
}


def next_task_status(status: TaskStatus, trigger: TaskTrigger) -> TaskStatus:
    """The status after `trigger`; raises IllegalTransition where the table has no such step."""
    try:
        return TASK_TRANSITIONS[status][trigger]
    except KeyError:
        raise IllegalTransition(f"cannot {trigger.replace('_', ' ')} a task that is {status}") from None


def check_run_step(old: RunStatus, new: RunStatus) -> None:
    """Raise IllegalTransition unless an orchestrator can go from `old` to `new`."""
    if new not in RUN_TRANSITIONS[old]:
        raise IllegalTransition(f"an orchestrator that is {old} cannot become {new}")
