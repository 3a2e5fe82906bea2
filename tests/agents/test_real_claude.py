"""The driver `claude` with the real Claude Code, which asks a model server of our own."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from fake_model import FakeModel
from patience import until
from real_agents import CLAUDE, claude_program, environment

from orchestrator.agents import processes
from orchestrator.agents.claude.agent import ClaudeAgent
from orchestrator.domain.plan import Span, Task, TaskId
from orchestrator.engine.agent_events import (
    PermissionAsked,
    Retrying,
    Started,
    ToolCallCompleted,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.records import Job

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


class Bench:
    """Claude Code, a model server and a project."""

    def __init__(self, model, folder):
        self.model, self.folder = model, folder
        self.instance = f"orch-real-claude-{os.getpid()}"
        self.work = folder / "work"
        self.work.mkdir()

    def agent(self, **more):
        own = environment(CLAUDE, self.folder / "home", self.model.url, **more)
        del own["PYTHONPATH"]
        return ClaudeAgent(own, program=str(claude_program()))

    def run(self, scenario, *, token="", retries="1", **fields):
        task = Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0))
        prompt = f"Do it. [[scenario:{scenario}]]"
        job = Job(self.instance, "plan", task, time.monotonic_ns(), self.work, prompt, **fields)
        return self.agent(token=token, retries=retries).run(job)


@pytest.fixture
def bench(tmp_path):
    with FakeModel() as model:
        bench = Bench(model, tmp_path)
        yield bench
        assert model.strays == []
    assert not processes.marked(bench.instance)


async def play(run, on=None):
    events = []
    async for event in run.events():
        events.append(event)
        if on is not None:
            await on(event)
    return events


def kill_programs(instance):
    """As by a lack of memory."""
    for pid in processes.marked(instance):
        if Path(f"/proc/{pid}/exe").readlink() == claude_program():
            os.kill(pid, signal.SIGKILL)


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def cost(events):
    return pytest.approx(sum(event.cost_usd for event in of(UsageDelta, events)))


async def test_check(bench):
    check = await bench.agent().check()
    assert check.is_ready
    assert check.version == "2.1.330"


async def test_three_tools_with_full_permissions(bench):
    events = await play(bench.run("three_tools"))
    assert [e.outcome for e in of(ToolCallCompleted, events)] == ["ok"] * 3
    assert (bench.work / "notes.txt").read_text() == "first line\nsecond line\n"
    assert events[-1].outcome == "completed"
    assert cost(events) == 0.02


async def test_a_helper(bench):
    events = await play(bench.run("sub_agent"))
    agent, *below = of(ToolCallStarted, events)
    assert {call.parent_tool_id for call in below} == {agent.tool_id}
    assert len(of(ToolCallCompleted, events)) == 4
    assert cost(events) == 0.03


async def test_interrupted_in_a_tool(bench):
    run = bench.run("slow_tool:600")

    async def stop(event):
        if isinstance(event, ToolCallStarted):
            await until(lambda: len(processes.marked(bench.instance)) > 4)
            began = time.monotonic()
            await run.interrupt("a person asked")
            assert time.monotonic() - began < 3

    events = await play(run, stop)
    assert [e.outcome for e in of(ToolCallCompleted, events)] == ["interrupted"]
    assert of(UsageDelta, events)
    assert events[-1].error == "Interrupted: a person asked"


async def test_interrupted_while_the_model_is_silent(bench):
    run = bench.run("hang")

    async def stop(event):
        if isinstance(event, ToolCallCompleted):
            await run.interrupt("it takes too long")

    assert (await play(run, stop))[-1].outcome == "interrupted"


@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [
        ("context_full", "context_full"),
        ("overloaded", "limited"),
        ("quota", "limited"),
        ("unauthorised", "unauthorized"),
        ("cut", "failed"),
    ],
)
async def test_what_the_vendor_can_answer(bench, scenario, outcome):
    end = (await play(bench.run(scenario)))[-1]
    assert end.outcome == outcome
    assert end.error


async def test_a_refused_key_is_not_tried_ten_times(bench):
    events = await play(bench.run("unauthorised", retries="10"))
    assert len(of(Retrying, events)) == 3
    assert events[-1].outcome == "unauthorized"


async def test_a_rate_limit_that_passes(bench):
    events = await play(bench.run("rate_limited:1", retries="2"))
    assert len(of(Retrying, events)) == 1
    assert events[-1].outcome == "completed"


async def test_the_limit_of_a_subscription_says_until_when(bench):
    end = (await play(bench.run("quota", token="sk-ant-oat01-test")))[-1]
    assert end.outcome == "limited"
    assert 3000 < end.limit.resets_at.timestamp() - time.time() < 3700


async def test_it_stops_at_its_budget(bench):
    events = await play(bench.run("budget", budget_usd=0.03))
    assert events[-1].outcome == "budget"
    assert cost(events) == 0.408  # it looks only after a turn


@pytest.mark.parametrize(
    ("permissions", "scenario", "is_there"),
    [("read-only", "denied", False), ("edits", "denied", True), ("edits", "slow_tool:1", False)],
)
async def test_what_it_may_do(bench, permissions, scenario, is_there):
    events = await play(bench.run(scenario, permissions=permissions))
    assert [e.outcome for e in of(ToolCallCompleted, events)] == ["ok" if is_there else "denied"]
    assert (bench.work / "denied.txt").exists() == is_there
    # Whether a task is done whose calls were denied is the engine's to say, for all agents alike.
    assert events[-1].outcome == "completed"


@pytest.mark.parametrize("allow", [True, False])
async def test_it_asks(bench, allow):
    run = bench.run("denied", permissions="ask")

    async def answer(event):
        if isinstance(event, PermissionAsked):
            assert not (bench.work / "denied.txt").exists()
            await run.answer(event.request_id, allow=allow)

    events = await play(run, answer)
    assert [question.question for question in of(PermissionAsked, events)] == [
        f"Write: {bench.work}/denied.txt"
    ]
    assert (bench.work / "denied.txt").exists() == allow


async def test_a_note_in_a_tool_call_and_one_after_the_result(bench):
    run = bench.run("slow_tool:1")
    told = []

    async def tell(event):
        if isinstance(event, ToolCallStarted | UsageDelta) and len(told) < 2:
            told.append(await run.tell("By the way. [[scenario:hello]]"))

    events = await play(run, tell)
    assert told == [True, True]
    assert len(of(UsageDelta, events)) == 2
    assert len(bench.model.asked("hello")) == 2
    assert events[-1].text == "Hello."


async def test_it_goes_on_after_a_kill_and_tells_each_cost_once(bench):
    first = await play(bench.run("three_tools"))
    session = of(Started, first)[0].session_id

    async def kill(event):
        if isinstance(event, ToolCallStarted):
            kill_programs(bench.instance)

    killed = await play(bench.run("slow_tool:600", session_id=session), kill)
    assert [e.outcome for e in of(ToolCallCompleted, killed)] == ["interrupted"]
    assert (killed[-1].outcome, killed[-1].exit_code) == ("lost", -9)

    resumed = await play(bench.run("hello", session_id=session))
    assert of(Started, resumed)[0].session_id == session
    assert resumed[-1].outcome == "completed"
    assert cost(resumed) == 0.005
    (asked,) = bench.model.asked("hello")
    assert "notes.txt" in str(asked.body["messages"])


async def test_a_session_that_is_gone_begins_anew(bench):
    events = await play(bench.run("hello", session_id="e3222456-1688-43d4-a54e-a0a1d309f3ee"))
    assert events[-1].outcome == "completed"


async def test_big_output(bench):
    end = (await play(bench.run("huge_output")))[-1]
    assert end.outcome == "completed"
