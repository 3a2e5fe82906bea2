"""What was used, in words."""

from __future__ import annotations

import pytest

from orchestrator.cli.usage_text import usage_text
from orchestrator.domain.status import UsageInfo


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (UsageInfo(), ""),
        (UsageInfo(input_tokens=1_200, output_tokens=34), "1,234 tokens, cost unknown"),
        (UsageInfo(cache_read_tokens=5, cost_usd=0.0123), "5 tokens, $0.0123"),
        (UsageInfo(output_tokens=5, cost_usd=12.345), "5 tokens, $12.35"),
        (UsageInfo(output_tokens=5, cost_usd=0.0), "5 tokens, $0.00"),
        (UsageInfo(output_tokens=5, cost_usd=0.6), "5 tokens, $0.60"),
        (UsageInfo(cost_usd=2.0), "0 tokens, $2.00"),
        (UsageInfo(output_tokens=5, cost_usd=1.0, is_cost_complete=False), "5 tokens, at least $1.00"),
        (UsageInfo(output_tokens=5, is_cost_complete=False), "5 tokens, cost unknown"),
    ],
)
def test_a_price_that_nobody_told_is_unknown_and_never_zero(usage, expected):
    assert usage_text(usage) == expected
