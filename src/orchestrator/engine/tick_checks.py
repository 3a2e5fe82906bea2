"""The checks of ticked boxes: a tick says that a task is done, and its check says whether that is so.

Such an attempt does nothing of the task's work. Many tasks may share a check, such as one for the whole plan:
what it said of one of them holds for the others, unless they were begun before it had ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from orchestrator.domain.task_agents import SHELL
from orchestrator.engine.agent_events import AgentEvent, Finished
from orchestrator.engine.ports import Agent, AgentRun
from orchestrator.engine.records import AgentCheck, Job


class TickChecks:
    """The shell agent, as far as it checks ticks: equal commands are run once."""

    name = SHELL

    def __init__(self, shell: Agent) -> None:
        self._shell = shell
        self._ended: dict[tuple[str, ...], Finished] = {}

    async def check(self) -> AgentCheck:
        """What the shell agent says of itself."""
        return await self._shell.check()

    def run(self, job: Job) -> AgentRun:
        """The check, or what it has said already."""
        commands = tuple(block.text for block in job.blocks)

        def note(end: Finished) -> None:
            if end.outcome in {"completed", "failed"}:
                self._ended[commands] = end

        return _TickRun(self._shell.run(job), self._ended.get(commands), note)

    def refusal(self, text: str) -> Finished | None:
        """Commands refuse nothing."""
        return self._shell.refusal(text)


class _TickRun:
    def __init__(self, run: AgentRun, known: Finished | None, note: Callable[[Finished], None]) -> None:
        self._run = run
        self._known = known
        self._note = note

    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._known is not None:
            yield self._known
            return
        async for event in self._run.events():
            if isinstance(event, Finished):
                self._note(event)
            yield event

    async def interrupt(self, reason: str) -> None:
        """End the check; one that has said everything already is not there to be ended."""
        if self._known is None:
            await self._run.interrupt(reason)

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """It asks nothing."""

    async def tell(self, _text: str) -> bool:
        """It takes no notes."""
        return False
