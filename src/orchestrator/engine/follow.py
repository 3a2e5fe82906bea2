"""Reads a log as it grows."""

from __future__ import annotations

from collections.abc import AsyncIterator

from orchestrator.domain.events import OrchestratorChanged, StoredEvent
from orchestrator.engine.ports import EVENT_PAGE_MAX, Changes, EventLog

POLL_SECONDS = 1.0


async def follow(
    log: EventLog, changes: Changes, instance_id: str, after: int = 0
) -> AsyncIterator[StoredEvent]:
    """Every entry after `after`, each as soon as it is durable; ends with the orchestrator's end."""
    async with changes.subscribe() as subscription:
        while True:
            page = await log.read(instance_id, after=after)
            for event in page:
                after = event.seq
                yield event
                if is_last(event):
                    return
            if len(page) < EVENT_PAGE_MAX:
                await subscription.wait(POLL_SECONDS)


def is_last(event: StoredEvent) -> bool:
    """Whether nothing can come after this entry."""
    if event.type != OrchestratorChanged.type:
        return False
    data = event.data
    return isinstance(data, OrchestratorChanged) and data.new_status.has_ended
