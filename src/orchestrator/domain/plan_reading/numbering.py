"""Gives every task its id, and reports ids and phase numbers that clash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from string import ascii_letters

from orchestrator.domain.plan import TaskKind
from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.drafts import PhaseDraft, TaskDraft


def assign_ids(phases: Sequence[PhaseDraft], log: ProblemLog, *, has_phases: bool) -> None:
    """Fill in the ids that the plan leaves out, and report duplicates.

    A task without an id gets `<phase>.<n>`, n the first free number from its position on; a VERIFY
    gets `<phase>.verify`, the second one `<phase>.verify2`.
    """
    for phase in phases:
        for task in phase.tasks:
            if task.number is not None:
                task.id = f"{phase.number}.{task.number}"
    _report_duplicates(phases, log)
    used = {task.id for phase in phases for task in phase.tasks if task.id}
    free = _FreeNumbers(used)
    named = Counter(task.verify_of for phase in phases for task in phase.tasks if task.verify_of)
    for phase in phases:
        for position, task in enumerate(phase.tasks, start=1):
            if has_phases:
                _report_other_phase(phase, task, log)
            if task.kind is TaskKind.VERIFY:
                # `VERIFY 1` names its check, unless there are two of them.
                task.has_own_id = task.verify_of is not None and named[task.verify_of] == 1
                task.id = free.verify_id(task.verify_of or str(phase.number))
            elif not task.id:
                task.has_own_id = False
                task.id = free.task_id(phase.number, position)
                if task.looks_like:
                    message = f"`{task.looks_like}` is not read as an id; the task gets one that is made up"
                    log.add("malformed_id", message, task.line, task.column)


def report_phase_numbers(phases: Sequence[PhaseDraft], log: ProblemLog) -> None:
    """Report phases with the same number, and numbers that go back."""
    first_lines: dict[int, int] = {}
    largest = -1
    for phase in phases:
        line = phase.first + 1
        if phase.number in first_lines:
            first = first_lines[phase.number]
            message = f"phase {phase.number} stands in line {first} already"
            log.add("duplicate_phase", message, line)
        elif phase.number < largest:
            message = f"phase {phase.number} comes after phase {largest} and will run after it"
            log.add("phase_out_of_order", message, line)
        first_lines.setdefault(phase.number, line)
        largest = max(largest, phase.number)


def _report_duplicates(phases: Sequence[PhaseDraft], log: ProblemLog) -> None:
    first_lines: dict[str, int] = {}
    for phase in phases:
        for task in phase.tasks:
            if task.id in first_lines:
                message = f"task {task.id} stands in line {first_lines[task.id]} already"
                log.add("duplicate_id", message, task.line, task.column)
            elif task.id:
                first_lines[task.id] = task.line


def _report_other_phase(phase: PhaseDraft, task: TaskDraft, log: ProblemLog) -> None:
    name = task.id or task.verify_of or str(phase.number)
    if int(name.partition(".")[0].rstrip(ascii_letters)) != phase.number:
        what = f"VERIFY {name}" if task.kind is TaskKind.VERIFY else f"task {name}"
        message = f"{what} stands in phase {phase.number} and runs with it"
        log.add("task_in_other_phase", message, task.line, task.column)


class _FreeNumbers:
    """Finds ids that nobody uses; it never looks at a number twice."""

    def __init__(self, used: set[str]) -> None:
        self._used = used
        self._next: dict[tuple[int, int], int] = {}
        self._verifies: dict[str, int] = {}

    def task_id(self, phase: int, position: int) -> str:
        passed: list[int] = []
        number = position
        while True:
            known = self._next.get((phase, number))
            if known is None and f"{phase}.{number}" not in self._used:
                break
            passed.append(number)
            number = known or number + 1
        for each in (*passed, number):
            self._next[phase, each] = number + 1
        return f"{phase}.{number}"

    def verify_id(self, of: str) -> str:
        count = self._verifies.get(of, 0) + 1
        self._verifies[of] = count
        return f"{of}.verify" if count == 1 else f"{of}.verify{count}"
