"""A run of an agent, read to its end or in the background."""

from __future__ import annotations

import asyncio

from patience import until

from orchestrator.engine.agent_events import AgentEvent, Finished, ToolCallCompleted
from orchestrator.engine.ports import AgentRun

LIMIT_SECONDS = 60.0


async def collected(run: AgentRun) -> tuple[list[AgentEvent], Finished]:
    """All its events, and the last."""
    async with asyncio.timeout(LIMIT_SECONDS):
        events = [event async for event in run.events()]
    assert isinstance(events[-1], Finished)
    return events, events[-1]


async def following(run: AgentRun, wanted: type) -> tuple[asyncio.Task[None], list[AgentEvent]]:
    """Read it in the background; returns once an event of this type has come."""
    events: list[AgentEvent] = []

    async def read() -> None:
        async for event in run.events():
            events.append(event)  # noqa: PERF401 - it is looked at meanwhile

    task = asyncio.create_task(read())
    await until(lambda: any(isinstance(event, wanted) for event in events), LIMIT_SECONDS)
    return task, events


def outcomes(events: list[AgentEvent]) -> list[str]:
    """How its tool calls have ended."""
    return [event.outcome for event in events if isinstance(event, ToolCallCompleted)]
