"""The scripted agent: plays a script in this process, for tests and demonstrations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from orchestrator.agents.script import (
    Ask,
    Fail,
    Finish,
    Hang,
    MeetLimit,
    Say,
    Script,
    Step,
    Tool,
    Usage,
    Wait,
)
from orchestrator.domain.redaction import RedactedStream, Redactor
from orchestrator.engine.agent_events import (
    AgentEvent,
    Finished,
    Limit,
    PermissionAsked,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    ToolOutcome,
    UsageDelta,
)
from orchestrator.engine.records import Abilities, AgentCheck, Job

NAME = "scripted"
VERSION = "1"


class ScriptedAgent:
    """Does what a script says. `speed` 2 plays twice as fast; 0 doesn't wait at all (but still hangs)."""

    name = NAME

    def __init__(self, script: Script, speed: float = 1.0) -> None:
        self._script = script
        self._speed = speed

    async def check(self) -> AgentCheck:
        """Always ready."""
        abilities = Abilities(permissions=True, messages=True, cost=True, calls=True)
        return AgentCheck(is_ready=True, version=VERSION, abilities=abilities)

    def run(self, job: Job) -> ScriptedRun:
        """Prepare the attempt's part of the script."""
        steps = self._script.steps(job.task.id, job.attempt)
        return ScriptedRun(list(steps), self._speed, job.model, job.redact)

    def refusal(self, _text: str) -> Finished | None:
        """A script has no vendor: it has really finished as it says."""
        return None


class ScriptedRun:
    """One attempt being played."""

    def __init__(self, steps: list[Step], speed: float, model: str | None, redact: Redactor) -> None:
        self._steps = steps
        self._speed = speed
        self._model = model
        self._redact = redact
        self._said = RedactedStream(redact)
        self._reason: str | None = None
        self._is_interrupted = asyncio.Event()
        self._has_begun = False
        self._calls = 0
        self._answers: dict[str, bool] = {}
        self._is_answered = asyncio.Event()
        self._notes: list[str] = []

    async def interrupt(self, reason: str) -> None:
        """End the play where it stands. Idempotent."""
        if self._reason is None:
            self._reason = reason
            self._is_interrupted.set()

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """Go on with the call that was asked about, or without it."""
        self._answers.setdefault(request_id, allow)
        self._is_answered.set()

    async def tell(self, text: str) -> bool:
        """Say the note before the next step."""
        self._notes.append(text)
        return True

    async def events(self) -> AsyncIterator[AgentEvent]:
        """The steps as events, then the end. Can be read once."""
        if self._has_begun:
            raise RuntimeError("the events of a run can be read only once")
        self._has_begun = True
        yield Started(NAME, version=VERSION, model=self._model)
        for at, step in enumerate(self._steps):
            if self._reason is not None:
                break
            while self._notes:
                yield Text(f"Noted: {self._notes.pop(0)}")
            if isinstance(step, MeetLimit):
                yield _limited(step)
                return
            if isinstance(step, Finish):
                yield Finished("completed", step.finish, exit_code=step.exit)
                return
            if isinstance(step, Fail):
                yield Finished("failed", step.finding, step.fail, step.exit)
                return
            async for event in self._play(step, self._steps[at + 1 :]):
                yield event
        if self._reason is None:
            yield Finished("completed")
        else:
            yield Finished("interrupted", error=f"Interrupted: {self._reason}")

    async def _play(
        self, step: Say | Wait | Ask | Tool | Usage | Hang, then: list[Step]
    ) -> AsyncIterator[AgentEvent]:
        """A step that does not end the attempt."""
        match step:
            case Say():
                # A key that one step begins the next one may end, also after a pause.
                speaks_on = isinstance(next((one for one in then if not isinstance(one, Wait)), None), Say)
                if text := self._said.feed(step.say, is_last=not speaks_on):
                    yield Text(text)
            case Wait():
                await self._wait(step.wait)
            case Hang():
                await self._is_interrupted.wait()
            case Usage():
                yield UsageDelta(**step.usage.model_dump())
            case Ask():
                async for event in self._ask(step):
                    yield event
            case Tool():
                async for event in self._call(step):
                    yield event

    async def _ask(self, step: Ask) -> AsyncIterator[AgentEvent]:
        """A call that happens when it is allowed; an interrupt ends the waiting."""
        self._calls += 1
        tool_id = f"call-{self._calls}"
        yield ToolCallStarted(tool_id, step.tool, step.ask)
        yield PermissionAsked(tool_id, step.ask, tool_id, tool_name=step.tool, command=step.ask)
        while tool_id not in self._answers and self._reason is None:
            waits = [asyncio.create_task(event.wait()) for event in (self._is_answered, self._is_interrupted)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            self._is_answered.clear()
        outcome: ToolOutcome = "interrupted"
        if tool_id in self._answers:
            outcome = "ok" if self._answers[tool_id] else "denied"
        yield ToolCallCompleted(tool_id, outcome)

    async def _call(self, step: Tool) -> AsyncIterator[AgentEvent]:
        """A tool call; an interrupt closes it as interrupted."""
        self._calls += 1
        tool_id = f"call-{self._calls}"
        yield ToolCallStarted(tool_id, step.tool, step.input)
        clean = RedactedStream(self._redact)
        pause_seconds = step.seconds / (len(step.chunks) + 1)
        for chunk in step.chunks:
            await self._wait(pause_seconds)
            if self._reason is None and (text := clean.feed(chunk)):
                yield ToolCallOutput(tool_id, text)
        await self._wait(pause_seconds)
        if rest := clean.feed("", is_last=True):
            yield ToolCallOutput(tool_id, rest)
        yield ToolCallCompleted(tool_id, self._outcome(step), step.output if self._reason is None else "")

    def _outcome(self, step: Tool) -> ToolOutcome:
        if self._reason is not None:
            return "interrupted"
        if step.denied:
            return "denied"
        return "error" if step.fails else "ok"

    async def _wait(self, seconds: float) -> None:
        """Let the time pass, at the play's speed; an interrupt cuts it short."""
        pause_seconds = seconds / self._speed if self._speed else 0.0
        if not pause_seconds:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(pause_seconds):
                await self._is_interrupted.wait()
        except TimeoutError:
            return


def _limited(step: MeetLimit) -> Finished:
    seconds = step.limit.seconds
    resets_at = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    message = step.limit.message
    return Finished("limited", error=message, limit=Limit(message, resets_at))
