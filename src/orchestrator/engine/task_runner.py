"""One attempt of one task: the agent works, its events go into the log, its result is checked and kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from orchestrator.domain.errors import StorageError
from orchestrator.domain.events import (
    MESSAGE_LENGTH_MAX,
    SUMMARY_LENGTH_MAX,
    AgentMessage,
    EventData,
    FindingWritten,
    PlanChanged,
    ToolCompleted,
    ToolStarted,
    UsageUpdated,
    clip,
)
from orchestrator.domain.redaction import Redact, redact_known
from orchestrator.domain.steps import AttemptResult
from orchestrator.engine.agent_events import (
    AgentEvent,
    Finished,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    ToolOutcome,
    UsageDelta,
    without_secrets,
)
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.attempt_report import FINDING_LENGTH_MAX, attempt_result, finding_text
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import Agent, AgentRun, ArtifactStore, PlanOutputs
from orchestrator.engine.records import Artifact, Job
from orchestrator.engine.verification import check_job

FINDING_NAME = "finding.md"
NAME_LENGTH_MAX = 200


class TaskRunner:
    """Runs attempts to their end, whatever happens in them."""

    def __init__(
        self,
        journal: Journal,
        artifacts: ArtifactStore,
        outputs: PlanOutputs,
        shell: Agent,
        redact: Redact = redact_known,
    ) -> None:
        self._journal = journal
        self._artifacts = artifacts
        self._outputs = outputs
        self._shell = shell
        self._redact = redact

    async def run(self, attempt: Attempt) -> tuple[AttemptResult, EventData]:
        """Work through an attempt that has started, and keep its finding.

        Returns how it ended and where its finding is; the caller records both, in one append. Raises
        only what closes the journal.
        """
        began = time.monotonic()
        timer = asyncio.create_task(attempt.time_out())
        try:
            work = await self._follow(attempt, attempt.agent, attempt.job)
            check = None
            if work.outcome == "completed" and (job := check_job(attempt.job)) is not None:
                check = await self._follow(attempt, self._shell, job)
        finally:
            # A timer that has fired is ending processes: that must be over before the attempt is.
            if not attempt.is_timed_out:
                timer.cancel()
            await asyncio.wait({timer})
        result = attempt_result(attempt, work, check, int((time.monotonic() - began) * 1000))
        return result, await self._keep_finding(attempt, finding_text(attempt, work, check, result))

    async def _follow(self, attempt: Attempt, agent: Agent, job: Job) -> Finished:
        """Let the agent do the job; its open tool calls are closed, a broken driver is a failure."""
        if attempt.interrupted is not None:
            return Finished("interrupted")
        try:
            attempt.run = agent.run(job)
            finished = await self._listen(attempt, agent, attempt.run)
        except asyncio.CancelledError:
            await self._give_up(attempt)
            raise
        except Exception as error:  # noqa: BLE001 - an agent's driver must not take the run down with it
            await self._give_up(attempt)
            self._journal.check()
            finished = _lost(agent, f"failed: {type(error).__name__}: {error}")
        attempt.run = None
        for tool_id in list(attempt.open_tools):
            await self._journal.record(self._completed(attempt, tool_id, "interrupted", ""))
        return finished

    async def _give_up(self, attempt: Attempt) -> None:
        if attempt.run is not None:
            await attempt.end(attempt.run, "the attempt cannot go on")

    async def _listen(self, attempt: Attempt, agent: Agent, run: AgentRun) -> Finished:
        """Pass the run's events on until its end, or until an interrupted one has not ended in time."""
        finished: Finished | None = None
        events = run.events()
        patience = asyncio.timeout(None)
        try:
            async with patience, _closing(events):
                attempt.patience = patience
                async for told_event in events:
                    event = without_secrets(told_event, self._redact)
                    if isinstance(event, Finished):
                        finished = event
                    elif (told := self._translate(attempt, event)) is not None:
                        await self._journal.record(told)
        except TimeoutError:
            if not patience.expired():
                raise
            return _lost(
                agent, f"did not end within {attempt.limits.interrupt_seconds:g} s ({attempt.interrupted})"
            )
        finally:
            attempt.patience = None
        return finished or _lost(agent, "ended without a word")

    def _translate(self, attempt: Attempt, event: AgentEvent) -> EventData | None:
        task_id, number = attempt.job.task.id, attempt.job.attempt
        match event:
            case Text(text):
                return AgentMessage(task_id=task_id, attempt=number, text=clip(text, MESSAGE_LENGTH_MAX))
            case ToolCallOutput(tool_id, text) if text:
                return AgentMessage(
                    task_id=task_id,
                    attempt=number,
                    text=clip(text, MESSAGE_LENGTH_MAX),
                    tool_id=_name(tool_id),
                )
            case ToolCallStarted():
                attempt.open_tools[event.tool_id] = (event.tool_name, time.monotonic())
                return ToolStarted(
                    task_id=task_id,
                    attempt=number,
                    tool_id=clip(event.tool_id, NAME_LENGTH_MAX),
                    tool_name=clip(event.tool_name, NAME_LENGTH_MAX),
                    input_summary=clip(event.input_summary, SUMMARY_LENGTH_MAX),
                    parent_tool_id=_name(event.parent_tool_id),
                )
            case ToolCallCompleted() if event.tool_id in attempt.open_tools:
                return self._completed(attempt, event.tool_id, event.outcome, event.output_summary)
            case UsageDelta():
                return UsageUpdated(
                    task_id=task_id,
                    attempt=number,
                    model=_name(event.model),
                    input_tokens=event.input_tokens,
                    output_tokens=event.output_tokens,
                    cache_read_tokens=event.cache_read_tokens,
                    cache_write_tokens=event.cache_write_tokens,
                    cost_usd=event.cost_usd,
                )
            case Started() | ToolCallOutput() | ToolCallCompleted() | Finished():
                return None

    def _completed(self, attempt: Attempt, tool_id: str, status: ToolOutcome, summary: str) -> ToolCompleted:
        tool_name, began = attempt.open_tools.pop(tool_id)
        return ToolCompleted(
            task_id=attempt.job.task.id,
            attempt=attempt.job.attempt,
            tool_id=clip(tool_id, NAME_LENGTH_MAX),
            tool_name=clip(tool_name, NAME_LENGTH_MAX),
            status=status,
            success=status == "ok",
            duration_ms=int((time.monotonic() - began) * 1000),
            output_summary=clip(summary, SUMMARY_LENGTH_MAX),
        )

    async def _keep_finding(self, attempt: Attempt, text: str) -> EventData:
        """Keep what the attempt found in the database and as a file; a full disk is told, not fatal."""
        job = attempt.job
        self._journal.check()
        await self._artifacts.put(
            self._journal.lease,
            Artifact(job.task.id, job.attempt, FINDING_NAME, "text/markdown", text.encode()),
        )
        try:
            if job.attempt > 1 and (earlier := await self._outputs.read_finding(job.plan_name, job.task.id)):
                text = clip(f"{text}\n---\n\n{earlier}", FINDING_LENGTH_MAX)
            file = await self._outputs.write_finding(job.plan_name, job.task.id, text)
        except StorageError as error:
            return PlanChanged(reason=f"The finding was kept in the database only. {error}")
        return FindingWritten(
            task_id=job.task.id, attempt=job.attempt, file_path=file.path, size_bytes=file.size_bytes
        )


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


def _name(text: str | None) -> str | None:
    return None if text is None else clip(text, NAME_LENGTH_MAX)
