"""The agents there are, by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.domain.errors import AgentUnavailable
from orchestrator.engine.ports import Agent


class AgentRegistry:
    """The shell agent, the scripted one where a script was given, and `general` ones in order of preference.

    A general agent can do any task from its prompt; the shell agent only those that have blocks. `problem`
    is why the file of the project's own agents could not be read, if it could not. `shows_withheld` counts an
    agent that the repository names as one that may be ready: it was not asked.
    """

    def __init__(
        self,
        shell: Agent,
        scripted: ScriptedAgent | None = None,
        general: Sequence[Agent] = (),
        problem: str | None = None,
        *,
        shows_withheld: bool = False,
    ) -> None:
        self.problem = problem
        self._shows_withheld = shows_withheld
        self._general: tuple[Agent, ...] = (*((scripted,) if scripted else ()), *general)
        self._agents: dict[str, Agent] = {agent.name: agent for agent in (shell, *self._general)}

    def get(self, name: str) -> Agent:
        """The agent of this name; raises AgentUnavailable with the names there are."""
        if name in self._agents:
            return self._agents[name]
        known = {ScriptedAgent.name: f"{ScriptedAgent.name} (needs --script)"} | {n: n for n in self._agents}
        if name == ScriptedAgent.name:
            why = "The agent “scripted” needs a script: give it one with --script."
        elif self.problem is not None:
            why = f"There is no agent “{name}”, unless it is one of those that cannot be read: {self.problem}"
        else:
            near = difflib.get_close_matches(name, known, n=1)
            why = f"There is no agent “{name}”{f'; did you mean “{near[0]}”?' if near else '.'}"
        raise AgentUnavailable(f"{why} Known agents: {', '.join(known[n] for n in sorted(known))}.")

    def all(self) -> tuple[Agent, ...]:
        """Every agent, whether it is ready or not."""
        return tuple(self._agents.values())

    async def first_ready(self) -> Agent | None:
        """The first general agent that is ready; the scripted one before all others when it has a script."""
        for agent in self._general:
            check = await agent.check()
            if check.is_ready or (self._shows_withheld and check.named_by_repository):
                return agent
        return None
