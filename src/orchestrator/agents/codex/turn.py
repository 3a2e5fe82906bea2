"""One turn of `codex app-server`, translated: its notifications into what every agent tells.

After `ServerNotification` of the protocol that `codex app-server generate-ts` writes (seen: 0.169.0). A turn
may start threads of its own for helpers; their calls and their usage are told as well, their words are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from orchestrator.agents.codex.endings import RateLimits, failure, local_now
from orchestrator.agents.codex.items import (
    Item,
    file_changes,
    tool_input,
    tool_name,
    tool_outcome,
    tool_output,
)
from orchestrator.agents.json_rpc import Notification
from orchestrator.agents.live_outputs import LiveOutputs
from orchestrator.agents.shell_report import FINDING_LENGTH_MAX
from orchestrator.agents.tool_calls import ToolCalls, UsageMeter
from orchestrator.domain.events import clip
from orchestrator.domain.redaction import Redactor, redact_known, redact_values
from orchestrator.engine.agent_events import AgentEvent, Finished, Log, Retrying, Text, UsageDelta

KEPT = frozenset({"id", "threadId", "turnId", "itemId", "receiverThreadIds", "delta"})
"""Ids that must find what they belong to, and pieces of an output: a secret in it may go on in the next."""

_ATTEMPT = re.compile(r"\b(\d+)/\d+\b")
"""As in “Reconnecting... 2/5”."""


class CodexTurn:
    """What one turn has told so far. `end` is there once it is over.

    `now` is a time of any one clock, in seconds; `clock` tells the date, in the host's zone.
    """

    def __init__(
        self,
        thread_id: str,
        turn_id: str,
        model: str | None = None,
        clock: Callable[[], datetime] = local_now,
        redact: Redactor = redact_known,
    ) -> None:
        self._redact = redact
        self._thread_id, self._turn_id, self._model, self._clock = thread_id, turn_id, model, clock
        self._calls = ToolCalls()
        self._inputs: dict[str, str] = {}  # of open calls
        self._changes: dict[str, str] = {}  # to files, of open calls
        self._live = LiveOutputs(redact)
        self._meters: dict[str, UsageMeter] = {}
        self._limits = RateLimits()
        self._helpers: dict[str, str] = {}  # a helper's thread, and the call that began it
        self._last_error: Any = None
        self.text = ""
        self.end: Finished | None = None

    def input_of(self, tool_id: str | None) -> str:
        """What an open call is to do."""
        return self._inputs.get(tool_id or "", "")

    def changes_of(self, tool_id: str | None) -> str:
        """The changes that an open call makes to files."""
        return self._changes.get(tool_id or "", "")

    def begin_call(
        self, tool_id: str, name: str, input_text: str, parent: str | None = None
    ) -> Iterator[AgentEvent]:
        """A call begins, whoever names it first: its item, or a question about it."""
        self._inputs.setdefault(tool_id, input_text)
        self._live.begin(tool_id)
        yield from self._calls.started(tool_id, name, input_text, parent)

    def delay_seconds(self, now: float) -> float | None:
        """How long until `due` has something to tell; None while it has not."""
        return self._live.delay_seconds(now)

    def due(self, now: float) -> Iterator[AgentEvent]:
        """Output that has waited for more of it."""
        for tool_id, chunk in self._live.due(now):
            yield from self._calls.output(tool_id, chunk)

    def close(self, now: float) -> Iterator[AgentEvent]:
        """Nothing more comes: end the calls that nobody told the end of."""
        for tool_id in list(self._inputs):
            yield from self._calls.output(tool_id, self._live.end(tool_id, now))
        yield from self._calls.close()

    def take(self, message: Notification, now: float) -> Iterator[AgentEvent]:
        """What a notification means."""
        message = Notification(message.method, redact_values(message.params, self._redact, KEPT))
        params = message.params
        match message.method:
            case "item/started":
                yield from self._item_started(_part(params, "item"), params)
            case "item/completed":
                yield from self._item_completed(_part(params, "item"), params, now)
            case "item/commandExecution/outputDelta" | "item/fileChange/outputDelta":
                self._live.add(str(params.get("itemId")), str(params.get("delta", "")), now)
            case "item/mcpToolCall/progress":
                self._live.add(str(params.get("itemId")), f"{params.get('message', '')}\n", now)
            case "thread/tokenUsage/updated":
                yield from self._usage(params)
            case "account/rateLimits/updated":
                self._limits.update(params.get("rateLimits"))
            case "error":
                yield from self._error(params)
            case "turn/completed":
                self._completed(params)
            case _:
                yield from _remark(message)
        yield from self.due(now)

    def _item_started(self, item: Item, params: dict[str, Any]) -> Iterator[AgentEvent]:
        tool_id, name = item.get("id"), tool_name(item)
        if name is None or not isinstance(tool_id, str):
            return
        for helper in item.get("receiverThreadIds") or ():
            self._helpers.setdefault(str(helper), tool_id)
        parent = self._helpers.get(str(params.get("threadId")))
        if changes := file_changes(item):
            self._changes[tool_id] = changes
        yield from self.begin_call(tool_id, name, tool_input(item), parent)

    def _item_completed(self, item: Item, params: dict[str, Any], now: float) -> Iterator[AgentEvent]:
        if item.get("type") == "agentMessage" and params.get("threadId") == self._thread_id:
            yield from self._said(str(item.get("text", "")))
            return
        yield from self._item_started(item, params)
        tool_id, name = item.get("id"), tool_name(item)
        if name is None or not isinstance(tool_id, str):
            return
        self._inputs.pop(tool_id, None)
        self._changes.pop(tool_id, None)
        yield from self._calls.output(tool_id, self._live.end(tool_id, now))
        yield from self._calls.ended(tool_id, tool_outcome(item), tool_output(item), name=name)

    def _said(self, text: str) -> Iterator[AgentEvent]:
        """A message of the agent; its last one is what the turn leaves."""
        if text.strip():
            self.text = clip(text, FINDING_LENGTH_MAX)
            yield Text(text)

    def _usage(self, params: dict[str, Any]) -> Iterator[AgentEvent]:
        """Sums of a thread's whole life, in which its earlier turns are: those have been told then."""
        thread_id, usage = str(params.get("threadId")), _part(params, "tokenUsage")
        total, last = (_tokens(_part(usage, name), self._model) for name in ("total", "last"))
        meter = self._meters.get(thread_id)
        if meter is None:
            meter = self._meters[thread_id] = UsageMeter(_without(total, last))
        added = meter.added(total)
        is_earlier = thread_id == self._thread_id and params.get("turnId") != self._turn_id
        if added is not None and not is_earlier:
            yield added

    def _error(self, params: dict[str, Any]) -> Iterator[AgentEvent]:
        """A request to the model has failed; whether that ends the turn, `turn/completed` tells."""
        error = _part(params, "error")
        message = str(error.get("message", ""))
        if params.get("willRetry"):
            found = _ATTEMPT.search(message)
            yield Retrying(str(error.get("additionalDetails") or message), int(found[1]) if found else None)
        elif params.get("threadId") == self._thread_id:
            self._last_error = error
        else:
            yield Log(f"A helper of Codex failed: {message}")

    def _completed(self, params: dict[str, Any]) -> None:
        turn = _part(params, "turn")
        if turn.get("id") != self._turn_id:
            return
        match turn.get("status"):
            case "completed":
                self.end = Finished("completed", self.text)
            case "interrupted":
                self.end = Finished("failed", self.text, "Codex ended its turn before it was done.")
            case _:
                error = turn.get("error") or self._last_error
                self.end = failure(error, self._limits, self._clock(), self.text)


def _remark(message: Notification) -> Iterator[AgentEvent]:
    """What Codex says beside its work. None of it is a failure."""
    params = message.params
    match message.method:
        case "warning" | "guardianWarning":
            said = [params.get("message")]
        case "configWarning" | "deprecationNotice":
            said = [params.get("summary"), params.get("details")]
        case "mcpServer/startupStatus/updated" if params.get("error"):
            said = [f"MCP server {params.get('name')}:", params.get("error")]
        case "model/rerouted":
            said = [f"The model {params.get('fromModel')} was replaced by {params.get('toModel')}."]
        case _:
            return
    yield Log(" ".join(str(part) for part in said if part))


def _tokens(breakdown: dict[str, Any], model: str | None) -> UsageDelta:
    """A `TokenUsageBreakdown`. Its input counts what the cache gave and took; ours does not."""
    read, written = _count(breakdown, "cachedInputTokens"), _count(breakdown, "cacheWriteInputTokens")
    return UsageDelta(
        model=model,
        input_tokens=max(_count(breakdown, "inputTokens") - read - written, 0),
        output_tokens=_count(breakdown, "outputTokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def _without(total: UsageDelta, last: UsageDelta) -> UsageDelta:
    """What a thread had used before its last request."""
    return UsageDelta(
        input_tokens=max(total.input_tokens - last.input_tokens, 0),
        output_tokens=max(total.output_tokens - last.output_tokens, 0),
        cache_read_tokens=max(total.cache_read_tokens - last.cache_read_tokens, 0),
        cache_write_tokens=max(total.cache_write_tokens - last.cache_write_tokens, 0),
    )


def _part(params: dict[str, Any], name: str) -> dict[str, Any]:
    value = params.get(name)
    return value if isinstance(value, dict) else {}


def _count(breakdown: dict[str, Any], name: str) -> int:
    value = breakdown.get(name)
    return value if isinstance(value, int) else 0
