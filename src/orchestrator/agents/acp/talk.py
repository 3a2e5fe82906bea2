"""An ACP agent's program, and all that speaks with it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Mapping
from typing import Any

from orchestrator.agents.acp.permissions import PermissionDesk
from orchestrator.agents.acp.profiles import AcpProfile
from orchestrator.agents.acp.session import AcpSession
from orchestrator.agents.contained_program import ContainedProgram, Exit
from orchestrator.agents.environment import marker
from orchestrator.agents.json_rpc import JsonRpcPeer, PeerGone, Request
from orchestrator.agents.ordered_answers import OrderedAnswers
from orchestrator.engine.records import Job

COMPLAINTS_MAX = 100


class AcpTalk:
    """What a run holds while its agent lives. OSError or ValueError where it cannot be started.

    `asked` is the question whose answer is waited for; `is_answered`, that one was answered well; `is_open`,
    that there is a session. `complaints` are its vendor's refusals, where it tells of them on stderr.
    """

    def __init__(
        self, profile: AcpProfile, job: Job, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> None:
        self.complaints: asyncio.Queue[str] = asyncio.Queue(COMPLAINTS_MAX)
        self._complaint = re.compile(profile.complaint) if profile.complaint else None
        self.program = ContainedProgram(
            marker(job),
            job.root,
            environment,
            command,
            on_stderr=self._hear if self._complaint else None,
            redact=job.redact,
        )
        self.peer = JsonRpcPeer(self.program, job.redact)
        self.inbox = OrderedAnswers(self.peer)
        self.session = AcpSession(self.peer, profile, job)
        self.desk = PermissionDesk(self.peer, job.permissions)
        self.asked: asyncio.Task[Any] | None = None
        self.is_open = self.is_answered = False

    def _hear(self, line: str) -> None:
        if self._complaint and (found := self._complaint.search(line)) and not self.complaints.full():
            self.complaints.put_nowait(found[1])

    def ask(self, question: Coroutine[Any, Any, Any]) -> None:
        """Begin to wait for an answer."""
        self.asked = asyncio.get_running_loop().create_task(question)

    async def drop(self) -> None:
        """Wait for no answer any more."""
        if self.asked is not None:
            self.asked.cancel()
            await asyncio.gather(self.asked, return_exceptions=True)
            self.asked = None

    async def refuse(self, request: Request) -> None:
        """Files and terminals were not offered, and extensions are not known."""
        try:
            await self.peer.refuse(request.id, f"{request.method} is not offered by this client")
        except PeerGone:
            return

    async def cancel(self) -> None:
        """Ask the agent to end its turn, and answer its questions as cancelled, as the protocol wants."""
        await self.session.cancel()
        await self.desk.close()

    async def close(self, grace_seconds: float) -> Exit:
        """End the program and let go of it."""
        try:
            return await self.program.close(grace_seconds)
        finally:
            await self.inbox.close()
            await self.peer.close()
            await self.drop()
