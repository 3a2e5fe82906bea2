"""Listens to an agent at work: what it tells goes into the log, and it is ended when it gets nowhere."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator.domain.events import ApprovalRequested, EventData
from orchestrator.domain.redaction import Redactor
from orchestrator.engine.agent_events import AgentEvent, Finished, PermissionAsked, Started, without_secrets
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import Agent, AgentRun
from orchestrator.engine.recorded_events import call_completed, question_denied, recorded
from orchestrator.engine.records import Job
from orchestrator.engine.stuck import StuckWatch
from orchestrator.engine.transcript import Transcript

UNDER_WAY_MAX = 64
"""So many events may be on their way to the disk before the agent is not listened to any further."""
UNWATCHED_AGENTS = frozenset({"shell"})
"""A shell block is one call that may well take as long as its task may."""


class AgentListener:
    """Follows agents' runs to their end, whatever happens in them."""

    def __init__(self, journal: Journal, redact: Redactor, now: Callable[[], datetime]) -> None:
        self._journal = journal
        self._redact = redact
        self._now = now
        self._sessions: dict[tuple[str, str], str] = {}

    async def follow(self, attempt: Attempt, agent: Agent, job: Job, transcript: Transcript) -> Finished:
        """Let the agent do the job; what it leaves open is closed, a broken driver is a failure."""
        if attempt.interrupted is not None:
            return Finished("interrupted")
        try:
            attempt.run = agent.run(self._handed_over(job))
            finished = await self._listen(attempt, agent, attempt.run, transcript)
        except asyncio.CancelledError:
            await self._give_up(attempt)
            raise
        except Exception as error:  # noqa: BLE001 - an agent's driver must not take the run down with it
            await self._give_up(attempt)
            self._journal.check()
            finished = _lost(agent, self._redact(f"failed: {type(error).__name__}: {error}"))
        attempt.run = None
        await self._journal.record(*self._left_open(attempt))
        return finished

    def _handed_over(self, job: Job) -> Job:
        """The job as the driver gets it: with the redactor, and the session's id as the agent knows it."""
        session_id = job.session_id and self._sessions.get((job.task.id, job.session_id), job.session_id)
        return replace(job, redact=self._redact, session_id=session_id)

    async def _give_up(self, attempt: Attempt) -> None:
        if attempt.run is not None:
            await attempt.end(attempt.run, "the attempt cannot go on")

    def _left_open(self, attempt: Attempt) -> list[EventData]:
        """The ends of the calls and questions that the agent has left open."""
        ends: list[EventData] = [
            call_completed(attempt, tool_id, "interrupted", "") for tool_id in list(attempt.open_tools)
        ]
        ends += [
            question_denied(attempt, approval_id, "the attempt has ended")
            for approval_id in attempt.questions
        ]
        attempt.questions.clear()
        return ends

    async def _listen(
        self, attempt: Attempt, agent: Agent, run: AgentRun, transcript: Transcript
    ) -> Finished:
        """Pass the run's events on until its end, or until an interrupted one has not ended in time."""
        finished: Finished | None = None
        events = run.events()
        under_way = _UnderWay()
        watch = StuckWatch(attempt.limits, time.monotonic())
        patience = asyncio.timeout(None)
        try:
            async with patience, _closing(events), _companions() as start:
                attempt.patience = patience
                start(transcript.tend())
                if agent.name not in UNWATCHED_AGENTS:
                    start(_look_out(attempt, watch))
                async for told_event in events:
                    event = self._without_secrets(attempt, told_event)
                    watch.heard(event, time.monotonic())
                    artifact = await transcript.add(event)
                    if isinstance(event, Finished):
                        finished = event
                        continue
                    if (told := recorded(attempt, event, artifact, self._now())) is None:
                        continue
                    if isinstance(told, ApprovalRequested) and isinstance(told_event, PermissionAsked):
                        attempt.questions[told.approval_id] = told_event.request_id
                        await self._journal.record(told)
                        start(self._deny_in_time(attempt, told.approval_id))
                    else:
                        await under_way.add(self._journal.append(told))
        except TimeoutError:
            if not patience.expired():
                raise
            return _lost(
                agent, f"did not end within {attempt.limits.interrupt_seconds:g} s ({attempt.interrupted})"
            )
        finally:
            attempt.patience = None
        return finished or _lost(agent, "ended without a word")

    def _without_secrets(self, attempt: Attempt, told: AgentEvent) -> AgentEvent:
        """The event as it is recorded; a session's id that holds a secret is remembered, to resume it."""
        event = without_secrets(told, self._redact)
        if isinstance(told, Started) and isinstance(event, Started) and told.session_id != event.session_id:
            self._sessions[attempt.job.task.id, event.session_id or ""] = told.session_id or ""
        return event

    async def _deny_in_time(self, attempt: Attempt, approval_id: str) -> None:
        """Answer with no when nobody else has answered in time."""
        await asyncio.sleep(attempt.limits.approval_seconds)
        if approval_id in attempt.questions and approval_id in self._journal.state.open_approvals:
            reason = f"nobody answered within {attempt.limits.approval_seconds:g} s"
            await self._journal.record(question_denied(attempt, approval_id, reason))
            await attempt.answer(approval_id, allow=False)


class _UnderWay:
    """What is on its way to the disk, so that an agent need not wait for one event to tell the next.

    Nobody waits for the rest at the end: what is recorded after it is durable after it.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def add(self, durable: asyncio.Future[None]) -> None:
        """Wait until there is room; raises what the journal raises."""
        self._waiting.append(durable)
        if len(self._waiting) >= UNDER_WAY_MAX:
            await asyncio.shield(self._waiting.popleft())


@contextlib.asynccontextmanager
async def _companions() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """Starts what goes on beside the listening and ends with it; what it raises is the journal's to tell."""
    tasks: list[asyncio.Task[None]] = []
    try:
        yield lambda work: tasks.append(asyncio.create_task(work))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _look_out(attempt: Attempt, watch: StuckWatch) -> None:
    """End the attempt as soon as its agent counts as stuck."""
    while (why := watch.why(time.monotonic())) is None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(watch.next_look(time.monotonic())):
                await watch.wait()
    await attempt.give_up_stuck(why)


@contextlib.asynccontextmanager
async def _closing(events: AsyncIterator[AgentEvent]) -> AsyncIterator[None]:
    """Close a generator of events that was not read to its end."""
    try:
        yield
    finally:
        if (close := getattr(events, "aclose", None)) is not None:
            with contextlib.suppress(Exception):
                await close()


def _lost(agent: Agent, problem: str) -> Finished:
    return Finished("lost", error=f"Agent {agent.name} {problem}")
