"""The short texts that carry meaning, in the many ways in which people write them."""

from __future__ import annotations

import pytest

from orchestrator.domain.plan import Plan, Task
from orchestrator.domain.plan_parser import parse_plan

HEAD = "## Phase 1: A\n"
TASKS = HEAD + "- [ ] 1.1 a\n- [ ] 1.2 b\n- [ ] 1.3 c\n"


def last_task(text: str) -> Task:
    return list(parse_plan(text).tasks())[-1]


def codes(plan: Plan) -> list[str]:
    return [problem.code for problem in plan.problems]


@pytest.mark.parametrize(
    ("written", "description", "depends_on"),
    [
        ("Draw it (depends: 1.1)", "Draw it", "1.1"),
        ("Draw it: now - (depends: 1.1)", "Draw it: now -", "1.1"),
        ("Draw (depends:1.1,1.2) it", "Draw it", "1.1 1.2"),
        ("Draw it (depends 1.1)", "Draw it", "1.1"),
        ("Draw it (depends on: 1.1)", "Draw it", "1.1"),
        ("Draw it (Depends: task 1.1 & 1.2)", "Draw it", "1.1 1.2"),
        ("Draw it (dependencies: 1.1; 1.2)", "Draw it", "1.1 1.2"),
        ("Draw it (depends on tasks 1, 2 and 3)", "Draw it", "1.1 1.2 1.3"),
        ("Draw it (depends: 1.3-1.1)", "Draw it", "1.1 1.2 1.3"),
        ("Draw it (depends: 1.1 to 1.3)", "Draw it", "1.1 1.2 1.3"),
        ("Draw it (depends: 1.1—3)", "Draw it", "1.1 1.2 1.3"),
        ("Draw it (depends: all tasks in phase 1)", "Draw it", "1.1 1.2 1.3"),
        ("Draw it (depends: all Phase 1)", "Draw it", "1.1 1.2 1.3"),
        ("Draw it (depends: 1.1) (depends: 1.2)", "Draw it", "1.1 1.2"),
        ("Draw it **(depends: 1.1)**", "Draw it", "1.1"),
        ("Draw it _(depends: **1.1**)_ well", "Draw it well", "1.1"),
        ("Draw it (depends: `1.1`)", "Draw it", "1.1"),
        ("Draw it <!-- a note --> (depends: none)", "Draw it", ""),
        ("**Draw it** (depends: 1.1)", "Draw it", "1.1"),
        ("Draw `(depends: 1.1)` it", "Draw `(depends: 1.1)` it", ""),
        ("Draw it\n  as told (depends:\n  1.1, 1.2)", "Draw it as told", "1.1 1.2"),
    ],
)
def test_dependencies_are_read_and_leave_no_trace(written: str, description: str, depends_on: str) -> None:
    text = f"{TASKS}- [ ] 1.4 {written}\n"
    task = last_task(text)
    assert (task.description, " ".join(task.depends_on)) == (description, depends_on)
    assert parse_plan(text).problems == ()


@pytest.mark.parametrize(
    ("note", "sequential", "parallel"),
    [
        ("Tasks 1.1-1.3 are [SEQUENTIAL]", "1.1 1.2 1.3", ""),
        ("Tasks 1.3, 1.1 are [SEQUENTIAL]", "1.3 1.1", ""),
        ("Tasks 1 to 2 must run [SEQUENTIAL].", "1.1 1.2", ""),
        ("1.1-1.3 are [SEQUENTIAL]", "1.1 1.2 1.3", ""),
        ("Phase 1 is [SEQUENTIAL]", "1.1 1.2 1.3", ""),
        ("All tasks in this phase are `[SEQUENTIAL]`", "1.1 1.2 1.3", ""),
        ("Phases 1-2 are [SEQUENTIAL]", "", ""),
        ("Phases 1-2 are [PARALLEL]", "", "1 2"),
        ("Phase 1 and Phase 2 are [PARALLEL]", "", "1 2"),
        ("Phases 1, 2 can run in [PARALLEL] - task 1.1 is small", "", "1 2"),
        ("All phases are [PARALLEL]", "", "1 2"),
        ("Phase 1 is [PARALLEL]", "", ""),
        ("After task 1.1 is done. Phases 1–2 are [PARALLEL]", "", "1 2"),
        (
            "Tasks 1.1-1.2 are [SEQUENTIAL] as 1.1 makes what 1.2 needs, phases 1-2 are [PARALLEL]",
            "1.1 1.2",
            "1 2",
        ),
        ("PARALLEL without brackets, Phases 1-2", "", ""),
    ],
)
def test_execution_notes_are_read(note: str, sequential: str, parallel: str) -> None:
    plan = parse_plan(
        TASKS.replace(HEAD, f"{HEAD}**Execution Note:** {note}\n\n") + "## Phase 2: B\n- [ ] 2.1 d\n"
    )
    assert [" ".join(group) for group in plan.sequential_groups] == ([sequential] if sequential else [])
    assert [" ".join(map(str, sorted(group))) for group in plan.parallel_phases] == (
        [parallel] if parallel else []
    )
    assert plan.problems == ()


@pytest.mark.parametrize(
    ("heading", "number", "name"),
    [
        ("## Phase 1: Name", 1, "Name"),
        ("### Phase 0", 0, ""),
        ("## Phase 12 – Name: with more", 12, "Name: with more"),
        ("## Phase 2—Name", 2, "Name"),
        ("## Phase 3 - Name - more", 3, "Name - more"),
        ("## Phase 4. Name", 4, "Name"),
        ("## phase 5 Name (depends on Phase 4)", 5, "Name (depends on Phase 4)"),
        ("## **Phase 6:** Name ##", 6, "Name"),
        ("## **Phase 7: Name**", 7, "Name"),
    ],
)
def test_a_phase_heading_has_number_and_name(heading: str, number: int, name: str) -> None:
    plan = parse_plan(f"{heading}\n- [ ] {number}.1 a\n")
    assert [(phase.number, phase.name) for phase in plan.phases] == [(number, name)]
    assert plan.problems == ()


@pytest.mark.parametrize(
    "heading", ["# Phase 1: A", "#### Phase 1: A", "## Phase 1.2: A", "## Phase One", "## My Phase 1"]
)
def test_other_headings_open_no_phase(heading: str) -> None:
    plan = parse_plan(f"## Phase 9: Real\n- [ ] 9.1 a\n\n{heading}\n")
    assert [phase.number for phase in plan.phases] == [9]


@pytest.mark.parametrize(
    ("written", "task_id", "description"),
    [
        ("**VERIFY 1:** all is well", "1.verify", "all is well"),
        ("**VERIFY Phase 1:** all is well", "1.verify", "all is well"),
        ("**VERIFY 1**: all is well", "1.verify", "all is well"),
        ("**VERIFY 1.1:** all is well", "1.1.verify", "all is well"),
        ("**VERIFY:** all is well", "1.verify", "all is well"),
        ("__VERIFY 1:__ all is well", "1.verify", "all is well"),
        ("**VERIFY 1 – all is well**", "1.verify", "all is well"),
        ("VERIFY 1: all is well", "1.verify", "all is well"),
        ("- [ ] **VERIFY 1**: all is well", "1.verify", "all is well"),
        ("- [ ] VERIFY 1: all is well", "1.verify", "all is well"),
        ("- **VERIFY 1:** all is well", "1.verify", "all is well"),
        ("- [ ] **VERIFY 1**\n  - all\n  - is well", "1.verify", "all; is well"),
        ("**VERIFY 1:**\n- all\n- [ ] is well", "1.verify", "all; is well"),
        ("**VERIFY 1:**\n\nAll of it:\n\n- is well", "1.verify", "is well"),
        ("### VERIFY 1\n\n- [ ] all is well", "1.verify", "all is well"),
    ],
)
def test_verify_makes_one_check_that_runs_after_what_stands_before(
    written: str, task_id: str, description: str
) -> None:
    task = last_task(f"{TASKS}\n{written}\n")
    assert (task.id, task.kind, task.description) == (task_id, "verify", description)
    assert task.runs_after_preceding
    assert not task.depends_on


def test_a_verify_right_below_a_list_is_no_continuation_of_its_last_item() -> None:
    plan = parse_plan(TASKS + "**VERIFY 1:** look\nat it\n")
    assert [(task.id, task.description) for task in plan.tasks()][-2:] == [
        ("1.3", "c"),
        ("1.verify", "look at it"),
    ]


@pytest.mark.parametrize(
    "written", ["VERIFY that all is well", "- [ ] VERIFY all", "**Verify:** all", "Then VERIFY 1: it"]
)
def test_a_sentence_is_no_verify(written: str) -> None:
    assert {task.kind for task in parse_plan(f"{TASKS}\n{written}\n").tasks()} == {"task"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("15 min", 900),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        ("168h", 604_800),
    ],
)
def test_a_timeout_is_a_duration(text: str, seconds: int) -> None:
    assert last_task(f"{HEAD}- [ ] 1.1 a\n  - timeout: {text}\n").timeout_seconds == seconds


def test_the_shell_agent_runs_blocks_whoever_does_the_rest() -> None:
    plan = parse_plan(
        "---\nagent: claude\n---\n" + HEAD + "- [ ] 1.1 a\n- [ ] 1.2 b\n\n  ```sh\n  ls\n  ```\n"
        "- [ ] 1.3 c\n  - agent: codex\n\n  ```sh\n  ls\n  ```\n"
    )
    assert [task.agent for task in plan.tasks()] == ["claude", None, "codex"]


def test_details_are_the_raw_lines_below_a_task() -> None:
    plan = parse_plan(HEAD + "- [ ] 1.1 a\n  - one\n    - two\n\n  three\n\n- [ ] 1.2 b\n")
    assert [task.details for task in plan.tasks()] == ["- one\n  - two\n\nthree", ""]


def test_a_long_list_of_points_is_summed_up_in_one_line() -> None:
    task = last_task(TASKS + "\n**VERIFY 1:**\n" + "- a point that is quite long\n" * 20)
    assert len(task.description) <= 200
    assert task.description.endswith("…")


def test_a_check_cannot_come_before_what_it_checks() -> None:
    assert codes(parse_plan(HEAD + "**VERIFY 1:** a (depends: 1.1)\n\n- [ ] 1.1 x\n")) == ["dependency_cycle"]
