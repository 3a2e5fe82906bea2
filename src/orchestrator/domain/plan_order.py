"""Finds orders that can never be kept: tasks that wait for each other, or for a phase that comes later."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.domain.plan_drafts import PhaseDraft, TaskDraft
from orchestrator.domain.plan_problems import ProblemLog

CYCLE_SHOWN_MAX = 12


def report_later_phases(
    phases: Sequence[PhaseDraft], parallel: Sequence[frozenset[int]], log: ProblemLog
) -> None:
    """Report each task that depends on a task of a phase which opens only after its own is done."""
    place = {task.id: index for index, phase in enumerate(phases) for task in phase.tasks}
    for index, phase in enumerate(phases):
        last_open = _last_open_with(index, phases, parallel)
        for task in phase.tasks:
            for other in task.depends_on:
                if place.get(other, 0) > last_open:
                    message = f"task {task.id} depends on {other}, whose phase opens after this one is done"
                    log.add("dependency_on_later_phase", message, task.line, task.column)


def _last_open_with(index: int, phases: Sequence[PhaseDraft], parallel: Sequence[frozenset[int]]) -> int:
    """The last phase that is open at the same time as the one at `index`."""
    together = {phases[index].number}.union(*(group for group in parallel if phases[index].number in group))
    last = index
    for later in range(index + 1, len(phases)):
        if phases[later].tasks and phases[later].number not in together:
            break
        last = later
    return last


def report_cycles(phases: Sequence[PhaseDraft], sequential: Sequence[Sequence[str]], log: ProblemLog) -> None:
    """Report tasks that wait for each other, each circle once, at the first task of it in the file."""
    tasks = {task.id: task for phase in phases for task in phase.tasks}
    waits = _waits(phases, sequential)
    for circle in _circles(waits):
        ids = [name for name in circle if name in tasks]
        first = min((tasks[name] for name in ids), key=lambda task: task.line)
        log.add("dependency_cycle", _tell(ids, first), first.line, first.column)


def _waits(phases: Sequence[PhaseDraft], sequential: Sequence[Sequence[str]]) -> Mapping[str, list[str]]:
    """Who waits for whom, by id. What VERIFY waits for goes through one node for each place in a phase.

    Without those nodes, a VERIFY behind n tasks would have n edges, and n of them n².
    """
    waits: dict[str, list[str]] = {}
    for number, phase in enumerate(phases):
        before: str | None = None
        for task in phase.tasks:
            edges = waits.setdefault(task.id, [])
            edges.extend(task.depends_on)
            if task.runs_after_preceding and before is not None:
                edges.append(before)
            here = f"{number}|{task.id}"
            waits[here] = [task.id, *([before] if before else [])]
            before = here
    for group in sequential:
        for earlier, later in itertools.pairwise(group):
            waits[later].append(earlier)
    return waits


def _circles(waits: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Each circle that a walk along the edges closes; without recursion, so that long chains are fine."""
    done: set[str] = set()
    for root in waits:
        if root in done:
            continue
        path: list[str] = []
        on_path: dict[str, int] = {}
        stack: list[tuple[str, Iterator[str]]] = [(root, iter(waits[root]))]
        path.append(root)
        on_path[root] = 0
        while stack:
            node, edges = stack[-1]
            other = next(edges, None)
            if other is None:
                stack.pop()
                path.pop()
                del on_path[node]
                done.add(node)
            elif other in on_path:
                yield path[on_path[other] :]
            elif other not in done and other in waits:
                on_path[other] = len(path)
                path.append(other)
                stack.append((other, iter(waits[other])))


def _tell(ids: Sequence[str], first: TaskDraft) -> str:
    if len(ids) == 1:
        return f"task {first.id} waits for itself"
    start = ids.index(first.id)
    circle = [*ids[start:], *ids[:start], first.id]
    shown = " → ".join(circle[:CYCLE_SHOWN_MAX])
    more = " → …" if len(circle) > CYCLE_SHOWN_MAX else ""
    return f"these tasks wait for each other: {shown}{more}"
