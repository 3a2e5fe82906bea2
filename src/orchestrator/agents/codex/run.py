"""One job in the hands of `codex app-server`: greeted, given the prompt, listened to, interrupted, ended."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.agents.codex.approvals import Approval, approval
from orchestrator.agents.codex.turn import CodexTurn
from orchestrator.agents.contained_program import ContainedProgram, Exit
from orchestrator.agents.environment import marker
from orchestrator.agents.json_rpc import (
    Id,
    Incoming,
    JsonRpcPeer,
    Notification,
    PeerGone,
    Request,
    RequestFailed,
)
from orchestrator.engine.agent_events import AgentEvent, Finished, Log, PermissionAsked, Started
from orchestrator.engine.records import Job

NAME = "codex"
START_LIMIT_SECONDS = 60.0
"""How long Codex may take until its turn has begun."""

ANSWER_LIMIT_SECONDS = 10.0
INTERRUPT_GRACE_SECONDS = 1.5
"""How long Codex may take to end its turn by itself; then it is ended."""

CLIENT = {"name": "plan-orchestrator", "title": "Plan Orchestrator", "version": "0.1.0"}

RIGHTS: dict[str, dict[str, str]] = {
    "read-only": {"sandbox": "read-only", "approvalPolicy": "never"},
    "edits": {"sandbox": "workspace-write", "approvalPolicy": "never"},
    "full": {"sandbox": "danger-full-access", "approvalPolicy": "never"},
    # Its sandbox lets it read; whatever else it wants to do, it has to ask for.
    "ask": {"sandbox": "read-only", "approvalPolicy": "on-request"},
}
"""A job's permissions as `thread/start` takes them."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How Codex is started, and the key it is handed when it is up."""

    command: tuple[str, ...]
    environment: dict[str, str]
    key: str | None = None


class CodexRun:
    """One turn of one thread. `launch` says how to start Codex, or raises OSError."""

    def __init__(self, job: Job, launch: Callable[[], Launch]) -> None:
        self._job = job
        self._prepare = launch
        self._program: ContainedProgram | None = None
        self._peer: JsonRpcPeer | None = None
        self._turn: CodexTurn | None = None
        self._ids: dict[str, str] = {}  # of the thread and the turn, once it has begun
        self._asked: dict[str, tuple[Id, Approval]] = {}
        self._notes: list[Log] = []
        self._reason: str | None = None
        self._problem: str | None = None
        self._exit: Exit | None = None
        self._interrupting = asyncio.Lock()
        self._has_begun = self._has_ended = False

    async def interrupt(self, reason: str) -> None:
        """Ask Codex to end its turn, then end it; returns when no process is left. Idempotent."""
        if self._reason is None and not self._has_ended:
            self._reason = reason
        async with self._interrupting:
            if self._program is None:
                return
            if not self._program.has_ended:
                await self._ask("turn/interrupt", self._ids, INTERRUPT_GRACE_SECONDS)
            await self._program.interrupt()

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """Answer what it has asked; what does not wait for an answer any more is passed over."""
        asked = self._asked.pop(request_id, None)
        if asked is not None and self._peer is not None:
            await _reply(self._peer, *asked, allow=allow)

    async def tell(self, text: str) -> bool:
        """Put a note into its turn; False when it works on none, or does not take it."""
        if not self._ids or self._has_ended:
            return False
        ids = {"threadId": self._ids["threadId"], "expectedTurnId": self._ids["turnId"]}
        return await self._ask("turn/steer", {**ids, "input": _words(text)}, ANSWER_LIMIT_SECONDS)

    async def events(self) -> AsyncIterator[AgentEvent]:
        """What Codex tells, then the end. Can be read once."""
        if self._has_begun:
            raise RuntimeError("the events of a run can be read only once")
        self._has_begun = True
        if self._reason is None:
            try:
                launch = self._prepare()
                self._program = ContainedProgram(
                    marker(self._job),
                    self._job.root,
                    launch.environment,
                    launch.command,
                    redact=self._job.redact,
                )
            except (OSError, ValueError) as error:
                self._problem = f"Codex cannot be started: {error}"
            else:
                try:
                    async for event in self._work(self._program, launch.key):
                        yield event
                finally:
                    await self._end(self._program)
            for event in self._turn.close(time.monotonic()) if self._turn is not None else ():
                yield event
        self._has_ended = True
        yield self._finished()

    async def _work(self, program: ContainedProgram, key: str | None) -> AsyncIterator[AgentEvent]:
        """Begin the turn, and follow it until it is over or Codex is gone."""
        peer = self._peer = JsonRpcPeer(program, self._job.redact)
        started = await self._begin(peer, key)
        for note in self._notes:
            yield note
        if started is None or (turn := self._turn) is None:
            return
        yield started
        while turn.end is None:
            try:
                async with asyncio.timeout(turn.delay_seconds(time.monotonic())):
                    message = await peer.receive()
            except TimeoutError:
                for event in turn.due(time.monotonic()):
                    yield event
                continue
            if message is None:
                return
            for event in await self._take(peer, turn, message):
                yield event

    async def _end(self, program: ContainedProgram) -> None:
        """Let Codex end: no process of it is left then, of its commands in the background neither."""
        self._ids = {}
        if self._peer is not None:
            await self._peer.close()
        self._exit = await program.close()

    async def _begin(self, peer: JsonRpcPeer, key: str | None) -> Started | None:
        """Greet Codex and give it the prompt; None where that came to nothing, with the problem kept."""
        try:
            async with asyncio.timeout(START_LIMIT_SECONDS):
                await peer.request("initialize", {"clientInfo": CLIENT})
                await peer.notify("initialized")
                if key is not None:
                    await self._hand_over(peer, key)
                opened = await self._open_thread(peer)
                thread, model = opened["thread"], opened.get("model")
                prompt = {"threadId": thread["id"], "input": _words(self._job.prompt)}
                turn = (await peer.request("turn/start", prompt))["turn"]
        except PeerGone:
            return None
        except TimeoutError:
            self._problem = f"Codex did not begin its work within {START_LIMIT_SECONDS:g} s."
        except RequestFailed as error:
            self._problem = f"Codex did not begin its work: {error.message}"
        except (KeyError, TypeError, AttributeError) as error:
            self._problem = f"Codex answered what is not understood here: {error!r}"
        else:
            self._turn = CodexTurn(thread["id"], turn["id"], model, redact=self._job.redact)
            self._ids = {"threadId": thread["id"], "turnId": turn["id"]}
            return Started(NAME, thread.get("cliVersion"), model, thread["id"])
        return None

    async def _hand_over(self, peer: JsonRpcPeer, key: str) -> None:
        """Log in with the key, in this process only. Where that is forbidden, the turn will tell."""
        try:
            await peer.request("account/login/start", {"type": "apiKey", "apiKey": key})
        except RequestFailed as error:
            self._notes.append(Log(f"Codex does not take the key: {error.message}"))

    async def _open_thread(self, peer: JsonRpcPeer) -> dict[str, Any]:
        """Go on with the job's conversation, or begin one where there is none or Codex has lost it."""
        options = {
            "cwd": str(self._job.root),
            "model": self._job.model,
            # Else a model of Codex's may be set to answer what we are to be asked.
            "approvalsReviewer": "user",
            **RIGHTS[self._job.permissions],
        }
        thread_id, opened = self._job.session_id, None
        if thread_id is not None:
            # Without `excludeTurns` the answer holds the whole conversation.
            resumed = {**options, "threadId": thread_id, "excludeTurns": True}
            try:
                opened = await peer.request("thread/resume", resumed)
            except RequestFailed as error:
                self._notes.append(
                    Log(f"Codex cannot go on with {thread_id}, so it begins anew: {error.message}")
                )
        opened = opened or await peer.request("thread/start", options)
        return opened if isinstance(opened, dict) else {}

    async def _take(self, peer: JsonRpcPeer, turn: CodexTurn, message: Incoming) -> list[AgentEvent]:
        match message:
            case Log():
                return [message]
            case Notification("serverRequest/resolved", params):
                self._asked.pop(str(params.get("requestId")), None)
                return []
            case Notification():
                return list(turn.take(message, time.monotonic()))
            case Request():
                return list(await self._consider(peer, turn, message))

    async def _consider(self, peer: JsonRpcPeer, turn: CodexTurn, request: Request) -> Iterator[AgentEvent]:
        """Answer what is settled by the job's permissions, and pass the rest on."""
        tool_id = request.params.get("itemId")
        known = turn.input_of(tool_id), turn.changes_of(tool_id)
        asked = approval(request, self._job.redact, *known)
        if asked is None:
            with contextlib.suppress(PeerGone):
                await peer.refuse(request.id, f"{request.method} is not supported here")
            return iter([Log(f"Codex asked for {request.method}, which is not supported here.")])
        answer = asked.settled(self._job.permissions)
        if answer is not None:
            await _reply(peer, request.id, asked, allow=answer)
            done = "allowed" if answer else "denied"
            return iter([Log(f"Codex asked and was {done} it: {asked.question}")])
        self._asked[str(request.id)] = (request.id, asked)
        return _ask_person(turn, str(request.id), asked)

    async def _ask(self, method: str, params: dict[str, Any], limit_seconds: float) -> bool:
        """Ask for something of the turn; False where there is none, or it was not granted in time."""
        if self._peer is None or not self._ids:
            return False
        try:
            async with asyncio.timeout(limit_seconds):
                await self._peer.request(method, params)
        except (PeerGone, RequestFailed, TimeoutError):
            return False
        return True

    def _finished(self) -> Finished:
        """The end, from all that is known."""
        end = self._turn.end if self._turn is not None else None
        text = self._turn.text if self._turn is not None else ""
        if end is not None and end.outcome == "completed":
            return end
        if self._reason is not None:
            return Finished("interrupted", text, f"Interrupted: {self._reason}")
        if self._problem is not None:
            return Finished("failed", text, self._problem)
        return end or Finished("lost", text, self._loss(), self._exit.exit_code if self._exit else None)

    def _loss(self) -> str:
        """Why Codex is gone in the middle of its work."""
        end = self._exit
        how = (end.problem or f"ended with exit code {end.exit_code}") if end is not None else "is gone"
        last = end.stderr_tail.splitlines()[-1:] if end is not None else []
        return ": ".join([f"Codex {how} in the middle of its work", *last])


def _ask_person(turn: CodexTurn, request_id: str, asked: Approval) -> Iterator[AgentEvent]:
    """The call, where it was not told yet, and the question about it."""
    if asked.tool_id is not None:
        yield from turn.begin_call(asked.tool_id, asked.tool_name, asked.question)
    yield PermissionAsked(
        request_id,
        asked.question,
        asked.tool_id,
        tool_name=asked.tool_name,
        command=asked.command,
        context=asked.context,
        can_allow=asked.can_allow,
    )


async def _reply(peer: JsonRpcPeer, request_id: Id, asked: Approval, *, allow: bool) -> None:
    with contextlib.suppress(PeerGone):
        await peer.respond(request_id, asked.if_allowed if allow else asked.if_denied)


def _words(text: str) -> list[dict[str, Any]]:
    """A text as `UserInput`."""
    return [{"type": "text", "text": text, "text_elements": []}]
