"""When a phase's check has to run again: it said something about work that has changed since."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.domain.events import PlannedTask
from orchestrator.domain.plan import TaskKind
from orchestrator.domain.run_state import RunState
from orchestrator.domain.task_status import TaskStatus


def checks_after(state: RunState, task_id: str) -> tuple[str, ...]:
    """The completed checks (VERIFY) that stand behind the task in its phase, and so cover it."""
    tasks = [task for task in state.outline.tasks.values() if task.phase == state.planned(task_id).phase]
    place = next(number for number, task in enumerate(tasks) if task.id == task_id)
    behind = (task for task in tasks[place + 1 :] if _is_check(task))
    return tuple(task.id for task in behind if state.tasks[task.id].status is TaskStatus.COMPLETED)


def outdated_checks(tasks: Iterable[PlannedTask]) -> frozenset[str]:
    """The checks that an earlier run completed, though tasks that they cover have yet to run."""
    unfinished: set[int] = set()
    found: set[str] = set()
    for task in tasks:
        if not task.status.is_settled:
            unfinished.add(task.phase)
        elif task.phase in unfinished and _is_done_check(task):
            found.add(task.id)
    return frozenset(found)


def _is_done_check(task: PlannedTask) -> bool:
    return _is_check(task) and task.attempt > 0 and task.status is TaskStatus.COMPLETED


def _is_check(task: PlannedTask) -> bool:
    return task.kind == TaskKind.VERIFY.value
