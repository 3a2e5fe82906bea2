"""Finds what an attempt left: a run also shows attempts of earlier runs, and those keep their artifacts."""

from __future__ import annotations

from orchestrator.domain.run_state import TaskState


def artifacts_of(
    task: TaskState, task_id: str, attempt: int | None, instance_id: str
) -> tuple[str, str, int]:
    """Under which run, task and number an attempt's artifacts are kept; without `attempt`, the latest's.

    `task` is the state of `task_id` in the run `instance_id`.
    """
    number = attempt or task.attempt
    place = task.attempt_place
    if place is None or place.attempt != number:
        return instance_id, task_id, number
    return place.instance_id or instance_id, place.task_id, number
