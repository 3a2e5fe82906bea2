"""What an attempt left is found again over runs, also where its task has another number by now."""

from __future__ import annotations

import pytest

from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.attempt_places import artifacts_of
from orchestrator.engine.task_runner import PROMPT_NAME

HEAD = "# P\n\n## Phase 1: only\n\n"
PLAN = HEAD + "- [ ] 1.1 Pour the concrete\n- [ ] 1.2 Raise the walls\n"
RENUMBERED = HEAD + "- [ ] 1.1 Dig a hole\n- [ ] 1.2 Pour the concrete\n- [ ] 1.3 Raise the walls\n"


@pytest.fixture
def house(make_house):
    return make_house(PLAN)


async def sent(house, task_id, attempt):
    """What the agent of this attempt was sent, as the latest run knows the task."""
    place = await artifacts_of(house.reader, house.last_id, task_id, attempt)
    kept = await house.ports.artifacts.get(*place, PROMPT_NAME)
    return None if kept is None else kept.content.decode()


async def test_attempts_of_earlier_runs_are_found_by_the_task_and_not_by_its_number(house, plays):
    house.robot.play("1.2", plays.fail("no bricks"))
    assert await house.run(max_attempts=1) is RunStatus.FAILED
    house.plans.put("p.md", RENUMBERED)
    house.robot.play("1.3", plays.fail("no bricks"))
    assert await house.run(max_attempts=1) is RunStatus.FAILED
    assert await house.run() is RunStatus.COMPLETED
    ids = {task.description: task.id for task in house.state().outline.tasks.values()}
    for description, attempts in {"Pour the concrete": 1, "Raise the walls": 3, "Dig a hole": 1}.items():
        task_id = ids[description]
        assert house.state().tasks[task_id].attempt == attempts
        for attempt in range(1, attempts + 1):
            assert description in (await sent(house, task_id, attempt)).partition("Your task, ")[2]
        assert await sent(house, task_id, attempts + 1) is None


async def test_a_run_that_is_gone_hides_what_it_kept_and_nothing_else(house, plays):
    house.robot.play("1.2", plays.fail("no bricks"))
    await house.run(max_attempts=1)
    await house.run(max_attempts=1)
    await house.run()
    del house.store.instances["orch-1"]
    assert await sent(house, "1.2", 2) is not None
    assert await sent(house, "1.2", 1) is None
    assert await artifacts_of(house.reader, "orch-3", "7.7", None) is None
