"""Claude Code at work on one job: from its start, over its talk with the SDK, to its end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from orchestrator.agents.claude import installation
from orchestrator.agents.claude.messages import ClaudeMessages
from orchestrator.agents.claude.permissions import Questions
from orchestrator.agents.claude.session import ClaudeSession, Decide, load_sdk
from orchestrator.agents.claude.verdict import interrupted, verdict
from orchestrator.agents.contained_program import CLOSE_GRACE_SECONDS, ContainedProgram, Exit, ProgramGone
from orchestrator.agents.environment import marker
from orchestrator.engine.agent_events import AgentEvent, Finished, Log, PermissionAsked
from orchestrator.engine.records import Job


class ClaudeRun:
    """Claude Code at work on one job."""

    def __init__(self, job: Job, program: str | None, environment: Mapping[str, str]) -> None:
        self._job = job
        self._program = program
        self._environment = environment
        self._questions = Questions(job.permissions, job.redact)
        self._told = ClaudeMessages()
        self._session: ClaudeSession | None = None
        self._exit: Exit | None = None
        self._reason: str | None = None
        self._problem: str | None = None
        self._has_begun = self._has_ended = self._takes_notes = self._is_absent = False
        self._ending: asyncio.Task[None] | None = None

    async def interrupt(self, reason: str) -> None:
        """Ask it to end its turn, then end its processes; returns when none is left. Idempotent."""
        if self._reason is None and not self._has_ended:
            self._reason = reason
        if self._session is not None:
            if self._ending is None:
                self._ending = asyncio.create_task(self._session.interrupt())
            await asyncio.shield(self._ending)

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """Answer a question for permission; one that is not open any more is ignored."""
        self._questions.answer(request_id, allow=allow)

    async def tell(self, text: str) -> bool:
        """Hand it a note: it reads it after the tool call it is in. False where it is not at work."""
        if self._session is None or not self._takes_notes or self._reason is not None or self._told.is_over:
            return False
        try:
            await self._send(self._session, text)
        except ProgramGone:
            return False
        return True

    async def events(self) -> AsyncIterator[AgentEvent]:
        """What it tells, then the end. Can be read once."""
        if self._has_begun:
            raise RuntimeError("the events of a run can be read only once")
        self._has_begun = True
        sdk = await self._load() if self._reason is None else None
        if sdk is not None:
            async with aclosing(self._converse(sdk, self._job.session_id)) as told:
                async for event in told:
                    yield event
        if sdk is not None and self._told.has_no_such_session:
            yield Log("The conversation to go on with is not there any more: a new one begins.")
            async with aclosing(self._converse(sdk, None)) as told:
                async for event in told:
                    yield event
        self._has_ended = True
        yield self._finished()

    async def _load(self) -> Any | None:
        """The SDK; None, with the problem told, where the job cannot be begun."""
        if self._program is None:
            self._problem = "The program claude is neither in the SDK nor on the PATH."
            self._is_absent = True
            return None
        try:
            return await load_sdk()
        except ImportError as error:
            # Half of it may be installed, which shows only here: importing it takes a second.
            self._problem = f"The SDK of Claude Code cannot be used ({error}): {installation.INSTALL}"
            self._is_absent = True
            return None

    async def _converse(self, sdk: Any, session_id: str | None) -> AsyncGenerator[AgentEvent]:
        """One process of Claude Code from its start to its end."""
        if self._reason is not None:
            return
        told = self._told = ClaudeMessages(is_resumed=session_id is not None)
        session = self._session = ClaudeSession(
            sdk, lambda: self._start(session_id), self._decider(sdk), self._job.redact
        )
        grace_seconds = 0.0
        try:
            await self._open(session)
            while not told.is_over and (message := await session.receive()) is not None:
                if isinstance(message, PermissionAsked):
                    yield message
                    continue
                for event in told.heard(message):
                    yield event
            if told.result is not None:
                grace_seconds = CLOSE_GRACE_SECONDS
        finally:
            self._takes_notes = False
            self._exit = await session.close(grace_seconds)
        for event in told.calls.close():
            yield event

    async def _open(self, session: ClaudeSession) -> None:
        """Start it and hand it the prompt. Where it goes away at once, what it has said is there to read."""
        try:
            await session.open()
            await self._send(session, self._job.prompt)
            self._takes_notes = True
        except ProgramGone:
            return
        except (OSError, ValueError) as error:
            self._problem = f"Claude Code cannot start in {self._job.root}: {error}."

    async def _send(self, session: ClaudeSession, text: str) -> None:
        """Hand it a message; known as sent before it is, since its answer may be read before this goes on."""
        message_id = str(uuid.uuid4())
        self._told.sent.add(message_id)
        await session.send(text, message_id)

    def _start(self, session_id: str | None) -> ContainedProgram:
        assert self._program is not None
        line = installation.command(self._program, self._job, session_id)
        return ContainedProgram(
            marker(self._job), self._job.root, self._environment, line, redact=self._job.redact
        )

    def _decider(self, sdk: Any) -> Decide:
        """Answers the SDK when Claude Code asks for a permission."""

        async def decide(tool: str, given: dict[str, Any], context: Any) -> Any:
            assert self._session is not None
            if await self._questions.may_use(tool, given, context, self._session.tell_reader):
                return sdk.PermissionResultAllow()
            self._told.denied.add(str(context.tool_use_id))
            return sdk.PermissionResultDeny(message=self._questions.refusal)

        return decide

    def _finished(self) -> Finished:
        if self._problem is not None:
            return Finished("failed", error=self._problem, is_final=self._is_absent)
        if self._reason is not None:
            return interrupted(self._told, self._reason, self._exit)
        return verdict(self._told, self._exit)
