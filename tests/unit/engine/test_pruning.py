"""Pruning: what goes, what stays for the runs that stay, and what is finished later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.errors import InstancePruned
from orchestrator.domain.retention import Retention
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.pruning import Pruner
from orchestrator.engine.records import Amount

PLAN = """# P

## Phase 1: one

- [ ] 1.1 first
      attempts: 1
- [ ] 1.2 second (depends: 1.1)
      attempts: 1
"""
FOUND = "the key is under the mat"
ALL = Retention(timedelta(), 0)


class Files:
    """Remembers what was asked for."""

    def __init__(self):
        self.amounts = {}
        self.reports = Amount()

    async def size(self, plan_name, instance_id):
        return self.amounts.get((plan_name, instance_id), Amount())

    async def remove(self, plan_name, instance_id):
        return self.amounts.pop((plan_name, instance_id), Amount())

    async def reports_before(self, moment):
        return self.reports

    async def remove_reports_before(self, moment):
        self.reports, removed = Amount(), self.reports
        return removed


@pytest.fixture
def files():
    return Files()


@pytest.fixture
async def house(make_house, plays):
    """Four runs: the first has completed 1.1, and all have failed at 1.2."""
    house = make_house(PLAN)
    house.robot.play("1.1", plays.succeed(FOUND))
    house.robot.play("1.2", *[plays.fail()] * 4)
    for _ in range(4):
        await house.run()
    return house


@pytest.fixture
def pruner(house, files):
    return Pruner("commit:1234", house.ports.storage, house.ports.log, files)


async def prune(pruner, retention=ALL):
    """Returns the ids of the runs that there was something to do about, and how many bytes went."""
    found = await pruner.choose(retention)
    freed = [step async for _, step in pruner.prune(found)]
    return [run.record.id for run in found.runs], sum(freed)


async def names(house, instance_id, task_id, attempt):
    """Which artifacts of an attempt are left."""
    keys = house.store.artifacts
    return sorted(key[3] for key in keys if key[:3] == (instance_id, task_id, attempt))


async def test_choosing_changes_nothing(house, pruner):
    before = (dict(house.store.artifacts), dict(house.store.instances), dict(house.store.events))
    found = await pruner.choose(ALL)
    assert [run.record.id for run in found.runs] == ["orch-3", "orch-2", "orch-1"]
    assert all(run.stored.bytes > 100 for run in found.runs)
    assert before == (house.store.artifacts, house.store.instances, house.store.events)


async def test_what_was_weighed_is_what_goes(pruner):
    found = await pruner.choose(ALL)
    assert sum([step async for _, step in pruner.prune(found)]) == found.bytes > 0
    assert (await pruner.choose(ALL)).is_empty


async def test_what_the_latest_run_refers_to_stays(house, pruner):
    await prune(pruner)
    kept = await names(house, "orch-1", "1.1", 1)
    assert kept == ["finding.md", "prompt.md", "transcript-0001.jsonl"]
    assert await names(house, "orch-1", "1.2", 1) == []
    # The latest of 1.2 that the latest run has not replaced by its own.
    assert await names(house, "orch-3", "1.2", 3) == kept
    assert await names(house, "orch-2", "1.2", 2) == []
    assert len(await names(house, "orch-4", "1.2", 4)) == 3


async def test_the_next_run_is_sent_what_was_found_in_a_pruned_one(house, pruner, plays):
    await prune(pruner)
    house.outputs.files.clear()
    await house.run()
    assert FOUND in house.robot.runs[-1].job.prompt
    assert FOUND in await PlanCatalog(house.ports, house.reader).finding("p", "1.1")


async def test_what_no_run_refers_to_any_more_goes_with_a_later_prune(house, pruner):
    await prune(pruner)
    await house.run(restart=True)
    ids, freed = await prune(pruner)
    assert ids == ["orch-4", "orch-3", "orch-1"]
    assert freed > 0
    assert {key[0] for key in house.store.artifacts} == {"orch-5"}


async def test_the_last_runs_and_young_ones_stay(house, pruner):
    assert (await prune(pruner, Retention(timedelta(), 4)))[0] == []
    assert (await prune(pruner, Retention(timedelta(hours=1), 0)))[0] == []
    assert (await prune(pruner, Retention(timedelta(), 3)))[0] == ["orch-1"]
    house.offset += timedelta(hours=2)
    # Of the first, only what the second still referred to was left.
    assert (await prune(pruner, Retention(timedelta(hours=1), 2)))[0] == ["orch-2", "orch-1"]


async def test_a_live_run_and_its_predecessor_stay(house, pruner, plays):
    house.robot.play("1.2", plays.hold())
    live = await house.begin()
    await house.until_working("1.2")
    ids, _ = await prune(pruner)
    assert ids == ["orch-4", "orch-3", "orch-2", "orch-1"]
    state = await house.reader.state("orch-5")
    assert state.seq > 0
    house.robot.runs[-1].told.set()
    await live
    assert FOUND in house.robot.runs[-1].job.prompt


async def test_an_attempt_that_died_stays_while_it_is_shown(make_house, plays, files):
    house = make_house(PLAN)
    await house.die_at("1.1", plays)
    house.robot.play("1.1", plays.hold())
    run = await house.begin()
    await house.until_working("1.1")
    await house.vanish(run)
    house.lease = timedelta()
    await house.undertaker.bury_the_dead()
    await house.run()
    pruner = Pruner("commit:1234", house.ports.storage, house.ports.log, files)
    await prune(pruner)
    assert await names(house, "orch-1", "1.1", 1) == []
    assert "prompt.md" in await names(house, "orch-2", "1.1", 2)


async def test_a_prune_that_was_cut_off_is_finished_by_the_next(house, pruner, files):
    files.amounts["p", "orch-2"] = Amount(1, 50)
    found = await pruner.choose(ALL)
    async for run, _ in pruner.prune(found):
        if run.record.id == "orch-2":
            break
    assert (await house.registry.get("orch-2")).pruned_at is not None
    assert (await house.registry.get("orch-1")).pruned_at is None
    files.amounts["p", "orch-3"] = Amount(2, 70)
    ids, freed = await prune(pruner)
    assert ids == ["orch-3", "orch-2", "orch-1"]
    assert freed >= 120
    assert files.amounts == {}
    assert await prune(pruner) == ([], 0)


async def test_two_prunes_at_once_do_no_harm(house, pruner):
    first, second = [await pruner.choose(ALL) for _ in range(2)]
    one = sum([step async for _, step in pruner.prune(first)])
    other = sum([step async for _, step in pruner.prune(second)])
    assert (one, other) == (first.bytes, 0)


async def test_the_status_of_a_pruned_run_is_refused_with_the_day(house, pruner):
    await house.reader.state("orch-1")
    await prune(pruner)
    with pytest.raises(InstancePruned, match=r"orch-1 was pruned on \d{4}-\d\d-\d\d; its log and outputs"):
        await house.reader.state("orch-1")
    with pytest.raises(InstancePruned):
        await house.reader.state("orch-1", at_seq=1)
    assert (await house.reader.state("orch-4")).outline.predecessor == "orch-3"


async def test_crash_reports_go_by_their_age(pruner, files):
    files.reports = Amount(3, 300)
    found = await pruner.choose(Retention())
    assert (found.bytes, found.is_empty, found.runs) == (300, False, [])
    assert [step async for _, step in pruner.prune(found)] == [300]
    assert (await pruner.choose(Retention())).is_empty


async def test_another_project_s_runs_are_left_alone(house, files):
    assert (await Pruner("/elsewhere", house.ports.storage, house.ports.log, files).choose(ALL)).is_empty
