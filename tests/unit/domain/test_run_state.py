"""The state as a fold of the log."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.commands import Pause, Resume, RetryTask, Shutdown, SkipTask
from orchestrator.domain.decisions import conclude_skip, decide
from orchestrator.domain.events import (
    AgentMessage,
    FindingWritten,
    StoredEvent,
    ToolCompleted,
    ToolStarted,
    UsageUpdated,
    microseconds,
)
from orchestrator.domain.evidence import Remark
from orchestrator.domain.open_tasks import OpenTasks
from orchestrator.domain.projection import summarize, task_infos
from orchestrator.domain.ready_tasks import next_start, open_phases
from orchestrator.domain.run_state import RunState, fold
from orchestrator.domain.task_status import RunStatus, TaskStatus

S = TaskStatus


def with_seq(run):
    """The state that evolved without a log, at the log's end."""
    return replace(run.state, seq=len(run.events))


def test_a_log_folds_to_the_state_that_wrote_it(make_run, task):
    run = make_run("1.1", task("1.2", max_attempts=2), predecessor="orch-0", parallel=3)
    run.settle()
    run.set("1.1", S.COMPLETED)
    run.start("1.2")
    run.later(3)
    run.do(ToolStarted(task_id="1.2", attempt=1, tool_id="t", tool_name="bash"))
    run.do(AgentMessage(task_id="1.2", attempt=1, text="hm"))
    run.end("1.2", succeeded=False, error="broken")
    run.command(Pause())
    assert fold(run.log()) == with_seq(run)
    assert (run.state.outline.predecessor, run.state.outline.parallel) == ("orch-0", 3)


def test_entries_of_unknown_types_move_only_the_position(make_run):
    run = make_run("1.1")
    log = run.log()
    strange = StoredEvent("orch-1", len(log) + 1, "coffee_made", microseconds(run.now), b'{"cups":2}')
    before, after = fold(log), fold([*log, strange])
    assert after.seq == before.seq + 1
    assert fold([], before) is before
    assert {**vars_of(after), "seq": 0} == {**vars_of(before), "seq": 0}


def vars_of(state: RunState) -> dict[str, object]:
    return {name: getattr(state, name) for name in state.__dataclass_fields__}


def test_what_earlier_runs_did_is_there_from_the_first_event_on(make_run, task):
    run = make_run(
        task("1.1", status=S.COMPLETED, attempt=2, retry_count=1, revision=5, verified=True, finding="f.md"),
        "1.2",
    )
    done = run.state.tasks["1.1"]
    assert (done.status, done.attempt, done.retry_count, done.revision) == (S.COMPLETED, 2, 1, 5)
    assert (done.verified, done.finding) == (True, "f.md")
    assert run.state.count(S.COMPLETED) == 1
    assert run.ready() == ["1.2"]


def test_what_is_completed_without_a_check_is_counted(make_run, task):
    run = make_run(
        task("1.1", status=S.COMPLETED, verified=True),
        task("1.2", status=S.COMPLETED, reason="ticked in the plan"),
        *("1.3", "1.4"),
        task("1.5", status=S.SKIPPED),
    )
    assert run.state.unchecked == 1
    run.set("1.3", S.COMPLETED)
    assert run.state.unchecked == 2
    run.start("1.4")
    run.end("1.4", succeeded=True, verified=True)
    assert (run.state.unchecked, summarize(run.state).unchecked) == (2, 2)
    run.command(RetryTask(task_id="1.3", force=True))
    assert (run.state.unchecked, summarize(run.state).completed) == (1, 3)


def test_remarks_last_as_long_as_the_success_that_they_are_about(make_run, task):
    denied = Remark(kind="calls_denied", count=2)
    run = make_run(task("1.1", status=S.COMPLETED, remarks=(denied,)), "1.2")
    run.start("1.2")
    run.end("1.2", succeeded=True, remarks=(denied,))
    assert [info.remarks for info in task_infos(run.state)] == [(denied,), (denied,)]
    run.command(RetryTask(task_id="1.1", force=True))
    assert run.state.tasks["1.1"].remarks == ()


def test_times_and_retries_of_a_task_are_kept(make_run, task):
    run = make_run(task("1.1", max_attempts=2))
    began = run.now
    run.start("1.1")
    run.end("1.1", succeeded=False)
    run.later(10)
    run.start("1.1")
    assert run.state.tasks["1.1"].retry_count == 1
    run.later(10)
    run.end("1.1", succeeded=True)
    after = run.state.tasks["1.1"]
    assert (after.started_at, after.completed_at) == (began + timedelta(seconds=10), run.now)
    run.command(RetryTask(task_id="1.1", force=True))
    assert run.state.tasks["1.1"].completed_at is None


def test_a_run_that_has_ended_knows_when(make_run):
    run = make_run("1.1")
    assert run.state.ended_at is None
    run.later(5)
    run.be(RunStatus.STOPPED)
    assert run.state.ended_at == run.now


def test_tool_calls_are_open_from_start_to_end(make_run):
    run = make_run("1.1")
    for attempt in (1, 2):
        run.do(ToolStarted(task_id="1.1", attempt=attempt, tool_id="t", tool_name="bash", input_summary="ls"))
    ended = ToolCompleted(
        task_id="1.1", attempt=1, tool_id="t", tool_name="bash", status="ok", success=True, duration_ms=1
    )
    run.do(ended)
    (tool,) = run.state.open_tools.values()
    assert (tool.attempt, tool.tool_name, tool.input_summary, tool.started_at) == (2, "bash", "ls", run.now)


def test_usage_adds_up_and_an_unknown_cost_stays_unknown(make_run):
    run = make_run("1.1")
    run.do(UsageUpdated(task_id="1.1", attempt=1, input_tokens=10, output_tokens=2, cache_read_tokens=3))
    assert run.state.usage.cost_usd is None
    run.do(UsageUpdated(task_id="1.1", attempt=1, input_tokens=1, cache_write_tokens=4, cost_usd=0.5))
    run.do(UsageUpdated(task_id="1.1", attempt=1, cost_usd=0.25))
    usage = run.state.usage
    assert (usage.input_tokens, usage.output_tokens) == (11, 2)
    assert (usage.cache_read_tokens, usage.cache_write_tokens, usage.cost_usd) == (3, 4, 0.75)


def test_a_finding_belongs_to_its_task(make_run):
    run = make_run("1.1", "1.2")
    run.do(FindingWritten(task_id="1.2", attempt=1, file_path="findings/1-2.md", size_bytes=1))
    assert [task.finding for task in run.state.tasks.values()] == [None, "findings/1-2.md"]


def test_tasks_are_found_by_status_in_the_order_of_the_plan(make_run):
    run = make_run("1.2", "1.1", "2.1")
    run.set("1.1", S.COMPLETED)
    assert list(run.state.with_status(S.PENDING)) == ["1.2", "2.1"]
    assert list(run.state.with_status(S.FAILED)) == []
    assert run.state.count(S.PENDING, S.COMPLETED) == 3


# --- any sequence of commands and attempts ------------------------------------------------------

TASK_IDS = ["1.1", "1.2", "1.3", "1.verify", "2.1", "2.2", "3.1", "3.2"]
STEPS = st.one_of(
    st.tuples(st.just("start"), st.integers(0, 3)),
    st.tuples(st.just("end"), st.sampled_from(["ok", "failed", "interrupted"])),
    st.tuples(st.just("work"), st.sampled_from(["ok", "ok", "ok", "failed"])),
    st.tuples(st.just("later"), st.integers(1, 400)),
    st.tuples(
        st.just("command"),
        st.one_of(
            st.builds(Pause, mode=st.sampled_from(["drain", "now"])),
            st.builds(Resume),
            # Rarely, or every second sequence would end before anything has happened.
            st.integers(0, 9).map(lambda n: Shutdown(force=n == 1) if n < 2 else Resume()),
            st.builds(SkipTask, task_id=st.sampled_from(TASK_IDS)),
            st.builds(RetryTask, task_id=st.sampled_from(TASK_IDS), force=st.booleans()),
        ),
    ),
)


@pytest.fixture(scope="module")
def any_run(make_run, task):
    def make():
        return make_run(
            "1.1",
            task("1.2", depends_on=("1.1",), max_attempts=2),
            task("1.3", once=True),
            task("1.verify", runs_after_preceding=True),
            task("2.1", max_attempts=3),
            task("2.2", gate="human"),
            task("3.1", follows=("2.1",)),
            task("3.2", follows=("3.1",), depends_on=("1.1",)),
            parallel_phases=((2, 3),),
            status=RunStatus.STARTING,
        )

    return make


def take(run, kind: str, value) -> None:
    """One step of the sequence, as the engine would take it."""
    running = list(run.state.with_status(S.IN_PROGRESS))
    if kind == "start" and run.state.status is RunStatus.RUNNING and (ready := run.ready()):
        run.start(ready[value % len(ready)])
    elif kind == "end" and running:
        run.end(running[0], succeeded=value == "ok", interrupted=value == "interrupted")
    elif kind == "work" and run.state.status is RunStatus.RUNNING and (ready := run.ready()):
        run.start(ready[0])
        run.end(ready[0], succeeded=value == "ok")
    elif kind == "later":
        run.later(value)
    elif kind == "command":
        decision = run.command(value)
        for task_id in decision.interrupt:
            if isinstance(value, SkipTask):
                run.set_end(task_id, "skipped", succeeded=False, interrupted=True)
                assert conclude_skip(run.state, value).outcome is not None
            else:
                run.end(task_id, succeeded=False, interrupted=True)


def in_order(tasks) -> list[tuple[int, list[str]]]:
    return [(number, list(of_phase)) for number, of_phase in tasks.items()]


def check(run, before: RunState) -> None:
    state = run.state
    assert Counter(task.status for task in state.tasks.values()) == Counter(
        {status: state.count(status) for status in TaskStatus}
    )
    assert sum(state.count(status) for status in TaskStatus) == len(TASK_IDS)
    # The index that is kept step by step is the one that is made from scratch.
    index = OpenTasks.of(state.outline, lambda task_id: state.tasks[task_id].status.is_settled)
    assert state.open_tasks == index
    assert in_order(state.open_tasks.unsettled) == in_order(index.unsettled)
    for number, tasks in index.free.items():
        assert list(state.open_tasks.free[number]) == list(tasks)
    for task_id, task in state.tasks.items():
        old = before.tasks[task_id]
        assert task.revision >= old.revision
        assert (task.revision > old.revision) or task.status is old.status
        if task.status is S.IN_PROGRESS and old.status is not S.IN_PROGRESS:
            planned = state.planned(task_id)
            assert before.status is RunStatus.RUNNING
            assert all(before.tasks[other].status.is_settled for other in planned.depends_on)
            assert all(before.tasks[other].status.is_settled for other in planned.follows)
            assert planned.phase in open_phases(before)
            assert planned.gate is None
            assert old.retry_at is None or old.retry_at <= run.now
    if before.status.has_ended:
        assert state == before


def bring_to_an_end(run) -> None:
    """Whatever has happened: the running tasks finish, the rest runs or is skipped, and the run ends."""
    for _ in range(200):
        while running := list(run.state.with_status(S.IN_PROGRESS)):
            run.end(running[0], succeeded=True)
        run.settle()
        if run.state.status.has_ended:
            break
        run.later(400)
        if run.state.status is RunStatus.PAUSED:
            run.command(Resume())
        elif ready := run.ready():
            take(run, "work", "ok")
            assert run.state.tasks[ready[0]].status is S.COMPLETED
        else:
            stuck = next(run.state.with_status(S.FAILED, S.PENDING))
            run.command(SkipTask(task_id=stuck))
    assert run.state.status in {RunStatus.COMPLETED, RunStatus.STOPPED}
    assert run.settle() == []


@given(steps=st.lists(STEPS, max_size=60))
def test_whatever_happens_the_state_holds_together(any_run, steps):
    run = any_run()
    for kind, value in steps:
        before = run.state
        take(run, kind, value)
        check(run, before)
        before = run.state
        settled_once = run.settle()
        assert len(settled_once) <= 2
        for _ in range(3):
            run.settle()
        assert run.settle() == [], "settling comes to rest"
        check(run, before)
        is_idle = not run.state.count(S.IN_PROGRESS)
        if run.state.status is RunStatus.RUNNING and is_idle:
            assert run.ready() or next_start(run.state), "a run that can't go on is not running"
    log = run.log()
    assert fold(log) == with_seq(run)
    middle = len(log) // 2
    assert fold(log[middle:], fold(log[:middle])) == fold(log)
    assert fold(log[:middle]) == fold(log[:middle])
    bring_to_an_end(run)
    assert decide(run.state, Pause()).events == ()
