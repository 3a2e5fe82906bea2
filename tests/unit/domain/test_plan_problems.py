"""Every problem code: a plan that has it, and where it is reported."""

from __future__ import annotations

import pytest

from orchestrator.domain.plan import Plan, Severity
from orchestrator.domain.plan_parser import PLAN_CHARACTERS_MAX, PLAN_LINES_MAX, decode_plan, parse_plan
from orchestrator.domain.plan_problems import PROBLEM_KINDS, SAME_PROBLEMS_MAX
from orchestrator.domain.plan_reading import blocks, dependencies, outline
from orchestrator.domain.plan_reading.bounds import TABLE_CELLS_MAX

HEAD = "## Phase 1: A\n"
TASK = HEAD + "- [ ] 1.1 a\n"

PLACES = [
    ("invalid_utf8", decode_plan(b"# T\xff\n" + TASK.encode()), 1, 4),
    ("control_character", TASK + "\n  \x07", 4, 3),
    ("plan_too_large", "x" * (PLAN_CHARACTERS_MAX + 1), 1, 1),
    ("plan_too_large", "\n" * PLAN_LINES_MAX, 1, 1),
    ("plan_too_large", "a\n|" + "a|" * TABLE_CELLS_MAX + "\n|" + "-|" * 9 + "\n", 2, 1),
    ("plan_too_large", "a\n" + "> " * 60 + "a\n" + "b\n" * 10_000, 2, 1),
    ("plan_too_large", "a\n" + "- > " * 60 + "a\n" + "b\n" * 10_000, 2, 1),
    ("plan_too_large", TASK + "- [ ] 1.2 b" + " (depends: 1.1)" * 101 + "\n", 3, 3),
    ("nesting_too_deep", TASK + "- " * 30 + "x\n", 3, 1),
    ("bad_front_matter", "---\nagent: claude\nagent: codex\n---\n" + TASK, 3, 1),
    ("bad_front_matter", "---\na: &a [x]\nb: *a\n---\n" + TASK, 3, 4),
    ("bad_front_matter", "---\na: [\n---\n" + TASK, 2, 5),
    ("bad_front_matter", "---\njust words\n---\n" + TASK, 2, 1),
    ("bad_front_matter", "---\nagent: claude\n" + TASK, 1, 1),
    ("bad_front_matter", "---\n" + "# x\n" * 5000 + "---\n" + TASK, 1, 1),
    ("bad_value", "---\nparallel: many\n---\n" + TASK, 2, 1),
    ("bad_value", "---\nagent: [a, b]\n---\n" + TASK, 2, 1),
    ("bad_value", TASK + "  - agent: two words\n", 3, 5),
    ("bad_value", TASK + "  - timeout: soon\n", 3, 5),
    ("bad_value", TASK + "  - timeout: 8d\n", 3, 5),
    ("bad_value", TASK + "  - timeout: 169h\n", 3, 5),
    ("bad_value", TASK + "  - attempts: 0\n", 3, 5),
    ("bad_value", TASK + "  - once: maybe\n", 3, 5),
    ("bad_value", TASK + "  - gate: robot\n", 3, 5),
    ("bad_value", TASK + "  - model: a b\n", 3, 5),
    ("bad_value", TASK + "  - verify: run `a` please\n", 3, 5),
    ("bad_value", TASK + "  - verify: echo `date\n", 3, 5),
    ("bad_value", TASK + "  - verify: test -f a &&\n    test -f b\n", 3, 5),
    ("bad_value", TASK + "  - verify:\n", 3, 5),
    ("bad_value", TASK + "  - verify:\n    ```\n    true\n    ```\n", 3, 5),
    ("duplicate_id", TASK + "- [ ] 1.1 b\n", 3, 3),
    ("duplicate_id", HEAD + "### Task 1: a\n### 1.1 b\n", 3, 1),
    ("duplicate_phase", TASK + HEAD, 3, 1),
    ("unknown_dependency", TASK + "- [ ] 1.2 b (depends: 9.9)\n", 3, 13),
    ("unknown_dependency", TASK + "- [ ] 1.2 b (depends: 1.1-1.9)\n", 3, 13),
    ("unknown_dependency", TASK + "- [ ] 1.2 b (depends: soon)\n", 3, 13),
    ("unknown_dependency", TASK + "- [ ] 1.2 b (depends on 1.x)\n", 3, 13),
    ("unknown_dependency", TASK + "- [ ] 1.2 b (depends: )\n", 3, 13),
    ("unknown_dependency", TASK + "- [ ] 1.2 b (depends: 1-999999999)\n", 3, 13),
    ("unknown_dependency", TASK + "- [ ] 1.2 b\n  (depends: all Phase 7)\n", 4, 3),
    ("unknown_dependency", TASK + "- [ ] 1.2 b\n  - depends on: 1.9\n", 4, 5),
    ("dependency_cycle", HEAD + "- [ ] 1.1 a (depends: 1.1)\n", 2, 13),
    ("dependency_cycle", HEAD + "- [ ] 1.1 a (depends: 1.2)\n- [ ] 1.2 b (depends: 1.1)\n", 2, 13),
    ("dependency_cycle", HEAD + "- [ ] 1.1 a (depends: 1.verify)\n\n**VERIFY 1:** b\n", 2, 13),
    (
        "dependency_cycle",
        HEAD
        + "**Execution Note:** Tasks 1.1-1.2 are [SEQUENTIAL]\n- [ ] 1.1 a (depends: 1.2)\n- [ ] 1.2 b\n",
        3,
        13,
    ),
    (
        "dependency_cycle",
        "**Execution Note:** Phases 1-2 are [PARALLEL]. Phases 2-3 are [PARALLEL].\n\n"
        + HEAD
        + "- [ ] 1.1 a (depends: 2.1)\n## Phase 2: B\n- [ ] 2.1 b (depends: 3.1)\n## Phase 3: C\n- [ ] 3.1 c\n",
        4,
        13,
    ),
    ("dependency_on_later_phase", HEAD + "- [ ] 1.1 a (depends: 2.1)\n## Phase 2: B\n- [ ] 2.1 b\n", 2, 13),
    (
        "dependency_on_later_phase",
        "**Execution Note:** Tasks 2.1, 1.1 are [SEQUENTIAL]\n" + TASK + "## Phase 2: B\n- [ ] 2.1 b\n",
        3,
        3,
    ),
    ("unknown_setting", "---\ncolour: red\n---\n" + TASK, 2, 1),
    ("empty_value", "---\nagent:\n---\n" + TASK, 2, 1),
    ("empty_value", TASK + "  - agent:\n", 3, 5),
    ("repeated_field", TASK + "  - agent: a\n  - agent: b\n", 4, 5),
    ("checkbox_outside_phase", "- [ ] before\n" + TASK, 1, 3),
    ("checkbox_outside_phase", TASK + "## End\n\n  1. [ ] after\n", 5, 6),
    ("nested_checkbox", TASK + "- Group\n  - [ ] 1.2 b\n", 3, 1),
    ("malformed_checkbox", TASK + "- [] 1.2 b\n", 3, 3),
    ("malformed_id", HEAD + "- [ ] 1.2.3.4 b\n", 2, 3),
    ("task_in_other_phase", HEAD + "- [ ] 2.1 a\n", 2, 3),
    ("task_in_other_phase", HEAD + "**VERIFY 2:** a\n", 2, 1),
    ("phase_out_of_order", "## Phase 2: B\n- [ ] 2.1 b\n" + TASK, 3, 1),
    ("unclear_dependency", TASK + "- [ ] 1.2 b (depends on the weather)\n", 3, 13),
    ("unclear_dependency", TASK + "- [ ] 1.2 b (depends: 1.1 and luck)\n", 3, 13),
    ("unclear_dependency", TASK + "- [ ] 1.2 b, depends on 1.1\n", 3, 3),
    ("unclear_verify", TASK + "  - Verify: all is well\n", 3, 5),
    ("unclear_execution_note", "**Execution Note:** this is [SEQUENTIAL]\n" + TASK, 1, 1),
    ("unclear_execution_note", "**Execution Note:** be [PARALLEL]\n" + TASK, 1, 1),
    ("unclear_execution_note", "**Execution Note:** Tasks 1.1-1.1 are not [SEQUENTIAL]\n" + TASK, 1, 1),
    ("unknown_in_execution_note", "**Execution Note:** Tasks 1.1-1.4 are [SEQUENTIAL]\n" + TASK, 1, 1),
    ("unknown_in_execution_note", "**Execution Note:** Phases 1-4 are [PARALLEL]\n" + TASK, 1, 1),
    ("empty_description", HEAD + "- [ ] 1.1\n", 2, 3),
    ("empty_verify", TASK + "\n**VERIFY 1:**\n", 4, 1),
    ("stray_shell_block", TASK + "\n```sh\nls\n```\n", 4, 1),
    ("nothing_to_run", TASK + "  - agent: shell\n", 2, 3),
    ("no_tasks", "# T\n", 1, 1),
    ("no_tasks", "# T\n\n## Phase 1: A\n\nWords only.\n\n1. First\n", 7, 1),
    ("heading_outside_phase", TASK + "\n## Tasks\n\n### Task 2: b\n", 6, 1),
    ("phase_without_tasks", TASK + "\n## Phase 2: B\n\nWords.\n\n- b\n", 8, 1),
]


def codes(plan: Plan) -> list[str]:
    return [problem.code for problem in plan.problems]


@pytest.mark.parametrize(("code", "text", "line", "column"), PLACES)
def test_a_problem_is_reported_once_at_its_place(code: str, text: str, line: int, column: int) -> None:
    found = [(p.line, p.column) for p in parse_plan(text).problems if p.code == code]
    assert found == [(line, column)]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        (
            HEAD + "### 1A. Dig\n### 1B. Pour\n\n## Phase 2: B\n### 2A. Roof\n",
            "3 headings such as `### 1A. Dig`",
        ),
        (HEAD + "### Step One\n", "1 heading, `### Step One`"),
        (HEAD + "#### US-12: Dig\n#### US-13: Pour\n", "2 headings such as `#### US-12: Dig`"),
        (HEAD + "### Dig\n\nwords\n\n### Pour\n", "2 headings such as `### Dig`"),
        (
            HEAD + "| Id | Task |\n|---|---|\n| 1.1 | Dig |\n| 1.2 | Pour |\n",
            "2 table rows such as `| 1.1 | Dig |`",
        ),
        (HEAD + "1. Dig\n2. Pour\n\n## Phase 2: B\n\n- Roof\n", "3 list items such as `1. Dig`"),
        (HEAD + "\n# Rest\n\n- [ ] Dig\n", "1 checkbox item, `- [ ] Dig`"),
        (HEAD + "- Walls\n  - [ ] Dig\n  - [ ] Pour\n", "1 checkbox item, `- Walls`"),
        (HEAD + "[ ] Dig\n[x] Pour\n", "2 lines such as `[ ] Dig`"),
        (HEAD + "- [v] Dig\n", "1 list item, `- [v] Dig`"),
        (
            "## Phase one\n\n- " + "long " * 20 + "\n",
            "1 list item, `- long long long long long long long long long long long lo…`",
        ),
    ],
)
def test_a_plan_without_tasks_names_what_comes_nearest_to_one(text: str, nearest: str) -> None:
    (problem,) = [problem for problem in parse_plan(text).problems if problem.code == "no_tasks"]
    assert problem.severity is Severity.ERROR
    assert problem.message.endswith(f"; what comes nearest: {nearest}")


@pytest.mark.parametrize("text", ["", "# T\n\nWords.\n", "---\ntitle: T\n---\n", HEAD + "## Phase 2: B\n"])
def test_a_plan_that_is_only_words_is_an_error_too(text: str) -> None:
    (problem,) = [problem for problem in parse_plan(text).problems if problem.code == "no_tasks"]
    assert problem.severity is Severity.ERROR
    assert "nearest" not in problem.message


def test_a_phase_of_words_may_have_no_tasks() -> None:
    assert codes(parse_plan(TASK + "\n## Phase 2: B\n\nNothing to do here.\n")) == []


def test_every_code_has_a_plan_here() -> None:
    found_by_lint = {"unknown_agent", "parallel_without_files", "no_check"}
    assert {code for code, *_ in PLACES} | {"unreadable_markdown"} | found_by_lint == set(PROBLEM_KINDS)


def test_a_fault_of_the_markdown_reader_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise IndexError

    monkeypatch.setattr("orchestrator.domain.plan_parser.read_blocks", fail)
    plan = parse_plan(TASK)
    assert codes(plan) == ["no_tasks", "unreadable_markdown"]
    assert plan.errors
    assert plan.text == TASK


def test_too_many_phases_tasks_and_dependencies_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "PHASES_MAX", 1)
    assert codes(parse_plan(TASK + "## Phase 2: B\n## Phase 3: C\n")) == ["plan_too_large"] * 2
    monkeypatch.setattr(outline, "TASKS_MAX", 2)
    plan = parse_plan(HEAD + "- [ ] a\n" * 9)
    assert codes(plan) == ["plan_too_large"]
    assert len(plan.phases[0].tasks) == 2
    monkeypatch.setattr(dependencies, "DEPENDENCIES_MAX", 5)
    assert codes(parse_plan(TASK + "- [ ] 1.2 b (depends: 1.1, 1.1, 1.1)\n")) == ["plan_too_large"]


def test_nothing_below_the_nesting_limit_is_lost() -> None:
    depth = blocks.NESTING_MAX // 2 - 1
    plan = parse_plan(HEAD + "".join("  " * level + "- [ ] x\n" for level in range(depth)))
    assert plan.problems == ()
    assert plan.phases[0].tasks[0].checklist.total == depth - 1


def test_of_many_problems_of_one_kind_the_rest_is_counted() -> None:
    plan = parse_plan(HEAD + "- [ ] 1.1 a\n" * (SAME_PROBLEMS_MAX + 11))
    assert codes(plan) == ["duplicate_id"] * (SAME_PROBLEMS_MAX + 1)
    assert plan.problems[-1].message == "10 more of these"


def test_errors_are_what_a_run_refuses() -> None:
    plan = parse_plan("- [ ] outside\n" + TASK + "- [ ] 1.1 b\n")
    assert [(p.severity, p.code) for p in plan.problems] == [
        (Severity.WARNING, "checkbox_outside_phase"),
        (Severity.ERROR, "duplicate_id"),
    ]
    assert [p.code for p in plan.errors] == ["duplicate_id"]


@pytest.mark.parametrize(
    "text",
    [
        TASK + "- [ ] 1.2 Add it (dependency injection)\n",
        TASK + "- [ ] 1.2 Say that `it depends on 1.1` somewhere\n",
        TASK + "- [ ] 1.2 b (depends: none)\n",
        TASK + "- [ ] 1.2 b (depends: `1.1`)\n",
        TASK + "- [link](x) and [text]\n- [ref]: x\n",
        "---\n# No front matter\n---\n" + TASK,
        "---\n---\n" + TASK,
        "\ufeff" + TASK,
        TASK + "  - Model: big\n  - FILES: a\n",
        "**Execution Note:** Tasks in this phase can run in [PARALLEL]\n" + TASK,
        "**Execution Note:** nothing special\n" + TASK,
    ],
)
def test_what_is_fine_gives_no_problem(text: str) -> None:
    assert parse_plan(text).problems == ()
