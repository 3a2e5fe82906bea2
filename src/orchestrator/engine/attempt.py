"""An attempt under way: what it is to do, how long it may take, and how it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from orchestrator.domain.steps import BACK_OFF_FIRST_SECONDS
from orchestrator.engine.ports import Agent, AgentRun
from orchestrator.engine.records import Job

INTERRUPT_LIMIT_SECONDS = 30.0
"""How long an agent has to end when it is told to; the attempt ends without it then."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often. All times are in seconds."""

    timeout_seconds: float = 3_600.0
    back_off_first_seconds: float = BACK_OFF_FIRST_SECONDS
    interrupt_seconds: float = INTERRUPT_LIMIT_SECONDS


@dataclass
class Attempt:
    """An attempt under way. `interrupted` says why it was told to end; `skip_reason` that it is skipped."""

    job: Job
    agent: Agent
    limits: Limits = field(default_factory=Limits)
    interrupted: str | None = None
    is_timed_out: bool = False
    skip_reason: str | None = None
    run: AgentRun | None = None
    patience: asyncio.Timeout | None = None
    open_tools: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def timeout_seconds(self) -> float:
        """How long the agent and the checks may take together."""
        return self.job.task.timeout_seconds or self.limits.timeout_seconds

    async def interrupt(self, reason: str) -> None:
        """End its processes; returns when none is left. The attempt then ends by itself.

        An agent that does not end in time, or cannot be told, is not waited for any longer.
        """
        if self.interrupted is None:
            self.interrupted = reason
        if self.run is None:
            return
        if self.patience is not None and self.patience.when() is None:
            self.patience.reschedule(asyncio.get_running_loop().time() + self.limits.interrupt_seconds)
        await self.end(self.run, reason)

    async def end(self, run: AgentRun, reason: str) -> None:
        """Tell a run to end, whatever state its driver is in."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self.limits.interrupt_seconds):
                await run.interrupt(reason)

    async def time_out(self) -> None:
        """Wait for the attempt's time to be over, then end it; cancelled when it ends before."""
        await asyncio.sleep(self.timeout_seconds)
        self.is_timed_out = self.interrupted is None
        await self.interrupt(f"timed out after {self.timeout_seconds:g} s")
