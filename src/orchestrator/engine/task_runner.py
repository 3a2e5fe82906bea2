"""One attempt of one task: the agent works, its result is checked, and what it found is kept."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.domain.errors import StorageError
from orchestrator.domain.events import EventData, FindingWritten, PlanChanged, PromptSent
from orchestrator.domain.redaction import Redactor, redact_known
from orchestrator.domain.steps import AttemptResult
from orchestrator.engine.agent_events import Finished
from orchestrator.engine.agent_listener import AgentListener
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.attempt_report import attempt_result, finding_text, judged
from orchestrator.engine.findings import FINDING_NAME, joined, kept_findings
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import Agent, ArtifactStore, PlanOutputs
from orchestrator.engine.records import Artifact
from orchestrator.engine.transcript import Transcript
from orchestrator.engine.verification import check_job
from orchestrator.engine.witness import Witness

PROMPT_NAME = "prompt.md"


class TaskRunner:
    """Runs attempts to their end, whatever happens in them."""

    def __init__(
        self,
        journal: Journal,
        artifacts: ArtifactStore,
        outputs: PlanOutputs,
        shell: Agent,
        redact: Redactor = redact_known,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        witness: Witness | None = None,
    ) -> None:
        self._journal = journal
        self._artifacts = artifacts
        self._outputs = outputs
        self._shell = shell
        self._redact = redact
        self._witness = witness or Witness(None, "")
        self._listener = AgentListener(journal, redact, now)

    async def run(self, attempt: Attempt) -> tuple[AttemptResult, list[EventData]]:
        """Work through an attempt that has started, and keep its finding and its transcript.

        Returns how it ended and what there is to tell of its finding; the caller records both, in one append.
        Raises only what closes the journal.
        """
        began = time.monotonic()
        job = attempt.job
        transcript = Transcript(self._artifacts, self._journal.lease, job.task.id, job.attempt)
        timer = asyncio.create_task(attempt.time_out())
        try:
            await self._keep_prompt(attempt)
            work, check = await self._work(attempt, transcript)
        finally:
            # A timer that has fired is ending processes: that must be over before the attempt is.
            if not attempt.is_timed_out:
                timer.cancel()
            await asyncio.wait({timer})
        result = attempt_result(attempt, work, check, int((time.monotonic() - began) * 1000))
        self._journal.check()
        text = finding_text(attempt, work, check, result, self._redact)
        _, told = await asyncio.gather(transcript.close(), self._keep_finding(attempt, text))
        return result, told

    async def _keep_prompt(self, attempt: Attempt) -> None:
        """Record what the agent is about to be sent."""
        job = attempt.job
        if not job.prompt or attempt.interrupted is not None:
            return
        text = self._redact(job.prompt)
        await self._artifacts.put(
            self._journal.lease,
            Artifact(job.task.id, job.attempt, PROMPT_NAME, "text/markdown", text.encode()),
        )
        await self._journal.record(
            PromptSent(
                task_id=job.task.id,
                attempt=job.attempt,
                artifact=PROMPT_NAME,
                characters=len(job.prompt),
                sha256=hashlib.sha256(job.prompt.encode()).hexdigest(),
            )
        )

    async def _work(self, attempt: Attempt, transcript: Transcript) -> tuple[Finished, Finished | None]:
        """How the agent ended, and how the checks did, where there are some and it came to them."""
        before = await self._witness.look(attempt)
        told = await self._listener.follow(attempt, attempt.agent, attempt.job, transcript)
        work = await self._witness.judge(attempt, before, judged(attempt, told))
        check = None
        if work.outcome == "completed" and (job := check_job(attempt.job)) is not None:
            check = await self._listener.follow(attempt, self._shell, job, transcript)
        return work, check

    async def _keep_finding(self, attempt: Attempt, text: str) -> list[EventData]:
        """Keep what the attempt found in the database, and a copy of it as a file for people.

        Agents and the API are given the database's. The file also keeps what was in it before; a full disk is
        reported, not fatal.
        """
        job = attempt.job
        await self._artifacts.put(
            self._journal.lease,
            Artifact(job.task.id, job.attempt, FINDING_NAME, "text/markdown", text.encode()),
        )
        kept = await kept_findings(self._artifacts, job.instance_id, job.task.id, job.attempt)
        told: list[EventData] = [
            FindingWritten(
                task_id=job.task.id,
                attempt=job.attempt,
                file_path=self._outputs.finding_path(job.plan_name, job.task.id) or "",
                size_bytes=len(joined(kept).encode()),
            )
        ]
        try:
            if job.attempt > 1 and (earlier := await self._outputs.read_finding(job.plan_name, job.task.id)):
                text = joined([text, self._redact(earlier)])
            await self._outputs.write_finding(job.plan_name, job.task.id, text)
        except StorageError as error:
            told.append(PlanChanged(reason=f"The finding was kept in the database only. {error}"))
        return told
