"""What `orchestrator lint` says of a plan: as a document for programs, as lines for people."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from orchestrator.domain.answers import PlanProblem
from orchestrator.domain.plan import Phase, Plan, Problem, Severity, Task, TaskKind
from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.task_agents import SHELL, open_shares, shares_text, task_agent
from orchestrator.domain.task_status import TaskStatus
from orchestrator.domain.wording import counted


def lint_problems(plan: Plan, agents: Collection[str], side_by_side: str | None) -> tuple[Problem, ...]:
    """The problems of the plan, and those that only show beside the agents there are and the plan's order.

    `agents` are the names that a task may use; `side_by_side` is what is said of agents that may overwrite
    one another's edits (see `side_by_side_warning`).
    """
    log = ProblemLog()
    for name, line, column in _unknown_agents(plan, agents):
        near = difflib.get_close_matches(name, agents, n=1)
        hint = f"did you mean “{near[0]}”?" if near else f"known agents: {', '.join(sorted(agents))}"
        log.add("unknown_agent", f"there is no agent “{name}”; {hint}", line, column)
    if unchecked := [task for task in plan.tasks() if _has_no_check(task)]:
        log.add("no_check", _no_check(plan, unchecked), unchecked[0].line)
    if side_by_side is not None:
        log.add("parallel_without_files", side_by_side, *_place(plan.text, 0, "parallel"))
    return tuple(sorted((*plan.problems, *log.sorted()), key=lambda p: (p.line, p.column, p.code)))


def _has_no_check(task: Task) -> bool:
    """Whether an agent does it, and nothing else will say that it was done."""
    is_agents = task_agent(task) != SHELL and not task.gate
    return is_agents and task.kind is TaskKind.TASK and not (task.verify or task.checked)


def _no_check(plan: Plan, unchecked: list[Task]) -> str:
    """One warning for all of them: many plans have no check at all."""
    left = sum(1 for task in plan.tasks() if not (task.checked or task.gate))
    have = "has no check and is" if len(unchecked) == 1 else "have no check and are"
    whose = "its agent's" if len(unchecked) == 1 else "their agents'"
    return (
        f"{len(unchecked)} of {counted(left, 'open task')} {have} completed by {whose} word alone; add "
        "`verify: COMMAND` to a task, or to the front matter for all"
    )


def _unknown_agents(plan: Plan, agents: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Each name that no agent has, once, with the line and column where it is first named."""
    seen: set[str] = set()
    for task in plan.tasks():
        name = task.agent
        if name is not None and name not in agents and name not in seen:
            seen.add(name)
            of_task = plan.text.find(name, task.span.start, task.span.end) >= 0
            yield name, *_place(plan.text, task.span.start if of_task else 0, name)


def _place(text: str, start: int, word: str) -> tuple[int, int]:
    """Line and column (from 1) of the first `word` behind `start`; 1 and 1 where there is none."""
    found = max(text.find(word, start), 0)
    return text.count("\n", 0, found) + 1, found - text.rfind("\n", 0, found)


def lint_report(plan: Plan, name: str) -> dict[str, Any]:
    """The plan's outline and problems, ready for JSON. A task's status is what its box says.

    `agents` says how many of the tasks that are not ticked each agent gets; null is the run's agent.
    `settings` of a task holds what detail lines, front matter and shell blocks set, and nothing else.
    """
    return {
        "plan": name,
        "title": plan.title,
        "parallel": plan.parallel,
        "agents": [{"agent": agent, "tasks": count} for agent, count in open_shares(plan).most_common()],
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
    gates = sum(1 for task in tasks if task.gate and not task.checked)
    shares = shares_text(open_shares(plan), gates)
    done = f"{sum(task.checked for task in tasks)} done"
    counts = (
        counted(len(plan.phases), "phase"),
        f"{counted(len(tasks), 'task')} ({f'{done}; {shares}' if shares else done})",
        counted(severities[Severity.ERROR], "error"),
        counted(severities[Severity.WARNING], "warning"),
    )
    return [*lines, f"{path}: {', '.join(counts)}"]


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
        "verify_timeout_seconds": task.verify_timeout_seconds,
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
