"""What Claude Code may do when it asks: a rule for each of a job's permissions, and questions to people."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from orchestrator.agents.claude.messages import summary
from orchestrator.agents.shown import shows_input
from orchestrator.agents.spelled_out import command_and_rest
from orchestrator.domain.plan import Permissions
from orchestrator.domain.redaction import Redactor, redact_known, redact_values
from orchestrator.engine.agent_events import PermissionAsked

READING_TOOLS = frozenset(
    {"Read", "Glob", "Grep", "LS", "NotebookRead", "Agent", "Task", "Skill", "ToolSearch", "TodoWrite"}
)
"""They change nothing and send nothing out; helpers ask for themselves. Commands that only read Claude Code
runs without a question, and so what the user's own settings allow."""

REFUSALS: Mapping[Permissions, str] = {
    "read-only": "This task may only read. Do not try another way; say in your answer what you could not do.",
    "edits": "This task may read and change files, and run no other tools. Do not try another way; say in "
    "your answer what you could not do.",
    "ask": "The person who was asked does not allow this. Do not try another way.",
}

_MCP = "mcp__"

Tell = Callable[[PermissionAsked], Awaitable[None]]


class Questions:
    """Decides about calls, and keeps the questions that wait for a person."""

    def __init__(self, permissions: Permissions, redact: Redactor = redact_known) -> None:
        self._permissions = permissions
        self._redact = redact
        self._open: dict[str, asyncio.Future[bool]] = {}

    @property
    def refusal(self) -> str:
        """What the agent is told when it is not allowed to."""
        return REFUSALS.get(self._permissions, "This is not allowed.")

    async def may_use(self, tool: str, given: Mapping[str, Any], context: Any, tell: Tell) -> bool:
        """Whether the call may be made; waits for an answer where a person is to say."""
        if self._permissions == "full" or tool in READING_TOOLS:
            return True
        if self._permissions != "ask":
            return False
        request_id = uuid.uuid4().hex
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._open[request_id] = answer
        try:
            await tell(asked(request_id, tool, redact_values(given, self._redact), context))
            return await answer
        finally:
            del self._open[request_id]

    def answer(self, request_id: str, *, allow: bool) -> None:
        """Answer a question; one that is not open, or answered, is left alone."""
        answer = self._open.get(request_id)
        if answer is not None and not answer.done():
            answer.set_result(allow)


def asked(request_id: str, tool: str, given: Mapping[str, Any], context: Any) -> PermissionAsked:
    """The question for a person: the tool, all that it is given, and why Claude Code asks.

    A tool of an MCP server that is given nothing does what its name says; of others that is no more than
    the name of a tool.
    """
    reason = context.decision_reason
    why = f" ({reason})" if reason else ""
    command, rest = command_and_rest(given)
    is_shown = shows_input(given) or (not given and tool.startswith(_MCP))
    return PermissionAsked(
        request_id,
        f"{tool}: {summary(given)}{why}",
        context.tool_use_id,
        tool_name=tool,
        command=command if is_shown and command else None,
        context="\n".join(filter(None, (rest, reason))) or None,
        can_allow=is_shown,
    )
