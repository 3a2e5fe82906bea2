"""What a turn of Claude Code has used, model by model.

`total_cost_usd` and `modelUsage` of a result are sums of the whole conversation, across processes that go on
with it; `usage` is the turn's, without its helpers. CLIs of 2.1.3xx add `model_usage_since_last_result`,
which is exactly what is wanted; for older ones it is worked out, as well as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.agents.tool_calls import UsageMeter
from orchestrator.engine.agent_events import UsageDelta


class ModelUsage:
    """The usage of one process. `is_resumed`: its conversation began in an earlier one."""

    def __init__(self, is_resumed: bool) -> None:
        self._has_unknown_past = is_resumed
        self._meters: dict[str, UsageMeter] = {}

    def of(self, result: Mapping[str, Any]) -> Iterator[UsageDelta]:
        """What was used since the result before."""
        since, total = result.get("model_usage_since_last_result"), result.get("modelUsage") or {}
        if isinstance(since, dict):
            yield from (used for name, each in since.items() if (used := UsageMeter().added(_of(name, each))))
            return
        if self._has_unknown_past and total:
            # Only the turn's own tokens are known, and no cost: the sums hold what was told before.
            self._has_unknown_past = False
            self._meters = {name: UsageMeter(_of(name, each)) for name, each in total.items()}
            used = UsageMeter().added(_of_turn(next(iter(total)), result.get("usage") or {}))
            yield from [used] if used else []
            return
        for name, each in total.items():
            if used := self._meters.setdefault(name, UsageMeter()).added(_of(name, each)):
                yield used


def _of(model: str, used: Mapping[str, Any]) -> UsageDelta:
    return UsageDelta(
        model=model,
        input_tokens=used.get("inputTokens") or 0,
        output_tokens=used.get("outputTokens") or 0,
        cache_read_tokens=used.get("cacheReadInputTokens") or 0,
        cache_write_tokens=used.get("cacheCreationInputTokens") or 0,
        cost_usd=used.get("costUSD"),
    )


def _of_turn(model: str, used: Mapping[str, Any]) -> UsageDelta:
    return UsageDelta(
        model=model,
        input_tokens=used.get("input_tokens") or 0,
        output_tokens=used.get("output_tokens") or 0,
        cache_read_tokens=used.get("cache_read_input_tokens") or 0,
        cache_write_tokens=used.get("cache_creation_input_tokens") or 0,
    )
