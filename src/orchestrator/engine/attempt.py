"""An attempt under way: what it is to do, how long it may take, and how it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import NamedTuple

from orchestrator.domain.evidence import Remark
from orchestrator.domain.steps import BACK_OFF_FIRST_SECONDS
from orchestrator.engine.ports import Agent, AgentRun
from orchestrator.engine.records import Job

INTERRUPT_LIMIT_SECONDS = 30.0
"""How long an agent has to end when it is told to; the attempt ends without it then."""

SILENCE_SECONDS = 600.0
"""How long an agent may say nothing while no tool call is open: models think for minutes."""

TOOL_SECONDS = 1_800.0
REPEATS_MAX = 10
APPROVAL_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often. All times are in seconds.

    An agent is stuck when it says nothing for `silence_seconds` while no tool call is open, when one call
    takes `tool_seconds`, or when it makes the same call `repeats_max` times in a row. A question that nobody
    answers for `approval_seconds` is answered with no.
    """

    timeout_seconds: float = 3_600.0
    back_off_first_seconds: float = BACK_OFF_FIRST_SECONDS
    interrupt_seconds: float = INTERRUPT_LIMIT_SECONDS
    silence_seconds: float = SILENCE_SECONDS
    tool_seconds: float = TOOL_SECONDS
    repeats_max: int = REPEATS_MAX
    approval_seconds: float = APPROVAL_SECONDS


class OpenCall(NamedTuple):
    """A tool call under way; `began` is in seconds of `time.monotonic`."""

    tool_name: str
    input: str
    began: float


@dataclass
class Attempt:
    """An attempt under way. `interrupted` says why it was told to end; `skip_reason` that it is skipped."""

    job: Job
    agent: Agent
    limits: Limits = field(default_factory=Limits)
    checks_tick: bool = False
    """Whether it only checks what a ticked box says, and does nothing of the task's work."""
    interrupted: str | None = None
    is_timed_out: bool = False
    stuck: str | None = None
    skip_reason: str | None = None
    reports_calls: bool = False
    """Whether its agent reports every tool call, so that none reported means none made."""
    strict: bool = False
    remarks: tuple[Remark, ...] = ()
    """What makes its success doubtful; in a strict run, that is a failure."""
    run: AgentRun | None = None
    patience: asyncio.Timeout | None = None
    open_tools: dict[str, OpenCall] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    """The agent's own ids of the questions that wait for an answer, by the approval's id."""
    asked: int = 0
    calls: int = 0
    denied: int = 0
    went_well: int = 0
    """How many calls its agent has made, how many of them were denied, and how many went well."""
    denied_calls: list[str] = field(default_factory=list)
    """The first few that were denied, each as tool and input."""
    spoken: int = 0
    tokens: int = 0
    """How many characters its agent has said, and how many tokens it has used."""

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

    async def answer(self, approval_id: str, *, allow: bool, reason: str | None = None) -> None:
        """Tell the agent what was answered, and why not; a question that is not open needs no answer.

        The reason is a note, for agents that take notes: what a vendor calls an answer has no place for one.
        """
        request_id = self.questions.pop(approval_id, None)
        if request_id is not None and self.run is not None:
            if reason and not allow:
                await self.tell(f"You may not do what you have asked for. Why: {reason}")
            with contextlib.suppress(Exception):
                await self.run.answer(request_id, allow=allow)

    async def tell(self, text: str) -> bool:
        """Hand the agent a note; False where it takes none."""
        if self.run is None or self.interrupted is not None:
            return False
        try:
            return await self.run.tell(text)
        except Exception:  # noqa: BLE001 - a broken driver has not taken it
            return False

    async def give_up_stuck(self, why: str) -> None:
        """End it because it gets nowhere; the attempt fails with that reason."""
        if self.interrupted is None:
            self.stuck = why
            await self.interrupt(why)

    async def time_out(self) -> None:
        """Wait for the attempt's time to be over, then end it; cancelled when it ends before."""
        await asyncio.sleep(self.timeout_seconds)
        self.is_timed_out = self.interrupted is None
        await self.interrupt(f"timed out after {self.timeout_seconds:g} s")
