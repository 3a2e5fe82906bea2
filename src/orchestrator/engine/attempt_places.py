"""Finds what an attempt left, over the runs of its plan.

Attempts of a task are counted across runs, and a run shows those of earlier runs too. Their artifacts stay
where the attempt was: in another run, and under another id if the task was renumbered since. A task of the
same id in an earlier run may be another one. So the logs are followed backwards: each says what a task was
called in the run before, and how many attempts it had behind it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from orchestrator.domain.errors import InstanceNotFound, InstancePruned
from orchestrator.domain.run_state import TaskState
from orchestrator.engine.known_tasks import KnownTask
from orchestrator.engine.status_reader import StatusReader


@dataclass(frozen=True, slots=True)
class _TaskInRun:
    """A task of one run; `attempts_before` it had when that run began."""

    instance_id: str
    task_id: str
    attempts_before: int
    state: TaskState


async def artifacts_of(
    reader: StatusReader, instance_id: str, task_id: str, attempt: int | None
) -> tuple[str, str, int] | None:
    """Under which run, task and number an attempt's artifacts are kept; without `attempt`, the latest's.

    None where the run `instance_id` has no task `task_id`. Of an attempt whose run is gone the place may have
    nothing. Raises InstanceNotFound and InstancePruned for `instance_id` alone.
    """
    task = (await reader.state(instance_id)).tasks.get(task_id)
    if task is None:
        return None
    number = attempt or task.attempt
    async for found in _through_the_runs(reader, instance_id, task_id):
        place = found.state.attempt_place
        # That of the latest attempt is known also when its run is pruned.
        if place is not None and place.attempt == number:
            return place.instance_id or found.instance_id, place.task_id, number
        if found.attempts_before < number:
            return found.instance_id, found.task_id, number
    return instance_id, task_id, number


async def artifacts_of_known(
    reader: StatusReader, instance_id: str, task: KnownTask, attempt: int
) -> tuple[str, str, int] | None:
    """The same for a task that the run `instance_id` left, also one that its plan did not have any more."""
    place = task.state.attempt_place
    if place is not None and place.instance_id is not None and place.attempt == attempt:
        return place.instance_id, place.task_id, attempt
    return await artifacts_of(reader, instance_id, task.planned.id, attempt)


async def _through_the_runs(
    reader: StatusReader, instance_id: str, task_id: str
) -> AsyncIterator[_TaskInRun]:
    """The task in this run, the one before, and so on, as long as their logs are there."""
    run: str | None = instance_id
    name: str | None = task_id
    with suppress(InstanceNotFound, InstancePruned):
        while run is not None and name is not None:
            state = await reader.state(run)
            planned = state.outline.tasks.get(name)
            if planned is None:
                return
            yield _TaskInRun(run, name, planned.attempt, state.tasks[name])
            run, name = state.outline.predecessor, planned.previous_id
