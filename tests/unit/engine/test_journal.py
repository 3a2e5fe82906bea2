"""The journal: order, durability, and what happens when it cannot write."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.domain.errors import LeaseLost, StorageError
from orchestrator.domain.events import AgentMessage, PlanLoaded, PlannedTask, TaskChanged
from orchestrator.domain.steps import start_attempt, task_step
from orchestrator.domain.task_status import TaskStatus, TaskTrigger
from orchestrator.engine.journal import Journal
from orchestrator.engine.records import RunCounts


def message(number: int) -> AgentMessage:
    return AgentMessage(task_id="1.1", attempt=1, text=str(number))


@pytest.fixture
async def journal(house):
    lease = await house.registry.claim(house.instance())
    journal = Journal(house.log, lease, house.now)
    tasks = (PlannedTask(id="1.1", phase=1, description="a"),)
    await journal.record(PlanLoaded(plan_name="p", plan_path="p.md", title="P", tasks=tasks))
    return journal


async def test_what_is_recorded_is_durable_and_in_the_state(house, journal):
    await journal.record(message(1), message(2))
    assert [event.text for event in house.events(AgentMessage)] == ["1", "2"]
    assert journal.state == house.state()


async def test_concurrent_records_keep_their_order_and_share_appends(house, journal):
    house.log.turns = lambda: 3
    predicted = {}

    async def record(number):
        predicted[number] = journal.state.seq + 1
        await journal.record(message(number), message(number))

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(record(number))
    stored = house.stored()
    assert journal.state.seq == stored[-1].seq == 101
    assert journal.state == house.state()
    assert len(house.log.appends) < 10
    texts = [event.text for event in house.events(AgentMessage)]
    assert [texts[seq - 2] for seq in predicted.values()] == [str(number) for number in predicted]


async def test_the_state_changes_before_the_first_await(house, journal):
    writing = asyncio.ensure_future(journal.record(start_attempt(journal.state, "1.1", "robot")))
    await asyncio.sleep(0)
    assert journal.state.tasks["1.1"].status is TaskStatus.IN_PROGRESS
    assert house.state().tasks["1.1"].status is TaskStatus.PENDING
    await writing


async def test_a_cancelled_record_is_written_all_the_same(house, journal):
    house.log.turns = lambda: 3
    writing = asyncio.create_task(journal.record(message(1)))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await journal.record(message(2))
    assert [event.text for event in house.events(AgentMessage)] == ["1", "2"]
    assert journal.state == house.state()


async def test_a_failed_append_closes_the_journal_for_good_and_for_everyone_who_waits(house, journal):
    house.log.turns = lambda: 2
    house.log.error = lambda _events: LeaseLost("taken over")
    writes = [asyncio.create_task(journal.record(message(number))) for number in range(3)]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results] == [LeaseLost] * 3
    house.log.error = lambda _events: None
    with pytest.raises(LeaseLost):
        await journal.record(message(9))
    with pytest.raises(LeaseLost):
        journal.check()
    assert house.events(AgentMessage) == []


async def test_a_closed_journal_writes_nothing_more(house, journal):
    house.log.turns = lambda: 5
    first = asyncio.create_task(journal.record(message(1)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.create_task(journal.record(message(2)))
    await asyncio.sleep(0)
    journal.close(StorageError("enough"))
    with pytest.raises(StorageError, match="enough"):
        await second
    await asyncio.gather(first, return_exceptions=True)
    assert "2" not in [event.text for event in house.events(AgentMessage)]
    with pytest.raises(StorageError, match="enough"):
        await journal.record()


async def test_an_impossible_event_changes_nothing(house, journal):
    step = task_step(journal.state, "1.1", TaskTrigger.START)
    nonsense = step.model_copy(update={"task_id": "9.9"})
    before = journal.state
    with pytest.raises(KeyError):
        await journal.record(step, nonsense)
    assert journal.state is before
    await journal.record(message(1))
    assert house.events(TaskChanged) == []


async def test_a_listener_that_raises_is_not_asked_again(house, journal):
    calls = []

    def harm(event):
        calls.append(event)
        raise ValueError

    journal.listen(harm)
    await journal.record(message(1), message(2))
    await journal.record(message(3))
    assert len(calls) == 1
    assert len(house.events(AgentMessage)) == 3


async def test_the_registry_knows_the_progress(house, journal):
    await journal.record(start_attempt(journal.state, "1.1", "robot"))
    assert (await house.registry.get("orch-1")).counts == RunCounts(total_tasks=1)
    await journal.record(task_step(journal.state, "1.1", TaskTrigger.SUCCEED))
    assert (await house.registry.get("orch-1")).counts == RunCounts(
        100.0, unchecked=1, total_tasks=1, completed=1
    )
