"""The scripted agent plays what the script says."""

import asyncio
from pathlib import Path

import pytest

from orchestrator.agents.script import parse_script
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.domain.plan import Span, Task, TaskId
from orchestrator.engine.agent_events import (
    Finished,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.records import Job


def play(text, attempt=1, speed=0.0):
    task = Task(TaskId("1.1"), "x", 1, 1, Span(0, 0))
    job = Job("orch-1", "plan", task, attempt, Path("/"), "prompt", model="m")
    return ScriptedAgent(parse_script(text, "test"), speed).run(job)


async def events_of(run):
    return [event async for event in run.events()]


async def test_each_step_becomes_its_events():
    run = play(
        'tasks: {"1.1": [{say: Reading}, {tool: Read, input: a.py, output: 120 lines, chunks: [x], seconds: 900},'
        " {tool: Bash, fails: true}, {tool: Web, denied: true},"
        " {usage: {model: demo, input_tokens: 5, cost_usd: 0.5}}, {wait: 900}, {finish: Good, exit: 0}]}"
    )
    assert await events_of(run) == [
        Started("scripted", version="1", model="m"),
        Text("Reading"),
        ToolCallStarted("call-1", "Read", "a.py"),
        ToolCallOutput("call-1", "x"),
        ToolCallCompleted("call-1", "ok", "120 lines"),
        ToolCallStarted("call-2", "Bash"),
        ToolCallCompleted("call-2", "error"),
        ToolCallStarted("call-3", "Web"),
        ToolCallCompleted("call-3", "denied"),
        UsageDelta(model="demo", input_tokens=5, cost_usd=0.5),
        Finished("completed", "Good", exit_code=0),
    ]


async def test_what_stands_after_the_end_is_not_played():
    assert (await events_of(play('tasks: {"1.1": [{fail: broken, finding: text}, {say: never}]}')))[1:] == [
        Finished("failed", "text", "broken")
    ]


async def test_steps_without_an_end_complete():
    assert (await events_of(play('tasks: {"1.1": [{say: hello}]}')))[-1] == Finished("completed")


async def test_another_attempt_plays_its_own_steps():
    script = 'tasks: {"1.1": {attempts: [[{fail: flaky}], [{finish: good}]]}}'
    assert (await events_of(play(script, attempt=1)))[-1].outcome == "failed"
    assert (await events_of(play(script, attempt=2)))[-1].outcome == "completed"


async def test_the_speed_divides_every_wait():
    loop = asyncio.get_running_loop()
    started = loop.time()
    await events_of(play('tasks: {"1.1": [{wait: 100}]}', speed=2_000.0))
    assert 0.04 <= loop.time() - started < 5


async def test_the_events_can_be_read_once():
    run = play("")
    await events_of(run)
    with pytest.raises(RuntimeError, match="only once"):
        await events_of(run)
