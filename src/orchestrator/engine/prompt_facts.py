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
    state = tasks.get(task.id, TaskState())
    place = state.finding_place
    # A crashed attempt leaves no finding: the latest is of an attempt before it, perhaps a successful one.
    is_of_failure = state.last_error is not None and (place is None or place.attempt == state.attempt)
    evidence = await findings.latest(task.id) if is_of_failure else None
    earlier = await findings.latest(task.id) if place is not None and not is_of_failure else None
    return PromptFacts(found, tasks, evidence, earlier, note)
