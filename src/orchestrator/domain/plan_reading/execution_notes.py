"""Reads `**Execution Note:**` paragraphs: [SEQUENTIAL] tasks and [PARALLEL] phases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.dependencies import TaskNames
from orchestrator.domain.plan_reading.drafts import ExecutionNote
from orchestrator.domain.plan_reading.references import (
    Reference,
    ReferenceKind,
    References,
    read_references,
)

_Name = TypeVar("_Name", str, int)

_MARKER = re.compile(r"\[(PARALLEL|SEQUENTIAL)\]")
_SUBJECT = re.compile(r"\b(?:phases?|tasks?)\b", re.IGNORECASE)
_VERB = re.compile(r"\b(?:are|is|can|may|must|should|will|run|runs)\b", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|never|cannot)\b|n't\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.;!?]\s")
_WHOLE_PHASE = ("all tasks", "this phase", "these tasks", "the tasks", "tasks here")
_SUBJECTS_MAX = 20


@dataclass(frozen=True, slots=True)
class _Statement:
    """What stands before one marker: the end of its sentence, and the tasks or phases in it."""

    is_parallel: bool
    subject: str
    references: References


class NoteReader:
    """Reads the notes of one plan; what is unclear in them goes to the log."""

    def __init__(self, names: TaskNames, log: ProblemLog) -> None:
        self._names = names
        self._log = log
        self.sequential: list[list[str]] = []
        self.parallel: list[frozenset[int]] = []

    def read(self, note: ExecutionNote) -> None:
        """Add the groups that a note names; raises TooManyDependenciesError."""
        for statement in _statements(note.text):
            if _NEGATION.search(statement.subject):
                self._report_unclear(note, "say what runs how, without “not”")
            elif statement.is_parallel:
                self._take_parallel(note, statement)
            else:
                self._take_sequential(note, statement)

    def _take_sequential(self, note: ExecutionNote, statement: _Statement) -> None:
        """The tasks of one [SEQUENTIAL]; phases in the plural run one after another anyway."""
        found = statement.references.found
        subject = statement.subject.lower()
        tasks: dict[str, None] = {}
        for reference in found:
            named = self._tasks(note, reference)
            is_one = len(found) == 1 and reference.last is None
            if reference.kind is not ReferenceKind.PHASE or is_one or "task" in subject:
                tasks.update(dict.fromkeys(named))
        if not found and note.phase and any(words in subject for words in _WHOLE_PHASE):
            tasks = {task.id: None for task in note.phase.tasks}
        elif not found:
            self._report_unclear(note, "write which tasks, such as “Tasks 3.1-3.4 are [SEQUENTIAL]”")
        if len(tasks) > 1:
            self.sequential.append(list(tasks))

    def _take_parallel(self, note: ExecutionNote, statement: _Statement) -> None:
        """The phases of one [PARALLEL]; tasks of one phase may run side by side anyway."""
        numbers: list[int] = []
        for reference in statement.references.found:
            if reference.kind is ReferenceKind.PHASE:
                numbers += self._reported(note, reference, self._names.phases(reference))
            else:
                self._tasks(note, reference)
        if not statement.references.found:
            subject = statement.subject.lower()
            if "all phases" in subject:
                numbers = self._names.all_phases()
            elif "task" not in subject and "this phase" not in subject:
                self._report_unclear(note, "write which phases, such as “Phases 1-3 are [PARALLEL]”")
        group = frozenset(numbers)
        if len(group) > 1:
            self.parallel.append(group)

    def _tasks(self, note: ExecutionNote, reference: Reference) -> list[str]:
        phase = note.phase.number if note.phase else None
        return self._reported(note, reference, self._names.tasks(reference, phase))

    def _reported(self, note: ExecutionNote, reference: Reference, found: list[_Name] | None) -> list[_Name]:
        """What was found; nothing, and a problem, if the plan doesn't have it."""
        if found is None:
            message = f"the plan doesn't have {reference}"
            self._log.add("unknown_in_execution_note", message, note.line)
        return found or []

    def _report_unclear(self, note: ExecutionNote, message: str) -> None:
        self._log.add("unclear_execution_note", message, note.line)


def _statements(text: str) -> Iterator[_Statement]:
    position = 0
    for marker in _MARKER.finditer(text):
        sentence = _SENTENCE_END.split(text[position : marker.start()])[-1]
        position = marker.end()
        subject, references = _subject(sentence)
        yield _Statement(marker[1] == "PARALLEL", subject, references)


def _subject(sentence: str) -> tuple[str, References]:
    """What a marker is about, and its references.

    What stands before it may still explain the marker before: so look from the end of the sentence,
    and go back as long as every word is part of a reference (“Phase 1 and Phase 2 are …”).
    """
    keywords = [match.start() for match in _SUBJECT.finditer(sentence)][-_SUBJECTS_MAX:]
    best: tuple[str, References] | None = None
    end = len(sentence)
    for start in reversed(keywords):
        if best is None:
            verb = _VERB.search(sentence, start)
            end = verb.start() if verb else len(sentence)
        references = read_references(sentence[start:end])
        if best is not None and references.unread:
            break
        if references.found:
            best = sentence[start:], references
    return best or (sentence, read_references(_VERB.split(sentence, maxsplit=1)[0]))
