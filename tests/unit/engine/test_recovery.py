"""The dead are buried once, with all that they could not say themselves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from orchestrator.domain.commands import CommandState, Pause
from orchestrator.domain.events import (
    AgentMessage,
    CommandSettled,
    NewEvent,
    OrchestratorChanged,
    TaskChanged,
    ToolCompleted,
)
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.agent_events import ToolCallStarted
from orchestrator.engine.recovery import GRACE_SECONDS

TWO = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n  - once: true\n"


@pytest.fixture
async def dead(make_house, plays):
    """An orchestrator that was killed while two tasks and a tool were at work, and a command was under way."""
    house = make_house(TWO)
    house.robot.play("1.1", plays.hold(ToolCallStarted("t", "bash", "make")))
    house.robot.play("1.2", plays.hold())
    run = await house.begin(parallel=2)
    await house.until_working("1.1")
    await house.until_working("1.2")
    await house.until(lambda: house.state().open_tools)
    await house.vanish(run)
    house.record = await house.commands.submit("orch-1", Pause(), actor="test")
    return house


async def test_a_dead_process_is_buried_at_once_with_its_tools_tasks_and_commands(dead):
    assert (await dead.registry.get("orch-1")).lease_until > dead.now()
    before = len(dead.stored())
    assert await dead.undertaker.bury_the_dead() == ["orch-1"]
    tool, first, second, receipt, end = [entry.data for entry in dead.stored()[before:]]
    assert isinstance(tool, ToolCompleted)
    assert (tool.tool_id, tool.status, tool.success) == ("t", "interrupted", False)
    assert isinstance(first, TaskChanged)
    assert (first.task_id, first.new_status) == ("1.1", TaskStatus.PENDING)
    assert isinstance(second, TaskChanged)
    assert (second.task_id, second.new_status) == ("1.2", TaskStatus.FAILED)
    assert isinstance(receipt, CommandSettled)
    assert isinstance(end, OrchestratorChanged)
    assert end.new_status is RunStatus.CRASHED
    assert "its process is gone" in end.reason
    assert dead.receipt(dead.record).state is CommandState.EXPIRED
    assert dead.processes.swept == ["orch-1"]
    state = dead.state()
    assert not state.open_tools
    assert state.count(TaskStatus.IN_PROGRESS) == 0


async def test_nobody_is_buried_twice(dead):
    record = await dead.registry.get("orch-1")
    buried = await asyncio.gather(*(dead.undertaker.bury_if_dead(record) for _ in range(3)))
    assert sorted(buried) == [False, False, True]
    assert await dead.undertaker.bury_the_dead() == []
    assert [event.new_status for event in dead.events(OrchestratorChanged)].count(RunStatus.CRASHED) == 1


async def test_who_lives_is_not_buried(dead):
    dead.processes.dead.clear()
    assert await dead.undertaker.bury_the_dead() == []
    assert dead.processes.swept == []


async def test_on_another_host_the_end_of_the_lease_counts(dead):
    dead.processes.host = "elsewhere"
    assert await dead.undertaker.bury_the_dead() == []
    dead.offset += dead.lease
    assert await dead.undertaker.bury_the_dead() == []
    dead.offset += timedelta(seconds=GRACE_SECONDS)
    assert await dead.undertaker.bury_the_dead() == ["orch-1"]
    assert "its lease ran out" in dead.events(OrchestratorChanged)[-1].reason
    assert dead.processes.swept == []


async def test_one_that_renews_its_lease_after_a_pause_of_the_machine_lives_on(dead):
    dead.processes.dead.clear()
    dead.offset += dead.lease
    for _ in range(3):
        assert await dead.undertaker.bury_the_dead() == []
        await dead.registry.renew(await dead.lease_of("orch-1"))
        assert await dead.undertaker.bury_the_dead() == []
        dead.offset += dead.lease
    assert await dead.undertaker.bury_the_dead() == []
    dead.offset += timedelta(seconds=GRACE_SECONDS)
    assert await dead.undertaker.bury_the_dead() == ["orch-1"]


async def test_a_successor_need_not_be_patient(dead):
    dead.processes.dead.clear()
    dead.offset += dead.lease
    assert await dead.undertaker.bury_if_dead(await dead.registry.get("orch-1"))


async def test_one_that_writes_while_it_is_looked_at_is_not_buried_with_an_old_state(dead):
    dead.processes.dead.clear()
    dead.offset += dead.lease
    record = await dead.registry.get("orch-1")
    look = dead.reader.state

    async def look_and_be_overtaken(instance_id):
        state = await look(instance_id)
        still_mine = await dead.lease_of("orch-1")
        message = NewEvent(AgentMessage(task_id="1.1", attempt=1, text="still here"), dead.now())
        await dead.ports.log.append(still_mine, [message])
        return state

    dead.reader.state = look_and_be_overtaken
    assert not await dead.undertaker.bury_if_dead(record)
    assert dead.state().status is RunStatus.RUNNING


async def test_one_that_died_before_its_first_event_gets_one(make_house):
    house = make_house(TWO)
    new = house.instance()
    await house.registry.claim(new)
    house.processes.dead.add(new.pid)
    assert await house.undertaker.bury_the_dead() == ["orch-1"]
    assert [entry.type for entry in house.stored()] == ["plan_loaded", "orchestrator_changed"]
    assert house.state().outline.plan_name == "p"
    assert await house.run() is RunStatus.COMPLETED
