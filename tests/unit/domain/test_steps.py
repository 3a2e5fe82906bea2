"""How attempts begin and end: back-off, limits, `once`, interruptions, skips."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.errors import IllegalTransition
from orchestrator.domain.steps import back_off_seconds, run_step, task_step
from orchestrator.domain.task_status import RunStatus, TaskStatus, TaskTrigger

S = TaskStatus


def test_the_wait_doubles_from_five_seconds_to_five_minutes():
    assert [back_off_seconds(n) for n in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert back_off_seconds(10_000) == 300


def test_the_first_wait_can_be_chosen():
    assert [back_off_seconds(n, 0.1) for n in (1, 2, 3)] == [0.1, 0.2, 0.4]


def test_a_failed_attempt_is_put_off_and_the_last_one_fails_the_task(make_run, task):
    run = make_run(task("1.1", max_attempts=3))
    for failures, seconds in ((1, 5), (2, 10)):
        run.start("1.1")
        run.end("1.1", succeeded=False, error="broken", duration_ms=7)
        after = run.state.tasks["1.1"]
        assert (after.status, after.attempt, after.failures) == (S.PENDING, failures, failures)
        assert after.retry_at == run.now + timedelta(seconds=seconds)
        assert after.reason == f"attempt {failures} failed; the next one in {seconds} s"
        assert (after.last_error, after.duration_ms) == ("broken", None)
    run.start("1.1")
    run.end("1.1", succeeded=False, error="broken", duration_ms=7)
    after = run.state.tasks["1.1"]
    assert (after.status, after.attempt, after.retry_at) == (S.FAILED, 3, None)
    assert (after.reason, after.duration_ms) == ("attempt 3 of 3", 7)


def test_a_success_clears_the_error_and_says_whether_it_was_checked(make_run, task):
    run = make_run(task("1.1", max_attempts=2))
    run.start("1.1")
    run.end("1.1", succeeded=False, error="broken")
    run.start("1.1")
    assert run.state.tasks["1.1"].retry_at is None
    run.end("1.1", succeeded=True, verified=True, duration_ms=9)
    after = run.state.tasks["1.1"]
    assert (after.status, after.verified, after.last_error, after.duration_ms) == (S.COMPLETED, True, None, 9)
    assert after.completed_at == run.now


def test_an_interrupted_attempt_does_not_count(make_run, task):
    run = make_run(task("1.1", max_attempts=2))
    run.start("1.1")
    run.end("1.1", succeeded=False, error="broken")
    run.start("1.1")
    run.end("1.1", succeeded=False, interrupted=True, reason="interrupted by pause")
    after = run.state.tasks["1.1"]
    assert (after.status, after.failures, after.attempt) == (S.PENDING, 1, 2)
    assert (after.reason, after.retry_at) == ("interrupted by pause", None)
    run.start("1.1")
    run.end("1.1", succeeded=False, error="broken")
    assert run.state.tasks["1.1"].status is S.FAILED


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_task_with_once_never_runs_again_by_itself(make_run, task, interrupted):
    run = make_run(task("1.1", once=True, max_attempts=5))
    run.start("1.1")
    run.end("1.1", succeeded=False, interrupted=interrupted, reason="interrupted by pause")
    after = run.state.tasks["1.1"]
    assert after.status is S.FAILED
    assert after.last_error == "interrupted by pause"
    assert ("once" in after.reason) is interrupted


def test_an_attempt_that_is_skipped_and_did_not_succeed_is_skipped(make_run):
    run = make_run("1.1")
    run.start("1.1")
    run.set_end("1.1", "no need", succeeded=False, interrupted=True, duration_ms=4)
    after = run.state.tasks["1.1"]
    assert (after.status, after.reason, after.duration_ms) == (S.SKIPPED, "no need", 4)


def test_an_attempt_that_succeeded_before_it_could_be_skipped_is_completed(make_run):
    run = make_run("1.1")
    run.start("1.1")
    run.set_end("1.1", "no need", succeeded=True)
    assert run.state.tasks["1.1"].status is S.COMPLETED


def test_each_step_of_a_task_moves_its_revision_on_by_one(make_run):
    run = make_run("1.1")
    revisions = [run.state.tasks["1.1"].revision]
    for step in (TaskTrigger.START, TaskTrigger.BACK_OFF, TaskTrigger.SKIP, TaskTrigger.RETRY):
        run.do(task_step(run.state, "1.1", step))
        revisions.append(run.state.tasks["1.1"].revision)
    assert revisions == [1, 2, 3, 4, 5]


def test_steps_that_the_tables_lack_are_refused(make_run):
    run = make_run("1.1")
    with pytest.raises(IllegalTransition):
        task_step(run.state, "1.1", TaskTrigger.SUCCEED)
    with pytest.raises(IllegalTransition):
        run_step(run.state, RunStatus.STOPPED)
