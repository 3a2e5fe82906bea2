"""Whole runs: to the end, blocked, refused, taken over."""

from __future__ import annotations

import asyncio
import json

import pytest

from orchestrator.domain.commands import CommandState, Pause, Resume, RetryTask, Shutdown, SkipTask
from orchestrator.domain.errors import AgentUnavailable, LeaseLost, PlanInvalid, PlanOwned, StorageError
from orchestrator.domain.events import (
    CommandSettled,
    FindingWritten,
    OrchestratorChanged,
    PlanChanged,
    PlanLoaded,
    StatusUpdated,
    TaskChanged,
)
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.agent_events import Finished, ToolCallStarted
from orchestrator.engine.attempt import Limits

CHAIN = """# P

## Phase 1: one

- [ ] 1.1 first
- [ ] 1.2 second (depends: 1.1)
- [ ] 1.3 third

## Phase 2: two

- [ ] 2.1 fourth
"""
RETRIED = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n  - attempts: 3\n"
ONCE = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n  - once: true\n- [ ] 1.2 second\n"
ROBOT = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n  - agent: robot\n"
GATE = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 look\n  - gate: human\n- [ ] 1.2 go on (depends: 1.1)\n"


def run_statuses(house) -> list[str]:
    return [event.new_status.value for event in house.events(OrchestratorChanged)]


class TestToTheEnd:
    async def test_a_plan_runs_to_completed_in_its_order(self, make_house):
        house = make_house(CHAIN)
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.2/1", "1.3/1", "2.1/1"]
        assert house.robot.most_at_once == 1
        assert set(house.statuses().values()) == {"completed"}
        assert run_statuses(house) == ["running", "completed"]

    async def test_the_log_begins_with_plan_loaded_and_ends_with_the_end(self, house):
        await house.run()
        first, last = house.events()[0], house.events()[-1]
        assert isinstance(first, PlanLoaded)
        assert isinstance(last, OrchestratorChanged)
        assert [event.seq for event in house.stored()] == list(range(1, len(house.stored()) + 1))
        record = await house.registry.get("orch-1")
        assert (record.status, record.counts.progress_percent) == (RunStatus.COMPLETED, 100.0)

    async def test_as_many_run_at_once_as_the_run_chooses(self, make_house, plays):
        house = make_house("# P\n\n## Phase 1: one\n\n" + "".join(f"- [ ] 1.{n} t\n" for n in range(1, 7)))
        gates = [asyncio.Event() for _ in range(6)]
        for number, gate in enumerate(gates, 1):
            house.robot.play(f"1.{number}", plays.hold(until=gate))
        run = await house.begin(parallel=3)
        for number in (1, 2, 3):
            await house.until_working(f"1.{number}")
        gates[1].set()
        await house.until_working("1.4")
        for gate in gates:
            gate.set()
        assert await run is RunStatus.COMPLETED
        assert house.robot.most_at_once == 3

    async def test_a_plan_with_nothing_left_is_completed_at_once(self, make_house):
        house = make_house("# P\n\n## Phase 1: one\n\n- [x] 1.1 first\n")
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.runs == []
        (task,) = house.state().tasks.values()
        assert task.reason == "ticked in the plan"

    async def test_status_json_and_findings_are_left_behind(self, house):
        await house.run()
        document = json.loads(house.outputs.files["docs/plan-outputs/p/status.json"][0])
        assert document["summary"]["completed"] == 1
        (row,) = document["runs"]
        assert (row["runId"], row["tasksCompleted"], row["tasksFailed"]) == ("orch-1", 1, 0)
        assert row["completedAt"] is not None
        assert "done" in house.finding("1.1")
        assert house.events(FindingWritten)[0].file_path.endswith("findings/1-1.md")
        assert house.events(StatusUpdated)[-1].summary.completed == 1

    async def test_who_listens_hears_every_event_and_cannot_harm_the_run(self, house):
        heard, calls = [], []

        def harm(event):
            calls.append(event)
            raise BrokenPipeError

        orchestrator = await house.orchestrator()
        orchestrator.listen(harm)
        orchestrator.listen(heard.append)
        assert await orchestrator.run() is RunStatus.COMPLETED
        assert heard == house.events()
        assert len(calls) == 1

    async def test_a_dependency_s_finding_is_told_to_the_next_task(self, make_house, plays):
        house = make_house(CHAIN)
        house.robot.play("1.1", plays.succeed("the key is under the mat"))
        await house.run()
        prompts = {run.job.task.id: run.job.prompt for run in house.robot.runs}
        assert "the key is under the mat" in prompts["1.2"]
        assert "the key is under the mat" not in prompts["1.3"]


class TestFailures:
    async def test_a_failing_attempt_is_tried_again_with_what_went_wrong(self, make_house, plays):
        house = make_house(RETRIED)
        house.robot.play("1.1", plays.fail("no such file"), plays.fail("still none"))
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/2", "1.1/3"]
        assert "no such file" in house.robot.runs[1].job.prompt
        assert house.state().tasks["1.1"].retry_count == 2

    async def test_a_task_that_keeps_failing_fails_the_run_after_all_else_is_done(self, make_house, plays):
        house = make_house(CHAIN)
        house.robot.play("1.1", *[plays.fail("broken")] * 2)
        assert await house.run() is RunStatus.FAILED
        assert house.statuses() == {"1.1": "failed", "1.2": "pending", "1.3": "completed", "2.1": "pending"}
        assert run_statuses(house) == ["running", "blocked", "failed"]
        assert "Task 1.1 failed" in house.events(OrchestratorChanged)[-1].reason

    async def test_a_blocked_run_that_waits_goes_on_after_a_retry_with_the_note(self, make_house, plays):
        house = make_house(CHAIN)
        house.robot.play("1.1", *[plays.fail("broken")] * 2)
        run = await house.begin(on_blocked="wait")
        await house.until(lambda: "blocked" in run_statuses(house))
        rejected = await house.command(Resume())
        assert (rejected.state, rejected.code) == (CommandState.REJECTED, "blocked")
        assert "1.1" in rejected.reason
        assert (await house.command(RetryTask(task_id="1.1", note="use force"))).state is CommandState.APPLIED
        assert await run is RunStatus.COMPLETED
        assert "use force" in next(r for r in house.robot.runs if r.job.attempt == 3).job.prompt

    async def test_a_blocked_run_that_waits_goes_on_after_a_skip(self, make_house, plays):
        house = make_house(CHAIN)
        house.robot.play("1.1", *[plays.fail("broken")] * 2)
        run = await house.begin(on_blocked="wait")
        await house.until(lambda: "blocked" in run_statuses(house))
        await house.command(SkipTask(task_id="1.1"))
        assert await run is RunStatus.COMPLETED
        assert house.statuses()["1.1"] == "skipped"

    async def test_a_gate_waits_for_a_person(self, make_house):
        house = make_house(GATE)
        run = await house.begin(on_blocked="wait")
        await house.until(lambda: "blocked" in run_statuses(house))
        assert house.robot.runs == []
        await house.command(SkipTask(task_id="1.1"))
        assert await run is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.2/1"]

    async def test_a_retried_task_whose_agent_is_gone_fails_with_the_reason(self, make_house):
        house = make_house("# P\n\n## Phase 1: one\n\n- [x] 1.1 first\n- [ ] 1.2 look\n  - gate: human\n")
        house.agents.ready = None
        run = await house.begin(on_blocked="wait", max_attempts=1)
        await house.until(lambda: "blocked" in run_statuses(house))
        await house.command(RetryTask(task_id="1.1", force=True))
        await house.until(lambda: run_statuses(house).count("blocked") == 2)
        task = house.state().tasks["1.1"]
        assert (task.status, task.attempt) == (TaskStatus.FAILED, 1)
        assert "none is installed" in task.last_error
        assert "none is installed" in house.finding("1.1")
        await house.command(Shutdown())
        assert await run is RunStatus.STOPPED


class TestRefusals:
    async def test_a_plan_with_errors_is_refused_and_nothing_is_written(self, make_house):
        house = make_house("# P\n\n## Phase 1: one\n\n- [ ] 1.1 a\n- [ ] 1.1 b\n")
        with pytest.raises(PlanInvalid, match="1 error") as caught:
            await house.run()
        assert caught.value.problems
        assert house.store.instances == {}

    async def test_without_an_agent_nothing_begins(self, house):
        house.agents.ready = None
        with pytest.raises(AgentUnavailable, match=r"1\.1"):
            await house.run()
        assert house.store.instances == {}

    async def test_an_agent_that_is_not_ready_is_said_before_the_first_task(self, house):
        house.robot.problem = "it is not logged in"
        with pytest.raises(AgentUnavailable, match="not logged in"):
            await house.run(agent="robot")
        assert house.store.instances == {}

    async def test_an_agent_of_a_finished_task_is_not_asked_for(self, make_house):
        house = make_house(ROBOT.replace("[ ]", "[x]"))
        house.robot.problem = "it is not logged in"
        assert await house.run() is RunStatus.COMPLETED

    async def test_a_plan_that_another_works_on_is_refused(self, house, plays):
        house.robot.play("1.1", plays.hold())
        run = await house.begin()
        await house.until_working("1.1")
        with pytest.raises(PlanOwned) as caught:
            await house.run()
        assert caught.value.owner == "orch-1"
        house.count = 1
        await house.command(Shutdown(force=True))
        assert await run is RunStatus.STOPPED

    async def test_with_wait_a_run_begins_when_the_other_has_ended(self, house, plays, monkeypatch):
        monkeypatch.setattr("orchestrator.engine.orchestrator.WAIT_FOR_OWNER_SECONDS", 0.01)
        go = asyncio.Event()
        house.robot.play("1.1", plays.hold(until=go))
        first = await house.begin()
        await house.until_working("1.1")
        second = await house.begin(wait=True)
        await asyncio.sleep(0.03)
        assert not second.done()
        go.set()
        assert (await first, await second) == (RunStatus.COMPLETED, RunStatus.COMPLETED)
        assert house.robot.jobs == ["1.1/1"]


class TestTakingOver:
    async def test_completed_tasks_do_not_run_again_and_failed_ones_get_a_fresh_limit(
        self, make_house, plays
    ):
        house = make_house(CHAIN)
        house.robot.play("1.1", *[plays.fail("broken")] * 2)
        # Long enough for 1.3 to begin before 1.1 is tried again, also on a busy machine.
        limits = Limits(back_off_first_seconds=0.5)
        assert await house.run(limits=limits) is RunStatus.FAILED
        revision = house.state().tasks["1.1"].revision
        house.robot.play("1.1", plays.fail("broken"))
        assert await house.run(limits=limits) is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.3/1", "1.1/2", "1.1/3", "1.1/4", "1.2/1", "2.1/1"]
        begun = house.events(PlanLoaded)[0]
        assert begun.predecessor == "orch-1"
        assert begun.tasks[0].revision > revision
        assert (begun.tasks[2].status, begun.tasks[2].finding is not None) == (TaskStatus.COMPLETED, True)
        row = json.loads(house.outputs.files["docs/plan-outputs/p/status.json"][0])["runs"]
        assert [(r["runId"], r["tasksCompleted"], r["tasksFailed"]) for r in row] == [
            ("orch-1", 1, 1),
            ("orch-2", 3, 0),
        ]

    async def test_after_a_death_the_interrupted_task_is_pending_again(self, make_house, plays):
        house = make_house(CHAIN)
        await house.die_at("1.2", plays)
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.2/1", "1.2/2", "1.3/1", "2.1/1"]
        assert house.state("orch-1").status is RunStatus.CRASHED
        assert house.state("orch-1").tasks["1.2"].status is TaskStatus.PENDING

    async def test_after_a_death_a_task_with_once_is_failed_and_not_run_again(self, make_house, plays):
        house = make_house(ONCE)
        await house.die_at("1.1", plays)
        assert await house.run() is RunStatus.FAILED
        assert house.robot.jobs == ["1.1/1", "1.2/1"]
        assert house.statuses() == {"1.1": "failed", "1.2": "completed"}

    async def test_a_death_before_the_first_event_makes_nobody_forget_what_was_done(self, make_house, plays):
        house = make_house(CHAIN)
        await house.die_at("1.2", plays)
        await house.undertaker.bury_the_dead()
        dead = house.instance()
        await house.registry.claim(dead)
        house.processes.dead.add(dead.pid)
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.2/1", "1.2/2", "1.3/1", "2.1/1"]
        kinds = [event.type for event in house.stored(dead.id)]
        assert kinds == ["plan_loaded", "orchestrator_changed"]
        assert house.state(dead.id).tasks["1.1"].status is TaskStatus.COMPLETED

    async def test_status_json_counts_only_while_the_database_does_not_know_the_plan(self, make_house):
        house = make_house(CHAIN)
        entries = [
            {"id": "1.1", "status": "completed", "duration": 5, "retryCount": 2},
            {"id": "1.3", "status": "nonsense"},
            {"id": "2.1", "status": "skipped"},
        ]
        path = "docs/plan-outputs/p/status.json"
        house.outputs.put(path, json.dumps({"tasks": entries}).encode())
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.2/1", "1.3/1"]
        begun = house.events(PlanLoaded)[0].tasks[0]
        assert (begun.duration_ms, begun.retry_count, begun.reason) == (5, 2, "taken over from status.json")
        house.outputs.put(path, json.dumps({"tasks": [{"id": "1.1", "status": "pending"}]}).encode())
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.2/1", "1.3/1"]

    async def test_a_status_json_that_was_set_aside_is_reported(self, house):
        house.outputs.put("docs/plan-outputs/p/status.json", b"{nonsense")
        assert await house.run() is RunStatus.COMPLETED
        assert any("status.json.rejected" in problem for problem in house.events(PlanLoaded)[0].problems)

    async def test_a_box_that_was_ticked_later_does_not_count_and_is_reported(self, make_house, plays):
        house = make_house(ROBOT)
        house.robot.play("1.1", *[plays.fail()] * 2)
        assert await house.run() is RunStatus.FAILED
        house.plans.put("p.md", ROBOT.replace("[ ]", "[x]"))
        assert await house.run() is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/2", "1.1/3"]
        assert any("1.1 is ticked" in problem for problem in house.events(PlanLoaded)[0].problems)

    async def test_restart_begins_from_scratch_and_archives_the_findings(self, house, plays):
        await house.run()
        house.robot.play("1.1", plays.succeed("anew"))
        assert await house.run(restart=True) is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/1"]
        assert "anew" in house.finding("1.1")
        archived = [path for path in house.outputs.files if "/archive/orch-2/" in path]
        assert any(path.endswith("findings/1-1.md") for path in archived)


class TestWhenTheDatabaseIsGone:
    async def test_a_lost_lease_ends_the_run_and_nothing_more_is_written(self, make_house, plays):
        house = make_house(CHAIN)
        tool = ToolCallStarted("t", "bash")
        house.robot.play("1.1", plays.hold(tool))
        run = await house.begin(on_blocked="wait")
        agent_run = await house.until_working("1.1")
        await house.until(lambda: "tool_started" in [event.type for event in house.stored()])
        house.offset += house.lease
        await house.registry.claim(house.instance())
        before = len(house.stored("orch-1"))
        await house.commands.submit("orch-1", Pause(), actor="test")
        with pytest.raises(LeaseLost):
            await run
        assert len(house.stored("orch-1")) == before
        assert agent_run.reasons
        assert agent_run.has_ended
        assert "docs/plan-outputs/p/findings/1-1.md" not in house.outputs.files

    async def test_a_lease_that_cannot_be_renewed_ends_the_run_though_the_log_could_be_written(
        self, house, plays, monkeypatch
    ):
        out = asyncio.Event()

        async def run_out(*_args):
            await out.wait()
            raise LeaseLost("The lease ran out unrenewed.")

        monkeypatch.setattr("orchestrator.engine.orchestrator.keep_lease", run_out)
        house.robot.play("1.1", plays.hold())
        run = await house.begin()
        agent_run = await house.until_working("1.1")
        await house.until(lambda: house.events(StatusUpdated))
        before = len(house.stored())
        out.set()
        with pytest.raises(LeaseLost, match="unrenewed"):
            await run
        assert len(house.stored()) == before
        assert agent_run.has_ended
        assert not any("findings" in path for path in house.outputs.files)

    async def test_a_log_that_cannot_be_written_ends_the_run(self, make_house, plays):
        house = make_house(CHAIN)
        go = asyncio.Event()
        house.robot.play("1.1", plays.hold(until=go))
        run = await house.begin()
        agent_run = await house.until_working("1.1")
        house.log.error = lambda _events: StorageError("The disk is full.")
        go.set()
        with pytest.raises(StorageError, match="disk is full"):
            await run
        assert agent_run.has_ended

    async def test_the_other_attempts_are_ended_when_the_log_cannot_be_written(self, make_house, plays):
        house = make_house(CHAIN)
        go = asyncio.Event()
        house.robot.play("1.1", plays.hold(until=go))
        house.robot.play("1.3", plays.hold())
        run = await house.begin(parallel=2)
        await house.until_working("1.1")
        other = await house.until_working("1.3")
        house.log.error = lambda _events: StorageError("The disk is full.")
        go.set()
        with pytest.raises(StorageError):
            await run
        assert other.reasons
        assert other.has_ended

    async def test_a_bug_of_the_store_is_no_reason_to_hang(self, house):
        house.log.error = lambda events: (
            ValueError("ouch") if isinstance(events[0].data, TaskChanged) else None
        )
        with pytest.raises(StorageError, match="ouch"):
            await house.run()

    async def test_a_status_json_that_cannot_be_written_is_said_once_and_does_not_stop_the_run(
        self, make_house
    ):
        house = make_house(CHAIN)

        async def refuse(*_args):
            raise StorageError("No space left.")

        house.outputs.write_status = refuse
        assert await house.run() is RunStatus.COMPLETED
        (told,) = house.events(PlanChanged)
        assert "No space left." in told.reason
        assert house.events(StatusUpdated) == []

    async def test_a_finding_that_cannot_be_written_is_kept_in_the_database(self, house):
        async def refuse(*_args):
            raise StorageError("No space left.")

        house.outputs.write_finding = refuse
        assert await house.run() is RunStatus.COMPLETED
        assert "No space left." in house.events(PlanChanged)[0].reason
        artifact = await house.ports.artifacts.get("orch-1", "1.1", 1, "finding.md")
        assert b"done" in artifact.content


class TestCancelled:
    async def test_a_cancelled_run_ends_its_agents_before_it_returns(self, house, plays):
        house.robot.play("1.1", plays.hold())
        run = await house.begin()
        agent_run = await house.until_working("1.1")
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert agent_run.reasons
        assert agent_run.has_ended
        assert house.statuses() == {"1.1": "pending"}

    async def test_a_wish_before_the_run_is_obeyed_when_it_has_begun(self, house):
        orchestrator = await house.orchestrator()
        orchestrator.wish(Shutdown())
        assert await orchestrator.run() is RunStatus.STOPPED
        assert house.robot.runs == []

    async def test_a_wish_leaves_no_receipt(self, house, plays):
        house.robot.play("1.1", plays.hold())
        orchestrator = await house.orchestrator()
        run = asyncio.create_task(orchestrator.run())
        await house.until_working("1.1")
        orchestrator.wish(Shutdown())
        await house.until(lambda: "stopping" in run_statuses(house))
        orchestrator.wish(Shutdown(force=True))
        assert await run is RunStatus.STOPPED
        assert house.events(CommandSettled) == []
        orchestrator.wish(Shutdown())


async def test_a_plan_that_is_changed_meanwhile_is_said_once_and_not_followed(make_house, plays):
    house = make_house(CHAIN)
    go = asyncio.Event()
    house.robot.play("1.1", plays.hold(until=go))
    run = await house.begin()
    await house.until_working("1.1")
    house.plans.remove("p.md")
    go.set()
    assert await run is RunStatus.COMPLETED
    (told,) = house.events(PlanChanged)
    assert "as it was loaded" in told.reason


async def test_an_attempt_that_is_lost_is_not_taken_for_done(house, plays):
    house.robot.play("1.1", plays.say(), plays.say(Finished("lost")))
    assert await house.run(limits=Limits(back_off_first_seconds=0)) is RunStatus.FAILED
