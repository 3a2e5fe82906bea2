"""Runs over SQLite and files: what is left on disk, commands from elsewhere, taking over."""

from __future__ import annotations

import asyncio
import json

import pytest

from orchestrator.domain.commands import CommandState, Pause, Resume, Shutdown
from orchestrator.domain.errors import LeaseLost, PlanOwned
from orchestrator.domain.events import OrchestratorChanged, PlanLoaded
from orchestrator.domain.run_state import fold
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.follow import follow
from orchestrator.engine.records import NewInstance
from orchestrator.store.open import open_store

PLAN = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n\n## Phase 2: two\n\n- [ ] 2.1 third\n"


@pytest.fixture(autouse=True)
def plan(write_plan):
    write_plan(PLAN)


async def receipt(ports, record):
    async with asyncio.timeout(5):
        async with ports.changes.subscribe() as changes:
            while (
                found := await ports.commands.get(record.instance_id, record.id)
            ).state is CommandState.SENT:
                await changes.wait(1)
    return found


async def working(worker, ports, instance_id):
    async with asyncio.timeout(5):
        async for entry in follow(ports.log, ports.changes, instance_id):
            if entry.type == "tool_started":
                return


async def test_a_run_leaves_its_log_status_and_findings(tmp_path, orchestrator):
    async with open_store(tmp_path) as ports:
        assert await (await orchestrator(ports, "orch-a")).run() is RunStatus.COMPLETED
        log = [entry async for entry in follow(ports.log, ports.changes, "orch-a")]
        # Behind the last entry there is nothing to wait for.
        async with asyncio.timeout(5):
            assert [entry async for entry in follow(ports.log, ports.changes, "orch-a", len(log))] == []
    assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
    assert isinstance(log[0].data, PlanLoaded)
    assert isinstance(log[-1].data, OrchestratorChanged)
    assert fold(log).status is RunStatus.COMPLETED
    outputs = tmp_path / "docs" / "plan-outputs" / "p"
    assert json.loads((outputs / "status.json").read_text())["summary"]["completed"] == 3
    assert sorted(path.name for path in (outputs / "findings").iterdir()) == ["1-1.md", "1-2.md", "2-1.md"]


async def test_commands_come_through_another_door_to_the_same_database(tmp_path, orchestrator, worker):
    worker.slow = {"1.1"}
    async with open_store(tmp_path) as ports, open_store(tmp_path) as elsewhere:
        run = asyncio.create_task((await orchestrator(ports, "orch-a")).run())
        await working(worker, elsewhere, "orch-a")
        paused = await receipt(elsewhere, await elsewhere.commands.submit("orch-a", Pause(), actor="them"))
        assert paused.state is CommandState.APPLIED
        assert (await elsewhere.registry.get("orch-a")).status is RunStatus.PAUSED
        (entry,) = await elsewhere.log.read("orch-a", after=paused.seq - 1, limit=1)
        assert (entry.type, entry.data.command_id) == ("command_settled", paused.id)
        await receipt(elsewhere, await elsewhere.commands.submit("orch-a", Resume(), actor="them"))
        worker.go.set()
        assert await run is RunStatus.COMPLETED


async def test_a_second_orchestrator_is_refused_and_takes_over_when_the_first_has_stopped(
    tmp_path, orchestrator, worker
):
    worker.slow = {"1.2"}
    async with open_store(tmp_path) as ports, open_store(tmp_path) as elsewhere:
        run = asyncio.create_task((await orchestrator(ports, "orch-a")).run())
        await working(worker, ports, "orch-a")
        with pytest.raises(PlanOwned):
            await (await orchestrator(elsewhere, "orch-b")).run()
        record = await elsewhere.commands.submit("orch-a", Shutdown(force=True), actor="them")
        assert (await receipt(elsewhere, record)).state is CommandState.APPLIED
        assert await run is RunStatus.STOPPED
        worker.slow.clear()
        assert await (await orchestrator(elsewhere, "orch-b")).run() is RunStatus.COMPLETED
    finished = [job for job in worker.jobs if job.startswith("1.1")]
    assert finished == ["1.1/1"]


async def test_a_zombie_whose_lease_was_taken_over_writes_nothing_and_ends(tmp_path, orchestrator, worker):
    worker.slow = {"1.1"}
    async with open_store(tmp_path, lease_seconds=0.2) as ports:
        run = asyncio.create_task((await orchestrator(ports, "orch-a", on_blocked="wait")).run())
        await working(worker, ports, "orch-a")
        taken = NewInstance("orch-b", ports.project, "p", "docs/plans/p.md", str(tmp_path), "there", 2, "2")
        async with asyncio.timeout(5):
            while True:
                try:
                    await ports.registry.claim(taken)
                    break
                except PlanOwned:
                    await asyncio.sleep(0.02)
        written = (await ports.registry.get("orch-a")).seq
        worker.go.set()
        with pytest.raises(LeaseLost):
            await run
        assert (await ports.registry.get("orch-a")).seq == written
