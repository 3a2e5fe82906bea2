"""Money as people read it.

The dashboard writes it by the same rule (`web/src/format/format.ts`).
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

PLACES_MIN = 2
PLACES_MAX = 10
MICRODOLLARS_PLACES = 6
"""Smaller differences come from adding up prices, and are not shown."""

SIGNIFICANT_DIGITS = 3
"""How many digits an amount below a dollar has: cents are too coarse for a single call."""


def dollars(usd: float) -> str:
    """`$12.35`, `$0.0123`, `$0.00`: cents, and below a dollar as many places as three digits take."""
    return _text(_rounded(usd, _places(usd)))


def dollars_of(usd: float, bound: float) -> str:
    """`$0.0153 of $0.015`: the bound as it was given, and the amount visibly below, at or above it."""
    exact_bound = Decimal(repr(bound))
    exact = _rounded(usd, max(MICRODOLLARS_PLACES, -int(exact_bound.as_tuple().exponent)))
    for places in range(_places(usd), PLACES_MAX + 1):
        shown = _rounded(usd, places)
        if shown.compare(exact_bound) == exact.compare(exact_bound):
            break
    return f"{_text(shown)} of {_text(exact_bound)}"


def _places(usd: float) -> int:
    if usd <= 0 or usd >= 1:
        return PLACES_MIN
    return min(SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(usd)), PLACES_MAX)


def _rounded(usd: float, places: int) -> Decimal:
    return Decimal(usd).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _text(amount: Decimal) -> str:
    """Without the zeros that say nothing, but always with cents."""
    whole, _, part = f"{amount:f}".partition(".")
    return f"${whole}.{part.rstrip('0'):0<{PLACES_MIN}}"
