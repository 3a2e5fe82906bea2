"""One job with an ACP agent: from the start of its program to the end of its last process."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator.agents.acp.endings import (
    ended_by_error,
    ended_by_failure,
    ended_by_stop,
    ended_without_a_word,
)
from orchestrator.agents.acp.profiles import AcpProfile
from orchestrator.agents.acp.session import NoSession
from orchestrator.agents.acp.talk import AcpTalk
from orchestrator.agents.acp.turn import AcpTurn
from orchestrator.agents.contained_program import Exit
from orchestrator.agents.error_texts import error_kind
from orchestrator.agents.json_rpc import (
    Incoming,
    Notification,
    PeerGone,
    Request,
    RequestFailed,
)
from orchestrator.agents.refusals import ended_by_kind
from orchestrator.domain.events import clip
from orchestrator.domain.redaction import redact_values
from orchestrator.engine.agent_events import AgentEvent, Finished, Log, Retrying, Started
from orchestrator.engine.records import Job

OPEN_LIMIT_SECONDS = 120.0
"""How long an agent may take to open a session: on a busy machine some start in half a minute."""

CANCEL_GRACE_SECONDS = 1.5
STOP_GRACE_SECONDS = 0.5
END_GRACE_SECONDS = 3.0
"""How long an agent may take to answer a cancel, to end after that, and to end once it is done."""

OVERLOADED_TRIES_MAX = 4
"""After so many an attempt has failed; the next one begins after a pause of ours."""

LOGS_MAX = 50
LOG_LENGTH_MAX = 1_000


class AcpRun:
    """One turn of one session. An empty `command`: its program was not found.

    `session_costs` is the agent's memory of what its sessions have cost.
    """

    def __init__(
        self,
        profile: AcpProfile,
        job: Job,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        version: str | None,
        session_costs: dict[str, float],
    ) -> None:
        self._profile = profile
        self._job = job
        self._command = command
        self._environment = environment
        self._version = version
        self._session_costs = session_costs
        self._turn = AcpTurn(job.redact)
        self._events: deque[AgentEvent] = deque()
        self._logs = self._overloads = 0
        self._talk: AcpTalk | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._is_over = asyncio.Event()
        self._end: Finished | None = None
        self._reason: str | None = None
        self._has_begun = self._has_ended = False

    async def interrupt(self, reason: str) -> None:
        """Cancel the turn, and after a grace end the agent; returns when no process is left. Idempotent."""
        if self._reason is None and self._end is None and not self._has_ended:
            self._reason = reason
            self._turn.is_stopping = True
        if self._talk is None:
            return
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop(self._talk))
        await asyncio.wait({self._stopping})

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """Answer a PermissionAsked; one that does not wait for an answer any more is ignored."""
        if self._talk is not None and (denied := await self._talk.desk.answer(request_id, allow=allow)):
            self._events += self._turn.deny(denied)

    async def tell(self, text: str) -> bool:  # noqa: ARG002 (the port's name)
        """ACP takes nothing into a turn that is going on."""
        return False

    async def events(self) -> AsyncIterator[AgentEvent]:
        """What the agent tells, then the end. Can be read once."""
        if self._has_begun:
            raise RuntimeError("the events of a run can be read only once")
        self._has_begun = True
        talk = self._talk = self._start()
        exited = Exit(None)
        if talk is not None:
            heeding = asyncio.get_running_loop().create_task(self._heed(talk))
            try:
                await self._open(talk)
                goes_on = True
                while goes_on or self._events:
                    while self._events:
                        yield self._events.popleft()
                    goes_on = await self._goes_on(talk)
            finally:
                self._is_over.set()
                heeding.cancel()
                await asyncio.wait({heeding})
                self._keep_cost(talk)
                exited = await talk.close(STOP_GRACE_SECONDS if self._end is None else END_GRACE_SECONDS)
        self._events += self._turn.close(time.monotonic())
        self._has_ended = True
        while self._events:
            yield self._events.popleft()
        yield self._finished(exited)

    def _start(self) -> AcpTalk | None:
        """Start the program, unless there is a reason not to."""
        if self._reason is not None:
            return None
        if not self._command:
            command, advice = self._profile.command[0], self._profile.install
            hint = f"install it with `{advice}`" if advice else "install it, or name its path in agents.toml"
            self._end = Finished("failed", error=f"{command} is not on the PATH; {hint}.")
            return None
        try:
            return AcpTalk(self._profile, self._job, self._command, self._environment)
        except (OSError, ValueError) as error:
            what = f"{self._profile.name} cannot start in {self._job.root}: {error}."
            self._end = Finished("failed", error=what)
            return None

    async def _open(self, talk: AcpTalk) -> None:
        """Open the session and send the prompt, unless something has ended it before."""
        talk.ask(talk.session.open())
        try:
            async with asyncio.timeout(OPEN_LIMIT_SECONDS):
                while await self._goes_on(talk):
                    pass
        except TimeoutError:
            what = f"{self._profile.name} opened no session within {OPEN_LIMIT_SECONDS:g} s."
            self._end = Finished("lost", error=what)
            await talk.drop()
        session = talk.session
        if self._end is not None or self._reason is not None or not talk.is_answered:
            return
        model = session.model or self._job.model
        talk.is_open = True
        self._turn.usage.begin(model, self._session_costs.get(session.id))
        self._events.append(Started(self._profile.name, session.version or self._version, model, session.id))
        self._events.extend(Log(text) for text in session.notes)
        talk.ask(session.prompt(self._job.prompt))

    async def _goes_on(self, talk: AcpTalk) -> bool:
        """Wait for the next thing to happen, and take it; False once what was asked is settled."""
        if talk.asked is None:
            return False
        try:
            message = await talk.inbox.next_before(talk.asked, self._turn.delay_seconds(time.monotonic()))
        except TimeoutError:
            self._events += self._turn.due(time.monotonic())
            return True
        if message is not None:
            await self._take(talk, message)
            self._events += self._turn.due(time.monotonic())
            return True
        end = self._judged(talk, talk.asked)
        talk.asked = None
        if end is not None and self._end is None and self._reason is None:
            self._end = end
        if talk.is_open:
            self._is_over.set()
        return False

    async def _take(self, talk: AcpTalk, message: Incoming) -> None:
        """One message of the agent."""
        match message:
            case Log():
                self._logs += 1
                if self._logs <= LOGS_MAX:
                    self._events.append(Log(clip(message.text, LOG_LENGTH_MAX)))
            case Notification("session/update", params) if isinstance(update := params.get("update"), dict):
                # What a loaded session tells before its turn is of an earlier one; its cost is needed.
                self._overloads = 0
                if talk.is_open or update.get("sessionUpdate") == "usage_update":
                    self._events += self._turn.update(update, time.monotonic())
            case Notification("_session/retrying", params):
                self._events.append(_retrying(redact_values(params, self._job.redact)))
            case Request(method="session/request_permission"):
                await self._be_asked(talk, message)
            case Request():
                await talk.refuse(message)
            case _:
                pass

    async def _heed(self, talk: AcpTalk) -> None:
        """End a turn in which the agent would try again for hours without a word."""
        while True:
            said = await talk.complaints.get()
            kind = error_kind(said)
            self._overloads += kind == "overloaded"
            if kind == "limited" or self._overloads >= OVERLOADED_TRIES_MAX:
                break
        if self._reason is None and self._end is None:
            self._end = ended_by_kind(kind, said, datetime.now().astimezone(), self._profile.login)
            await self._stop(talk)

    async def _be_asked(self, talk: AcpTalk, message: Request) -> None:
        """The agent wants to be allowed something."""
        call = message.params.get("toolCall")
        call = call if isinstance(call, dict) else {}
        self._events += self._turn.asked(call, time.monotonic())
        tool_id = str(call.get("toolCallId") or "")
        story = self._turn.story(tool_id)
        question = f"{story.tool_name}: {story.input_text or story.title}"
        event = await talk.desk.ask(message, tool_id, story.kind, question)
        if event is not None:
            command, rest = story.whole_input
            shown = replace(event, tool_name=story.tool_name, command=command or None, context=rest or None)
            self._events.append(replace(shown, can_allow=bool(command)))
        elif talk.desk.is_refused(tool_id):
            self._events += self._turn.deny(tool_id)

    def _judged(self, talk: AcpTalk, asked: asyncio.Task[Any]) -> Finished | None:
        """How what was asked ended; None where the session is open now, or the agent gone."""
        now = datetime.now().astimezone()
        try:
            result = asked.result()
        except RequestFailed as failure:
            return ended_by_error(failure, now, self._profile.login)
        except NoSession as problem:
            return Finished("failed", error=str(problem), is_final=True)
        except PeerGone:
            return None
        talk.is_answered = True
        if not talk.is_open:
            return None
        result = result if isinstance(result, dict) else {}
        self._events += self._turn.usage.by_result(result)
        self._events += self._turn.close(time.monotonic())
        reason = self._job.redact(str(result.get("stopReason")))
        end = ended_by_stop(reason, self._turn.refused_last)
        if end.outcome == "completed" and self._profile.failure:
            said = self._turn.spoken.last_message
            return ended_by_failure(said, self._profile.failure, now, self._profile.login) or end
        return end

    async def _stop(self, talk: AcpTalk) -> None:
        """Cancel the turn, give the agent the grace to say so, and end it."""
        try:
            async with asyncio.timeout(CANCEL_GRACE_SECONDS):
                if talk.is_open and not self._is_over.is_set():
                    await talk.cancel()
                    await self._is_over.wait()
        except (TimeoutError, PeerGone):
            pass
        await talk.program.close(STOP_GRACE_SECONDS)

    def _keep_cost(self, talk: AcpTalk) -> None:
        if (cost := self._turn.usage.cost_usd) is not None and talk.is_open:
            self._session_costs[talk.session.id] = cost

    def _finished(self, exited: Exit) -> Finished:
        """The end, with what the agent said last."""
        end = self._end
        if end is None and self._reason is not None:
            end = Finished("interrupted", error=f"Interrupted: {self._reason}")
        if end is None:
            now = datetime.now().astimezone()
            end = ended_without_a_word(self._profile.name, exited, now, self._profile.login)
        return replace(end, text=self._turn.spoken.last_message)


def _retrying(params: Mapping[str, Any]) -> Retrying:
    """Mistral Vibe's word, an extension, that its request has failed and is tried again."""
    words = (params.get(name) for name in ("detail", "message", "error", "reason"))
    why = next((word for word in words if isinstance(word, str) and word), "its request has failed")
    attempt, delay = params.get("attempt"), params.get("delay")
    return Retrying(
        why,
        attempt if isinstance(attempt, int) else None,
        float(delay) if isinstance(delay, int | float) else None,
    )
