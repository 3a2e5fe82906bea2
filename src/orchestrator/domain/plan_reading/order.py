"""Finds orders that can never be kept: tasks that wait for each other, or for a phase that comes later."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.drafts import PhaseDraft, TaskDraft

CYCLES_MAX = 50
"""So many circles are reported at most."""

CYCLE_SHOWN_MAX = 12


def report_later_phases(
    phases: Sequence[PhaseDraft],
    sequential: Sequence[Sequence[str]],
    parallel: Sequence[frozenset[int]],
    log: ProblemLog,
) -> bool:
    """Report each task that waits for a task of a phase which opens only after its own is done.

    True when there is any.
    """
    found = False
    place = {task.id: index for index, phase in enumerate(phases) for task in phase.tasks}
    last_open = _last_open(phases, parallel)
    for index, phase in enumerate(phases):
        for task in phase.tasks:
            for other, where in task.depends_on.items():
                if place.get(other, 0) > last_open[index]:
                    found = True
                    message = f"task {task.id} depends on {other}, whose phase opens after this one is done"
                    log.add("dependency_on_later_phase", message, *where)
    tasks = {task.id: task for phase in phases for task in phase.tasks}
    for group in sequential:
        for earlier, later in itertools.pairwise(group):
            if place[earlier] > last_open[place[later]]:
                found = True
                task = tasks[later]
                message = f"a [SEQUENTIAL] note puts {later} behind {earlier}, which is in a later phase"
                log.add("dependency_on_later_phase", message, task.line, task.column)
    return found


def _last_open(phases: Sequence[PhaseDraft], parallel: Sequence[frozenset[int]]) -> list[int]:
    """For each phase, the last one that is open at the same time, both as places in the file."""
    return [_last_open_with(index, phases, parallel) for index in range(len(phases))]


def _last_open_with(index: int, phases: Sequence[PhaseDraft], parallel: Sequence[frozenset[int]]) -> int:
    together = {phases[index].number}.union(*(group for group in parallel if phases[index].number in group))
    last = index
    for later in range(index + 1, len(phases)):
        if phases[later].tasks and phases[later].number not in together:
            break
        last = later
    return last


def report_cycles(
    phases: Sequence[PhaseDraft],
    sequential: Sequence[Sequence[str]],
    parallel: Sequence[frozenset[int]],
    log: ProblemLog,
) -> None:
    """Report tasks that wait for each other, each circle at the first task of it in the file."""
    tasks: dict[str, TaskDraft] = {}
    for phase in phases:
        for task in phase.tasks:
            tasks.setdefault(task.id, task)
    waits = _waits(phases, sequential)
    if parallel:
        _add_gates(waits, phases, _last_open(phases, parallel))
    for circle in itertools.islice(_circles(waits), CYCLES_MAX):
        ids = [name for name in circle if name in tasks]
        first = min((tasks[name] for name in ids), key=lambda task: task.line)
        start = ids.index(first.id)
        ids = [*ids[start:], *ids[:start], first.id]
        place = first.depends_on.get(ids[1], (first.line, first.column))
        log.add("dependency_cycle", _tell(ids), *place)


def _waits(phases: Sequence[PhaseDraft], sequential: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Who waits for whom, by id. What VERIFY waits for goes through one node for each place in a phase.

    Without those nodes, a VERIFY behind n tasks would have n edges, and n of them n².
    """
    waits: dict[str, list[str]] = {}
    for number, phase in enumerate(phases):
        before: str | None = None
        for task in phase.tasks:
            if task.id in waits:
                continue  # a duplicate, which is reported as such
            waits[task.id] = list(task.depends_on)
            if task.runs_after_preceding and before is not None:
                waits[task.id].append(before)
            here = f"{number}|{task.id}"
            waits[here] = [task.id, *([before] if before else [])]
            before = here
    for group in sequential:
        for earlier, later in itertools.pairwise(group):
            waits[later].append(earlier)
    return waits


def _add_gates(waits: dict[str, list[str]], phases: Sequence[PhaseDraft], last_open: Sequence[int]) -> None:
    """Let each phase wait for those that are never open with it.

    Without [PARALLEL] phases this can close no circle that `report_later_phases` has not told of.
    """
    for index, phase in enumerate(phases):
        before = [k for k in range(index) if last_open[k] < index and phases[k].tasks]
        waits[f"{index}|"] = [f"{k}|{phases[k].tasks[-1].id}" for k in before]
        for task in phase.tasks:
            waits[task.id].append(f"{index}|")


def _circles(waits: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Circles that a walk along the edges closes; at least one, if there is any.

    One that begins or ends in a circle told before is left out. No recursion: chains may be long.
    """
    done: set[str] = set()
    told: set[str] = set()
    for root in waits:
        if root in done:
            continue
        path: list[str] = [root]
        on_path: dict[str, int] = {root: 0}
        stack: list[Iterator[str]] = [iter(waits[root])]
        while stack:
            other = next(stack[-1], None)
            if other is None:
                stack.pop()
                node = path.pop()
                del on_path[node]
                done.add(node)
            elif other in on_path:
                if not (other in told or path[-1] in told):
                    circle = path[on_path[other] :]
                    told.update(circle)
                    yield circle
            elif other not in done and other in waits:
                on_path[other] = len(path)
                path.append(other)
                stack.append(iter(waits[other]))


def _tell(circle: Sequence[str]) -> str:
    if len(circle) == 2:
        return f"task {circle[0]} waits for itself"
    shown = " → ".join(circle[:CYCLE_SHOWN_MAX])
    more = " → …" if len(circle) > CYCLE_SHOWN_MAX else ""
    return f"these tasks wait for each other: {shown}{more}"
