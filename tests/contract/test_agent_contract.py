"""What every agent promises the engine, whoever it is."""

import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import acp_double
import claude_double
import codex_double
import pytest
from patience import until
from planted_secrets import KEYED, KEYS, halves

from orchestrator.agents.acp.agent import AcpAgent
from orchestrator.agents.acp.profiles import AcpProfile
from orchestrator.agents.claude.agent import ClaudeAgent
from orchestrator.agents.codex.agent import CodexAgent
from orchestrator.agents.script import Fail, Say, Script, Tool, parse_script
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.agents.shell import ShellAgent
from orchestrator.agents.tool_calls import TEXT_LENGTH_MAX
from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.plan import CodeBlock, Span, Task, TaskId
from orchestrator.domain.redaction import redact_known
from orchestrator.engine.agent_events import (
    AgentEvent,
    Finished,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    without_secrets,
)
from orchestrator.engine.ports import Agent, AgentRun
from orchestrator.engine.records import Job

INTERRUPT_LIMIT_SECONDS = 8.0
FINDING_LENGTH_MAX = 65_536

SCRIPT = """
tasks:
  completes:
    - {say: "Looking"}
    - {tool: Read, input: a.py, output: "120 lines"}
    - {tool: Bash, input: make, output: "ok"}
    - {finish: "All good"}
  fails:
    - {tool: Bash, input: make test, output: "1 failed", fails: true}
    - {fail: "tests fail", exit: 3}
  hangs:
    - {tool: Bash, input: serve, seconds: 3000, chunks: ["up"]}
  hangs-silently:
    - {hang: true}
"""

SHELL = {
    "completes": ("echo one", "echo two"),
    "fails": ("echo '1 failed'; exit 3", "echo never"),
    "hangs": ("echo up; sleep 3000",),
    "hangs-silently": ("sleep 3000",),
    "leaks": (
        f"""k='{KEYED}'; while IFS= read -rd "" -n 500 part; do printf %s "$part"; done <<<"$k"; exit 3""",
    ),
    "big": ("head -c 3000000 /dev/zero | tr '\\0' x | fold -w 100",),
}


TALKERS = {"claude", "codex", "acp"}
"""Agents that tell how they ended in words: an exit code would be that of their program, which did not fail."""


def claude(folder: Path) -> ClaudeAgent:
    """With a program of our own in the place of the real one; its prompts are the names of the tasks."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "ANTHROPIC_API_KEY": "sk-test"}
    return ClaudeAgent(environment, program=claude_double.install(folder / "bin"))


def codex(folder: Path) -> CodexAgent:
    """With a program of our own in the place of the real one; its prompts are the names of the tasks."""
    programs = codex_double.install(folder / "bin")
    return CodexAgent({"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "OPENAI_API_KEY": "sk-test"})


def acp(folder: Path) -> AcpAgent:
    """With a program of our own, whose prompts are the names of the tasks."""
    profile = AcpProfile("acp", (sys.executable, "-S", acp_double.__file__))
    profile = replace(profile, version_arguments=(*profile.command[1:], "--version"))
    return AcpAgent(profile, {"PATH": "/usr/bin:/bin", "HOME": str(folder)})


def big_script() -> Script:
    lines = "x" * 3_000_000
    big = [Tool(tool="Bash", input=lines, output=lines, chunks=[lines])]
    pieces = [KEYED[at : at + 7] for at in range(0, len(KEYED), 7)]
    leaks = [Tool(tool="Bash", input=KEYED, output=KEYED, chunks=pieces), Say(say=KEYED), Fail(fail=KEYED)]
    return Script({**parse_script(SCRIPT, "test").tasks, "big": [big], "leaks": [leaks]})


@dataclass
class Adapter:
    agent: Agent
    root: Path
    attempts: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, task: str) -> AgentRun:
        blocks = tuple(CodeBlock("bash", text, 1) for text in SHELL[task])
        return self.agent.run(
            Job(
                "orch-contract",
                "plan",
                Task(TaskId(task), task, 1, 1, Span(0, 0)),
                next(self.attempts),  # no two attempts have the same name: what is left is found by it
                self.root,
                task,
                blocks,
            )
        )


@dataclass
class Watch:
    """Reads a run's events in the background."""

    run: AgentRun
    events: list[AgentEvent] = field(default_factory=list)

    async def read(self) -> list[AgentEvent]:
        async for event in self.run.events():
            self.events.append(event)
        return self.events


@pytest.fixture(params=["shell", "scripted", "codex", "claude", "acp"])
def adapter(request, tmp_path):
    agents: dict[str, Callable[[], Agent]] = {
        "shell": ShellAgent,
        "scripted": lambda: ScriptedAgent(big_script()),
        "codex": lambda: codex(tmp_path),
        "claude": lambda: claude(tmp_path),
        "acp": lambda: acp(tmp_path),
    }
    return Adapter(agents[request.param](), tmp_path)


async def within(limit_seconds: float, work: Awaitable[object]) -> None:
    async with asyncio.timeout(limit_seconds):
        await work


def assert_well_formed(events: list[AgentEvent]) -> Finished:
    ends = [event for event in events if isinstance(event, Finished)]
    assert len(ends) == 1
    assert events[-1] is ends[0]
    open_calls: set[str] = set()
    seen: set[str] = set()
    for event in events:
        if isinstance(event, ToolCallStarted):
            assert event.tool_id not in seen
            seen.add(event.tool_id)
            open_calls.add(event.tool_id)
            assert len(event.input) <= TEXT_LENGTH_MAX
        elif isinstance(event, ToolCallOutput):
            assert event.tool_id in open_calls
            assert 0 < len(event.text) <= TEXT_LENGTH_MAX
        elif isinstance(event, ToolCallCompleted):
            open_calls.remove(event.tool_id)
            assert len(event.output) <= TEXT_LENGTH_MAX
    assert not open_calls
    return ends[0]


async def test_check_tells_whether_it_is_ready_and_never_raises(adapter):
    check = await adapter.agent.check()
    assert check.is_ready
    assert check.version
    assert check.problem is None


async def test_a_run_that_goes_well_completes_and_closes_its_calls(adapter):
    events = await Watch(adapter.run("completes")).read()
    end = assert_well_formed(events)
    assert end.outcome == "completed"
    assert end.error is None
    assert end.text
    calls = [event for event in events if isinstance(event, ToolCallCompleted)]
    assert [call.outcome for call in calls] == ["ok", "ok"]


async def test_a_run_that_fails_says_why(adapter):
    events = await Watch(adapter.run("fails")).read()
    end = assert_well_formed(events)
    assert end.outcome == "failed"
    assert end.error
    assert end.exit_code == (None if adapter.agent.name in TALKERS else 3)
    assert [e.outcome for e in events if isinstance(e, ToolCallCompleted)] == ["error"]


async def test_big_output_stays_bounded(adapter):
    events = await Watch(adapter.run("big")).read()
    end = assert_well_formed(events)
    assert end.outcome == "completed"
    assert len(end.text) <= FINDING_LENGTH_MAX


async def test_no_cut_goes_through_a_secret(adapter):
    events = await Watch(adapter.run("leaks")).read()
    assert assert_well_formed(events).error
    told = "".join(str(without_secrets(event, redact_known)) for event in events)
    assert MARK in told
    assert not [half for half in halves(KEYS["GitHub"]) if half in told]


async def test_nothing_happens_before_the_events_are_read(adapter):
    adapter.run("hangs")
    await within(1.0, adapter.run("hangs").interrupt("not begun"))


async def test_interrupted_before_its_start_it_does_nothing(adapter):
    run = adapter.run("completes")
    await within(1.0, run.interrupt("too late"))
    events = await Watch(run).read()
    end = assert_well_formed(events)
    assert end.outcome == "interrupted"
    assert "too late" in end.error
    assert not any(isinstance(event, ToolCallStarted) for event in events)


async def test_interrupted_in_a_call_it_closes_the_call_and_ends_in_time(adapter):
    watch = Watch(adapter.run("hangs"))
    reading = asyncio.create_task(watch.read())
    await until(lambda: any(isinstance(event, ToolCallStarted) for event in watch.events))
    await within(INTERRUPT_LIMIT_SECONDS, watch.run.interrupt("a person asked"))
    await within(1.0, reading)
    end = assert_well_formed(watch.events)
    assert end.outcome == "interrupted"
    assert "a person asked" in end.error
    assert [e.outcome for e in watch.events if isinstance(e, ToolCallCompleted)] == ["interrupted"]


async def test_a_silent_hang_ends_when_it_is_interrupted(adapter):
    watch = Watch(adapter.run("hangs-silently"))
    reading = asyncio.create_task(watch.read())
    await until(lambda: bool(watch.events))
    await within(INTERRUPT_LIMIT_SECONDS, watch.run.interrupt("time is up"))
    await within(1.0, reading)
    assert assert_well_formed(watch.events).outcome == "interrupted"


async def test_interrupting_twice_at_once_is_as_interrupting_once(adapter):
    watch = Watch(adapter.run("hangs"))
    reading = asyncio.create_task(watch.read())
    await until(lambda: bool(watch.events))
    interrupts = asyncio.gather(watch.run.interrupt("first"), watch.run.interrupt("second"))
    await within(INTERRUPT_LIMIT_SECONDS, interrupts)
    await within(1.0, reading)
    await within(1.0, watch.run.interrupt("third"))
    end = assert_well_formed(watch.events)
    assert end.outcome == "interrupted"
    assert "first" in end.error


async def test_interrupted_after_its_end_nothing_changes(adapter):
    watch = Watch(adapter.run("completes"))
    await watch.read()
    await within(1.0, watch.run.interrupt("after the end"))
    assert assert_well_formed(watch.events).outcome == "completed"


async def test_interrupt_returns_while_nobody_reads_the_events(adapter):
    run = adapter.run("hangs")
    events = run.events()
    await anext(events)
    await anext(events)
    await within(INTERRUPT_LIMIT_SECONDS, run.interrupt("nobody reads"))
    rest = [event async for event in events]
    assert isinstance(rest[-1], Finished)
    assert rest[-1].outcome == "interrupted"


async def test_the_reader_may_go_away_at_any_time(adapter):
    events = adapter.run("hangs").events()
    await anext(events)
    await anext(events)
    await within(INTERRUPT_LIMIT_SECONDS, events.aclose())


async def test_many_runs_side_by_side_do_not_meet(adapter):
    watches = [Watch(adapter.run("completes")) for _ in range(16)]
    await asyncio.gather(*(watch.read() for watch in watches))
    assert [assert_well_formed(watch.events).outcome for watch in watches] == ["completed"] * 16
