"""From a parsed plan to event 1 of a log: its tasks, with what earlier runs have done of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.events import FindingPlace, PlanLoaded, PlannedPhase, PlannedTask
from orchestrator.domain.permissions import UNBOUND, narrowed_tasks, unbound_commands
from orchestrator.domain.plan import Permissions, Plan, Task
from orchestrator.domain.run_state import RunState, TaskState
from orchestrator.domain.task_agents import SHELL, task_agent
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.records import PlanFile

AGENT_ATTEMPTS = 2
SHELL_ATTEMPTS = 1


@dataclass(frozen=True, slots=True)
class RunChoices:
    """What the one who starts a run chose, before the plan's own lines are looked at.

    `permissions` is a ceiling: the plan's own lines only narrow it. `options` is all that was chosen, for the
    log alone.
    """

    agent: str | None = None
    parallel: int = 1
    max_attempts: int | None = None
    permissions: Permissions = UNBOUND
    options: ChosenOptions | None = None


def plan_loaded(
    plan: Plan,
    file: PlanFile,
    *,
    taken_over: Mapping[str, TaskState],
    choices: RunChoices = RunChoices(),
    predecessor: str | None = None,
) -> PlanLoaded:
    """Event 1: a task that an earlier run knew keeps what the log said of it, a new one what its box says."""
    follows: dict[str, list[str]] = {}
    for group in plan.sequential_groups:
        for earlier, later in pairwise(group):
            follows.setdefault(later, []).append(earlier)
    problems = [f"line {problem.line}: {problem.message}" for problem in plan.problems]
    tasks = []
    for task in plan.tasks():
        planned = _planned(task, tuple(follows.get(task.id, ())), choices)
        known = taken_over.get(task.id)
        if known is not None:
            planned = planned.model_copy(update=_carried(known, planned, predecessor))
            if task.checked and planned.status is not TaskStatus.COMPLETED:
                problems.append(
                    f"line {task.line}: task {task.id} is ticked, but the log says {planned.status}"
                )
        elif task.checked:
            planned = planned.model_copy(
                update={"status": TaskStatus.COMPLETED, "reason": "ticked in the plan"}
            )
        tasks.append(planned)
    open_tasks = [
        task for task, planned in zip(plan.tasks(), tasks, strict=True) if not planned.status.is_settled
    ]
    # First, since a long list of problems is cut short.
    problems[:0] = (
        *narrowed_tasks(open_tasks, choices.permissions),
        *unbound_commands(open_tasks, choices.permissions),
    )
    return PlanLoaded(
        plan_name=file.name,
        plan_path=file.path,
        title=plan.title,
        predecessor=predecessor,
        agent=choices.agent,
        parallel=choices.parallel,
        phases=tuple(PlannedPhase(number=phase.number, name=phase.name) for phase in plan.phases),
        tasks=tuple(tasks),
        parallel_phases=tuple(tuple(sorted(group)) for group in plan.parallel_phases),
        problems=tuple(problems),
        permissions=choices.permissions,
        options=choices.options,
    )


def _planned(task: Task, follows: tuple[str, ...], choices: RunChoices) -> PlannedTask:
    agent = task_agent(task, choices.agent)
    limit = SHELL_ATTEMPTS if agent == SHELL else AGENT_ATTEMPTS
    return PlannedTask(
        id=task.id,
        phase=task.phase,
        description=task.description,
        kind=task.kind.value,
        line=task.line,
        depends_on=tuple(task.depends_on),
        follows=follows,
        runs_after_preceding=task.runs_after_preceding,
        files=task.files,
        agent=agent,
        max_attempts=1 if task.once else (task.attempts or choices.max_attempts or limit),
        once=task.once,
        gate=task.gate,
    )


def _carried(known: TaskState, planned: PlannedTask, predecessor: str | None) -> Mapping[str, Any]:
    """What a new run keeps of its predecessor: settled tasks stay so, failed ones get a fresh limit."""
    status, reason = known.status, known.reason
    if status is TaskStatus.IN_PROGRESS:
        status = TaskStatus.FAILED if planned.once else TaskStatus.PENDING
        reason = "interrupted when the run before ended"
    elif status is TaskStatus.FAILED and not planned.once:
        status, reason = TaskStatus.PENDING, "failed in the run before"
    return {
        "status": status,
        "reason": reason,
        "attempt": known.attempt,
        "retry_count": known.retry_count,
        "revision": known.revision + (status is not known.status),
        "last_error": known.last_error,
        "started_at": known.started_at,
        "completed_at": known.completed_at,
        "duration_ms": known.duration_ms,
        "verified": known.verified,
        "remarks": known.remarks,
        "finding": known.finding,
        "finding_place": _place_from(known.finding_place, predecessor),
    }


def _place_from(place: FindingPlace | None, predecessor: str | None) -> FindingPlace | None:
    """The same place, as another log must name it."""
    if place is None or place.instance_id is not None:
        return place
    return place.model_copy(update={"instance_id": predecessor})


def handed_on(state: RunState, predecessor: str) -> PlanLoaded:
    """Event 1 of an orchestrator that died before it wrote one: what its predecessor left, as it was."""
    outline = state.outline
    tasks = (
        planned.model_copy(update=_carried(state.tasks[task_id], planned, predecessor))
        for task_id, planned in outline.tasks.items()
    )
    return PlanLoaded(
        plan_name=outline.plan_name,
        plan_path=outline.plan_path,
        title=outline.title,
        predecessor=predecessor,
        parallel=outline.parallel,
        options=outline.options,
        phases=tuple(PlannedPhase(number=number, name=name) for number, name in outline.phases),
        tasks=tuple(tasks),
        parallel_phases=tuple(tuple(sorted(group)) for group in outline.parallel_phases),
    )


def from_document(document: Mapping[str, Any]) -> dict[str, TaskState]:
    """What status.json says of each task; entries that make no sense are left out."""
    found: dict[str, TaskState] = {}
    tasks = document.get("tasks")
    for entry in tasks if isinstance(tasks, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            continue
        try:
            status = TaskStatus(str(entry.get("status")))
        except ValueError:
            continue
        found[entry["id"]] = TaskState(
            status=status,
            reason="taken over from status.json",
            started_at=_moment(entry.get("startedAt")),
            completed_at=_moment(entry.get("completedAt")),
            duration_ms=_count(entry.get("duration")),
            retry_count=_count(entry.get("retryCount")) or 0,
            last_error=entry.get("lastError") if isinstance(entry.get("lastError"), str) else None,
            finding=entry.get("findingsPath") if isinstance(entry.get("findingsPath"), str) else None,
        )
    return found


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _count(number: object) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None
