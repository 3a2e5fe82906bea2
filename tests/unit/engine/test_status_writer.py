"""status.json follows the log: not too often, not for its own sake, and always at the end."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from orchestrator.domain.commands import Pause, Shutdown
from orchestrator.domain.errors import StorageError
from orchestrator.domain.events import PlanChanged, StatusUpdated
from orchestrator.domain.task_status import RunStatus

MANY = "# P\n\n## Phase 1: one\n\n" + "".join(f"- [ ] 1.{n} t\n" for n in range(1, 40))
PATH = "docs/plan-outputs/p/status.json"


@pytest.fixture
def counted(make_house):
    """A house that keeps every status.json and when it was written."""
    house = make_house(MANY)
    house.written = []
    write = house.outputs.write_status

    async def keep(name, document):
        house.written.append((asyncio.get_running_loop().time(), document))
        await write(name, document)

    house.outputs.write_status = keep
    return house


async def test_it_is_written_at_most_four_times_a_second_and_at_the_end(counted, plays):
    for n in range(1, 40):
        counted.robot.play(f"1.{n}", slow(plays))
    assert await counted.run() is RunStatus.COMPLETED
    times = [at for at, _ in counted.written]
    gaps = [later - earlier for earlier, later in pairwise(times[:-1])]
    assert len(gaps) >= 1
    assert min(gaps) >= 0.24
    assert counted.written[-1][1]["summary"]["completed"] == 39


def slow(plays):
    from orchestrator.engine.agent_events import Finished

    async def play(_run):
        await asyncio.sleep(0.02)
        yield Finished("completed", "done")

    return play


async def test_a_quiet_run_does_not_write(counted, plays):
    counted.robot.play("1.1", plays.hold())
    run = await counted.begin()
    await counted.until_working("1.1")
    await counted.until(lambda: counted.written[-1:] and counted.written[-1][1]["summary"]["in_progress"])
    await asyncio.sleep(0.05)
    written, told = len(counted.written), len(counted.events(StatusUpdated))
    await asyncio.sleep(0.6)
    assert (len(counted.written), len(counted.events(StatusUpdated))) == (written, told)
    await counted.command(Shutdown(force=True))
    await run


async def test_each_write_is_told_with_what_changed(counted):
    await counted.run()
    told = counted.events(StatusUpdated)
    assert len(told) == len(counted.written)
    assert [event.revision for event in told] == list(range(1, len(told) + 1))
    changed = [task_id for event in told for task_id in event.changed]
    assert set(changed) == {f"1.{n}" for n in range(1, 40)}
    assert all(
        doc["summary"]["completed"] == e.summary.completed
        for (_, doc), e in zip(counted.written, told, strict=True)
    )


async def test_a_pause_is_written_within_a_quarter_of_a_second(counted, plays):
    counted.robot.play("1.1", plays.hold())
    run = await counted.begin()
    await counted.until_working("1.1")
    await counted.command(Pause(mode="now"))
    await counted.until(
        lambda: counted.written[-1][1]["tasks"][0]["notes"] == "interrupted by pause", seconds=1
    )
    await counted.command(Shutdown())
    await run


async def test_the_row_of_a_run_is_open_until_it_ends_and_earlier_rows_stay(counted, plays):
    earlier = {"runId": "orch-0", "startedAt": "then"}
    document = {"tasks": [], "runs": [earlier, "rubbish"], "revision": 7, "createdAt": "long ago"}
    counted.outputs.put(PATH, json.dumps(document).encode())
    await counted.run()
    first, last = counted.written[0][1], counted.written[-1][1]
    assert first["runs"][0] == last["runs"][0] == earlier
    assert first["runs"][1]["completedAt"] is None
    assert last["runs"][1]["completedAt"] is not None
    assert last["runs"][1]["tasksCompleted"] == 39
    assert first["createdAt"] == last["createdAt"] == "long ago"
    assert first["revision"] == 8


async def test_what_could_not_be_written_is_told_with_the_next_write(counted, plays):
    go = asyncio.Event()
    counted.robot.play("1.2", plays.hold(until=go))
    keep, state = counted.outputs.write_status, {"is_full": True}

    async def full(name, document):
        if state["is_full"]:
            raise StorageError("No space left.")
        await keep(name, document)

    counted.outputs.write_status = full
    run = await counted.begin()
    await counted.until_working("1.2")
    await counted.until(lambda: counted.events(PlanChanged))
    await asyncio.sleep(0.6)
    state["is_full"] = False
    go.set()
    assert await run is RunStatus.COMPLETED
    assert len(counted.events(PlanChanged)) == 1
    changed = {task_id for event in counted.events(StatusUpdated) for task_id in event.changed}
    assert "1.1" in changed
