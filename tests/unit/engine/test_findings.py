"""Findings come from the database: whatever became of their files, over runs, and on other machines."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.domain.commands import SkipTask
from orchestrator.domain.errors import StorageError
from orchestrator.domain.events import FindingWritten, PlanLoaded
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.findings import Findings
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.store.memory_files import MemoryPlanOutputs

CHAIN = """# P

## Phase 1: one

- [ ] 1.1 first
      attempts: 1
- [ ] 1.2 second (depends: 1.1)
      attempts: 1
"""
FILE = "docs/plan-outputs/p/findings/1-1.md"
FOUND = "the key is under the mat"


@pytest.fixture
def chain(make_house, plays):
    """A house whose first run has completed 1.1, and failed at 1.2."""
    house = make_house(CHAIN)
    house.robot.play("1.1", plays.succeed(FOUND))
    house.robot.play("1.2", plays.fail())
    return house


def prompt_of(house, task_id="1.2"):
    return [run.job.prompt for run in house.robot.runs if run.job.task.id == task_id][-1]


def nothing_happens(_house):
    pass


def deleted(house):
    del house.outputs.files[FILE]


def emptied(house):
    house.outputs.put(FILE, b"")


def edited(house):
    house.outputs.put(FILE, b"Ignore the mat.")


def cleaned(house):
    house.outputs.files.clear()


def on_another_host(house):
    house.outputs = MemoryPlanOutputs()
    house.ports = house.with_ports(outputs=house.outputs)


HARMS = [nothing_happens, deleted, emptied, edited, cleaned, on_another_host]


@pytest.mark.parametrize("harm", HARMS)
async def test_a_dependant_is_sent_the_database_s_finding(chain, harm):
    assert await chain.run() is RunStatus.FAILED
    harm(chain)
    await chain.run()
    assert FOUND in prompt_of(chain)
    assert "Ignore the mat." not in prompt_of(chain)


@pytest.mark.parametrize("harm", HARMS)
async def test_the_api_answers_with_the_database_s_finding(chain, harm):
    await chain.run()
    told = chain.finding("1.1")
    harm(chain)
    catalog = PlanCatalog(chain.ports, chain.reader)
    assert [(info.task_id, info.file_path) for info in await catalog.findings("p")] == [
        ("1.1", FILE),
        ("1.2", FILE.replace("1-1", "1-2")),
    ]
    assert (await catalog.findings("p"))[0].size_bytes == len(told.encode())
    for spelling in ("1.1", "1-1"):
        assert await catalog.finding("p", spelling) == told


async def test_it_is_found_over_many_runs(chain, plays):
    chain.robot.play("1.2", *[plays.fail()] * 3)
    for _ in range(3):
        await chain.run()
    cleaned(chain)
    await chain.run()
    assert FOUND in prompt_of(chain)
    place = chain.events(PlanLoaded)[0].tasks[0].finding_place
    assert (place.instance_id, place.task_id, place.attempt) == ("orch-1", "1.1", 1)


async def test_it_is_found_after_a_run_that_died_before_it_wrote_anything(chain):
    await chain.run()
    await chain.registry.claim(chain.instance(pid=7))
    chain.processes.dead.add(7)
    cleaned(chain)
    await chain.run()
    assert FOUND in prompt_of(chain)


async def test_the_latest_attempt_s_is_sent_and_people_see_those_before_too(make_house, plays):
    house = make_house(CHAIN.replace("attempts: 1", "attempts: 2", 1))
    house.robot.play("1.1", plays.fail("no mat"), plays.succeed(FOUND))
    await house.run()
    cleaned(house)
    assert FOUND in prompt_of(house)
    assert "no mat" not in prompt_of(house)
    told = await PlanCatalog(house.ports, house.reader).finding("p", "1.1")
    assert told.index(FOUND) < told.index("\n---\n") < told.index("no mat")
    (info,) = [i for i in await PlanCatalog(house.ports, house.reader).findings("p") if i.task_id == "1.1"]
    assert info.size_bytes == len(told.encode())


async def test_what_a_failed_attempt_left_is_evidence_for_the_next_without_its_file(chain, plays):
    chain.robot.play("1.2", plays.fail("the door is locked"))
    await chain.run()
    cleaned(chain)
    await chain.run()
    assert "Error: the door is locked" in prompt_of(chain)


async def test_what_an_earlier_wording_s_attempt_reported_is_not_what_a_crashed_one_left(chain, plays):
    chain.robot.play("1.2", plays.succeed("all walls are white"))
    await chain.run()
    chain.plans.put("p.md", CHAIN.replace("1.2 second", "1.2 in red").encode())
    rerun = {"reworded": "rerun"}
    chain.robot.play("1.2", plays.hold())
    run = await chain.begin(**rerun)
    await chain.until_working("1.2")
    assert "The latest report on this task." in prompt_of(chain)
    assert "The attempt before failed" not in prompt_of(chain)
    await chain.vanish(run)
    chain.robot.play("1.2", plays.succeed())
    await chain.run(**rerun)
    report, failure = prompt_of(chain).split("The attempt before failed: ")
    assert "all walls are white" in report
    assert "all walls are white" not in failure
    assert "What it left behind" not in failure


async def test_a_task_that_was_skipped_before_its_first_attempt_has_none(make_house, plays):
    house = make_house(CHAIN.replace("- [ ] 1.1", "- [ ] 1.0 before\n- [ ] 1.1"))
    go = asyncio.Event()
    house.robot.play("1.0", plays.hold(until=go))
    run = await house.begin()
    await house.until_working("1.0")
    await house.command(SkipTask(task_id="1.1"))
    go.set()
    assert await run is RunStatus.COMPLETED
    assert "1.1 first (skipped)" in prompt_of(house)
    assert "## 1.1 (skipped by command)\n\nNo report." in prompt_of(house)


async def test_restart_begins_without_the_findings_of_before(chain):
    await chain.run()
    catalog = PlanCatalog(chain.ports, chain.reader)
    assert await chain.run(restart=True) is RunStatus.COMPLETED
    assert [task.finding_place for task in chain.events(PlanLoaded)[0].tasks] == [None, None]
    assert FOUND not in prompt_of(chain)
    assert FOUND not in await catalog.finding("p", "1.1")


class TestFiles:
    """What people wrote, or earlier versions, counts where the database has nothing."""

    async def test_a_person_s_file_for_a_task_that_never_ran_is_sent_and_listed(self, make_house):
        house = make_house(CHAIN.replace("- [ ] 1.1", "- [x] 1.1"))
        house.outputs.put(FILE, b"I did it by hand.")
        await house.run()
        assert "I did it by hand." in prompt_of(house)
        catalog = PlanCatalog(house.ports, house.reader)
        assert [info.task_id for info in await catalog.findings("p")] == ["1.2", "1.1"]
        assert await catalog.finding("p", "1.1") == "I did it by hand."

    async def test_a_file_of_a_task_that_the_plan_does_not_have_is_listed(self, chain):
        await chain.run()
        chain.outputs.put(FILE.replace("1-1", "9-9"), b"from long ago")
        catalog = PlanCatalog(chain.ports, chain.reader)
        assert [info.task_id for info in await catalog.findings("p")] == ["1.1", "1.2", "9.9"]
        assert await catalog.finding("p", "9-9") == "from long ago"

    async def test_the_copy_of_another_task_s_finding_is_never_taken_for_one_s_own(self, make_house, plays):
        house = make_house(CHAIN)
        house.robot.play("1.1", plays.succeed("of the work that was called 1.1"))
        await house.run()
        state = house.state()
        other = {"2.1": state.tasks["1.1"]}
        findings = Findings(house.ports.artifacts, house.outputs, "p", "orch-1", other)
        assert await findings.latest("1.1") is None
        assert "called 1.1" in await findings.latest("2.1")

    async def test_a_finding_whose_file_cannot_be_written_is_sent_all_the_same(self, chain):
        async def refuse(*_args):
            raise StorageError("No space left.")

        chain.outputs.write_finding = refuse
        await chain.run()
        assert FOUND in prompt_of(chain)
        assert chain.events(FindingWritten)[0].file_path == FILE
