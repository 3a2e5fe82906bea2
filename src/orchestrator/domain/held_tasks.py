"""Which tasks wait for a person to approve what an attempt has changed in the plan, and how that is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orchestrator.domain.plan_parts import AttemptName, PartKind, PlanReading, TaskParts, UnapprovedPart

KINDS_TEXT: Mapping[PartKind, str] = {
    "block": "shell block",
    "verify": "check",
    "agent": "agent",
    "permissions": "permissions",
    "gate": "gate",
    "tick": "tick",
}
IDS_SHOWN_MAX = 10
TASKS_SHOWN_MAX = 5

HeldTasks = Mapping[str, tuple[UnapprovedPart, ...]]


def held_tasks(
    loaded: PlanReading | None, latest: PlanReading | None, unapproved: Sequence[UnapprovedPart]
) -> HeldTasks:
    """For each task of the plan as it was loaded, the parts that keep it from starting.

    A task is held by what was loaded, which this run would execute, and by what is in the file now, which the
    next one would. A tick holds up nothing: the task is done again.
    """
    holding = approvable(unapproved)
    if loaded is None or not holding:
        return {}
    found: dict[str, tuple[UnapprovedPart, ...]] = {}
    for task in loaded.tasks:
        now = latest.counterpart(task, loaded) if latest is not None else None
        parts = tuple(part for part in holding if part.is_in(task) or (now is not None and part.is_in(now)))
        if parts:
            found[task.id] = parts
    return found


def approvable(parts: Iterable[UnapprovedPart]) -> tuple[UnapprovedPart, ...]:
    """The parts that a person can approve. A tick is none: skip-task says that a task need not be done."""
    return tuple(part for part in parts if part.kind != "tick")


def is_proposed(task: TaskParts, unapproved: Sequence[UnapprovedPart]) -> bool:
    """Whether an attempt has made the task's tick."""
    return any(part.kind == "tick" and part.is_in(task) for part in unapproved)


def with_unapproved(
    known: Sequence[UnapprovedPart], new: Iterable[UnapprovedPart]
) -> tuple[UnapprovedPart, ...]:
    """The parts that wait, each once, the latest telling of it."""
    added = list(new)
    kept = [part for part in known if not any(other.replaces(part) for other in added)]
    return (*kept, *added)


def kinds_of(parts: Iterable[UnapprovedPart]) -> tuple[PartKind, ...]:
    """Which kinds of parts there are, each once."""
    return tuple(dict.fromkeys(part.kind for part in parts))


def kinds_text(kinds: Sequence[PartKind]) -> str:
    """`shell block, agent and check`."""
    texts = [KINDS_TEXT[kind] for kind in kinds]
    return " and ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


def attempts_text(attempts: Sequence[AttemptName]) -> str:
    """`attempt 1 of task 1.1`, or several of them."""
    shown = [f"attempt {name.attempt} of task {name.task_id}" for name in attempts[:IDS_SHOWN_MAX]]
    more = len(attempts) - len(shown)
    return " and ".join([", ".join(shown), *([f"{more} more"] if more else [])])


def approve_command(plan_name: str) -> str:
    """What a person types to see the change and to approve it."""
    return f"orchestrator approve-plan {plan_name}"


def unapproved_text(parts: Iterable[UnapprovedPart], plan_name: str) -> str:
    """Which tasks wait for an approval because of what, and what to type; empty when there are none."""
    listed = _tasks_text(parts)
    if not listed:
        return ""
    return f"Not approved: {listed}. See the difference and approve it: {approve_command(plan_name)}"


def approved_text(parts: Iterable[UnapprovedPart]) -> str:
    """Which tasks' changes are approved, and wait for nothing but the plan's next run."""
    return f"Approved since: {_tasks_text(parts)}. The plan's next run begins with it."


def _tasks_text(parts: Iterable[UnapprovedPart]) -> str:
    """`task 1.2 (shell block), task 1.3 (check)`; empty when nothing of it can be approved."""
    by_task: dict[str, list[UnapprovedPart]] = {}
    for part in approvable(parts):
        by_task.setdefault(part.task_id, []).append(part)
    return _first_ones([f"task {task_id} ({kinds_text(kinds_of(its))})" for task_id, its in by_task.items()])


def ticks_text(parts: Iterable[UnapprovedPart]) -> str:
    """Which tasks have been ticked and are not done by that; empty when there are none."""
    ids = [part.task_id for part in parts if part.kind == "tick" and part.digest]
    return f"Ticked during an attempt, which does not count: {_first_ones(ids)}." if ids else ""


def _first_ones(texts: Sequence[str]) -> str:
    more = len(texts) - TASKS_SHOWN_MAX
    return ", ".join([*texts[:TASKS_SHOWN_MAX], *([f"{more} more"] if more > 0 else [])])
