"""Who does a task, and what is said when nobody can."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.domain.commands import RetryTask
from orchestrator.domain.errors import AgentUnavailable
from orchestrator.domain.events import PlanLoaded
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.agent_choice import Doer

PLAN = """# P

## Phase 1: one

- [ ] 1.1 whoever is there
- [ ] 1.2 one by name
  - agent: shell
- [ ] 1.3 a person
  - gate: human
"""


@pytest.fixture
def house(make_house):
    return make_house(PLAN)


async def test_each_task_gets_its_agent_and_a_gate_none(house):
    _, agents = await (await house.orchestrator()).preview()
    assert agents == {"1.1": Doer("robot"), "1.2": Doer("shell")}
    assert house.store.instances == {}


async def test_the_run_s_agent_is_for_tasks_that_name_none(house):
    house.agents.ready = None
    _, agents = await (await house.orchestrator(agent="shell")).preview()
    assert set(agents.values()) == {Doer("shell")}


async def test_a_look_ahead_shows_which_tasks_nobody_could_do(house):
    house.agents.ready = None
    _, agents = await (await house.orchestrator()).preview()
    assert (agents["1.1"].refusal or "").startswith(
        "Task 1.1 in line 5 needs an agent, and none is installed."
    )
    assert agents["1.2"] == Doer("shell")


async def test_a_look_ahead_shows_which_agents_are_not_ready(house):
    house.agents.robot.problem = "log in first"
    _, agents = await (await house.orchestrator(agent="robot")).preview()
    assert agents["1.1"].refusal == "Agent robot is not ready: log in first"


async def test_a_run_with_an_agent_that_is_not_ready_names_the_task_that_needs_it(make_house):
    house = make_house(PLAN)
    house.agents.robot.problem = "log in first"
    with pytest.raises(
        AgentUnavailable, match=r"^Task 1.1 in line 5: Agent robot is not ready: log in first"
    ):
        await (await house.orchestrator(agent="robot")).run()


async def test_a_look_ahead_shows_which_agents_were_not_asked_and_that_is_no_problem(house):
    house.agents.robot.problem, house.agents.robot.named_by_repository = "not run", True
    _, agents = await (await house.orchestrator(agent="robot", permissions="read-only")).preview()
    assert agents["1.1"] == Doer("robot", note="not run")
    assert agents["1.1"].refusal is None


async def test_a_look_ahead_refuses_what_the_run_would_without_asking_the_agent(house):
    house.agents.robot.problem, house.agents.robot.named_by_repository = "not run", True
    house.agents.robot.asks = False
    _, agents = await (await house.orchestrator(agent="robot", permissions="read-only")).preview()
    assert "cannot be held to permissions read-only" in (agents["1.1"].problem or "")


async def test_an_unknown_agent_is_said(house):
    with pytest.raises(AgentUnavailable, match=r"Task 1.1 in line 5: .*no agent 'nobody'"):
        await (await house.orchestrator(agent="nobody")).run()


async def test_each_agent_is_checked_once(house, monkeypatch):
    asked = []
    check = house.shell.check

    async def count():
        asked.append("shell")
        return await check()

    monkeypatch.setattr(house.shell, "check", count)
    await (await house.orchestrator(agent="shell")).run()
    assert asked == ["shell"]


async def test_the_agent_that_did_it_is_in_the_status(house):
    assert await house.run() is RunStatus.FAILED
    tasks = house.state().tasks
    assert [tasks[task_id].agent for task_id in ("1.1", "1.2", "1.3")] == ["robot", "shell", None]


WIDE = """---
permissions: full
---
# P

## Phase 1: one

- [ ] 1.1 as the plan says
- [ ] 1.2 less
  - permissions: read-only
- [ ] 1.3 make it
  ```sh
  make
  ```
"""


@pytest.mark.parametrize(
    ("ceiling", "given"),
    [
        ("full", ["full", "read-only"]),
        ("edits", ["edits", "read-only"]),
        ("ask", ["ask", "read-only"]),
        ("read-only", ["read-only", "read-only"]),
    ],
)
async def test_a_plan_narrows_what_the_run_allows_and_never_widens_it(make_house, ceiling, given):
    house = make_house(WIDE)
    assert await house.run(permissions=ceiling) is RunStatus.COMPLETED
    assert [run.job.permissions for run in house.robot.runs] == given
    [begun] = house.events(PlanLoaded)
    assert begun.permissions == ceiling
    assert any("wants permissions full for tasks 1.1, 1.3;" in line for line in begun.problems) is (
        ceiling != "full"
    )
    assert any("binds agents only" in line for line in begun.problems) is (ceiling != "full")


async def test_a_run_whose_user_said_nothing_allows_everything(make_house):
    house = make_house(PLAN.replace("whoever", "somebody"))
    await house.run()
    assert house.robot.runs[0].job.permissions == "full"
    assert house.events(PlanLoaded)[0].permissions == "full"


async def test_a_run_with_an_agent_that_nothing_makes_ask_is_refused_before_its_first_task(make_house):
    house = make_house(WIDE)
    house.robot.asks = False
    for ceiling, task in (("read-only", "1.1"), ("ask", "1.1"), ("edits", "1.1"), ("full", "1.2")):
        with pytest.raises(
            AgentUnavailable, match=rf"Task {task} in line \d+: Agent robot cannot be held to"
        ):
            await house.run(permissions=ceiling)
        _, agents = await (await house.orchestrator(permissions=ceiling)).preview()
        assert "cannot be held to permissions" in agents[task].problem
        assert agents["1.3"] == Doer("shell")
    assert house.store.instances == {}
    assert house.robot.runs == []


async def test_an_agent_that_nothing_makes_ask_may_do_everything_where_everything_is_allowed(make_house):
    house = make_house(WIDE.replace("  - permissions: read-only\n", ""))
    house.robot.asks = False
    assert await house.run() is RunStatus.COMPLETED


async def test_a_task_that_is_retried_later_is_refused_its_agent_as_well(make_house):
    house = make_house(PLAN.replace("[ ] 1.1", "[x] 1.1"))
    house.robot.asks = False
    work = await house.begin(on_blocked="wait", permissions="ask")
    await house.until(lambda: house.stored() and house.state().status is RunStatus.BLOCKED)
    await house.command(RetryTask(task_id="1.1", force=True))
    await house.until(lambda: house.state().tasks["1.1"].status is TaskStatus.FAILED)
    assert "Agent robot cannot be held to permissions ask" in house.state().tasks["1.1"].last_error
    assert house.state().tasks["1.1"].attempt == 1
    assert house.robot.runs == []
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
