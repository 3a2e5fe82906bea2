"""The Codex driver with a `codex` of our own on the other side of its pipes."""

from __future__ import annotations

import json
import os
import sys
import time

import codex_double
import pytest
from patience import until
from watched_run import collected, following, outcomes

from orchestrator.agents import processes
from orchestrator.agents.codex import run as codex_run
from orchestrator.agents.codex.agent import CodexAgent
from orchestrator.domain.plan import Span, Task, TaskId
from orchestrator.engine.agent_events import (
    Finished,
    Log,
    PermissionAsked,
    Retrying,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.records import Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


class Project:
    """A project, and the driver of it."""

    def __init__(self, root) -> None:
        self.root = root
        self.programs = codex_double.install(root / "bin")
        self.environment = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": str(root),
            "OPENAI_API_KEY": "sk-1",
        }
        self.instance_id = f"orch-codex-{os.getpid()}-{time.monotonic_ns()}"

    def run(self, play: str, **fields):
        task = Task(TaskId("1.1"), play, 1, 1, Span(0, 0))
        job = Job(self.instance_id, "plan", task, 1, self.root, play, **fields)
        return CodexAgent(self.environment).run(job)

    def asked(self, method: str):
        """What it was asked by this method last."""
        lines = (self.root / "asked.jsonl").read_text().splitlines()
        return [params for name, params in map(json.loads, lines) if name == method][-1]

    @property
    def started(self):
        """The arguments and the environment it was started with."""
        return json.loads((self.root / "started.json").read_text())

    @property
    def processes_left(self):
        return processes.marked(self.instance_id)


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    yield made
    assert not made.processes_left


async def test_a_whole_job(project):
    events, end = await collected(project.run("completes", model="gpt-x"))
    assert events[0] == Started("codex", "9.9.9", "gpt-x", codex_double.THREAD)
    assert [event for event in events if isinstance(event, UsageDelta)] == [
        UsageDelta("gpt-x", 600, 50, 400)
    ] * 2
    assert end == Finished("completed", "All good")


async def test_the_key_is_handed_over_and_not_in_the_environment(project):
    await collected(project.run("completes"))
    arguments, environment = project.started
    assert arguments[0] == "app-server"
    assert "analytics.enabled=false" in arguments
    assert 'cli_auth_credentials_store="ephemeral"' in arguments
    assert project.asked("account/login/start") == {"type": "apiKey", "apiKey": "sk-1"}
    assert "sk-1" not in json.dumps([arguments, environment])


async def test_somebody_who_has_logged_in_stays_so(project):
    folder = project.root / ".codex"
    folder.mkdir()
    (folder / "auth.json").write_text("{}")
    await collected(project.run("completes"))
    assert not any("ephemeral" in argument for argument in project.started[0])
    assert "account/login/start" not in (project.root / "asked.jsonl").read_text()


@pytest.mark.parametrize(
    ("permissions", "sandbox", "policy"),
    [
        ("read-only", "read-only", "never"),
        ("edits", "workspace-write", "never"),
        ("full", "danger-full-access", "never"),
        ("ask", "read-only", "on-request"),
    ],
)
async def test_what_it_may_do(project, permissions, sandbox, policy):
    await collected(project.run("completes", permissions=permissions))
    asked = project.asked("thread/start")
    assert (asked["sandbox"], asked["approvalPolicy"], asked["approvalsReviewer"]) == (
        sandbox,
        policy,
        "user",
    )
    assert asked["cwd"] == str(project.root)


@pytest.mark.parametrize(
    ("allow", "outcome", "decision"), [(True, "ok", "accept"), (False, "denied", "decline")]
)
async def test_a_question_is_passed_on_and_its_answer_passed_back(project, allow, outcome, decision):
    run = project.run("asks", permissions="ask")
    reading, events = await following(run, PermissionAsked)
    (asked,) = [event for event in events if isinstance(event, PermissionAsked)]
    assert asked.tool_id == "call_1"
    assert "touch a" in asked.question
    assert "May I?" in asked.question
    await run.answer("unknown", allow=True)
    await run.answer(asked.request_id, allow=allow)
    await run.answer(asked.request_id, allow=not allow)
    await reading
    assert outcomes(events) == [outcome]
    assert decision in events[-1].text
    await run.answer(asked.request_id, allow=True)


@pytest.mark.parametrize(
    ("permissions", "outcome"), [("full", "ok"), ("edits", "denied"), ("read-only", "denied")]
)
async def test_a_question_that_is_settled_is_answered_at_once(project, permissions, outcome):
    events, end = await collected(project.run("asks", permissions=permissions))
    assert outcomes(events) == [outcome]
    assert not any(isinstance(event, PermissionAsked) for event in events)
    assert any(isinstance(event, Log) and "touch a" in event.text for event in events)
    assert end.outcome == "completed"


async def test_a_request_that_is_unknown_here_is_refused(project):
    _, end = await collected(project.run("asks-for-more"))
    assert "not supported" in end.text


async def test_a_question_that_was_taken_back_is_not_answered(project):
    run = project.run("takes-its-question-back", permissions="ask")
    reading, events = await following(run, PermissionAsked)
    await until(lambda: sum(isinstance(event, ToolCallStarted) for event in events) == 2)
    await run.answer("0", allow=True)
    assert await run.tell("well then")
    await reading
    assert [event.text for event in events if isinstance(event, Text)] == ["I was told well then"]


async def test_codex_is_asked_to_end_its_turn_before_it_is_ended(project):
    run = project.run("hangs")
    reading, events = await following(run, ToolCallStarted)
    await run.interrupt("enough")
    await reading
    ids = {"threadId": codex_double.THREAD, "turnId": codex_double.TURN}
    assert project.asked("turn/interrupt") == ids
    assert events[-1].outcome == "interrupted"


async def test_an_unanswered_question_does_not_hold_an_interrupt_up(project):
    run = project.run("asks", permissions="ask")
    reading, events = await following(run, PermissionAsked)
    await run.interrupt("enough")
    await reading
    assert events[-1].outcome == "interrupted"


@pytest.mark.parametrize(
    ("play", "outcome", "words"),
    [
        ("quota", "limited", "usage limit"),
        ("unauthorised", "unauthorized", "codex login"),
        ("context-full", "context_full", "ran out of room"),
        ("fails", "failed", "does not know"),
        ("dies", "lost", "101"),
        ("dies", "lost", "panicked"),
        ("chatters", "completed", ""),
    ],
)
async def test_ends(project, play, outcome, words):
    events, end = await collected(project.run(play))
    assert end.outcome == outcome
    assert words in (end.error or "")
    assert sum(isinstance(event, ToolCallStarted) for event in events) == sum(
        isinstance(event, ToolCallCompleted) for event in events
    )


async def test_a_limit_has_its_end_and_a_retry_is_told(project):
    _, end = await collected(project.run("quota"))
    assert 3500 < end.limit.resets_at.timestamp() - time.time() <= 3600
    events, _ = await collected(project.run("unauthorised"))
    assert Retrying("unexpected status 401", 1) in events


async def test_what_is_no_message_becomes_a_log(project):
    events, _ = await collected(project.run("chatters"))
    logs = [event.text for event in events if isinstance(event, Log)]
    assert any("out of date" in text for text in logs)


async def test_it_goes_on_with_its_conversation(project):
    events, end = await collected(project.run("completes", session_id=codex_double.THREAD))
    assert project.asked("thread/resume")["excludeTurns"] is True
    assert events[0].session_id == codex_double.THREAD
    assert end.outcome == "completed"


async def test_a_conversation_that_is_lost_begins_anew(project):
    events, end = await collected(project.run("completes", session_id="another"))
    assert any(isinstance(event, Log) and "no rollout" in event.text for event in events)
    assert end.outcome == "completed"


async def test_a_note_reaches_the_turn(project):
    run = project.run("listens")
    assert not await run.tell("too early")
    reading, events = await following(run, ToolCallStarted)
    assert await run.tell("look left")
    await reading
    assert any(isinstance(event, Text) and "look left" in event.text for event in events)
    assert project.asked("turn/steer")["expectedTurnId"] == codex_double.TURN
    assert not await run.tell("too late")


async def test_a_program_that_hears_nothing_is_ended_all_the_same(project):
    run = project.run("stubborn")
    reading, events = await following(run, ToolCallStarted)
    began = time.monotonic()
    await run.interrupt("enough")
    assert not project.processes_left
    assert time.monotonic() - began < 10
    await reading
    assert events[-1] == Finished("interrupted", "", "Interrupted: enough")


async def test_commands_that_go_on_in_the_background_end_with_the_job(project):
    events, end = await collected(project.run("leaves"))
    assert not project.processes_left
    assert end == Finished("completed", "It is up")
    assert outcomes(events) == ["interrupted"]


async def test_a_reader_that_goes_away_leaves_nothing_running(project):
    events = project.run("hangs").events()
    async for event in events:
        if isinstance(event, ToolCallStarted):
            break
    assert project.processes_left
    await events.aclose()
    assert not project.processes_left


async def test_what_does_not_begin_is_given_up(project, monkeypatch):
    monkeypatch.setattr(codex_run, "START_LIMIT_SECONDS", 0.3)
    (project.programs / "codex").write_text("#!/bin/sh\nexec sleep 3000\n")
    _, end = await collected(project.run("completes"))
    assert end.outcome == "failed"
    assert "within 0.3 s" in end.error


async def test_what_is_not_installed_or_does_not_run_says_so(project):
    program = project.programs / "codex"
    program.write_text("#!/bin/sh\necho broken >&2; exit 7\n")
    check = await CodexAgent(project.environment).check()
    assert not check.is_ready
    assert "does not run" in check.problem
    _, end = await collected(project.run("completes"))
    assert (end.outcome, end.exit_code) == ("lost", 7)
    assert "broken" in end.error
    program.unlink()
    check = await CodexAgent(project.environment).check()
    assert "npm install" in check.problem
    _, end = await collected(project.run("completes"))
    assert end.outcome == "failed"
    assert "npm install" in end.error


async def test_the_check_tells_version_abilities_and_a_missing_key(project):
    check = await CodexAgent(project.environment).check()
    assert (check.is_ready, check.version) == (True, "9.9.9")
    assert check.abilities.permissions
    assert check.abilities.resume
    assert check.abilities.messages
    assert not check.abilities.cost
    del project.environment["OPENAI_API_KEY"]
    check = await CodexAgent(project.environment).check()
    assert not check.is_ready
    assert "codex login" in check.problem
