"""Gives every task of an edited plan the id that earlier runs know it by.

An id that the plan's writer wrote is the task's id. One that was made up goes with the work that it was made
up for, wherever that is in the plan now, and is never given to other work: in the log,
a finding or a message it always names the same task. Nor is an id made up that a task had before its writer
gave it another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from orchestrator.domain.plan import Plan, Task, TaskId
from orchestrator.domain.plan_matching import Match, TaskKey, id_name

_NUMBERED = re.compile(r"(?P<base>.*(?:\.verify|\.))(?P<number>[0-9]{0,9})")

MadeUp = Mapping[str, int]
"""For what made-up ids begin with (`1.`, `1.verify`), the highest number that is given to no other work."""


def made_up_numbers(before: MadeUp, task_ids: Iterable[str]) -> dict[str, int]:
    """The highest numbers, with those of these ids."""
    highest = dict(before)
    for task_id in task_ids:
        base, number = _parted(task_id)
        if number > highest.get(base, 0):
            highest[base] = number
    return highest


def remembered_ids(
    plan: Sequence[Task], matches: Sequence[Match], known: Sequence[TaskKey], made_up: MadeUp
) -> list[TaskId]:
    """The id of each task of the plan, in its order: as it was read, where nothing is known."""
    if not known:
        return [task.id for task in plan]
    taken = {id_name(task.id) for task in plan if task.has_own_id}
    ids: list[TaskId | None] = []
    for task, match in zip(plan, matches, strict=True):
        found = task.id if task.has_own_id else _known_id(match, known)
        if not task.has_own_id and found is not None and id_name(found) in taken:
            found = None
        if found is not None:
            taken.add(id_name(found))
        ids.append(TaskId(found) if found is not None else None)
    taken.update(id_name(key.id) for key in known)
    highest = dict(made_up)
    return [each or _new_id(task.id, highest, taken) for task, each in zip(plan, ids, strict=True)]


def with_ids(plan: Plan, ids: Sequence[TaskId]) -> Plan:
    """The plan with other ids for its tasks, also where tasks are named: in dependencies and notes."""
    now = {task.id: new for task, new in zip(plan.tasks(), ids, strict=True)}
    if all(old == new for old, new in now.items()):
        return plan
    renamed = iter(ids)
    phases = tuple(
        replace(
            phase,
            tasks=tuple(
                replace(
                    task,
                    id=next(renamed),
                    depends_on=tuple(now.get(other, other) for other in task.depends_on),
                )
                for task in phase.tasks
            ),
        )
        for phase in plan.phases
    )
    groups = tuple(tuple(now.get(task_id, task_id) for task_id in group) for group in plan.sequential_groups)
    return replace(plan, phases=phases, sequential_groups=groups)


def _known_id(match: Match, known: Sequence[TaskKey]) -> str | None:
    """The id that goes with the work; a guess keeps it only where the task's line is the same."""
    if match.known is None or not (match.kind == "same" or match.same_line):
        return None
    return known[match.known].id


def _new_id(made_up: str, highest: dict[str, int], taken: set[str]) -> TaskId:
    """An id that nobody has or had, with a number as near to the task's place as can be."""
    base, number = _parted(made_up)
    number = max(number, highest.get(base, 0) + 1)
    while id_name(_joined(base, number)) in taken:
        number += 1
    highest[base] = number
    taken.add(id_name(_joined(base, number)))
    return TaskId(_joined(base, number))


def _parted(task_id: str) -> tuple[str, int]:
    """`1.2` is `1.` and 2, `1.verify` is `1.verify` and 1."""
    match = _NUMBERED.fullmatch(task_id)
    if match is None:
        return f"{task_id}.", 0
    return match["base"], int(match["number"] or 1)


def _joined(base: str, number: int) -> str:
    return base if base.endswith("verify") and number == 1 else f"{base}{number}"
