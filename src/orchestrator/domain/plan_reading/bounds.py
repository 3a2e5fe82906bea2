"""Limits on the size and shape of a plan, so that reading any text takes a few seconds at most."""

from __future__ import annotations

import re

from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.text import PlanText

PLAN_CHARACTERS_MAX = 2 * 2**20
PLAN_LINES_MAX = 100_000
TABLE_CELLS_MAX = 100_000
QUOTED_LINES_MAX = 500_000
"""Looks at lines for quotes: a reader asks each line of each quote whether it ends there."""

_MARKERS = re.compile(r"(?:[-+*>\s]|\d{1,9}[.)]|\[[ xX]\])*+")


def within_bounds(text: str, log: ProblemLog) -> PlanText | None:
    """The text, if it may be read; else None, and the log says at which line it goes beyond which limit."""
    if len(text) > PLAN_CHARACTERS_MAX:
        log.add("plan_too_large", f"longer than {PLAN_CHARACTERS_MAX:,} characters; nothing was read", 1)
        return None
    source = PlanText.of(text)
    if excess := _excess(source):
        what, line = excess
        log.add("plan_too_large", f"{what}; nothing was read", line)
        return None
    return source


def _excess(source: PlanText) -> tuple[str, int] | None:
    """What is too much, and at which line, from 1."""
    lines = source.lines
    if len(lines) > PLAN_LINES_MAX:
        return f"longer than {PLAN_LINES_MAX:,} lines", 1
    if (cells := source.text.count("|")) > TABLE_CELLS_MAX:
        widest = max(range(len(lines)), key=lambda number: lines[number].count("|"))
        return (
            f"{cells:,} table cells, most of them here, and {TABLE_CELLS_MAX:,} may be",
            widest + 1,
        )
    depth, line = _deepest_quote(lines)
    if depth * len(lines) > QUOTED_LINES_MAX:
        return f"quotes within quotes, {depth} deep, in {len(lines):,} lines", line
    return None


def _deepest_quote(lines: list[str]) -> tuple[int, int]:
    """The most quote marks at the start of a line, and that line, from 1."""
    deepest, at = 0, 1
    for number, line in enumerate(lines, start=1):
        if line.count(">") > deepest and (markers := _MARKERS.match(line)):
            depth = markers[0].count(">")
            if depth > deepest:
                deepest, at = depth, number
    return deepest, at
