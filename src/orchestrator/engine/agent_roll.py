"""Which agents there are here and whether they can work, found out anew now and then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from orchestrator.engine.ports import Agent
from orchestrator.engine.records import AgentCheck

FRESH_SECONDS = 30.0
"""An answer is good for so long: to find it, some agents' programs are started."""


class AgentRoll:
    """Calls the agents over. `agents` gives those there are, which a file of the project may change."""

    def __init__(
        self, agents: Callable[[], Sequence[Agent]], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._agents = agents
        self._monotonic = monotonic
        self._calling = asyncio.Lock()
        self._checks: Mapping[str, AgentCheck] = {}
        self._checked_at = -FRESH_SECONDS

    async def checks(self) -> Mapping[str, AgentCheck]:
        """What each says, by name, in the order in which they are preferred."""
        async with self._calling:
            if self._monotonic() - self._checked_at >= FRESH_SECONDS:
                agents = self._agents()
                found = await asyncio.gather(*(agent.check() for agent in agents))
                self._checks = {agent.name: check for agent, check in zip(agents, found, strict=True)}
                self._checked_at = self._monotonic()
            return self._checks
