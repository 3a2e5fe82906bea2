"""Each rule of the plan format, on a small plan: what `orchestrator lint --format json` must say of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.domain.plan_lint import lint_lines, lint_report
from orchestrator.domain.plan_parser import decode_plan, parse_plan

PLANS = Path(__file__).parents[2] / "fixtures" / "plans"


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.md")), ids=lambda path: path.stem)
def test_a_plan_is_read_as_its_expected_document_says(path: Path) -> None:
    plan = parse_plan(decode_plan(path.read_bytes()))
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert lint_report(plan, path.stem) == expected


def test_every_expected_document_has_its_plan() -> None:
    assert {path.stem for path in PLANS.glob("*.json")} == {path.stem for path in PLANS.glob("*.md")}


def test_lint_tells_each_problem_with_its_place_and_sums_up() -> None:
    plan = parse_plan("# T\n\n## Phase 1: A\n\n- [ ] 1.1 a\n- [x] 1.1 b\n- [v] c\n")
    assert lint_lines(plan, "docs/plans/t.md") == [
        "docs/plans/t.md:6:3: error[duplicate_id]: task 1.1 stands in line 5 already",
        (
            "docs/plans/t.md:7:3: warning[malformed_checkbox]: "
            "`[v]` is no checkbox: write `[ ]` or `[x]` and a space behind it"
        ),
        "docs/plans/t.md: 1 phase, 2 tasks (1 done), 1 error, 1 warning",
    ]
