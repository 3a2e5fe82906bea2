"""An ACP agent's questions for permission, answered by the job's policy or by somebody who is asked.

A question comes with options, each of a kind, and is answered with the option's id, or as cancelled:
https://agentclientprotocol.com/protocol/tool-calls#requesting-permission.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.agents.json_rpc import Id, JsonRpcPeer, PeerGone, Request
from orchestrator.agents.permission_policy import verdict
from orchestrator.domain.plan import Permissions
from orchestrator.engine.agent_events import PermissionAsked


@dataclass(frozen=True, slots=True)
class Question:
    """A question that waits for somebody's answer."""

    id: Id
    tool_id: str
    options: dict[str, str]


class PermissionDesk:
    """Answers what the policy decides, and keeps what somebody has to be asked."""

    def __init__(self, peer: JsonRpcPeer, permissions: Permissions) -> None:
        self._peer = peer
        self._permissions = permissions
        self._open: dict[str, Question] = {}
        self._refused: set[str] = set()
        self._is_closed = False

    def is_refused(self, tool_id: str) -> bool:
        """Whether the call may not go on."""
        return tool_id in self._refused

    async def ask(self, request: Request, tool_id: str, kind: str, text: str) -> PermissionAsked | None:
        """Answer the agent by the policy; the event to tell where that is for somebody else to decide."""
        question = Question(request.id, tool_id, _options(request.params))
        decision = verdict(self._permissions, kind)
        if self._is_closed:
            await self._respond(question, None)
        elif decision == "ask":
            request_id = str(request.id)
            self._open[request_id] = question
            return PermissionAsked(request_id, text, tool_id or None)
        else:
            await self._settle(question, allow=decision == "allow")
        return None

    async def answer(self, request_id: str, *, allow: bool) -> str | None:
        """Somebody has decided; the call that was refused by it, if one was. Unknown ids are ignored."""
        question = self._open.pop(request_id, None)
        if question is None:
            return None
        is_allowed = await self._settle(question, allow=allow)
        return None if is_allowed or not question.tool_id else question.tool_id

    async def close(self) -> None:
        """The turn is cancelled: the protocol wants every open question answered so."""
        self._is_closed = True
        while self._open:
            _, question = self._open.popitem()
            await self._respond(question, None)

    async def _settle(self, question: Question, *, allow: bool) -> bool:
        """Answer with the option that goes least far; whether the call may go on now."""
        allowing = ("allow_once", "allow_always") if self._permissions == "full" else ("allow_once",)
        wanted = allowing if allow else ("reject_once", "reject_always")
        option = next((question.options[kind] for kind in wanted if kind in question.options), None)
        if option is None and allow:
            return await self._settle(question, allow=False)
        if not allow and question.tool_id:
            self._refused.add(question.tool_id)
        await self._respond(question, option)
        return allow

    async def _respond(self, question: Question, option: str | None) -> None:
        """Choose the option, or answer as cancelled; an agent that is gone needs no answer."""
        outcome = {"outcome": "cancelled"}
        if option is not None:
            outcome = {"outcome": "selected", "optionId": option}
        try:
            await self._peer.respond(question.id, {"outcome": outcome})
        except PeerGone:
            return


def _options(params: dict[str, Any]) -> dict[str, str]:
    """The first option of each kind."""
    found: dict[str, str] = {}
    options = params.get("options")
    for option in options if isinstance(options, list) else []:
        if isinstance(option, dict) and isinstance(option.get("optionId"), str):
            found.setdefault(str(option.get("kind")), option["optionId"])
    return found
