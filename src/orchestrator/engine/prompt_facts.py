"""Gathers what a prompt needs to know beside the plan, for a run and for those who look at its prompts."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.plan import Task
from orchestrator.domain.run_state import TaskState
from orchestrator.engine.findings import Findings
from orchestrator.engine.prompt import FINDINGS_MAX, PromptFacts


async def prompt_facts(
    task: Task, tasks: Mapping[str, TaskState], findings: Findings, note: str | None = None
) -> PromptFacts:
    """The facts for the task's next attempt, as they are now; `tasks` are those of the latest run."""
    found = {}
    for other in task.depends_on[-FINDINGS_MAX:]:
        if text := await findings.latest(other):
            found[str(other)] = text
    has_failed = task.id in tasks and tasks[task.id].last_error
    evidence = await findings.latest(task.id) if has_failed else None
    return PromptFacts(found, tasks, evidence, note)
