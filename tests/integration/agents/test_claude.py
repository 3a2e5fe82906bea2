"""The agent `claude` and its SDK, with a program of our own that speaks Claude Code's protocols over real stdio."""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime

import claude_double
import pytest
from patience import until

from orchestrator.agents import processes
from orchestrator.agents.claude import installation
from orchestrator.agents.claude.agent import ClaudeAgent
from orchestrator.domain.plan import Span, Task, TaskId
from orchestrator.engine.agent_events import (
    Finished,
    Limit,
    Log,
    PermissionAsked,
    Started,
    ToolCallCompleted,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.records import Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def own(tmp_path):
    """The orchestrator's own environment."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "ANTHROPIC_API_KEY": "sk-test"}


@pytest.fixture
def agent(tmp_path, own):
    return ClaudeAgent(own, program=claude_double.install(tmp_path / "bin"))


@pytest.fixture
def job(tmp_path):
    """Prepare a job; at the end of the test no process of any is left."""
    instance = f"orch-claude-{os.getpid()}"

    def prepare(prompt, **fields):
        task = Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0))
        return Job(instance, "plan", task, time.monotonic_ns(), tmp_path, prompt, **fields)

    yield prepare
    assert not processes.marked(instance)


async def play(run, on=None):
    """The events; `on` is called with each."""
    events = []
    async for event in run.events():
        events.append(event)
        if on is not None:
            await on(event)
    return events


async def test_what_a_run_tells(agent, job):
    started, *_, used, end = await play(agent.run(job("completes")))
    assert started == Started("claude", "2.1.330", "claude-double", claude_double.SESSION)
    assert used == UsageDelta("claude-double", 1000, 50, cost_usd=0.01)
    assert end == Finished("completed", "All good")


async def test_the_command_line_and_what_is_on_it(agent, job, tmp_path):
    work = job("shows", model="opus", budget_usd=0.5, session_id="s-1", permissions="read-only")
    end = (await play(agent.run(work)))[-1]
    shown = json.loads(end.text)
    assert shown["folder"] == str(tmp_path)
    line = " ".join(shown["arguments"])
    assert "--model=opus --max-budget-usd=0.500000 --resume=s-1" in line
    assert "--permission-prompt-tool stdio --permission-mode default" in line
    assert "Write,Edit" in line


async def test_it_sees_its_own_variables_and_none_of_ours(own, tmp_path, job):
    own |= {
        "CLAUDECODE": "1",
        "ORCHESTRATOR_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "a",
        "BASH_ENV": "b",
        "MINE": "m",
    }
    own |= {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "CLAUDE_CONFIG_DIR": "c"}
    agent = ClaudeAgent(own, also={"MINE"}, program=claude_double.install(tmp_path / "bin"))
    work = job("shows", environment={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "0"})
    seen = json.loads((await play(agent.run(work)))[-1].text)["environment"]
    assert seen["ANTHROPIC_API_KEY"] == "sk-test"
    assert seen["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1"
    assert seen["CLAUDE_CONFIG_DIR"] == "c"
    assert seen["MINE"] == "m"
    assert seen["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] == "0"
    assert not seen.keys() & {"CLAUDECODE", "ORCHESTRATOR_TOKEN", "AWS_SECRET_ACCESS_KEY", "BASH_ENV"}


async def test_the_keys_of_a_cloud_are_passed_on_where_it_is_in_use(own, tmp_path, job):
    own |= {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-central-1", "GOOGLE_CLOUD_PROJECT": "p"}
    agent = ClaudeAgent(own, program=claude_double.install(tmp_path / "bin"))
    seen = json.loads((await play(agent.run(job("shows"))))[-1].text)["environment"]
    assert seen["AWS_REGION"] == "eu-central-1"
    assert "GOOGLE_CLOUD_PROJECT" not in seen


@pytest.mark.parametrize(
    ("permissions", "asked", "outcome"),
    [("full", 0, "ok"), ("edits", 0, "denied"), ("read-only", 0, "denied"), ("ask", 1, "ok")],
)
async def test_what_it_may_do(agent, job, permissions, asked, outcome):
    run = agent.run(job("asks", permissions=permissions))

    async def allow(event):
        if isinstance(event, PermissionAsked):
            await run.answer(event.request_id, allow=True)

    events = await play(run, allow)
    assert [e.outcome for e in events if isinstance(e, ToolCallCompleted)] == [outcome]
    questions = [e for e in events if isinstance(e, PermissionAsked)]
    assert [(e.question, e.tool_id) for e in questions] == [
        ("Bash: touch a (This command requires approval)", "toolu_1")
    ] * asked
    # Whether it did anything else is for the engine to say.
    assert events[-1].outcome == "completed"


async def test_a_person_says_no(agent, job):
    run = agent.run(job("asks", permissions="ask"))

    async def refuse(event):
        await run.answer("another question", allow=True)
        if isinstance(event, PermissionAsked):
            await run.answer(event.request_id, allow=False)
            await run.answer(event.request_id, allow=True)

    end = (await play(run, refuse))[-1]
    assert end.text.endswith("Note: the agent was not allowed to use Bash (touch a).")


async def test_interrupted_while_a_question_is_open(agent, job):
    run = agent.run(job("asks", permissions="ask"))

    async def stop(event):
        if isinstance(event, PermissionAsked):
            await run.interrupt("enough")
            await run.answer(event.request_id, allow=True)

    assert (await play(run, stop))[-1] == Finished("interrupted", "", "Interrupted: enough")


async def test_it_takes_notes_while_it_works(agent, job):
    run = agent.run(job("takes-notes"))
    assert not await run.tell("too early")
    told = []

    async def tell(event):
        if isinstance(event, ToolCallStarted):
            told.append(await run.tell("mind the gap"))

    end = (await play(run, tell))[-1]
    assert end.text == "I was told: mind the gap"
    assert told == [True]
    assert not await run.tell("too late")


async def test_what_it_is_handed_it_takes_as_written(own, tmp_path, job):
    program = tmp_path / "recorder"
    program.write_text(f"#!/bin/sh\ntee {tmp_path}/record | {claude_double.install(tmp_path / 'bin')}\n")
    program.chmod(0o755)
    await play(ClaudeAgent(own, program=str(program)).run(job("completes")))
    messages = [json.loads(line) for line in (tmp_path / "record").read_text().splitlines()]
    (handed,) = [message for message in messages if message["type"] == "user"]
    assert handed["client_composed"] is True
    assert handed["uuid"]


async def test_a_session_that_is_gone_begins_anew(agent, job):
    events = await play(agent.run(job("completes", session_id="gone")))
    assert isinstance(events[0], Log)
    assert events[1].session_id == claude_double.SESSION
    assert events[-1].outcome == "completed"


async def test_a_limit(agent, job):
    end = (await play(agent.run(job("limited"))))[-1]
    resets_at = datetime.fromtimestamp(1_795_650_468, UTC)
    message = "You've hit your limit"
    assert end == Finished("limited", "", message, limit=Limit(message, resets_at))


async def test_what_it_says_at_random_does_no_harm(agent, job):
    events = await play(agent.run(job("babbles")))
    assert any(isinstance(event, Log) for event in events)
    assert events[-1] == Finished("completed", "All the same")


async def test_a_program_that_dies_is_lost(agent, job):
    *_, call, end = await play(agent.run(job("dies")))
    assert call.outcome == "interrupted"
    assert (end.outcome, end.exit_code) == ("lost", -9)


async def test_a_program_that_refuses_says_why(agent, job):
    end = (await play(agent.run(job("refuses"))))[-1]
    assert (end.outcome, end.exit_code) == ("failed", 4)
    assert end.error.endswith("This computer is not supported.")


async def test_a_program_that_ends_at_once_is_not_waited_for(own, job):
    began = time.monotonic()
    end = (await play(ClaudeAgent(own, program="/bin/false").run(job("completes"))))[-1]
    assert (end.outcome, end.exit_code) == ("failed", 1)
    assert time.monotonic() - began < 10


async def test_one_that_cannot_be_started_is_told(own, job):
    end = (await play(ClaudeAgent(own, program="/nowhere/claude").run(job("completes"))))[-1]
    assert end.outcome == "lost"
    assert "could not be started: No such file" in end.error


async def test_a_model_that_cannot_be_named_is_told(agent, job):
    end = (await play(agent.run(job("completes", model="a\0b"))))[-1]
    assert end.outcome == "failed"
    assert "NUL" in end.error


async def test_a_root_that_is_not_there_is_told(agent, job, tmp_path):
    work = job("completes")
    gone = Job(work.instance_id, "plan", work.task, 1, tmp_path / "gone", "completes")
    end = (await play(agent.run(gone)))[-1]
    assert end.outcome == "failed"
    assert "cannot start in" in end.error


async def test_one_that_hears_nothing_is_ended_by_force(agent, job):
    run = agent.run(job("stubborn"))
    began = []

    async def stop(event):
        if isinstance(event, ToolCallStarted):
            began.append(time.monotonic())
            await run.interrupt("enough")
            began.append(time.monotonic())

    assert (await play(run, stop))[-1].error == "Interrupted: enough"
    assert began[1] - began[0] < 10


async def test_interrupted_while_it_greets(own, tmp_path, job):
    program = tmp_path / "mute"
    program.write_text("#!/bin/sh\nexec sleep 3000\n")
    program.chmod(0o755)
    work = job("completes")
    run = ClaudeAgent(own, program=str(program)).run(work)
    reading = asyncio.create_task(play(run))
    await until(lambda: len(processes.marked(work.instance_id)) > 2)
    await run.interrupt("enough")
    async with asyncio.timeout(5):
        assert (await reading)[-1].error == "Interrupted: enough"


async def test_check_says_what_is_missing(own, tmp_path, monkeypatch):
    program = claude_double.install(tmp_path / "bin")
    ready = await ClaudeAgent(own, program=program).check()
    assert (ready.is_ready, ready.version, ready.problem) == (True, "2.1.330", None)
    assert ready.abilities.resume
    assert ready.abilities.budget

    no_key = {name: value for name, value in own.items() if name != "ANTHROPIC_API_KEY"}
    check = await ClaudeAgent(no_key, program=program).check()
    assert not check.is_ready
    assert "ANTHROPIC_API_KEY" in check.problem

    assert "does not run" in (await ClaudeAgent(own, program="/bin/false").check()).problem

    monkeypatch.setattr(installation, "SDK", "no_such_sdk")
    check = await ClaudeAgent(own, program=program).check()
    assert "pip install 'plan-orchestrator[claude]'" in check.problem


def test_where_the_program_can_be(tmp_path, monkeypatch):
    monkeypatch.setattr(installation, "SDK", "no_such_sdk")
    own = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    assert installation.find_program(own) is None
    installer_s = claude_double.install(tmp_path / ".local" / "bin")
    assert installation.find_program(own) == installer_s
    on_path = claude_double.install(tmp_path / "bin")
    assert installation.find_program(own) == on_path


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".claude/.credentials.json", "{}"),
        (".claude.json", '{"oauthAccount": {}}'),
        (".claude/settings.json", '{"apiKeyHelper": "pass show key"}'),
        (".claude/settings.json", '{"env": {"ANTHROPIC_AUTH_TOKEN": "x"}}'),
    ],
)
def test_where_a_login_can_lie(tmp_path, file, text):
    environment = {"HOME": str(tmp_path)}
    assert not installation.has_credentials(environment)
    (tmp_path / ".claude").mkdir()
    (tmp_path / file).write_text(text)
    assert installation.has_credentials(environment)
    assert not installation.has_credentials({**environment, "CLAUDE_CONFIG_DIR": str(tmp_path / "other")})


async def test_without_the_sdk_a_run_says_how_to_get_it(own, tmp_path, job, monkeypatch):
    monkeypatch.setattr("orchestrator.agents.claude.session.SDK", "no_such_sdk")
    agent = ClaudeAgent(own, program=claude_double.install(tmp_path / "bin"))
    (end,) = await play(agent.run(job("completes")))
    assert (end.outcome, end.is_final) == ("failed", True)
    assert "pip install 'plan-orchestrator[claude]'" in end.error
