"""What every coding agent's driver needs alike: tool calls told once each, and usage as what was added.

Agents tell of a call in several messages, in any order, some of them twice, and of some calls never the
end. Usage comes as sums of a whole conversation. Pure: a driver feeds it and passes on what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.domain.events import clip
from orchestrator.engine.agent_events import (
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    ToolOutcome,
    UsageDelta,
)

CallEvent = ToolCallStarted | ToolCallOutput | ToolCallCompleted
TEXT_LENGTH_MAX = 10_000_000
"""So many characters of an input or an output are handed on, to be kept; the log has its summary alone."""

ENDED_CALLS_MAX = 10_000
"""So many calls that have ended are remembered, so that a late word about one starts it no second time."""


@dataclass
class ToolCalls:
    """The calls of one attempt. A call is begun by whatever names it first, and ends once."""

    _open: dict[str, None] = field(default_factory=dict)
    _ended: dict[str, None] = field(default_factory=dict)

    @property
    def is_any_open(self) -> bool:
        """Whether a call has begun and not ended."""
        return bool(self._open)

    def started(
        self, tool_id: str, name: str, input_text: str = "", parent: str | None = None
    ) -> Iterator[CallEvent]:
        """The call begins, unless it has already."""
        if tool_id in self._open or tool_id in self._ended:
            return
        self._open[tool_id] = None
        yield ToolCallStarted(tool_id, name, clip(input_text, TEXT_LENGTH_MAX), parent)

    def output(self, tool_id: str, text: str) -> Iterator[CallEvent]:
        """A piece of an open call's output; of another call it is dropped."""
        if tool_id in self._open and text:
            yield ToolCallOutput(tool_id, text)

    def ended(
        self, tool_id: str, outcome: ToolOutcome, output: str = "", *, name: str = "tool"
    ) -> Iterator[CallEvent]:
        """The call ends, once; one that nobody told the beginning of begins first, as `name`."""
        if tool_id in self._ended:
            return
        yield from self.started(tool_id, name)
        del self._open[tool_id]
        self._ended[tool_id] = None
        if len(self._ended) > ENDED_CALLS_MAX:
            del self._ended[next(iter(self._ended))]
        yield ToolCallCompleted(tool_id, outcome, clip(output, TEXT_LENGTH_MAX))

    def close(self) -> Iterator[CallEvent]:
        """End what is still open as interrupted: the agent says nothing more."""
        for tool_id in list(self._open):
            yield from self.ended(tool_id, "interrupted")


@dataclass
class UsageMeter:
    """Turns sums into what was added since. `total` is what an earlier part of the conversation had used.

    A sum that is smaller than before (a conversation that began anew) counts from nothing.
    """

    total: UsageDelta = field(default_factory=UsageDelta)

    def added(self, total: UsageDelta) -> UsageDelta | None:
        """What came on top, or None when nothing did."""
        before = self.total
        if total.input_tokens < before.input_tokens or total.output_tokens < before.output_tokens:
            before = UsageDelta()
        self.total = total
        cost = total.cost_usd
        if cost is not None:
            cost = max(cost - (before.cost_usd or 0.0), 0.0)
        delta = UsageDelta(
            model=total.model,
            input_tokens=total.input_tokens - before.input_tokens,
            output_tokens=total.output_tokens - before.output_tokens,
            cache_read_tokens=max(total.cache_read_tokens - before.cache_read_tokens, 0),
            cache_write_tokens=max(total.cache_write_tokens - before.cache_write_tokens, 0),
            cost_usd=cost,
        )
        has_used = any(
            (delta.input_tokens, delta.output_tokens, delta.cache_read_tokens, delta.cache_write_tokens)
        )
        return delta if has_used or cost else None
