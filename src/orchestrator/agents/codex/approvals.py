"""What Codex asks for while it works, and how it is answered.

After `ServerRequest` of the protocol that `codex app-server generate-ts` writes (seen: 0.169.0).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.agents.codex.items import PATCH, SHELL, inner_command
from orchestrator.agents.codex.turn import KEPT
from orchestrator.agents.json_rpc import Request
from orchestrator.agents.permission_policy import verdict
from orchestrator.agents.shown import is_blank
from orchestrator.domain.plan import Permissions
from orchestrator.domain.redaction import Redactor, redact_values

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Approval:
    """A question that somebody can answer with yes or no, and both answers as Codex wants them.

    `can_allow` is false where it does not say what would be done.
    """

    question: str
    tool_id: str | None
    tool_name: str
    kind: str
    if_allowed: Any
    if_denied: Any
    command: str | None = None
    context: str | None = None
    can_allow: bool = True

    def settled(self, permissions: Permissions) -> bool | None:
        """The answer that stands already; None where somebody is to be asked."""
        if self.if_allowed == self.if_denied:
            return False
        answer = verdict(permissions, self.kind)
        return None if answer == "ask" else answer == "allow"


def approval(request: Request, redact: Redactor, described: str = "", changes: str = "") -> Approval | None:
    """The question, without secrets; None for a request that is none.

    `described` is what is known of the call it is about, `changes` the changes to files that it would make.
    """
    params = redact_values(request.params, redact, KEPT)
    match request.method:
        case "item/commandExecution/requestApproval":
            return _execution(params, described)
        case "item/fileChange/requestApproval":
            question = f"Change files?\n{described}".strip()
            return _decision(params, question, PATCH, "edit", described if is_blank(changes) else changes)
        case "item/permissions/requestApproval":
            return _more_rights(params, request.params.get("permissions"))
        case "mcpServer/elicitation/request":
            return _elicitation(params)
        case _:
            return None


def _execution(params: Params, described: str) -> Approval:
    network = params.get("networkApprovalContext")
    if isinstance(network, dict):
        host = str(network.get("host") or "")
        reached = f"Let it reach {host or 'the network'}?"
        return replace(_decision(params, reached, SHELL, "execute"), can_allow=not is_blank(host))
    given = str(params.get("command") or "")
    command = inner_command(described if is_blank(given) else given)
    place = params.get("cwd", "the project")
    question = f"Run this in {place}?\n{command or 'a command'}"
    return _decision(params, question, SHELL, "execute", command, f"In {place}")


def _decision(
    params: Params, question: str, tool_name: str, kind: str, command: str = "", place: str = ""
) -> Approval:
    reason = params.get("reason")
    is_shown = not is_blank(command)
    return Approval(
        question=_with_reason(question, params),
        tool_id=_name(params, "itemId"),
        tool_name=tool_name,
        kind=kind,
        if_allowed={"decision": "accept"},
        if_denied={"decision": "decline"},
        command=command if is_shown else None,
        context="\n".join(filter(None, (place, str(reason) if reason else ""))) or None,
        can_allow=is_shown,
    )


def _more_rights(params: Params, asked: Any) -> Approval:
    """The model asks for access that its sandbox does not give; granted, it holds for the turn."""
    wanted, shown = (
        {name: right for name, right in rights.items() if right} if isinstance(rights, dict) else {}
        for rights in (asked, params.get("permissions"))
    )
    return Approval(
        question=_with_reason(f"Give it more access: {json.dumps(shown)}?", params),
        tool_id=None,
        tool_name="request_permissions",
        kind="other",
        if_allowed={"permissions": wanted, "scope": "turn"},
        if_denied={"permissions": {}, "scope": "turn"},
    )


def _elicitation(params: Params) -> Approval:
    """A question of an MCP server; one that wants more than a yes can only be declined."""
    message = str(params.get("message") or "")
    schema = params.get("requestedSchema")
    wants_more = params.get("mode") == "url" or (isinstance(schema, dict) and bool(schema.get("properties")))
    declined = {"action": "decline", "content": None, "_meta": None}
    return Approval(
        question=f"{params.get('serverName', 'A server')} asks: {message}",
        tool_id=None,
        tool_name="mcp",
        kind="other",
        if_allowed=declined if wants_more else {"action": "accept", "content": {}, "_meta": None},
        if_denied=declined,
        can_allow=not is_blank(message),
    )


def _with_reason(question: str, params: Params) -> str:
    reason = params.get("reason")
    return f"{question}\n{reason}" if reason else question


def _name(params: Params, field: str) -> str | None:
    value = params.get(field)
    return value if isinstance(value, str) else None
