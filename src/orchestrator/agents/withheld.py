"""Agents that exist and may not be started for the caller."""

from __future__ import annotations

from orchestrator.engine.agent_choice import AbsentAgent
from orchestrator.engine.records import NO_ABILITIES, Abilities, AgentCheck

NOT_RUN = "named by this repository (agents.toml); not run"
NO_SHELL = "shell blocks run only where the server has a token or was started with --allow-shell"


class WithheldAgent(AbsentAgent):
    """Stands in for an agent whose program the repository names. Nothing is started, to ask it or to work."""

    def __init__(self, name: str, problem: str, abilities: Abilities = NO_ABILITIES) -> None:
        super().__init__(name, problem)
        self._abilities = abilities

    async def check(self) -> AgentCheck:
        """Never ready, because of the repository."""
        return AgentCheck(
            is_ready=False, problem=self._problem, abilities=self._abilities, named_by_repository=True
        )
