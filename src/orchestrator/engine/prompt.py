"""What an agent is told of its task: the plan, the phase, the task, what came before, what will check it."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.events import clip
from orchestrator.domain.plan import Plan, Task

FINDINGS_MAX = 40
"""The findings of so many dependencies are told, those of the last ones."""

FINDINGS_LENGTH_MAX = 24_000
FAILURE_LENGTH_MAX = 4_000
EVIDENCE_LENGTH_MAX = 8_000


def task_prompt(
    plan: Plan,
    task: Task,
    *,
    findings: Mapping[str, str],
    last_error: str | None,
    note: str | None,
    evidence: str | None = None,
) -> str:
    """The prompt of one attempt. `findings` are those of the task's dependencies, by task id.

    `evidence` is what the attempt before, which failed, left behind: its finding, with what the checks said.
    """
    parts = [f"You work on one task of the plan “{plan.title}”.", *_about(plan, task)]
    if findings:
        parts.append(_found(task, findings))
    if task.verify:
        parts.append("These commands will check the result:\n" + "\n".join(task.verify))
    if last_error:
        parts.append(f"The attempt before failed: {clip(last_error, FAILURE_LENGTH_MAX)}")
        if evidence:
            parts.append(f"What it left behind:\n\n{clip(evidence, EVIDENCE_LENGTH_MAX)}")
    if note:
        parts.append(f"A note from the people who follow your work: {note}")
    parts.append(
        "Do this task only. Don't tick boxes in the plan: the orchestrator keeps its own record. "
        "End with a short report in Markdown of what you did and found; it is kept for later tasks."
    )
    return "\n\n".join(parts)


def _about(plan: Plan, task: Task) -> list[str]:
    """What the plan says of the task, and of the phase that it stands in."""
    parts = []
    phase = next((phase for phase in plan.phases if phase.number == task.phase), None)
    if phase is not None:
        parts.append(f"Phase {phase.number}: {phase.name}")
        if phase.objective:
            parts.append(f"Objective of the phase: {phase.objective}")
    parts.append(f"Your task, {task.id}: {task.description}")
    if task.details:
        parts.append(task.details)
    if task.files:
        parts.append("Files it is about: " + ", ".join(task.files))
    return parts


def _found(task: Task, findings: Mapping[str, str]) -> str:
    each = FINDINGS_LENGTH_MAX // len(findings)
    told = "\n\n".join(f"## {task_id}\n\n{clip(text, each)}" for task_id, text in findings.items())
    whose = "the tasks it depends on"
    if len(task.depends_on) > FINDINGS_MAX:
        whose = f"the last {FINDINGS_MAX} of the {len(task.depends_on)} tasks it depends on"
    return f"What {whose} found:\n\n{told}"
