"""Commands on their way through a run: what they do, and that each receipt comes with its effect."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from orchestrator.domain.commands import CommandState, Pause, Resume, RetryTask, Shutdown, SkipTask
from orchestrator.domain.decisions import decide
from orchestrator.domain.errors import InstanceEnded
from orchestrator.domain.events import CommandSettled, OrchestratorChanged, TaskChanged, ToolStarted
from orchestrator.domain.ready_tasks import open_phases
from orchestrator.domain.run_state import RunState, apply
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.agent_events import Finished, Text, ToolCallCompleted, ToolCallStarted

APPLIED, REJECTED, EXPIRED = CommandState.APPLIED, CommandState.REJECTED, CommandState.EXPIRED
TWO = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n"
ONCE = TWO.replace("first\n", "first\n  - once: true\n")


@pytest.fixture
async def working(make_house, plays):
    """A run of two tasks whose first one is being worked on until `go` is set."""
    house = make_house(TWO)
    house.go = asyncio.Event()
    house.robot.play("1.1", plays.hold(until=house.go))
    house.work = await house.begin()
    house.agent_run = await house.until_working("1.1")
    yield house
    house.go.set()
    house.work.cancel()
    await asyncio.gather(house.work, return_exceptions=True)


def append_with_receipt(house, record) -> list[object]:
    """The one append that holds the command's receipt."""
    (found,) = [
        append
        for append in house.log.appends
        if any(isinstance(event, CommandSettled) and event.command_id == record.id for event in append)
    ]
    return [event for event in found if isinstance(event, CommandSettled | OrchestratorChanged | TaskChanged)]


async def test_pause_lets_the_running_task_finish_and_starts_nothing(working):
    record = await working.command(Pause())
    change, receipt = append_with_receipt(working, record)
    assert (change.new_status, receipt.state) == (RunStatus.PAUSED, APPLIED)
    assert "1.1 will finish" in receipt.reason
    working.go.set()
    await working.until(lambda: working.statuses()["1.1"] == "completed")
    await asyncio.sleep(0.02)
    assert working.robot.jobs == ["1.1/1"]
    again = await working.command(Pause())
    assert (again.state, again.reason) == (APPLIED, "The orchestrator is already paused.")
    change, receipt = append_with_receipt(working, await working.command(Resume()))
    assert change.new_status is RunStatus.RUNNING
    assert await working.work is RunStatus.COMPLETED


async def test_pause_now_takes_the_running_task_back_and_it_does_not_count(working):
    record = await working.command(Pause(mode="now"))
    change, receipt = append_with_receipt(working, record)
    assert (change.new_status, receipt.state) == (RunStatus.PAUSED, APPLIED)
    await working.until(lambda: working.statuses()["1.1"] == "pending")
    task = working.state().tasks["1.1"]
    assert (task.failures, task.attempt, task.reason) == (0, 1, "interrupted by pause")
    assert "interrupted by pause" in working.finding("1.1")
    await working.command(Resume())
    assert await working.work is RunStatus.COMPLETED
    assert working.robot.jobs == ["1.1/1", "1.1/2", "1.2/1"]


async def test_pause_now_fails_a_task_that_may_run_once(make_house, plays):
    house = make_house(ONCE)
    house.robot.play("1.1", plays.hold())
    run = await house.begin()
    await house.until_working("1.1")
    await house.command(Pause(mode="now"))
    await house.until(lambda: house.statuses()["1.1"] == "failed")
    await house.command(Resume())
    assert await run is RunStatus.FAILED
    assert house.robot.jobs == ["1.1/1", "1.2/1"]


async def test_shutdown_waits_for_the_running_task(working):
    change, receipt = append_with_receipt(working, await working.command(Shutdown()))
    assert (change.new_status, receipt.state) == (RunStatus.STOPPING, APPLIED)
    assert not working.work.done()
    assert (await working.command(Pause())).code == "illegal_transition"
    assert (await working.command(Shutdown())).reason == "The orchestrator is already stopping."
    working.go.set()
    assert await working.work is RunStatus.STOPPED
    assert working.statuses() == {"1.1": "completed", "1.2": "pending"}


async def test_shutdown_with_force_interrupts(working):
    await working.command(Shutdown())
    await working.command(Shutdown(force=True))
    assert await working.work is RunStatus.STOPPED
    assert working.statuses() == {"1.1": "pending", "1.2": "pending"}
    assert working.agent_run.reasons == ["interrupted by shutdown"]


async def test_a_skipped_task_in_progress_is_ended_first_and_its_receipt_comes_with_the_skip(working):
    record = await working.command(SkipTask(task_id="1.1", reason="no need"))
    change, receipt = append_with_receipt(working, record)
    assert (change.new_status, change.reason) == (TaskStatus.SKIPPED, "no need")
    assert (receipt.state, receipt.actor) == (APPLIED, "test")
    assert working.agent_run.has_ended
    assert await working.work is RunStatus.COMPLETED
    assert working.robot.jobs == ["1.1/1", "1.2/1"]


async def test_a_task_that_was_completed_before_it_could_be_ended_is_not_skipped(make_house, plays):
    house = make_house(TWO)
    go = asyncio.Event()
    house.robot.play("1.1", plays.deaf(go))
    run = await house.begin()
    await house.until_working("1.1")
    record = await house.commands.submit("orch-1", SkipTask(task_id="1.1"), actor="test")
    await house.until(lambda: house.robot.runs[0].reasons)
    assert house.receipt(record).state is CommandState.SENT
    go.set()
    assert await run is RunStatus.COMPLETED
    change, receipt = append_with_receipt(house, record)
    assert (change.new_status, receipt.state) == (TaskStatus.COMPLETED, REJECTED)
    assert "completed before" in receipt.reason


async def test_every_one_of_several_skips_gets_a_receipt(working):
    records = [
        await working.commands.submit("orch-1", SkipTask(task_id="1.1"), actor=f"test {n}") for n in (1, 2)
    ]
    assert await working.work is RunStatus.COMPLETED
    assert [working.receipt(record).state for record in records] == [APPLIED, APPLIED]


async def test_a_pending_task_is_skipped_at_once(working):
    change, receipt = append_with_receipt(working, await working.command(SkipTask(task_id="1.2")))
    assert (change.new_status, receipt.state) == (TaskStatus.SKIPPED, APPLIED)
    assert (await working.command(SkipTask(task_id="1.2"))).state is REJECTED
    assert (await working.command(RetryTask(task_id="1.1"))).state is REJECTED
    assert (await working.command(SkipTask(task_id="9.9"))).code == "task_not_found"
    late = await working.command(SkipTask(task_id="1.1", if_revision=77))
    assert (late.state, late.code) == (REJECTED, "revision_mismatch")
    working.go.set()
    assert await working.work is RunStatus.COMPLETED


async def test_a_rejected_retry_leaves_no_note(make_house, plays):
    house = make_house(TWO)
    go = asyncio.Event()
    house.robot.play("1.1", plays.hold(until=go))
    run = await house.begin()
    await house.until_working("1.1")
    assert (await house.command(RetryTask(task_id="1.2", note="psst"))).state is REJECTED
    go.set()
    await run
    assert "psst" not in house.robot.runs[1].job.prompt


async def test_what_comes_too_late_expires_right_before_the_end(make_house):
    house = make_house(TWO)
    late = []
    write_status = house.outputs.write_status

    async def submit_at_the_end(name, document):
        if document["runs"][-1]["completedAt"] and not late:
            late.append(await house.commands.submit("orch-1", Pause(), actor="test"))
        await write_status(name, document)

    house.outputs.write_status = submit_at_the_end
    assert await house.run() is RunStatus.COMPLETED
    receipt, end = [event.data for event in await house.log.read("orch-1")][-2:]
    assert (receipt.command_id, receipt.state, receipt.code) == (late[0].id, EXPIRED, "expired")
    assert end.new_status is RunStatus.COMPLETED


async def test_a_back_off_that_is_over_does_not_keep_a_paused_run_busy(make_house, plays):
    house = make_house("# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n")
    house.robot.play("1.1", plays.fail())
    run = await house.begin()
    await house.until(lambda: house.robot.runs)
    await house.command(Pause())
    await house.until(lambda: house.statuses()["1.1"] == "pending")
    asked = []
    open_commands = house.commands.open

    async def count(instance_id):
        asked.append(instance_id)
        return await open_commands(instance_id)

    house.commands.open = count
    await asyncio.sleep(0.1)
    assert len(asked) < 10
    await house.command(Resume())
    assert await run is RunStatus.COMPLETED


async def test_streaming_agents_do_not_wake_the_loop_for_every_event(make_house, plays, monkeypatch):
    house = make_house("# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n")
    # Looks for commands come by the clock: without them, what is left does not depend on how fast this machine is.
    monkeypatch.setattr("orchestrator.engine.orchestrator.COMMANDS_PAUSE_SECONDS", 1.0)
    turns = []
    monkeypatch.setattr(
        "orchestrator.engine.scheduler.settle",
        lambda state, **how: turns.append(1) or real(state, **how),
    )
    from orchestrator.domain.decisions import settle as real

    house.robot.play("1.1", plays.say(*[Text("hm")] * 500, Finished("completed")))
    assert await house.run() is RunStatus.COMPLETED
    assert len(turns) < 60


# --- storms --------------------------------------------------------------------------------------

STORM = """# P

**Execution Note:** Phases 2-3 are [PARALLEL]

## Phase 1: one

- [ ] 1.1 a
- [ ] 1.2 b (depends: 1.1)
- [ ] 1.3 c

## Phase 2: two

- [ ] 2.1 d
- [ ] 2.2 e (depends: 2.1)

## Phase 3: three

- [ ] 3.1 f
- [ ] 3.2 g
"""
IDS = ["1.1", "1.2", "1.3", "2.1", "2.2", "3.1", "3.2"]


def any_play(dice: random.Random, plays):
    tool = [ToolCallStarted("t", "bash"), ToolCallCompleted("t", "ok")][: dice.randint(0, 2)]
    return dice.choice(
        [
            plays.say(*tool, Finished("completed", "ok")),
            plays.say(*tool, Finished("completed", "ok")),
            plays.say(*tool, Finished("failed", error="broken")),
            plays.hold(*tool),
            plays.collapse(RuntimeError("ouch"), *tool),
        ]
    )


def any_command(dice: random.Random):
    return dice.choice(
        [
            Pause(),
            Pause(mode="now"),
            Resume(),
            Resume(),
            SkipTask(task_id=dice.choice(IDS)),
            SkipTask(task_id=dice.choice(IDS)),
            RetryTask(task_id=dice.choice(IDS), force=dice.random() < 0.3),
        ]
    )


@pytest.mark.parametrize("seed", range(25))
async def test_in_any_storm_of_commands_the_log_stays_true_and_nothing_is_left(make_house, plays, seed):
    dice = random.Random(seed)
    house = make_house(STORM)
    for task_id in IDS:
        house.robot.play(task_id, *[any_play(dice, plays) for _ in range(3)], *[plays.succeed()] * 20)
    house.log.turns = lambda: dice.randint(0, 5)
    run = await house.begin(parallel=3, on_blocked="wait")
    await house.until(lambda: "orch-1" in house.store.instances)
    # A task may hang until it is interrupted: the last word ends it.
    commands = [*(any_command(dice) for _ in range(25)), Shutdown(force=True)]
    records = []
    with suppress(InstanceEnded):
        for command in commands:
            for _ in range(dice.randint(0, 40)):
                await asyncio.sleep(0)
            records.append(await house.commands.submit("orch-1", command, actor="storm"))
    async with asyncio.timeout(10):
        ended_as = await run
    assert ended_as in {RunStatus.STOPPED, RunStatus.COMPLETED}
    assert all(agent_run.has_ended for agent_run in house.robot.runs)
    assert all(house.receipt(record).state is not CommandState.SENT for record in records)
    check_log(house)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def check_log(house) -> None:
    """Read as a client would: each entry must be a legal step from the state before it."""
    state, at_work = RunState(), 0
    settled = []
    for seq, entry in enumerate(house.stored("orch-1"), 1):
        assert entry.seq == seq
        assert not state.status.has_ended, "nothing follows the end"
        event = entry.data
        if isinstance(event, TaskChanged):
            assert event.old_status is state.tasks[event.task_id].status
            assert event.revision == state.tasks[event.task_id].revision + 1
            if event.new_status is TaskStatus.IN_PROGRESS:
                planned = state.planned(event.task_id)
                assert state.status is RunStatus.RUNNING
                assert planned.phase in open_phases(state)
                assert all(state.tasks[other].status.is_settled for other in planned.depends_on)
        elif isinstance(event, OrchestratorChanged):
            assert event.old_status is state.status
        elif isinstance(event, ToolStarted):
            assert state.tasks[event.task_id].status is TaskStatus.IN_PROGRESS
        elif isinstance(event, CommandSettled):
            settled.append(event.command_id)
        state = apply(state, entry)
        at_work = state.count(TaskStatus.IN_PROGRESS)
        assert at_work <= 3
    assert state.status.has_ended
    assert at_work == 0
    assert not state.open_tools
    assert len(settled) == len(set(settled))
    assert decide(state, Resume()).code == "orchestrator_ended"
