"""Where a task was in earlier runs of its plan, which may have known it under other ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

from orchestrator.domain.errors import InstanceNotFound
from orchestrator.engine.status_reader import StatusReader


async def earlier_ids(reader: StatusReader, instance_id: str, task_id: str) -> AsyncIterator[tuple[str, str]]:
    """The runs that knew the task, this one first, each with the task's id in it."""
    run: str | None = instance_id
    name: str | None = task_id
    with suppress(InstanceNotFound):
        while run is not None and name is not None:
            outline = (await reader.state(run)).outline
            planned = outline.tasks.get(name)
            if planned is None:
                return
            yield run, name
            run, name = outline.predecessor, planned.previous_id
