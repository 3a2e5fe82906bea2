"""A run whose tasks end as fast as others start hears what it is asked for within one task's end.

The log takes some turns of the event loop for each append, so while one attempt is being started others end:
there is always a free place.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from orchestrator.domain.commands import CommandState, Pause, RetryTask, Shutdown, SkipTask
from orchestrator.domain.events import AgentLimited, CommandSettled, OrchestratorChanged, TaskChanged
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine import orchestrator as orchestrator_module
from orchestrator.engine.agent_events import Finished, Limit, UsageDelta
from orchestrator.engine.budget import Allowance

TASKS, PARALLEL, AT = 200, 4, 31
MANY = "# P\n\n## Phase 1: one\n\n" + "".join(f"- [ ] 1.{n} task\n" for n in range(1, TASKS + 1))
APPEND_TURNS = 5


class Watched:
    """A run of MANY at whose task AT something is done; it counts what has been started by then, and after."""

    def __init__(self, house) -> None:
        self.house = house
        self.done_at = None
        self.recorded = []
        self.hear = lambda _event: None
        house.log.turns = lambda: APPEND_TURNS

    async def at_task(self, do, *events, **options):
        async def play(_run):
            await do(self.orchestrator)
            self.done_at = len(self.started())
            for event in events:
                yield event
            yield Finished("completed", "done")

        self.house.robot.play(f"1.{AT}", play)
        self.orchestrator = await self.house.orchestrator(parallel=PARALLEL, **options)
        self.orchestrator.listen(self.recorded.append)
        self.orchestrator.listen(self.hear)
        return asyncio.create_task(self.orchestrator.run())

    def started(self):
        return [e for e in self.recorded if isinstance(e, TaskChanged) and e.new_status == "in_progress"]

    def started_after(self, status):
        """How many attempts started after the run's step to this status."""
        steps = [e for e in self.recorded if isinstance(e, OrchestratorChanged)]
        step = next(e for e in steps if e.new_status is status)
        later = self.recorded[self.recorded.index(step) :]
        return sum(isinstance(e, TaskChanged) and e.new_status == "in_progress" for e in later)


@pytest.fixture
def watched(make_house, monkeypatch):
    # Otherwise the clock says how many tasks end before the queue is looked into.
    monkeypatch.setattr(orchestrator_module, "COMMANDS_PAUSE_SECONDS", 0)
    return Watched(make_house(MANY))


async def test_a_signal_lets_nothing_more_start(watched):
    async def shut_down(run):
        run.wish(Shutdown())

    run = await watched.at_task(shut_down)
    assert await run is RunStatus.STOPPED
    assert len(watched.started()) - watched.done_at <= 1
    assert watched.started_after(RunStatus.STOPPING) == 0


async def test_the_second_signal_interrupts_at_once_what_the_first_lets_finish(watched, plays):
    async def shut_down(run):
        run.wish(Shutdown())
        run.wish(Shutdown(force=True))

    held = "1.2"
    watched.house.robot.play(held, plays.hold())
    run = await watched.at_task(shut_down)
    assert await run is RunStatus.STOPPED
    assert watched.house.statuses()[held] == "pending"
    assert len(watched.started()) - watched.done_at <= 1
    assert watched.started_after(RunStatus.STOPPING) == 0


async def test_a_pause_from_the_queue_lets_nothing_more_start(watched):
    async def pause(_run):
        await watched.house.commands.submit(watched.house.last_id, Pause(), actor="test")

    run = await watched.at_task(pause)
    await watched.house.until(lambda: watched.house.state().status is RunStatus.PAUSED)
    assert len(watched.started()) - watched.done_at <= PARALLEL
    watched.orchestrator.wish(Shutdown())
    assert await run is RunStatus.STOPPED
    assert watched.started_after(RunStatus.PAUSED) == 0


async def test_a_used_up_budget_lets_nothing_more_start(watched):
    async def nothing(_run):
        pass

    run = await watched.at_task(
        nothing, UsageDelta("m", input_tokens=10), run_allowance=Allowance(tokens=10), on_blocked="wait"
    )
    await watched.house.until(lambda: watched.house.state().status is RunStatus.PAUSED)
    assert len(watched.started()) - watched.done_at <= PARALLEL
    watched.orchestrator.wish(Shutdown())
    assert await run is RunStatus.STOPPED
    assert watched.started_after(RunStatus.PAUSED) == 0


async def test_a_limit_that_is_over_is_lifted_while_other_agents_are_busy(make_house):
    house = make_house(
        MANY.replace("- [ ] 1.1 ", "- [ ] 1.0 by the shell\n\n  ```sh\n  true\n  ```\n\n- [ ] 1.1 ")
    )
    watched, real, passed = Watched(house), house.now, timedelta()
    # The run's clock alone: the lease goes by the store's.
    house.now = lambda: real() + passed

    async def limited(_run):
        yield Finished("limited", error="no", limit=Limit("no", resets_at=real() + timedelta(hours=1)))

    async def an_hour_passes(_run):
        nonlocal passed
        passed = timedelta(hours=2)

    house.shell.play("1.0", limited)
    run = await watched.at_task(an_hour_passes)
    assert await run is RunStatus.COMPLETED
    lifted = next(i for i, e in enumerate(watched.recorded) if isinstance(e, AgentLimited) and not e.until)
    started_by_then = [e for e in watched.recorded[:lifted] if e in watched.started()]
    assert len(started_by_then) - watched.done_at <= 1


async def test_a_signal_goes_before_the_commands_that_still_wait(watched):
    """A hundred commands are open; the signal comes while the first of them is obeyed."""

    async def submit(_run):
        for number in range(TASKS - 100, TASKS):
            command = SkipTask(task_id=f"1.{number}")
            await watched.house.commands.submit(watched.house.last_id, command, actor="test")

    def hear(event):
        if isinstance(event, CommandSettled):
            watched.orchestrator.wish(Shutdown(force=True))

    watched.hear = hear
    run = await watched.at_task(submit)
    assert await run is RunStatus.STOPPED
    stopping = next(
        e for e in watched.recorded if isinstance(e, OrchestratorChanged) and e.new_status == "stopping"
    )
    before = watched.recorded[: watched.recorded.index(stopping)]
    assert sum(isinstance(e, CommandSettled) for e in before) == 1
    receipts = [record.state for record in watched.house.store.commands.values()]
    assert CommandState.SENT not in receipts


async def test_many_commands_are_durable_together(make_house, plays):
    house = make_house(MANY)
    house.log.turns = lambda: APPEND_TURNS
    house.robot.play("1.1", plays.hold())
    run = await house.begin()
    await house.until_working("1.1")
    for number in range(2, 102):
        await house.commands.submit(house.last_id, SkipTask(task_id=f"1.{number}"), actor="test")
    await house.command(RetryTask(task_id="1.2"))
    with_receipts = [a for a in house.log.appends if any(isinstance(e, CommandSettled) for e in a)]
    assert len(with_receipts) < 50
    await house.command(Shutdown(force=True))
    assert await run is RunStatus.STOPPED


async def test_an_attempt_that_was_prepared_for_a_task_that_has_changed_is_not_started(
    make_house, monkeypatch
):
    """Its task is skipped, and retried with a note, while the attempt is being prepared."""
    house = make_house("# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n")
    reread, is_first = house.plans.read, True

    async def read(name):
        nonlocal is_first
        if is_first and house.count and house.store.instances:
            is_first = False
            for command in (SkipTask(task_id="1.1"), RetryTask(task_id="1.1", note="mind the gap")):
                await house.commands.submit(house.last_id, command, actor="test")
        return await reread(name)

    orchestrator = await house.orchestrator()
    monkeypatch.setattr(house.plans, "read", read)
    assert await orchestrator.run() is RunStatus.COMPLETED
    assert house.robot.jobs == ["1.1/1", "1.2/1"]
    assert "mind the gap" in house.robot.runs[0].job.prompt
