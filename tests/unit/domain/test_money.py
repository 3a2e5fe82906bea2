"""Money as people read it; web/src/format/format.test.ts has the same table."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.money import dollars, dollars_of


@pytest.mark.parametrize(
    ("usd", "expected"),
    [
        (0, "$0.00"),
        (0.0000004, "$0.0000004"),
        (0.00001234, "$0.0000123"),
        (0.0123, "$0.0123"),
        (0.015, "$0.015"),
        (0.0996, "$0.0996"),
        (0.1, "$0.10"),
        (0.42, "$0.42"),
        (0.4256, "$0.426"),
        (0.9996, "$1.00"),
        (1, "$1.00"),
        (12.345678, "$12.35"),
        (1234.5, "$1234.50"),
    ],
)
def test_an_amount(usd, expected):
    assert dollars(usd) == expected


@pytest.mark.parametrize(
    ("usd", "bound", "expected"),
    [
        (0.0153, 0.015, "$0.0153 of $0.015"),
        (0.015001, 0.015, "$0.015001 of $0.015"),
        (0.015000000000000003, 0.015, "$0.015 of $0.015"),
        (0.1 + 0.2, 0.3, "$0.30 of $0.30"),
        (1.2, 1, "$1.20 of $1.00"),
        (5.001, 5.0, "$5.001 of $5.00"),
        (4.999, 5.0, "$4.999 of $5.00"),
        (0.004, 0.01, "$0.004 of $0.01"),
        (0.02, 0.01, "$0.02 of $0.01"),
        (0.0, 0.000_000_1, "$0.00 of $0.0000001"),
    ],
)
def test_an_amount_beside_its_bound(usd, bound, expected):
    assert dollars_of(usd, bound) == expected


amounts = st.decimals(0, 10_000, places=6).map(float)


@given(usd=amounts, bound=amounts)
def test_what_is_shown_compares_as_what_it_is(usd, bound):
    shown_usd, shown_bound = map(float, re.findall(r"\$([0-9.]+)", dollars_of(usd, bound)))
    assert shown_bound == bound
    assert (shown_usd > shown_bound, shown_usd == shown_bound) == (usd > bound, usd == bound)
