"""Turns written references into task ids, and sets what every task depends on."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.drafts import Outline, PhaseDraft, TaskDraft, WrittenDependency
from orchestrator.domain.plan_reading.references import (
    Reference,
    ReferenceKind,
    References,
    read_references,
)

_Name = TypeVar("_Name", str, int)

DEPENDENCIES_MAX = 200_000
"""How many dependencies a plan may have, with ranges and `all Phase N` spelled out."""


class TooManyDependenciesError(Exception):
    """The plan spells out to more than `DEPENDENCIES_MAX` dependencies."""


class TaskNames:
    """Knows the tasks, groups and phases of a plan by the names that its writer uses.

    What it spells out counts towards `DEPENDENCIES_MAX`; it raises TooManyDependenciesError beyond.
    """

    def __init__(self, outline: Outline) -> None:
        self._order = [task.id for phase in outline.phases for task in phase.tasks]
        self.position: dict[str, int] = {}
        for position, task_id in enumerate(self._order):
            self.position.setdefault(task_id, position)
        self._groups = {
            name: [task.id for task in tasks]
            for name, tasks in outline.groups.items()
            if name not in self.position
        }
        self._phases: dict[int, list[str]] = {}
        for phase in outline.phases:
            self._phases.setdefault(phase.number, []).extend(task.id for task in phase.tasks)
        self._left = DEPENDENCIES_MAX

    def tasks(self, reference: Reference, phase: int | None) -> list[str] | None:
        """The ids that a reference means, read in that phase; None if an end of it is unknown."""
        if reference.kind is ReferenceKind.PHASE:
            numbers = self.phases(reference)
            if numbers is None:
                return None
            return self._spend([task for each in numbers for task in self._phases[each]])
        first, last = reference.first, reference.last
        if reference.kind is ReferenceKind.TASK_NUMBER:
            if phase is None:
                return None
            first, last = f"{phase}.{first}", None if last is None else f"{phase}.{last}"
        return self._range(first, last)

    def phases(self, reference: Reference) -> list[int] | None:
        """The phase numbers from one end of the reference to the other; None if one is unknown."""
        first, last = int(reference.first), int(reference.last or reference.first)
        if first not in self._phases or last not in self._phases:
            self._spend([])
            return None
        return self._spend([number for number in self._phases if first <= number <= last])

    def all_phases(self) -> list[int]:
        """The number of every phase, each once."""
        return self._spend(list(self._phases))

    def _range(self, first_name: str, last_name: str | None) -> list[str] | None:
        first = self._one(first_name)
        last = first if last_name is None else self._one(last_name)
        if first is None or last is None:
            self._spend([])
            return None
        if last_name is None:
            return self._spend(first)
        positions = [self.position[name] for name in (*first, *last)]
        return self._spend(self._order[min(positions) : max(positions) + 1] if positions else [])

    def _one(self, name: str) -> list[str] | None:
        return [name] if name in self.position else self._groups.get(name)

    def _spend(self, found: list[_Name]) -> list[_Name]:
        self._left -= len(found) + 1
        if self._left < 0:
            raise TooManyDependenciesError
        return found


def resolve_dependencies(outline: Outline, names: TaskNames, log: ProblemLog) -> None:
    """Set `depends_on` of every task, and report what cannot be found.

    Raises TooManyDependenciesError.
    """
    read = cache(read_references)  # many tasks may share what the heading above them says
    for phase in outline.phases:
        for task in phase.tasks:
            for written in task.written_dependencies:
                _resolve(phase, task, written, read(written.text), names, log)


def _resolve(
    phase: PhaseDraft,
    task: TaskDraft,
    written: WrittenDependency,
    references: References,
    names: TaskNames,
    log: ProblemLog,
) -> None:
    place = written.line, written.column
    for reference in references.found:
        found = names.tasks(reference, phase.number)
        if found is None:
            message = f"task {task.id} depends on {reference}, which the plan doesn't have"
            log.add("unknown_dependency", message, *place)
            continue
        if _holds(reference, phase.number):
            # “all Phase 2” in a task of phase 2 means the tasks before it.
            own = names.position[task.id]
            found = [name for name in found if names.position[name] < own]
        for name in found:
            task.depends_on.setdefault(name, place)
    ids = [word for word in references.unread if word[0].isdigit()]
    nothing = written.is_formal and not (references.found or references.nothing)
    words = " ".join(ids or references.unread or [written.text.strip()])[:80]
    if nothing and not words:
        log.add("unknown_dependency", f"task {task.id} does not say what it depends on", *place)
    elif ids or nothing:
        message = f"task {task.id} depends on “{words}”, which is no task id"
        log.add("unknown_dependency", message, *place)
    elif references.unread or not (references.found or references.nothing):
        log.add("unclear_dependency", f"cannot read “{words}” as task ids", *place)


def _holds(reference: Reference, phase: int) -> bool:
    is_phase = reference.kind is ReferenceKind.PHASE
    return is_phase and int(reference.first) <= phase <= int(reference.last or reference.first)
