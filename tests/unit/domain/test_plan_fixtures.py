"""Each rule of the plan format, on a small plan: what `orchestrator lint --format json` must say of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.domain.plan_lint import lint_lines, lint_problems, lint_report
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
        "docs/plans/t.md: 1 phase, 2 tasks (1 done; 1 for the run's agent), 1 error, 1 warning",
    ]


def test_lint_says_how_many_tasks_each_agent_gets() -> None:
    block = "  ```sh\n  make\n  ```\n"
    text = f"---\nagent: codex\n---\n## Phase 1: A\n- [ ] 1.1 a\n- [ ] 1.2 b\n{block}- [ ] 1.3 c\n- [ ] 1.4 d\n  - gate: human\n"
    assert lint_lines(parse_plan(text), "t.md")[-1] == (
        "t.md: 1 phase, 4 tasks (0 done; 2 for codex, 1 for shell, 1 for a person), 0 errors, 0 warnings"
    )


UNCHECKED = (
    "4 of 4 open tasks have no check and are completed by their agents' word alone; add `verify: COMMAND` to a "
    "task, or to the front matter for all"
)


@pytest.mark.parametrize(
    ("plan", "messages"),
    [
        (
            "- [ ] 1.1 a\n- [ ] 1.2 b\n  - verify: `make`\n- [ ] 1.3 c\n  - gate: human\n",
            ["1 of 2 open tasks"],
        ),
        ("- [x] 1.1 a\n- [ ] 1.2 b\n\n  ```sh\n  make\n  ```\n\n**VERIFY 1:** Is it good?\n", []),
    ],
)
def test_lint_counts_the_agents_tasks_that_nothing_checks(plan: str, messages: list[str]) -> None:
    problems = lint_problems(parse_plan(f"## Phase 1: A\n\n{plan}"), ("claude",), None)
    found = [p.message.partition(" ha")[0] for p in problems if p.code == "no_check"]
    assert found == messages


def test_lint_names_each_agent_that_there_is_not_once_where_it_is_named_first() -> None:
    text = (
        "---\nagent: claud\n---\n## Phase 1: A\n- [ ] 1.1 a\n- [ ] 1.2 b\n  - agent: other\n"
        "- [ ] 1.3 c\n  - agent: other\n- [ ] 1.4 d\n  - agent: codex\n"
    )
    problems = lint_problems(parse_plan(text), ("claude", "codex"), "careful")
    assert [(p.severity, p.code, p.line, p.column, p.message) for p in problems] == [
        ("warning", "parallel_without_files", 1, 1, "careful"),
        ("error", "unknown_agent", 2, 8, "there is no agent “claud”; did you mean “claude”?"),
        ("warning", "no_check", 5, 1, UNCHECKED),
        ("error", "unknown_agent", 7, 12, "there is no agent “other”; known agents: claude, codex"),
    ]
