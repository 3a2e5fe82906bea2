"""What Claude Code tells, translated. Pure: a driver feeds it one message after another.

Read from the CLI's `--output-format stream-json`: one JSON object a line. Source: the types of
claude-agent-sdk 0.2.187 and records of Claude Code 2.1.330 (tests/fixtures/agents/claude). The messages are
read as they come rather than as the SDK's types: those leave out retries and why a call was refused, and
the SDK's stream ends with the first message that it cannot parse.

Unknown messages and missing fields mean nothing; only what is known is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.agents.claude import installation
from orchestrator.agents.claude.usage import ModelUsage
from orchestrator.agents.tool_calls import ToolCalls
from orchestrator.engine.agent_events import AgentEvent, Log, Retrying, Started, Text, ToolOutcome

Message = Mapping[str, Any]

MAIN_FIELDS = ("command", "file_path", "notebook_path", "path", "pattern", "url", "query", "description")
"""What says most about a tool call, in this order; a call without any of them is shown as it is."""

KEPT = frozenset(
    {"id", "uuid", "session_id", "tool_use_id", "parent_tool_use_id", "user_message_uuids", "signature"}
)
"""Ids in its messages that must find what they belong to; `signature` is long, and shown to nobody."""

UNAUTHORIZED_TRIES_MAX = 3
"""Claude Code tries ten times with a key that is refused; a refreshed login needs one time."""

RETRY_REASONS = {
    "authentication_failed": "the key or login was refused",
    "billing_error": "the account cannot pay",
    "rate_limit": "the vendor's rate limit is reached",
    "overloaded": "the vendor is overloaded",
    "server_error": "the vendor's server failed",
    "unknown": "the connection failed",
}


@dataclass
class ClaudeMessages:
    """One conversation as far as it was heard. `sent`: the ids of our messages that no turn has taken up."""

    is_resumed: bool = False
    calls: ToolCalls = field(default_factory=ToolCalls)
    sent: set[str] = field(default_factory=set)
    has_started: bool = False
    result: Message | None = None
    rejection: Message | None = None
    """The vendor's last word that a limit is reached."""
    api_error: str | None = None
    last_text: str = ""
    unauthorized_tries: int = 0
    denied: set[str] = field(default_factory=set)
    _state: str | None = None
    _usage: ModelUsage = field(init=False)

    def __post_init__(self) -> None:
        self._usage = ModelUsage(self.is_resumed)

    @property
    def is_over(self) -> bool:
        """Whether no more is to be expected.

        A result ends a turn; the conversation goes on while a message of ours has had no turn, or while a
        helper in the background is to report. A CLI that tells its state says `idle` once none is.
        """
        if self.unauthorized_tries >= UNAUTHORIZED_TRIES_MAX:
            return True
        if self.result is None:
            return False
        return bool(self.result.get("is_error")) or (not self.sent and self._state in {None, "idle"})

    @property
    def has_no_such_session(self) -> bool:
        """Whether the conversation to go on with is not there any more."""
        if not self.is_resumed or self.has_started or self.result is None:
            return False
        return any("session" in str(error) for error in self.result.get("errors") or ())

    def heard(self, message: Message) -> Iterator[AgentEvent]:
        """What the message says."""
        match message.get("type"):
            case "system":
                yield from self._system(message)
            case "assistant":
                yield from self._assistant(message)
            case "user":
                yield from self._user(message)
            case "rate_limit_event":
                info = message.get("rate_limit_info") or {}
                self.rejection = info if info.get("status") == "rejected" else None
            case "result":
                self.result = message
                # CLIs before 2.1.3xx do not say which messages a turn has taken up.
                self.sent -= set(message.get("user_message_uuids") or self.sent)
                yield from self._usage.of(message)
            case "broken":
                yield Log(str(message.get("problem")))

    def _system(self, message: Message) -> Iterator[AgentEvent]:
        match message.get("subtype"):
            case "init" if not self.has_started:
                self.has_started = True
                yield Started(
                    installation.NAME,
                    message.get("claude_code_version"),
                    message.get("model"),
                    message.get("session_id"),
                )
            case "session_state_changed":
                self._state = message.get("state")
            case "api_retry":
                yield self._retry(message)
            case "permission_denied":
                self.denied.add(str(message.get("tool_use_id")))
            case "task_progress" if message.get("subagent_type"):
                text = f"{message.get('description')}\n"
                yield from self.calls.output(str(message.get("tool_use_id")), text)
            case "compact_boundary":
                yield Log("Claude Code has summed up the conversation so far, to make room.")

    def _retry(self, message: Message) -> Retrying:
        error, status = str(message.get("error")), message.get("error_status")
        self.unauthorized_tries += error == "authentication_failed" or status == 401
        self.api_error = error
        why = RETRY_REASONS.get(error, error.replace("_", " "))
        delay = message.get("retry_delay_ms")
        return Retrying(
            f"{why} (HTTP {status})" if status else why,
            message.get("attempt"),
            delay / 1000 if isinstance(delay, int | float) else None,
        )

    def _assistant(self, message: Message) -> Iterator[AgentEvent]:
        if error := message.get("error"):
            self.api_error = str(error)  # its text comes again in the result
            return
        self.api_error = None
        parent = message.get("parent_tool_use_id")
        for block in _blocks(message):
            match block.get("type"):
                case "text" if text := str(block.get("text", "")).strip():
                    if parent is None:
                        self.last_text = text
                    yield Text(text)
                case "tool_use" | "server_tool_use":
                    name, given = str(block.get("name")), block.get("input") or {}
                    yield from self.calls.started(str(block.get("id")), name, summary(given), parent)

    def _user(self, message: Message) -> Iterator[AgentEvent]:
        meta = {entry.get("id"): entry for entry in message.get("tool_result_meta") or ()}
        for block in _blocks(message):
            if block.get("type") != "tool_result":
                continue
            tool_id = str(block.get("tool_use_id"))
            outcome = self._outcome(tool_id, block, meta.get(tool_id) or {})
            # What it is told about a call that was stopped are instructions to the model.
            output = "" if outcome == "interrupted" else content_text(block.get("content"))
            yield from self.calls.ended(tool_id, outcome, output)

    def _outcome(self, tool_id: str, block: Message, meta: Message) -> ToolOutcome:
        if not block.get("is_error"):
            return "ok"
        decision = (meta.get("permission_decision") or {}).get("decision")
        if tool_id in self.denied or decision == "reject":
            return "denied"
        return "interrupted" if meta.get("non_execution_kind") == "user-rejected" else "error"


def summary(given: Mapping[str, Any]) -> str:
    """A tool call's input in a few words."""
    for name in MAIN_FIELDS:
        if isinstance(value := given.get(name), str) and value:
            return value
    return json.dumps(given, ensure_ascii=False) if given else ""


def content_text(content: Any) -> str:
    """The text of a tool's result, which is a text or a list of blocks."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    texts = [block.get("text") or f"[{block.get('type')}]" for block in blocks if isinstance(block, dict)]
    return "\n".join(texts)


def _blocks(message: Message) -> Iterator[Message]:
    content = (message.get("message") or {}).get("content")
    if isinstance(content, list):
        yield from (block for block in content if isinstance(block, dict))
