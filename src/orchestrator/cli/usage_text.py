"""What was used, in words: a price that nobody told is unknown, never zero."""

from __future__ import annotations

from orchestrator.domain.money import dollars
from orchestrator.domain.status import UsageInfo


def usage_text(usage: UsageInfo) -> str:
    """`12,345 tokens, $0.12`; empty where nothing was used."""
    if not usage.tokens and usage.cost_usd is None:
        return ""
    return f"{usage.tokens:,} tokens, {_cost(usage)}"


def _cost(usage: UsageInfo) -> str:
    if usage.cost_usd is None:
        return "cost unknown"
    cost = dollars(usage.cost_usd)
    return cost if usage.is_cost_complete else f"at least {cost}"
