"""Which agents' tasks may be at work at the same time in one folder without declaring their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

from orchestrator.domain.events import PlanLoaded, PlannedTask
from orchestrator.domain.task_agents import SHELL

SCRIPTED = "scripted"
TASKS_NAMED_MAX = 5


def side_by_side_warning(begun: PlanLoaded) -> str | None:
    """What to say before such tasks start; None where there are none, or only one task runs at a time.

    Shell tasks do what their writer wrote, and scripted ones play; whatever a general agent changes is not
    known before. Tasks that declare overlapping files never run together, see `file_claims`.
    """
    if begun.parallel < 2:
        return None
    found = [task for group in _groups(begun) for task in _unguarded(group)]
    if not found:
        return None
    named = ", ".join(task.id for task in found[:TASKS_NAMED_MAX])
    more = f" and {len(found) - TASKS_NAMED_MAX} more" if len(found) > TASKS_NAMED_MAX else ""
    which = "task declares" if len(found) == 1 else "tasks declare"
    return (
        f"{len(found)} {which} no `files:` and may run beside other agents' tasks ({named}{more}): in one "
        "folder they can overwrite one another's edits. Declare their files, or run with --parallel 1."
    )


def _groups(begun: PlanLoaded) -> Iterator[list[PlannedTask]]:
    """The unfinished tasks of phases that are open at the same time."""
    together = [set(group) for group in begun.parallel_phases]
    together += [{p.number} for p in begun.phases if not any(p.number in group for group in together)]
    for numbers in together:
        yield [t for t in begun.tasks if t.phase in numbers and not (t.status.is_settled or t.gate)]


def _unguarded(tasks: Sequence[PlannedTask]) -> list[PlannedTask]:
    """Of these, the agents' tasks without files, unless all of the agents' tasks follow one another.

    A task's rank is the largest number of agents' tasks that must be done one after another before it. Where
    each follows from the one before, no two have the same rank; where not, some two do.
    """
    agents = [task for task in tasks if task.agent not in (SHELL, SCRIPTED)]
    ranks = _ranks(tasks, {task.id for task in agents})
    if len({ranks[task.id] for task in agents}) == len(agents):
        return []
    return [task for task in agents if not task.files]


def _ranks(tasks: Sequence[PlannedTask], counted: set[str]) -> Mapping[str, int]:
    before = {task.id: set(task.depends_on) | set(task.follows) for task in tasks}
    since_barrier: dict[int, list[str]] = {}
    for task in tasks:
        if task.runs_after_preceding:
            before[task.id] |= set(since_barrier.get(task.phase, ()))
            since_barrier[task.phase] = []
        since_barrier.setdefault(task.phase, []).append(task.id)
    ranks: dict[str, int] = {}
    for task_id in TopologicalSorter(before).static_order():
        preceding = before.get(task_id, ())
        ranks[task_id] = max((ranks[other] + (other in counted) for other in preceding), default=0)
    return ranks
