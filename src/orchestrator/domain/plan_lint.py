"""What `orchestrator lint` says of a plan: as a document for programs, as lines for people."""

from __future__ import annotations

from collections import Counter
from typing import Any

from orchestrator.domain.answers import PlanProblem
from orchestrator.domain.plan import Phase, Plan, Severity, Task
from orchestrator.domain.task_status import TaskStatus


def lint_report(plan: Plan, name: str) -> dict[str, Any]:
    """The plan's outline and problems, ready for JSON. A task's status is what its box says.

    `settings` of a task holds what detail lines, front matter and shell blocks set, and nothing else.
    """
    return {
        "plan": name,
        "title": plan.title,
        "parallel": plan.parallel,
        "sequential_groups": [list(group) for group in plan.sequential_groups],
        "parallel_phases": [sorted(group) for group in plan.parallel_phases],
        "phases": [_phase(phase) for phase in plan.phases],
        "problems": [PlanProblem.of(problem).model_dump() for problem in plan.problems],
    }


def lint_lines(plan: Plan, path: str) -> list[str]:
    """`path:line:column: error[code]: message` for each problem, and a line that sums up."""
    lines = [
        f"{path}:{problem.line}:{problem.column}: {problem.severity}[{problem.code}]: {problem.message}"
        for problem in plan.problems
    ]
    tasks = list(plan.tasks())
    severities = Counter(problem.severity for problem in plan.problems)
    counts = (
        _counted(len(plan.phases), "phase"),
        f"{_counted(len(tasks), 'task')} ({sum(task.checked for task in tasks)} done)",
        _counted(severities[Severity.ERROR], "error"),
        _counted(severities[Severity.WARNING], "warning"),
    )
    return [*lines, f"{path}: {', '.join(counts)}"]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _phase(phase: Phase) -> dict[str, Any]:
    return {
        "number": phase.number,
        "name": phase.name,
        "objective": phase.objective,
        "line": phase.line,
        "tasks": [_task(task) for task in phase.tasks],
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "description": task.description,
        "kind": task.kind.value,
        "status": (TaskStatus.COMPLETED if task.checked else TaskStatus.PENDING).value,
        "line": task.line,
        "depends_on": list(task.depends_on),
        "runs_after_preceding": task.runs_after_preceding,
        "checklist": {"total": task.checklist.total, "done": task.checklist.done},
        "settings": _settings(task),
    }


def _settings(task: Task) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "agent": task.agent,
        "model": task.model,
        "timeout_seconds": task.timeout_seconds,
        "attempts": task.attempts,
        "files": list(task.files),
        "once": task.once,
        "gate": task.gate,
        "permissions": task.permissions,
        "verify": list(task.verify),
        "shell_blocks": [
            {"language": block.language, "line": block.line, "text": block.text}
            for block in task.shell_blocks
        ],
    }
    return {name: value for name, value in settings.items() if value}
