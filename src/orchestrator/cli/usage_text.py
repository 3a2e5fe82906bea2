"""What was used, in words: a price that nobody told is unknown, never zero."""

from __future__ import annotations

from orchestrator.domain.status import UsageInfo


def usage_text(usage: UsageInfo) -> str:
    """`12,345 tokens, $0.12`; empty where nothing was used."""
    if not usage.tokens and usage.cost_usd is None:
        return ""
    return f"{usage.tokens:,} tokens, {_cost(usage)}"


def _cost(usage: UsageInfo) -> str:
    if usage.cost_usd is None:
        return "cost unknown"
    # Cents are too coarse for a single call.
    cost = (
        f"${usage.cost_usd:.2f}" if usage.cost_usd >= 1 or usage.cost_usd == 0 else f"${usage.cost_usd:.4f}"
    )
    return cost if usage.is_cost_complete else f"at least {cost}"
