"""Event 1 of a log for a plan made of a few words."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.events import PlanLoaded, PlannedPhase, PlannedTask


def planned(task_id: str, **fields: Any) -> PlannedTask:
    """A task; its phase is the first number of its id."""
    phase = int(task_id.split(".", maxsplit=1)[0])
    return PlannedTask(**{"id": task_id, "phase": phase, "description": f"do {task_id}", **fields})


def plan_of(*tasks: PlannedTask | str, **fields: Any) -> PlanLoaded:
    """Event 1 for these tasks."""
    made = tuple(planned(task) if isinstance(task, str) else task for task in tasks)
    phases = tuple(PlannedPhase(number=n, name=f"phase {n}") for n in sorted({task.phase for task in made}))
    said = {"plan_name": "p", "plan_path": "docs/plans/p.md", "title": "P", "phases": phases, "tasks": made}
    return PlanLoaded(**{**said, **fields})
