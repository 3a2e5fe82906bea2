"""Every problem that reading a plan can report: its code, how bad it is, what it means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from orchestrator.domain.errors import PlanInvalid
from orchestrator.domain.plan import Plan, Problem, Severity


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What a problem code stands for."""

    severity: Severity
    meaning: str


def _error(meaning: str) -> ProblemKind:
    return ProblemKind(Severity.ERROR, meaning)


def _warning(meaning: str) -> ProblemKind:
    return ProblemKind(Severity.WARNING, meaning)


PROBLEM_KINDS: Mapping[str, ProblemKind] = MappingProxyType(
    {
        "invalid_utf8": _error("The file holds bytes that are not UTF-8."),
        "plan_too_large": _error("The plan goes beyond a limit and was not read, or not fully."),
        "nesting_too_deep": _error("Lists or quotes are nested so deeply that the rest is lost."),
        "unreadable_markdown": _error("The Markdown reader failed on this text."),
        "bad_front_matter": _error("The front matter is not a YAML mapping."),
        "bad_value": _error("A setting has a value that cannot be read."),
        "duplicate_id": _error("Two tasks have the same id."),
        "duplicate_phase": _error("Two phases have the same number."),
        "unknown_dependency": _error("A task depends on something that the plan doesn't have."),
        "dependency_cycle": _error("Tasks wait for each other, or one for itself."),
        "dependency_on_later_phase": _error(
            "A task waits for a task of a later phase, so it could never run."
        ),
        "unknown_agent": _error("A task names an agent that there is not."),
        "no_tasks": _error("No task was found in the plan."),
        "control_character": _warning("The file holds control characters; they are read as \ufffd."),
        "unknown_setting": _warning("The front matter has a key that nobody reads."),
        "empty_value": _warning("A setting stands there without a value."),
        "repeated_field": _warning("A setting is given twice for one task; the first one counts."),
        "checkbox_outside_phase": _warning("Checkboxes outside every phase are not tasks."),
        "heading_outside_phase": _warning("A heading that looks like a task outside every phase is not one."),
        "nested_checkbox": _warning("Checkboxes nested under a list item that is no task are not tasks."),
        "malformed_id": _warning("This looks like an id but is none, so the task gets one of its own."),
        "malformed_checkbox": _warning("This looks like a checkbox but is none, so it is no task."),
        "task_in_other_phase": _warning("A task's id begins with the number of another phase."),
        "phase_out_of_order": _warning(
            "A phase has a smaller number than one before it; phases run in the file's order."
        ),
        "unclear_dependency": _warning("Words about a dependency could not be read as task ids."),
        "unclear_verify": _warning("A `Verify: …` line is read as text, not as a command."),
        "unclear_execution_note": _warning("An execution note doesn't say which tasks it means."),
        "unknown_in_execution_note": _warning(
            "An execution note names a task or phase that the plan doesn't have."
        ),
        "empty_description": _warning("A task doesn't say what to do."),
        "empty_verify": _warning("A VERIFY has nothing to check."),
        "stray_shell_block": _warning(
            "A shell block stands behind a task but is not indented under it: nobody runs it."
        ),
        "parallel_without_files": _warning(
            "Agents' tasks that don't declare their files may run side by side in one folder."
        ),
        "no_check": _warning("Agents' tasks without a check are completed by their agents' word alone."),
        "nothing_to_run": _warning("A task is for the shell agent but has no shell block."),
        "phase_without_tasks": _warning(
            "A phase has no task, but something that may have been meant as one."
        ),
    }
)


SAME_PROBLEMS_MAX = 200
"""How many problems of one code are told; of the rest, how many there are."""


def refuse_errors(plan: Plan, path: str) -> None:
    """Raise PlanInvalid for a plan that no run takes; `path` is shown."""
    if errors := plan.errors:
        count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        raise PlanInvalid(f"{path} has {count}, so it does not run.", errors)


class ProblemLog:
    """Collects the problems of one plan while it is read."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._counts: Counter[str] = Counter()

    def add(self, code: str, message: str, line: int, column: int = 1) -> None:
        """Report a problem; `line` and `column` count from 1."""
        self._counts[code] += 1
        if self._counts[code] <= SAME_PROBLEMS_MAX:
            severity = PROBLEM_KINDS[code].severity
            self._problems.append(Problem(severity, code, message, line, column))

    def sorted(self) -> tuple[Problem, ...]:
        """All problems, from the top of the file to its end."""
        told = sorted(self._problems, key=lambda p: (p.line, p.column, p.code))
        for code, count in self._counts.items():
            if count > SAME_PROBLEMS_MAX:
                last = max(told, key=lambda p: (p.code == code, p.line))
                told.append(replace(last, message=f"{count - SAME_PROBLEMS_MAX} more of these"))
        return tuple(told)
