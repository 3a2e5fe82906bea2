"""What a turn has used, out of the four places where ACP agents tell it.

| where | who | what |
|---|---|---|
| `usage_update` | OpenCode, Vibe, the Claude adapter | the session's cost so far |
| `usage` of the prompt's result | the same; tokens of OpenCode are those of its last request only | tokens |
| `_meta.quota` of the prompt's result | Gemini | tokens |
| `_meta.usage` of an empty message chunk | Qwen | tokens of one request |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.agents.tool_calls import UsageMeter
from orchestrator.engine.agent_events import UsageDelta


@dataclass
class TurnUsage:
    """Adds up what is told, and gives out what is new. Until `begin`, all told is of an earlier part."""

    _meter: UsageMeter = field(default_factory=UsageMeter)
    _sum: UsageDelta = field(default_factory=UsageDelta)
    _has_begun: bool = False
    _is_by_request: bool = False

    @property
    def cost_usd(self) -> float | None:
        """What the session has cost so far, where that was told."""
        return self._sum.cost_usd

    def begin(self, model: str | None, earlier_cost_usd: float | None = None) -> None:
        """The turn begins: what was told of the session so far was used before it.

        So was `earlier_cost_usd`: agents that go on with a session don't say at its opening what it had cost.
        """
        costs = [cost for cost in (self._sum.cost_usd, earlier_cost_usd) if cost is not None]
        self._sum = UsageDelta(model, cost_usd=max(costs, default=None))
        self._meter = UsageMeter(UsageDelta(cost_usd=self._sum.cost_usd))
        self._has_begun = True

    def by_update(self, update: Mapping[str, Any]) -> Iterator[UsageDelta]:
        """A `usage_update`: how full the context is, which is not used up, and the cost so far."""
        cost = update.get("cost")
        amount = cost.get("amount") if isinstance(cost, dict) else None
        is_known = isinstance(amount, int | float) and not isinstance(amount, bool) and amount >= 0
        if not is_known or not isinstance(cost, dict) or cost.get("currency") != "USD":
            return
        assert isinstance(amount, int | float)
        before = self._sum.cost_usd
        if self._has_begun and before is not None and amount < before:
            return  # OpenCode tells 0 for a turn that was cancelled
        self._sum = replace(self._sum, cost_usd=float(amount))
        yield from self._added()

    def by_chunk(self, meta: Mapping[str, Any]) -> Iterator[UsageDelta]:
        """The usage of one request, beside a message chunk."""
        if isinstance(told := meta.get("usage"), dict) and self._has_begun:
            self._is_by_request = True
            self._sum = _plus(self._sum, told)
            yield from self._added()

    def by_result(self, result: Mapping[str, Any]) -> Iterator[UsageDelta]:
        """The usage beside the turn's end."""
        if self._is_by_request:
            return
        if isinstance(told := result.get("usage"), dict):
            self._sum = _plus(self._sum, told)
        else:
            self._sum = _plus(self._sum, _quota_tokens(result))
        yield from self._added()

    def _added(self) -> Iterator[UsageDelta]:
        if self._has_begun and (delta := self._meter.added(self._sum)) is not None:
            yield delta


def _quota_tokens(result: Mapping[str, Any]) -> dict[str, Any]:
    """Gemini's tokens, in the protocol's own words."""
    found: Any = result
    for name in ("_meta", "quota", "token_count"):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return {}
    return {"inputTokens": found.get("input_tokens"), "outputTokens": found.get("output_tokens")}


def _plus(total: UsageDelta, told: Mapping[str, Any]) -> UsageDelta:
    return replace(
        total,
        input_tokens=total.input_tokens + _count(told, "inputTokens"),
        output_tokens=total.output_tokens + _count(told, "outputTokens"),
        cache_read_tokens=total.cache_read_tokens + _count(told, "cachedReadTokens"),
        cache_write_tokens=total.cache_write_tokens + _count(told, "cachedWriteTokens"),
    )


def _count(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
