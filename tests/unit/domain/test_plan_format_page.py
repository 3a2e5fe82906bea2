"""docs/plan-format.md: its examples are plans, and its tables say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from orchestrator.domain.plan_parser import PLAN_CHARACTERS_MAX, PLAN_LINES_MAX, parse_plan
from orchestrator.domain.plan_problems import PROBLEM_KINDS
from orchestrator.domain.plan_reading.bounds import QUOTED_LINES_MAX, TABLE_CELLS_MAX
from orchestrator.domain.plan_reading.dependencies import DEPENDENCIES_MAX
from orchestrator.domain.plan_reading.outline import PHASES_MAX, TASKS_MAX

PAGE = (Path(__file__).parents[3] / "docs" / "plan-format.md").read_text(encoding="utf-8")
EXAMPLES = [
    token.content for token in MarkdownIt().parse(PAGE) if token.type == "fence" and token.info == "markdown"
]


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_plan_without_errors(example: str) -> None:
    plan = parse_plan(example)
    assert plan.errors == ()
    assert list(plan.tasks())


def test_the_table_of_problems_is_complete_and_right() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (error|warning) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(code, kind.severity.value, kind.meaning) for code, kind in PROBLEM_KINDS.items()]


def test_the_limits_are_those_of_the_code() -> None:
    said = " ".join(PAGE.split())
    assert f"At most {PLAN_CHARACTERS_MAX // 2**20} Mi characters, {PLAN_LINES_MAX:,} lines" in said
    assert f"and {TABLE_CELLS_MAX:,} table cells" in said
    assert f"times the lines of the plan may be {QUOTED_LINES_MAX:,}" in said
    assert f"{PHASES_MAX:,} phases, {TASKS_MAX:,} tasks and {DEPENDENCIES_MAX:,} dependencies" in said
