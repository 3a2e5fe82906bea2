"""From a plan to event 1: agents, limits, order, and what earlier runs have done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.domain.events import FindingPlace, PlannedTask
from orchestrator.domain.evidence import Remark
from orchestrator.domain.plan import CodeBlock, Phase, Plan, Problem, Severity, Span, Task, TaskId, TaskKind
from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.run_state import RunState, TaskState, evolve
from orchestrator.domain.steps import AttemptResult, end_attempt, start_attempt
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.known_tasks import Known, KnownTask, from_document, known_of_run, left_by
from orchestrator.engine.outline import CHECK_OUTDATED, RunChoices, handed_on, plan_loaded
from orchestrator.engine.records import PlanFile

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FILE = PlanFile("p", "docs/plans/p.md", b"", NOON)
SH = CodeBlock("sh", "make", 3)
S = TaskStatus
DENIED = Remark(kind="calls_denied", count=2)


def task(task_id: str, **fields) -> Task:
    return Task(
        **{"id": TaskId(task_id), "description": "d", "phase": 1, "line": 3, "span": Span(0, 0), **fields}
    )


def loaded(*tasks: Task, known=None, choices=None, predecessor=None, **fields):
    plan = Plan("P", phases=(Phase(1, "one", 1, Span(0, 0), tasks=tasks),), **fields)
    before = tuple(
        KnownTask(PlannedTask(id=task_id, phase=1, description="d"), left_by(state, predecessor or ""))
        for task_id, state in (known or {}).items()
    )
    return plan_loaded(plan, FILE, known=Known(before), choices=choices or RunChoices())


@pytest.mark.parametrize(
    ("fields", "chosen", "limit"),
    [
        ({}, None, 2),
        ({}, 4, 4),
        ({"attempts": 3}, 4, 3),
        ({"shell_blocks": (SH,), "is_script": True}, None, 1),
        ({"shell_blocks": (SH,)}, None, 2),
        ({"once": True, "attempts": 3}, 4, 1),
    ],
)
def test_the_limit_of_attempts(fields, chosen, limit):
    (planned,) = loaded(task("1.1", **fields), choices=RunChoices(max_attempts=chosen)).tasks
    assert planned.max_attempts == limit


def test_sequential_groups_and_parallel_phases_are_spelled_out():
    group = tuple(TaskId(t) for t in ("1.1", "1.2", "1.3"))
    begun = loaded(
        *(task(t) for t in group), sequential_groups=(group,), parallel_phases=(frozenset({2, 1}),)
    )
    assert [planned.follows for planned in begun.tasks] == [(), ("1.1",), ("1.2",)]
    assert begun.parallel_phases == ((1, 2),)


@pytest.mark.parametrize(
    ("before", "once", "after"),
    [
        (S.PENDING, False, S.PENDING),
        (S.IN_PROGRESS, False, S.PENDING),
        (S.IN_PROGRESS, True, S.FAILED),
        (S.COMPLETED, False, S.COMPLETED),
        (S.FAILED, False, S.PENDING),
        (S.FAILED, True, S.FAILED),
        (S.SKIPPED, False, S.SKIPPED),
    ],
)
def test_what_becomes_of_a_task_in_the_next_run(before, once, after):
    known = {
        "1.1": TaskState(
            status=before, attempt=2, failures=2, revision=6, finding="f.md", verified=True, remarks=(DENIED,)
        )
    }
    (planned,) = loaded(task("1.1", once=once), known=known).tasks
    assert planned.status is after
    assert planned.revision == (6 if before is after else 7)
    assert (planned.attempt, planned.finding) == (2, "f.md")
    assert (planned.verified, planned.remarks) == (True, (DENIED,))
    state = evolve(RunState(), loaded(task("1.1", once=once), known=known), NOON)
    assert state.tasks["1.1"].failures == 0


@pytest.mark.parametrize(("before", "after"), [(None, "orch-1"), ("orch-0", "orch-0")])
def test_where_a_finding_is_kept_is_named_for_the_next_run(before, after):
    place = FindingPlace(instance_id=before, task_id="7.1", attempt=3, size_bytes=9, written_at=NOON)
    (planned,) = loaded(
        task("1.1"), known={"1.1": TaskState(finding_place=place)}, predecessor="orch-1"
    ).tasks
    assert planned.finding_place == place.model_copy(update={"instance_id": after})


def test_a_ticked_box_counts_only_for_a_task_that_no_run_has_seen():
    known = {"1.1": TaskState(status=S.SKIPPED)}
    begun = loaded(task("1.1", checked=True), task("1.2", checked=True), known=known)
    assert [planned.status for planned in begun.tasks] == [S.SKIPPED, S.COMPLETED]
    assert begun.problems == ("line 3: task 1.1 is ticked, but the log says skipped",)


def test_what_the_parser_found_is_in_the_log():
    problem = Problem(Severity.WARNING, "empty", "phase 1 has no tasks", 4)
    assert loaded(problems=(problem,)).problems == ("line 4: phase 1 has no tasks",)


def test_entries_of_status_json_that_make_no_sense_are_left_out():
    document = {
        "tasks": [
            {"id": "1.1", "status": "completed", "startedAt": "2026-01-01T12:00:00Z", "completedAt": "soon"},
            {"id": "1.2", "status": "perhaps"},
            {"id": 7, "status": "completed"},
            "rubbish",
            {"id": "1.3", "status": "pending", "duration": "long", "retryCount": True, "lastError": 5},
        ]
    }
    found = {known.planned.id: known.state for known in from_document(document)}
    assert list(found) == ["1.1", "1.3"]
    assert (found["1.1"].started_at, found["1.1"].completed_at) == (NOON, None)
    assert (found["1.3"].duration_ms, found["1.3"].retry_count, found["1.3"].last_error) == (None, 0, None)
    assert from_document({}) == from_document({"tasks": "none"}) == []


def test_what_is_handed_on_is_what_was_done():
    known = {"1.1": TaskState(status=S.COMPLETED, attempt=1, revision=3)}
    state = evolve(RunState(), loaded(task("1.1"), task("1.2", depends_on=("1.1",)), known=known), NOON)
    again = evolve(RunState(), handed_on(state, "orch-1"), NOON)
    assert again.tasks == state.tasks
    assert again.outline.predecessor == "orch-1"
    assert again.outline.tasks["1.2"].depends_on == ("1.1",)


def test_a_task_in_two_sequential_groups_waits_for_both():
    text = (
        "# T\n\n## Phase 1: A\n\n**Execution Note:** Tasks 1.1, 1.3 are [SEQUENTIAL]. "
        "Tasks 1.2, 1.3 are [SEQUENTIAL].\n\n- [ ] 1.1 a\n- [ ] 1.2 b\n- [ ] 1.3 c\n"
    )
    file = PlanFile("t", "t.md", text.encode(), datetime(2030, 1, 1, tzinfo=UTC))
    begun = plan_loaded(parse_plan(text), file)
    assert sorted(begun.tasks[2].follows) == ["1.1", "1.2"]


def test_a_tick_with_a_check_waits_for_it_in_the_next_run_too():
    ticked = task("1.1", checked=True, verify=("make test",))
    begun = loaded(ticked)
    (planned,) = begun.tasks
    assert (planned.status, planned.tick_unchecked) == (S.PENDING, True)
    state = evolve(RunState(), begun, NOON)
    again = plan_loaded(
        Plan("P", phases=(Phase(1, "one", 1, Span(0, 0), tasks=(ticked,)),)),
        FILE,
        known=known_of_run(state, "orch-1"),
    )
    assert (again.tasks[0].status, again.tasks[0].tick_unchecked) == (S.PENDING, True)
    assert loaded(task("1.1", checked=True, verify=("true",), gate="human")).tasks[0].status is S.COMPLETED


def test_a_tick_that_its_check_refuted_is_not_checked_again():
    ticked = task("1.1", checked=True, verify=("make test",))
    state = evolve(RunState(), loaded(ticked), NOON)
    state = evolve(state, start_attempt(state, "1.1", "shell"), NOON)
    assert state.tasks["1.1"].tick_unchecked
    refuted = end_attempt(
        state, "1.1", AttemptResult(succeeded=False, refutes_tick=True, error="no"), NOON, 1.0
    )
    state = evolve(state, refuted, NOON)
    assert (state.tasks["1.1"].status, state.tasks["1.1"].tick_unchecked) == (S.PENDING, False)
    assert state.tasks["1.1"].failures == 0


def test_a_check_that_was_done_is_due_again_where_tasks_before_it_in_its_phase_are_new():
    done = TaskState(S.COMPLETED, attempt=1, revision=2, verified=True)
    verify = {"kind": TaskKind.VERIFY, "runs_after_preceding": True}
    old = (task("1.1"), task("1.2", **verify))
    known = {"1.1": done, "1.2": done}
    assert [planned.status for planned in loaded(*old, known=known).tasks] == [S.COMPLETED] * 2
    behind = loaded(*old, task("1.3"), known=known).tasks
    assert [planned.status for planned in behind] == [S.COMPLETED, S.COMPLETED, S.PENDING]
    before = loaded(task("1.3"), *old, known=known).tasks
    assert [planned.status for planned in before] == [S.PENDING, S.COMPLETED, S.PENDING]
    assert before[2].reason == CHECK_OUTDATED
    assert before[2].verified is False
    assert before[2].attempt == 1


def test_a_check_that_its_writer_ticked_stays_ticked():
    ticked = task("1.2", kind=TaskKind.VERIFY, runs_after_preceding=True, checked=True)
    assert [planned.status for planned in loaded(task("1.1"), ticked).tasks] == [S.PENDING, S.COMPLETED]
