"""Turns written references into task ids: `(depends: …)`, [SEQUENTIAL] groups, [PARALLEL] phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.domain.plan_references import (
    NoteStatement,
    Reference,
    ReferenceKind,
    read_note,
    read_references,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.domain.plan_drafts import ExecutionNote, Outline, PhaseDraft, TaskDraft
    from orchestrator.domain.plan_problems import ProblemLog

MAX_DEPENDENCIES = 200_000
"""How many dependencies a plan may have with ranges and `all Phase N` spelled out."""


class ReferenceResolver:
    """Knows the tasks, groups and phases of a plan by the names that its writer uses."""

    def __init__(self, outline: Outline, log: ProblemLog) -> None:
        self._log = log
        self._outline = outline
        self._order = [task.id for phase in outline.phases for task in phase.tasks]
        self._position: dict[str, int] = {}
        for position, task_id in enumerate(self._order):
            self._position.setdefault(task_id, position)
        self._groups = {
            name: [task.id for task in tasks]
            for name, tasks in outline.groups.items()
            if name not in self._position
        }
        self._phases: dict[int, list[str]] = {}
        for phase in outline.phases:
            self._phases.setdefault(phase.number, []).extend(task.id for task in phase.tasks)
        self._left = MAX_DEPENDENCIES

    def resolve_dependencies(self) -> bool:
        """Set `depends_on` of every task; False if there are more than `MAX_DEPENDENCIES`."""
        position = 0
        for phase in self._outline.phases:
            for task in phase.tasks:
                for written in task.written_dependencies:
                    place = (written.line, written.column)
                    self._resolve(phase, task, position, written.text, place)
                task.depends_on = list(dict.fromkeys(task.depends_on))
                self._left -= len(task.depends_on)
                position += 1
                if self._left < 0:
                    message = f"more than {MAX_DEPENDENCIES} dependencies"
                    self._log.add("plan_too_large", message, task.line)
                    return False
        return True

    def _resolve(
        self, phase: PhaseDraft, task: TaskDraft, position: int, text: str, place: tuple[int, int]
    ) -> None:
        references = read_references(text)
        unclear = list(references.unread)
        for reference in references.found:
            if reference.kind is ReferenceKind.TASK_NUMBER:
                names = self._numbered(phase.number, reference)
                if names is None:
                    unclear.append(str(reference))
            elif reference.kind is ReferenceKind.PHASE:
                names = self._phase_tasks(reference)
                if names is not None and self._is_in(phase, reference):
                    names = [name for name in names if self._position[name] < position]
            else:
                names = self._tasks(reference)
            if names is not None:
                task.depends_on.extend(names)
            elif reference.kind is not ReferenceKind.TASK_NUMBER:
                message = f"{_name(task)} depends on {reference}, which the plan doesn't have"
                self._log.add("unknown_dependency", message, *place)
        if unclear or not (references.found or references.nothing):
            message = f"cannot read “{' '.join(unclear or [text.strip()])[:80]}” as task ids"
            self._log.add("unclear_dependency", message, *place)

    def _is_in(self, phase: PhaseDraft, reference: Reference) -> bool:
        last = int(reference.last or reference.first)
        return int(reference.first) <= phase.number <= last

    def _numbered(self, phase: int, reference: Reference) -> list[str] | None:
        last = None if reference.last is None else f"{phase}.{reference.last}"
        return self._tasks(Reference(ReferenceKind.TASK, f"{phase}.{reference.first}", last))

    def _tasks(self, reference: Reference) -> list[str] | None:
        """The ids that a task reference means; None if an end of it is unknown."""
        first = self._one(reference.first)
        last = self._one(reference.last) if reference.last else first
        if first is None or last is None:
            return None
        if reference.last is None:
            return first
        positions = [self._position[name] for name in (*first, *last)]
        return self._order[min(positions) : max(positions) + 1] if positions else []

    def _one(self, name: str) -> list[str] | None:
        return [name] if name in self._position else self._groups.get(name)

    def _phase_tasks(self, reference: Reference) -> list[str] | None:
        first, last = int(reference.first), int(reference.last or reference.first)
        if first not in self._phases or last not in self._phases:
            return None
        return [task for number, tasks in self._phases.items() if first <= number <= last for task in tasks]

    def sequential_groups(self) -> list[list[str]]:
        """The groups of tasks that execution notes call [SEQUENTIAL]."""
        groups: list[list[str]] = []
        for note, statement in self._statements():
            if statement.parallel:
                continue
            group = self._sequence(note, statement)
            if len(group) > 1:
                groups.append(group)
        return groups

    def parallel_phases(self) -> list[frozenset[int]]:
        """The groups of phases that execution notes call [PARALLEL]."""
        groups: list[frozenset[int]] = []
        for note, statement in self._statements():
            if not statement.parallel:
                continue
            numbers: set[int] = set()
            for reference in statement.references.found:
                if reference.kind is ReferenceKind.PHASE:
                    numbers |= self._phase_numbers(note, reference)
                else:
                    self._known_tasks(note, reference)
            if not statement.references.found and "all phases" in statement.subject.lower():
                numbers = set(self._phases)
            if len(numbers) > 1:
                groups.append(frozenset(numbers))
        return groups

    def _statements(self) -> Iterable[tuple[ExecutionNote, NoteStatement]]:
        for note in self._outline.notes:
            for statement in read_note(note.text):
                yield note, statement

    def _sequence(self, note: ExecutionNote, statement: NoteStatement) -> list[str]:
        """The tasks of one [SEQUENTIAL]; phases in the plural run one after another anyway."""
        found = statement.references.found
        subject = statement.subject.lower()
        names: list[str] = []
        for reference in found:
            if reference.kind is ReferenceKind.PHASE:
                one = len(found) == 1 and reference.last is None
                known = self._phase_numbers(note, reference)
                if one or "task" in subject:
                    names += [t for n in self._phases if n in known for t in self._phases[n]]
            else:
                names += self._known_tasks(note, reference)
        if not found and note.phase and any(words in subject for words in _WHOLE_PHASE):
            names = [task.id for task in note.phase.tasks]
        elif not found:
            message = "write which tasks, such as “Tasks 3.1-3.4 are [SEQUENTIAL]”"
            self._log.add("unclear_execution_note", message, note.line)
        return list(dict.fromkeys(names))

    def _known_tasks(self, note: ExecutionNote, reference: Reference) -> list[str]:
        if reference.kind is ReferenceKind.TASK_NUMBER:
            names = self._numbered(note.phase.number, reference) if note.phase else None
        else:
            names = self._tasks(reference)
        if names is None:
            self._report_unknown(note, reference)
        return names or []

    def _phase_numbers(self, note: ExecutionNote, reference: Reference) -> set[int]:
        first, last = int(reference.first), int(reference.last or reference.first)
        if first not in self._phases or last not in self._phases:
            self._report_unknown(note, reference)
        return {number for number in self._phases if first <= number <= last}

    def _report_unknown(self, note: ExecutionNote, reference: Reference) -> None:
        message = f"the plan doesn't have {reference}"
        self._log.add("unknown_in_execution_note", message, note.line)


_WHOLE_PHASE = ("all tasks", "this phase", "these tasks", "the tasks", "tasks here")


def _name(task: TaskDraft) -> str:
    return f"task {task.id}"
