"""What each command does, in every status of the run and of the task; and what follows by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.commands import Command, CommandState, Pause, Resume, RetryTask, Shutdown, SkipTask
from orchestrator.domain.decisions import blocked_reason, conclude_skip, decide, given_up_reason, settle
from orchestrator.domain.declined import declined_text
from orchestrator.domain.events import OrchestratorChanged, PhaseChanged, TaskChanged
from orchestrator.domain.run_state import RunState
from orchestrator.domain.task_status import RunStatus, TaskStatus

R, S = RunStatus, TaskStatus
ENDED = [status for status in RunStatus if status.has_ended]
REJECTED, APPLIED = CommandState.REJECTED, CommandState.APPLIED


@pytest.fixture
def state_of(make_run):
    def make(run_status: RunStatus, task_status: TaskStatus = S.PENDING) -> RunState:
        run = make_run("1.1", "1.2")
        run.set("1.1", task_status)
        return replace(run.state, status=run_status)

    return make


def effects(decision) -> list[object]:
    """The statuses that the events lead to."""
    return [event.new_status for event in decision.events]


RUN_COMMANDS = """
           pause          resume         shutdown
starting   paused         nothing        stopping
running    paused         nothing        stopping
paused     nothing        running        stopping
blocked    paused         blocked!       stopping
stopping   illegal!       illegal!       nothing
completed  ended!         ended!         nothing
failed     ended!         ended!         nothing
stopped    ended!         ended!         nothing
crashed    ended!         ended!         nothing
"""
CODES = {"blocked!": "blocked", "illegal!": "illegal_transition", "ended!": "orchestrator_ended"}


def run_cells():
    head, *rows = (line.split() for line in RUN_COMMANDS.strip().splitlines())
    for status, *answers in rows:
        for verb, answer in zip(head, answers, strict=True):
            yield pytest.param(R(status), verb, answer, id=f"{verb}-{status}")


@pytest.mark.parametrize(("status", "verb", "answer"), list(run_cells()))
@pytest.mark.parametrize("task_status", S, ids=str)
@pytest.mark.parametrize("is_swift", [False, True], ids=["gently", "swiftly"])
def test_pause_resume_and_shutdown_in_every_status(state_of, status, verb, answer, task_status, is_swift):
    commands: dict[str, Command] = {
        "pause": Pause(mode="now" if is_swift else "drain"),
        "resume": Resume(),
        "shutdown": Shutdown(force=is_swift),
    }
    decision = decide(state_of(status, task_status), commands[verb])
    if answer in CODES:
        assert (decision.outcome, decision.code, decision.events) == (REJECTED, CODES[answer], ())
    else:
        assert decision.outcome is APPLIED
        assert effects(decision) == ([] if answer == "nothing" else [R(answer)])
    interrupts = is_swift and verb != "resume" and task_status is S.IN_PROGRESS and answer not in CODES
    assert decision.interrupt == (("1.1",) if interrupts and not status.has_ended else ())
    assert decision.message.endswith((".", "!"))


TASK_COMMANDS = """
             skip      retry     force
pending      skipped   illegal!  illegal!
in_progress  open      illegal!  illegal!
completed    illegal!  illegal!  pending
failed       skipped   pending   pending
skipped      illegal!  pending   pending
"""


def task_cells():
    head, *rows = (line.split() for line in TASK_COMMANDS.strip().splitlines())
    for status, *answers in rows:
        for verb, answer in zip(head, answers, strict=True):
            yield pytest.param(S(status), verb, answer, id=f"{verb}-{status}")


@pytest.mark.parametrize(("task_status", "verb", "answer"), list(task_cells()))
@pytest.mark.parametrize("status", R, ids=str)
def test_skip_and_retry_in_every_status(state_of, status, task_status, verb, answer):
    commands = {
        "skip": SkipTask(task_id="1.1"),
        "retry": RetryTask(task_id="1.1"),
        "force": RetryTask(task_id="1.1", force=True),
    }
    decision = decide(state_of(status, task_status), commands[verb])
    if status.has_ended:
        answer = "ended!"
    elif status is R.STOPPING and answer == "pending":
        answer = "illegal!"
    if answer in CODES:
        assert (decision.outcome, decision.code, decision.events) == (REJECTED, CODES[answer], ())
        assert decision.interrupt == ()
    elif answer == "open":
        assert (decision.outcome, decision.events, decision.interrupt) == (None, (), ("1.1",))
    else:
        lifts = [R.RUNNING] if status is R.BLOCKED and answer == "pending" else []
        assert decision.outcome is APPLIED
        assert effects(decision) == [S(answer), *lifts]


@pytest.mark.parametrize("status", R, ids=str)
@pytest.mark.parametrize(
    "command", [SkipTask(task_id="9.9"), RetryTask(task_id="9.9")], ids=["skip", "retry"]
)
def test_a_task_that_the_plan_does_not_have_is_said_first(state_of, status, command):
    decision = decide(state_of(status), command)
    assert (decision.outcome, decision.code) == (REJECTED, "task_not_found")
    assert "'9.9'" in decision.message


def test_a_task_that_has_moved_on_is_left_alone(make_run):
    run = make_run("1.1")
    run.set("1.1", S.FAILED)
    revision = run.state.tasks["1.1"].revision
    for kind in (SkipTask, RetryTask):
        late = decide(run.state, kind(task_id="1.1", if_revision=revision - 1))
        assert (late.outcome, late.code) == (REJECTED, "revision_mismatch")
        assert f"revision {revision}" in late.message
        assert decide(run.state, kind(task_id="1.1", if_revision=revision)).outcome is APPLIED


def test_a_rejected_resume_of_a_blocked_run_names_the_tasks_in_the_way(make_run, task):
    run = make_run("1.1", "1.2", task("1.3", gate="human"))
    run.set("1.1", S.FAILED)
    run.set("1.2", S.COMPLETED)
    assert run.settle()[-1].new_status is R.BLOCKED
    decision = decide(run.state, Resume())
    assert decision.outcome is REJECTED
    assert "Task 1.1 failed" in decision.message
    assert "Task 1.3 waits for a person" in decision.message
    assert "retry-task" in decision.message


def test_a_pause_says_what_will_still_finish(make_run):
    run = make_run("1.1")
    run.start("1.1")
    assert "1.1 will finish" in run.command(Pause()).message


def test_skipping_what_is_in_progress_is_concluded_by_how_it_ended(make_run):
    run, command = make_run("1.1"), SkipTask(task_id="1.1", if_revision=2)
    run.start("1.1")
    assert decide(run.state, command).outcome is None
    ended = {
        "skipped": {"succeeded": False, "interrupted": True},
        "completed": {"succeeded": True},
    }
    for how, result in ended.items():
        other = make_run("1.1")
        other.start("1.1")
        other.set_end("1.1", "skipped by command", **result)
        decision = conclude_skip(other.state, command)
        assert decision.outcome is (APPLIED if how == "skipped" else REJECTED)
        assert decision.events == ()
        assert how in decision.message


def test_a_skip_whose_task_failed_meanwhile_is_decided_anew_whatever_revision_was_asked_for(make_run):
    run, command = make_run("1.1"), SkipTask(task_id="1.1", if_revision=2, reason="enough")
    run.start("1.1")
    run.end("1.1", succeeded=False, error="broken")
    decision = conclude_skip(run.state, command)
    assert decision.outcome is APPLIED
    (event,) = decision.events
    assert isinstance(event, TaskChanged)
    assert (event.new_status, event.reason) == (S.SKIPPED, "enough")


def test_a_retry_gives_a_fresh_limit_of_attempts_and_says_why(make_run, task):
    run = make_run(task("1.1", max_attempts=2))
    run.set("1.1", S.FAILED)
    assert run.state.tasks["1.1"].failures == 2
    run.command(RetryTask(task_id="1.1", note="use the other key"))
    after = run.state.tasks["1.1"]
    assert (after.status, after.failures, after.attempt) == (S.PENDING, 0, 2)
    assert after.reason == "retry: use the other key"
    assert after.last_error == "broken"


def test_a_task_that_runs_again_has_the_checks_behind_it_in_its_phase_run_again(make_run, task):
    checks = [task(f"1.{n}", kind="verify", runs_after_preceding=True) for n in (2, 4, 6)]
    run = make_run("1.1", checks[0], "1.3", checks[1], "1.5", checks[2])
    for task_id in ("1.1", "1.2", "1.3", "1.4"):
        run.set(task_id, S.COMPLETED)
    run.command(RetryTask(task_id="1.3", force=True))
    assert {i: str(t.status) for i, t in run.state.tasks.items()} == {
        "1.1": "completed",
        "1.2": "completed",
        "1.3": "pending",
        "1.4": "pending",
        "1.5": "pending",
        "1.6": "pending",
    }
    assert run.state.tasks["1.4"].reason == "task 1.3, which it checks, runs again"


def test_a_retry_lifts_blocked_but_not_paused(make_run):
    run = make_run("1.1")
    run.set("1.1", S.FAILED)
    run.settle()
    assert run.state.status is R.BLOCKED
    run.command(Pause())
    run.command(RetryTask(task_id="1.1"))
    assert run.state.status is R.PAUSED
    run.command(Resume())
    assert run.state.status is R.RUNNING
    assert run.ready() == ["1.1"]


def settled_statuses(run) -> list[RunStatus]:
    return [event.new_status for event in run.settle() if isinstance(event, OrchestratorChanged)]


class TestWhatFollows:
    @pytest.mark.parametrize("task_status", S, ids=str)
    @pytest.mark.parametrize("status", ENDED, ids=str)
    def test_nothing_follows_an_end(self, state_of, status, task_status):
        assert settle(state_of(status, task_status), has_attempts=False) == []

    def test_a_run_starts_and_opens_its_first_phase(self, make_run):
        run = make_run("1.1", status=R.STARTING)
        assert run.settle() == [
            PhaseChanged(old_phase=None, new_phase=1),
            OrchestratorChanged(old_status=R.STARTING, new_status=R.RUNNING),
        ]
        assert run.settle() == []

    def test_a_plan_without_tasks_is_completed_at_once(self, make_run):
        assert settled_statuses(make_run(status=R.STARTING)) == [R.COMPLETED]

    def test_a_run_whose_tasks_are_all_settled_is_completed(self, make_run):
        run = make_run("1.1", "2.1")
        run.set("1.1", S.COMPLETED)
        run.set("2.1", S.SKIPPED)
        assert settled_statuses(run) == [R.COMPLETED]
        assert run.state.current_phase is None

    def test_nothing_is_completed_while_processes_are_being_ended(self, make_run):
        run = make_run("1.1")
        run.set("1.1", S.COMPLETED)
        assert not any(isinstance(e, OrchestratorChanged) for e in run.settle(has_attempts=True))
        assert settled_statuses(run) == [R.COMPLETED]

    def test_the_next_phase_is_said_when_the_one_before_is_settled(self, make_run):
        run = make_run("1.1", "2.1")
        run.settle()
        run.set("1.1", S.COMPLETED)
        assert run.settle() == [PhaseChanged(old_phase=1, new_phase=2)]

    def test_a_failed_task_does_not_block_while_another_can_run_or_runs(self, make_run):
        run = make_run("1.1", "1.2")
        run.set("1.1", S.FAILED)
        assert settled_statuses(run) == []
        run.start("1.2")
        assert settled_statuses(run) == []
        run.end("1.2", succeeded=True)
        assert settled_statuses(run) == [R.BLOCKED]
        assert run.state.reason == "Task 1.1 failed: retry-task or skip-task lets the run go on."

    def test_a_back_off_does_not_block(self, make_run, task):
        run = make_run(task("1.1", max_attempts=2))
        run.start("1.1")
        run.end("1.1", succeeded=False)
        assert run.ready() == []
        assert settled_statuses(run) == []

    def test_a_blocked_run_goes_on_when_a_skip_makes_way(self, make_run, task):
        run = make_run("1.1", task("1.2", depends_on=("1.1",)))
        run.set("1.1", S.FAILED)
        assert settled_statuses(run) == [R.BLOCKED]
        run.command(SkipTask(task_id="1.1"))
        assert settled_statuses(run) == [R.RUNNING]

    def test_a_paused_run_stays_paused_unless_everything_is_settled(self, make_run):
        run = make_run("1.1", status=R.PAUSED)
        assert settled_statuses(run) == []
        run.command(SkipTask(task_id="1.1"))
        assert settled_statuses(run) == [R.COMPLETED]

    def test_a_stopping_run_stops_when_nothing_runs_any_more(self, make_run):
        run = make_run("1.1", "1.2")
        run.start("1.1")
        run.command(Shutdown())
        assert settled_statuses(run) == []
        run.end("1.1", succeeded=True)
        assert settle(run.state, has_attempts=True) == []
        assert settled_statuses(run) == [R.STOPPED]
        assert run.statuses() == {"1.1": "completed", "1.2": "pending"}

    def test_a_plan_in_which_a_phase_waits_for_a_later_one_says_so(self, make_run, task):
        run = make_run(task("1.1", depends_on=("2.1",)), "2.1")
        assert settled_statuses(run) == [R.BLOCKED]
        assert blocked_reason(run.state) == "Task 1.1 waits for 2.1."

    def test_a_declined_task_is_told_apart_as_it_needs_a_person(self, make_run):
        run = make_run("1.1", "1.2", "1.3")
        for task_id, error in (("1.1", "broken"), ("1.2", "broken"), ("1.3", declined_text("no token"))):
            run.start(task_id)
            run.end(task_id, succeeded=False, is_final=True, error=error)
        assert run.state.tasks["1.3"].reason == "attempt 1; it would decline again"
        assert given_up_reason(run.state) == (
            "Tasks 1.1, 1.2 failed: start the plan again to try them again. Task 1.3 was declined and needs a "
            "person: add what is missing, or skip it; start the plan again to try it again."
        )
        assert blocked_reason(run.state).endswith("add what is missing and retry-task, or skip-task.")

    def test_many_tasks_in_the_way_are_counted_not_listed(self, make_run):
        run = make_run(*(f"1.{n}" for n in range(1, 14)))
        for n in range(1, 14):
            run.set(f"1.{n}", S.FAILED)
        assert blocked_reason(run.state).startswith(
            "Tasks 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 1.10 and 3 more failed"
        )


class TestGates:
    def test_a_gate_never_starts_by_itself_and_blocks_the_run(self, make_run, task):
        run = make_run(task("1.1", gate="human"), task("1.2", depends_on=("1.1",)))
        assert run.ready() == []
        assert settled_statuses(run) == [R.BLOCKED]
        assert run.state.reason == "Task 1.1 waits for a person: skip-task says that it is done."

    def test_skipping_a_gate_lets_the_run_go_on(self, make_run, task):
        run = make_run(task("1.1", gate="human"), task("1.2", depends_on=("1.1",)))
        run.settle()
        run.command(SkipTask(task_id="1.1", reason="looked at it"))
        run.settle()
        assert run.state.status is R.RUNNING
        assert run.ready() == ["1.2"]

    def test_the_rest_goes_on_beside_a_gate(self, make_run, task):
        run = make_run(task("1.1", gate="human"), "1.2")
        assert settled_statuses(run) == []
        assert run.ready() == ["1.2"]
