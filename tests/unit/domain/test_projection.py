"""The status on the wire and in status.json."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.blockers import TaskBlocker
from orchestrator.domain.commands import Pause, SkipTask
from orchestrator.domain.events import FindingWritten, utc_text
from orchestrator.domain.projection import document_task, orchestrator_status, status_document, summarize
from orchestrator.domain.task_status import RunStatus, TaskStatus

S = TaskStatus


@pytest.fixture
def run(make_run, task):
    run = make_run("1.1", "1.2", task("1.3", depends_on=("1.2",)), task("2.1", max_attempts=2), "2.2")
    run.settle()
    run.set("1.1", S.COMPLETED)
    run.set("1.2", S.FAILED)
    return run


def test_the_counts_add_up(run):
    summary = summarize(run.state)
    assert (summary.total_tasks, summary.completed, summary.failed, summary.pending) == (5, 1, 1, 3)
    assert (summary.in_progress, summary.skipped) == (0, 0)
    assert (summary.current_phase, summary.progress_percent) == (1, 20.0)


def test_skipped_counts_as_progress_and_failed_does_not(run):
    run.command(SkipTask(task_id="1.2"))
    assert summarize(run.state).progress_percent == 40.0


def test_a_hundred_percent_is_said_only_when_everything_is_settled(make_run):
    run = make_run(*(f"1.{n}" for n in range(3_000)))
    for n in range(2_999):
        run.command(SkipTask(task_id=f"1.{n}"))
    assert summarize(run.state).progress_percent == 99.9
    run.command(SkipTask(task_id="1.2999"))
    assert summarize(run.state).progress_percent == 100.0


def test_of_a_plan_without_tasks_nothing_is_done(make_run):
    summary = summarize(make_run().state)
    assert (summary.total_tasks, summary.current_phase, summary.progress_percent) == (0, None, 0.0)


def test_each_phase_has_its_own_counts(run):
    first, second = orchestrator_status(run.state, "orch-1").phases
    assert (first.number, first.name, first.is_current, second.is_current) == (1, "phase 1", True, False)
    assert (first.total_tasks, first.completed, first.failed, first.pending) == (3, 1, 1, 1)
    assert (second.total_tasks, second.pending) == (2, 2)


def test_a_phase_without_tasks_is_shown(make_run):
    phases = ({"number": 1, "name": "first"}, {"number": 2, "name": "empty"})
    infos = orchestrator_status(make_run("1.1", phases=phases).state, "orch-1").phases
    assert [(info.name, info.total_tasks) for info in infos] == [("first", 1), ("empty", 0)]


def test_the_status_says_where_it_stands_in_the_log(run):
    status = orchestrator_status(run.state, "orch-1")
    assert (status.instance_id, status.seq, status.status) == ("orch-1", run.state.seq, RunStatus.RUNNING)
    assert [task.id for task in status.tasks] == ["1.1", "1.2", "1.3", "2.1", "2.2"]
    failed, waiting = status.tasks[1], status.tasks[2]
    assert (failed.last_error, failed.blocked_by) == ("broken", ())
    assert waiting.blocked_by == (TaskBlocker(task_id="1.2"),)


class TestWaitingFor:
    def test_a_paused_run_waits_for_resume(self, run):
        run.command(Pause())
        waiting = orchestrator_status(run.state, "o").waiting_for
        assert waiting is not None
        assert waiting.what == "resume"

    def test_a_blocked_run_waits_for_a_decision(self, run):
        run.settle()
        waiting = orchestrator_status(run.state, "o").waiting_for
        assert waiting is not None
        assert waiting.what == "retry-task or skip-task"

    def test_a_run_at_a_gate_waits_for_a_person(self, make_run, task):
        run = make_run(task("1.1", gate="human"))
        run.settle()
        waiting = orchestrator_status(run.state, "o").waiting_for
        assert waiting is not None
        assert waiting.what == "a person"

    def test_a_run_in_back_off_waits_for_the_retry_and_knows_until_when(self, make_run, task):
        run = make_run(task("1.1", max_attempts=2), "1.2")
        run.start("1.1")
        run.end("1.1", succeeded=False)
        run.start("1.2")
        assert orchestrator_status(run.state, "o").waiting_for is None
        run.end("1.2", succeeded=True)
        waiting = orchestrator_status(run.state, "o").waiting_for
        assert waiting is not None
        assert (waiting.what, waiting.until) == ("retry", run.now + timedelta(seconds=5))


def test_status_json_has_the_fields_that_its_readers_know(run):
    run.do(FindingWritten(task_id="1.2", attempt=1, file_path="findings/1-2.md", size_bytes=3))
    run.command(SkipTask(task_id="2.2", reason="no need"))
    tasks = [document_task(run.state.planned(task_id), task) for task_id, task in run.state.tasks.items()]
    document = status_document(
        run.state, tasks=tasks, runs=[{"runId": "o"}], created_at="2025-01-01", now=run.now, revision=4
    )
    assert {**document, "tasks": None} == {
        "planPath": "docs/plans/p.md",
        "planName": "p",
        "createdAt": "2025-01-01",
        "lastUpdatedAt": utc_text(run.now),
        "currentPhase": 1,
        "tasks": None,
        "runs": [{"runId": "o"}],
        "summary": {
            "totalTasks": 5,
            "completed": 1,
            "pending": 2,
            "in_progress": 0,
            "failed": 1,
            "skipped": 1,
            "unchecked": 1,
        },
        "revision": 4,
        "seq": run.state.seq,
    }
    failed, skipped = document["tasks"][1], document["tasks"][4]
    assert failed == {
        "id": "1.2",
        "phase": 1,
        "description": "do 1.2",
        "status": "failed",
        "dependencies": [],
        "startedAt": utc_text(run.now),
        "completedAt": utc_text(run.now),
        "duration": 0,
        "error": "broken",
        "skipReason": None,
        "retryCount": 0,
        "lastError": "broken",
        "findingsPath": "findings/1-2.md",
        "notes": "attempt 1 of 1",
        "verified": False,
        "remarks": [],
        "wording": None,
    }
    assert (skipped["status"], skipped["skipReason"], skipped["error"]) == ("skipped", "no need", None)
    assert document["tasks"][2]["dependencies"] == ["1.2"]
