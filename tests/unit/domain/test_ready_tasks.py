"""Which tasks may run, and what the others wait for."""

from __future__ import annotations

import pytest

from orchestrator.domain.blockers import (
    FilesBlocker,
    GateBlocker,
    PhaseBlocker,
    RetryBlocker,
    TaskBlocker,
)
from orchestrator.domain.ready_tasks import (
    blockers,
    can_start,
    is_ready,
    next_start,
    open_gates,
    open_phases,
    ready_tasks,
    unsettled_phases,
)
from orchestrator.domain.task_status import TaskStatus

S = TaskStatus


def test_all_tasks_of_a_phase_may_run_side_by_side_in_the_order_of_the_plan(make_run):
    run = make_run("1.2", "1.1", "1.3")
    assert run.ready() == ["1.2", "1.1", "1.3"]
    assert ready_tasks(run.state, run.now, 2) == ["1.2", "1.1"]
    assert ready_tasks(run.state, run.now, 0) == []


def test_a_task_in_progress_is_not_ready(make_run):
    run = make_run("1.1", "1.2")
    run.start("1.1")
    assert run.ready() == ["1.2"]


@pytest.mark.parametrize("settled", [S.COMPLETED, S.SKIPPED])
def test_a_dependency_is_satisfied_by_completed_or_skipped(make_run, task, settled):
    run = make_run("1.1", task("1.2", depends_on=("1.1",)))
    assert run.ready() == ["1.1"]
    run.set("1.1", settled)
    assert run.ready() == ["1.2"]


def test_a_failed_dependency_keeps_its_dependants_back_while_everything_else_goes_on(make_run, task):
    run = make_run("1.1", task("1.2", depends_on=("1.1",)), task("1.3", depends_on=("1.2",)), "1.4", "2.1")
    run.set("1.1", S.FAILED)
    assert run.ready() == ["1.4"]
    run.set("1.4", S.COMPLETED)
    assert run.ready() == []
    assert not can_start(run.state)


def test_a_phase_opens_when_all_before_it_are_settled(make_run):
    run = make_run("1.1", "1.2", "2.1", "3.1")
    assert open_phases(run.state) == [1]
    run.set("1.1", S.COMPLETED)
    assert (run.ready(), unsettled_phases(run.state)) == (["1.2"], [1, 2, 3])
    run.set("1.2", S.SKIPPED)
    assert (run.ready(), unsettled_phases(run.state)) == (["2.1"], [2, 3])


def test_a_dependency_never_opens_a_later_phase_early(make_run, task):
    run = make_run("1.1", "1.2", task("2.1", depends_on=("1.1",)))
    run.set("1.1", S.COMPLETED)
    assert run.ready() == ["1.2"]


def test_parallel_phases_are_open_together_and_what_follows_waits_for_all_of_them(make_run):
    run = make_run("1.1", "2.1", "3.1", "4.1", parallel_phases=((1, 2, 3),))
    assert run.ready() == ["1.1", "2.1", "3.1"]
    run.set("1.1", S.COMPLETED)
    assert run.ready() == ["2.1", "3.1"]
    run.set("3.1", S.COMPLETED)
    assert run.ready() == ["2.1"]
    run.set("2.1", S.COMPLETED)
    assert run.ready() == ["4.1"]


def test_parallel_phases_wait_for_an_earlier_phase_outside_their_group(make_run):
    run = make_run("1.1", "2.1", "3.1", "4.1", parallel_phases=((1, 3), (2, 4)))
    assert open_phases(run.state) == [1]
    run.set("1.1", S.COMPLETED)
    assert open_phases(run.state) == [2]
    run.set("2.1", S.COMPLETED)
    assert open_phases(run.state) == [3]


def test_dependencies_hold_across_parallel_phases(make_run, task):
    run = make_run("1.1", task("2.1", depends_on=("1.1",)), "2.2", parallel_phases=((1, 2),))
    assert run.ready() == ["1.1", "2.2"]


def test_a_sequential_group_runs_one_after_another(make_run, task):
    run = make_run("1.1", task("1.2", follows=("1.1",)), task("1.3", follows=("1.2",)), "1.4")
    assert run.ready() == ["1.1", "1.4"]
    run.set("1.1", S.COMPLETED)
    assert run.ready() == ["1.2", "1.4"]


def test_a_verify_waits_for_everything_before_it_and_nothing_after_it(make_run, task):
    run = make_run("1.1", "1.2", task("1.verify", kind="verify", runs_after_preceding=True), "1.3")
    assert run.ready() == ["1.1", "1.2", "1.3"]
    run.set("1.1", S.COMPLETED)
    run.start("1.2")
    assert run.ready() == ["1.3"]
    run.end("1.2", succeeded=True)
    assert run.ready() == ["1.verify", "1.3"]


def test_a_verify_does_not_run_after_a_failure(make_run, task):
    run = make_run("1.1", task("1.verify", runs_after_preceding=True))
    run.set("1.1", S.FAILED)
    assert run.ready() == []


def test_a_task_in_back_off_is_ready_when_its_time_has_come(make_run, task):
    run = make_run(task("1.1", max_attempts=3), task("1.2", max_attempts=3))
    for task_id in ("1.1", "1.2"):
        run.start(task_id)
        run.end(task_id, succeeded=False)
        run.later(2)
    assert run.ready() == []
    assert can_start(run.state)
    assert next_start(run.state)[0] == run.state.tasks["1.1"].retry_at
    run.later(1)
    assert run.ready() == ["1.1"]
    run.start("1.1")
    assert next_start(run.state)[0] == run.state.tasks["1.2"].retry_at


def test_a_back_off_that_something_else_holds_up_is_not_waited_for(make_run, task):
    run = make_run(task("1.1", max_attempts=2), "2.1")
    run.start("1.1")
    run.end("1.1", succeeded=False)
    assert next_start(run.state) is not None
    run.start("1.1")
    assert next_start(run.state) is None


def test_a_dependency_that_the_plan_does_not_have_keeps_nobody_back(make_run, task):
    run = make_run(task("1.1", depends_on=("7.7",)))
    assert run.ready() == ["1.1"]
    assert blockers(run.state) == {"1.1": ()}


def test_gates_are_open_when_nothing_else_is_in_their_way(make_run, task):
    run = make_run("1.1", task("1.2", gate="human", depends_on=("1.1",)), task("2.1", gate="human"))
    assert open_gates(run.state) == []
    run.set("1.1", S.COMPLETED)
    assert open_gates(run.state) == ["1.2"]
    assert not can_start(run.state)


def test_every_pending_task_says_what_it_waits_for(make_run, task):
    run = make_run(
        task("1.1", max_attempts=2),
        "1.2",
        task("1.3", depends_on=("1.1", "1.2", "1.1"), follows=("1.2",)),
        task("1.4", gate="human"),
        task("1.5", runs_after_preceding=True, depends_on=("1.2",)),
        task("2.1", depends_on=("1.2",)),
    )
    run.start("1.1")
    run.end("1.1", succeeded=False)
    run.start("1.2")
    assert blockers(run.state) == {
        "1.1": (RetryBlocker(),),
        "1.3": (TaskBlocker(task_id="1.1"), TaskBlocker(task_id="1.2")),
        "1.4": (GateBlocker(text="human"),),
        "1.5": tuple(TaskBlocker(task_id=before) for before in ("1.2", "1.1", "1.3", "1.4")),
        "2.1": (TaskBlocker(task_id="1.2"), PhaseBlocker(phase=1)),
    }


def test_tasks_that_declare_the_same_files_never_run_at_the_same_time(make_run, task):
    run = make_run(
        task("1.1", files=("README.md",)),
        task("1.2", files=("README.md", "a.py")),
        task("1.3", files=("b.py",)),
        task("1.4", files=("docs/../a.py",)),
        "1.5",
    )
    assert run.ready() == ["1.1", "1.3", "1.4", "1.5"]
    assert is_ready(run.state, "1.2", run.now)
    run.start("1.1")
    assert not is_ready(run.state, "1.2", run.now)
    assert run.ready() == ["1.3", "1.4", "1.5"]
    assert blockers(run.state)["1.2"] == (FilesBlocker(task_id="1.1"),)
    run.start("1.4")
    assert blockers(run.state)["1.2"] == (FilesBlocker(task_id="1.1"), FilesBlocker(task_id="1.4"))
    run.end("1.1", succeeded=True)
    assert run.ready() == ["1.3", "1.5"]
    run.end("1.4", succeeded=True)
    assert run.ready() == ["1.2", "1.3", "1.5"]
    assert blockers(run.state)["1.2"] == ()


def test_a_run_does_not_wake_for_a_task_whose_files_are_in_use(make_run, task):
    run = make_run(task("1.1", files=("a",), max_attempts=2), task("1.2", files=("a",)))
    run.start("1.1")
    run.end("1.1", succeeded=False, error="broken")
    run.start("1.2")
    assert run.state.tasks["1.1"].retry_at is not None
    assert next_start(run.state) is None
    assert can_start(run.state)
