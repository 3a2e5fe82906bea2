"""The copies of findings are called as their tasks are, from the first moment of a run with a renumbered plan."""

from __future__ import annotations

import pytest

from orchestrator.domain.errors import StorageError
from orchestrator.domain.events import PlanChanged
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.plan_catalog import PlanCatalog

HEAD = "# P\n\n## Phase 1: only\n\n"
PLAN = HEAD + "- [ ] 1.1 Pour the concrete\n- [ ] 1.2 Raise the walls\n- [ ] 1.3 Paint the door\n"
RENUMBERED = HEAD + "- [ ] 1.1 Dig a hole\n- [ ] 1.2 Pour the concrete\n- [ ] 1.3 Raise the walls\n"
FINDINGS = "docs/plan-outputs/p/findings/"


@pytest.fixture
async def house(make_house, plays):
    """It has worked through the plan; then the plan was renumbered, and its door is gone."""
    house = make_house(PLAN)
    for task_id, text in {"1.1": "concrete", "1.2": "walls", "1.3": "door"}.items():
        house.robot.play(task_id, plays.say(text))
    assert await house.run() is RunStatus.COMPLETED
    house.plans.put("p.md", RENUMBERED)
    return house


def copies(house):
    return {
        path.removeprefix(FINDINGS): data.decode()
        for path, (data, _) in sorted(house.outputs.files.items())
        if path.startswith(FINDINGS)
    }


async def test_a_copy_follows_its_task_and_makes_room_for_another_one(house, plays):
    house.robot.play("1.1", plays.hold())
    run = await house.begin()
    await house.until_working("1.1")
    assert list(copies(house)) == ["1-2.md", "1-3.md"]
    assert "concrete" in copies(house)["1-2.md"]
    assert "walls" in copies(house)["1-3.md"]
    assert b"door" in house.outputs.files["docs/plan-outputs/p/archive/orch-2/findings/1-3.md"][0]
    assert house.state().tasks["1.3"].finding == f"{FINDINGS}1-3.md"
    catalog = PlanCatalog(house.ports, house.reader)
    assert {info.task_id: info.file_path for info in await catalog.findings("p")} == {
        "1.2": f"{FINDINGS}1-2.md",
        "1.3": f"{FINDINGS}1-3.md",
    }
    # The hole has found nothing yet, whatever lay under its number.
    assert await catalog.finding("p", "1.1") is None
    assert "walls" in await catalog.finding("p", "1.3")
    await house.vanish(run)


async def test_what_a_task_that_is_gone_found_is_not_taken_for_what_its_successor_found(house):
    house.plans.put("p.md", PLAN.partition("- [ ] 1.3")[0])
    await house.run()
    assert "door" in copies(house)["1-3.md"]
    house.plans.put("p.md", PLAN.replace("Paint the door", "Sweep the yard and all its corners"))
    await house.run()
    assert "door" not in copies(house)["1-3.md"]


async def test_a_copy_that_cannot_be_moved_ends_no_run(house):
    async def full(*_):
        raise StorageError("The disk is full.")

    house.outputs.move_findings = full
    assert await house.run() is RunStatus.COMPLETED
    [told] = [event.reason for event in house.events(PlanChanged)]
    assert told == "Copies of findings keep the names they had. The disk is full."
