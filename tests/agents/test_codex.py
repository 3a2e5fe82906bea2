"""The Codex driver with the real Codex, whose model is the fake one."""

from __future__ import annotations

import json
import os
import time

import pytest
import real_agents
from fake_model import FakeModel
from watched_run import collected, following, outcomes

from orchestrator.agents import processes
from orchestrator.agents.codex.agent import CodexAgent
from orchestrator.domain.plan import Span, Task, TaskId
from orchestrator.engine.agent_events import (
    Finished,
    PermissionAsked,
    Retrying,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.records import Job

pytestmark = [pytest.mark.long, pytest.mark.needs_node]


class Project:
    def __init__(self, root, model: FakeModel) -> None:
        self.root = root / "work"
        self.root.mkdir()
        self.model = model
        self.home = root / "home"
        self.environment = real_agents.environment(real_agents.CODEX, self.home, model.url)
        self.instance_id = f"orch-codex-{os.getpid()}-{time.monotonic_ns()}"

    def run(self, scenario: str, **fields):
        task = Task(TaskId("1.1"), scenario, 1, 1, Span(0, 0))
        prompt = f"Do it. [[scenario:{scenario}]]"
        return CodexAgent(self.environment).run(
            Job(self.instance_id, "plan", task, 1, self.root, prompt, **fields)
        )

    @property
    def processes_left(self):
        return processes.marked(self.instance_id)


@pytest.fixture
def project(tmp_path):
    with FakeModel() as model:
        made = Project(tmp_path, model)
        yield made
        assert not made.processes_left
        assert model.strays == []


async def test_the_check(project):
    check = await CodexAgent(project.environment).check()
    assert (check.is_ready, check.version, check.problem) == (True, "0.169.0", None)
    del project.environment["FAKE_KEY"]
    check = await CodexAgent(project.environment).check()
    assert "FAKE_KEY" in check.problem


async def test_three_tools(project):
    events, end = await collected(project.run("three_tools"))
    assert end == Finished("completed", "All three steps are done.")
    assert outcomes(events) == ["ok"] * 3
    assert (project.root / "notes.txt").read_text() == "first line\nsecond line\n"
    assert [e for e in events if isinstance(e, UsageDelta)] == [UsageDelta("gpt-fake", 1000, 50)] * 4
    (started,) = [event for event in events if isinstance(event, Started)]
    assert (started.version, started.model) == ("0.169.0", "gpt-fake")
    assert started.session_id


async def test_interrupted_in_a_tool(project):
    run = project.run("slow_tool:600")
    reading, events = await following(run, ToolCallStarted)
    began = time.monotonic()
    await run.interrupt("a person asked")
    assert not project.processes_left
    assert time.monotonic() - began < 5
    await reading
    assert outcomes(events) == ["interrupted"]
    assert events[-1] == Finished("interrupted", "", "Interrupted: a person asked")


async def test_interrupted_while_the_model_is_silent(project):
    run = project.run("hang")
    reading, events = await following(run, ToolCallCompleted)
    await run.interrupt("time is up")
    await reading
    assert events[-1].outcome == "interrupted"


async def test_a_key_that_is_refused(project):
    events, end = await collected(project.run("unauthorised"))
    assert end.outcome == "unauthorized"
    assert "codex login" in end.error
    assert [event.attempt for event in events if isinstance(event, Retrying)] == [1, 2]


async def test_a_quota_that_is_used_up(project):
    _, end = await collected(project.run("quota"))
    assert end.outcome == "limited"
    assert 3500 < end.limit.resets_at.timestamp() - time.time() <= 3600


@pytest.mark.parametrize(
    ("scenario", "outcome"), [("context_full", "context_full"), ("overloaded", "failed"), ("cut", "failed")]
)
async def test_other_failures(project, scenario, outcome):
    _, end = await collected(project.run(scenario))
    assert end.outcome == outcome
    assert end.error


async def test_it_goes_on_after_it_was_killed(project):
    run = project.run("slow_tool:600")
    reading, events = await following(run, ToolCallStarted)
    session_id = next(event.session_id for event in events if isinstance(event, Started))
    for pid in project.processes_left:
        os.kill(pid, 9)
    await reading
    assert events[-1].outcome == "lost"
    assert outcomes(events) == ["interrupted"]
    events, end = await collected(project.run("three_tools", session_id=session_id))
    assert end.outcome == "completed"
    assert next(event.session_id for event in events if isinstance(event, Started)) == session_id
    assert "slow_tool" in json.dumps(project.model.asked("three_tools")[0].body)
    # A second turn of the thread: what the one before has used is not counted again.
    events, _ = await collected(project.run("hello", session_id=session_id))
    assert [e for e in events if isinstance(e, UsageDelta)] == [UsageDelta("gpt-fake", 1000, 50)]


async def test_a_conversation_that_is_lost_begins_anew(project):
    _, end = await collected(project.run("hello", session_id="01a214e3-05ef-7331-851f-a6f23b8fd67b"))
    assert end.outcome == "completed"


@pytest.mark.parametrize(("allow", "outcome"), [(True, "ok"), (False, "denied")])
async def test_asking(project, allow, outcome):
    run = project.run("denied_shell", permissions="ask")
    reading, events = await following(run, PermissionAsked)
    (asked,) = [event for event in events if isinstance(event, PermissionAsked)]
    assert "touch denied.txt" in asked.question
    await run.answer(asked.request_id, allow=allow)
    await reading
    assert outcomes(events) == [outcome]
    assert (project.root / "denied.txt").exists() == allow
    assert events[-1].outcome == "completed"


@pytest.mark.parametrize(
    ("permissions", "is_written"), [("read-only", False), ("edits", True), ("full", True)]
)
async def test_what_it_may_do(project, permissions, is_written):
    _, end = await collected(project.run("three_tools", permissions=permissions))
    assert end.outcome == "completed"
    assert (project.root / "notes.txt").exists() == is_written


async def test_live_output(project):
    events, end = await collected(project.run("ticks:6"))
    assert end.outcome == "completed"
    assert sum(isinstance(event, ToolCallOutput) for event in events) >= 2


async def test_huge_output_and_orphans_and_much(project):
    events, end = await collected(project.run("huge_output"))
    assert (end.outcome, outcomes(events)) == ("completed", ["ok"])
    events, end = await collected(project.run("orphan"))
    assert end.outcome == "completed"
    assert int((project.root / "orphan.pid").read_text()) not in processes.parents()
    events, end = await collected(project.run("many:50"))
    assert (end.outcome, outcomes(events)) == ("completed", ["ok"] * 50)


async def test_a_note_reaches_the_model(project):
    run = project.run("slow_tool:3")
    reading, events = await following(run, ToolCallStarted)
    assert await run.tell("look left, please")
    await reading
    assert events[-1].outcome == "completed"
    assert "look left, please" in json.dumps([request.body for request in project.model.requests])
    assert any(isinstance(event, Text) for event in events)


async def test_a_key_of_openais_own(project):
    """Without a provider of its own: `codex app-server` takes no key from its environment."""
    (project.home / ".codex" / "config.toml").write_text(
        f'model = "gpt-fake"\nopenai_base_url = "{project.model.url}/v1"\n'
    )
    project.environment["OPENAI_API_KEY"] = "sk-mine"
    _, end = await collected(project.run("hello"))
    assert end.outcome == "completed"
    (asked,) = project.model.asked("hello")
    assert {name.lower(): text for name, text in asked.headers.items()}["authorization"] == "Bearer sk-mine"
    assert not (project.home / ".codex" / "auth.json").exists()
    # It tries a WebSocket first, which the fake model does not speak.
    assert set(project.model.strays) == {"GET /v1/responses"}
    project.model.strays.clear()
