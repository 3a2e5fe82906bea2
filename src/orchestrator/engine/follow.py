"""Reads a log: what is in it, or what comes into it as it grows."""

from __future__ import annotations

from collections.abc import AsyncIterator

from orchestrator.domain.events import OrchestratorChanged, StoredEvent, ends_run
from orchestrator.engine.ports import EVENT_PAGE_MAX, Changes, EventLog

POLL_SECONDS = 1.0


async def stored(log: EventLog, instance_id: str, after: int = 0) -> AsyncIterator[StoredEvent]:
    """Every entry after `after` that is in the log by now."""
    page_length = EVENT_PAGE_MAX
    while page_length == EVENT_PAGE_MAX:
        page = await log.read(instance_id, after=after)
        for event in page:
            after = event.seq
            yield event
        page_length = len(page)


async def follow(
    log: EventLog, changes: Changes, instance_id: str, after: int = 0
) -> AsyncIterator[StoredEvent]:
    """Every entry after `after`, each as soon as it is durable; ends with the orchestrator's end."""
    async with changes.subscribe() as subscription:
        # The entry at `after` may be the last there will ever be.
        if after and any(map(_is_end, await log.read(instance_id, after - 1, limit=1))):
            return
        while True:
            async for event in stored(log, instance_id, after):
                after = event.seq
                yield event
                if _is_end(event):
                    return
            await subscription.wait(POLL_SECONDS)


def _is_end(event: StoredEvent) -> bool:
    return event.type == OrchestratorChanged.type and ends_run(event.data)
