"""The ACP driver with the real OpenCode and a fake model."""

import asyncio

import pytest
from fake_model import FakeModel
from real_agents import OPENCODE, environment

from orchestrator.agents import processes
from orchestrator.agents.acp.agent import AcpAgent
from orchestrator.agents.acp.profiles import PROFILES
from orchestrator.domain.plan import Span, Task, TaskId
from orchestrator.engine.agent_events import (
    PermissionAsked,
    Started,
    ToolCallCompleted,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.records import Job

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]
PROFILE = next(profile for profile in PROFILES if profile.name == "opencode")


@pytest.fixture
def opencode(tmp_path):
    """`agent, job(scenario, …)`."""
    (tmp_path / "work").mkdir()
    with FakeModel() as model:
        agent = AcpAgent(PROFILE, environment(OPENCODE, tmp_path / "home", model.url))

        def job(scenario: str, **fields):
            task = Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0))
            prompt = f"Do it. [[scenario:{scenario}]]"
            return Job("orch-opencode", "plan", task, 1, tmp_path / "work", prompt, **fields)

        yield agent, job
    assert not processes.marked("orch-opencode")


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


async def test_three_tools_and_then_the_session_goes_on(opencode, tmp_path):
    agent, job = opencode
    assert (await agent.check()).version == "1.18.33"
    events = [event async for event in agent.run(job("three_tools")).events()]
    assert (events[-1].outcome, events[-1].text) == ("completed", "All three steps are done.")
    assert [event.tool_name for event in of(ToolCallStarted, events)] == ["bash", "write", "bash"]
    assert [event.outcome for event in of(ToolCallCompleted, events)] == ["ok"] * 3
    assert (tmp_path / "work" / "notes.txt").exists()
    session_id = of(Started, events)[0].session_id
    more = [event async for event in agent.run(job("hello", session_id=session_id)).events()]
    assert of(Started, more)[0].session_id == session_id
    assert more[-1].outcome == "completed"
    costs = [sum(delta.cost_usd or 0 for delta in of(UsageDelta, told)) for told in (events, more)]
    assert costs == pytest.approx([0.015, 0.00375])


async def test_read_only_lets_nothing_happen(opencode, tmp_path):
    agent, job = opencode
    events = [event async for event in agent.run(job("three_tools", permissions="read-only")).events()]
    assert {event.outcome for event in of(ToolCallCompleted, events)} == {"denied"}
    assert events[-1].outcome == "failed"
    assert "not allowed" in events[-1].error
    assert not (tmp_path / "work" / "notes.txt").exists()


async def test_somebody_allows_a_call(opencode):
    agent, job = opencode
    run = agent.run(job("three_tools", permissions="ask"))
    questions = 0
    async for event in run.events():
        if isinstance(event, PermissionAsked):
            questions += 1
            await run.answer(event.request_id, allow=True)
    assert questions == 3
    assert event.outcome == "completed"


async def test_an_interrupt_ends_the_tool_too(opencode):
    agent, job = opencode
    run = agent.run(job("slow_tool"))
    events = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, ToolCallStarted):
            interrupting = asyncio.create_task(run.interrupt("enough"))
    await interrupting
    assert events[-1].outcome == "interrupted"
    assert [event.outcome for event in of(ToolCallCompleted, events)] == ["interrupted"]
