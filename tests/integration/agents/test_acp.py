"""The driver for ACP agents, with an agent of our own on real pipes."""

import asyncio
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import acp_double
import pytest
from patience import until

from orchestrator.agents import processes
from orchestrator.agents.acp import run as acp_run
from orchestrator.agents.acp.agent import AcpAgent
from orchestrator.agents.acp.profiles import AcpProfile
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
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.attempt_report import judged
from orchestrator.engine.records import Job

PROFILE = AcpProfile(
    "double",
    (sys.executable, "-S", acp_double.__file__),
    asking_modes=("default", "ask"),
    login="Set THE_KEY.",
)


@pytest.fixture
def make_job(tmp_path):
    """The agent and a job that plays this; `DOUBLE_…` are the double's own switches, `fields` the job's."""

    def make(play: str, profile: AcpProfile = PROFILE, own=None, **fields):
        switches = {name: fields.pop(name) for name in list(fields) if name.startswith("DOUBLE_")}
        switches["DOUBLE_RECORD"] = str(tmp_path / "heard.jsonl")
        job = Job(
            "orch-acp",
            "plan",
            Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0)),
            1,
            tmp_path,
            play,
            environment=switches,
            **fields,
        )
        return AcpAgent(profile, {"PATH": "/usr/bin:/bin", **(own or {})}), job

    return make


@pytest.fixture
def make_run(make_job):
    """Prepare a run of a play."""

    def make(play: str, profile: AcpProfile = PROFILE, own=None, **fields):
        agent, job = make_job(play, profile, own, **fields)
        return agent.run(job)

    return make


@pytest.fixture
def heard(tmp_path):
    """What the agent was sent: `heard(method)` gives the params of each."""

    def of(method: str):
        lines = (tmp_path / "heard.jsonl").read_text().splitlines()
        return [m["params"] for m in map(json.loads, lines) if m.get("method") == method]

    return of


async def read(run):
    return [event async for event in run.events()]


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


async def test_it_reports_why_its_request_is_tried_again(make_run):
    events = await read(make_run("tries-again"))
    assert [event.why for event in of(Retrying, events)] == ["HTTP 503"]
    assert events[-1].outcome == "completed"


COMPLAINING = replace(PROFILE, complaint=r'side=false said="(.*)"')


@pytest.mark.parametrize(
    ("complaints", "outcome", "said"),
    [
        (
            "Overloaded;You exceeded your current quota. Retry after 3600s",
            "limited",
            "exceeded your current quota",
        ),
        (";".join(["529 Overloaded"] * acp_run.OVERLOADED_TRIES_MAX), "failed", "529 Overloaded"),
    ],
)
async def test_what_an_agent_tells_on_its_stderr_alone_ends_its_turn(
    make_run, heard, complaints, outcome, said
):
    events = await read(make_run("complains", COMPLAINING, DOUBLE_COMPLAINTS=complaints))
    assert isinstance(events[-1], Finished)
    assert (events[-1].outcome, said in events[-1].error) == (outcome, True)
    assert heard("session/cancel")


async def test_a_vendor_that_is_overloaded_now_and_then_is_left_to_the_agent(make_run):
    run = make_run("complains", COMPLAINING, DOUBLE_COMPLAINTS="529 Overloaded;fetch failed;no such file")
    reading = asyncio.create_task(read(run))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(reading), 1)
    await run.interrupt("enough")
    assert (await reading)[-1].outcome == "interrupted"


async def test_a_session_is_opened_as_the_protocol_wants(make_run, heard, tmp_path):
    events = await read(make_run("completes"))
    assert events[0] == Started("double", "1.2.3", "acme/small", acp_double.SESSION)
    greeting = heard("initialize")[0]
    assert greeting["protocolVersion"] == 1
    assert greeting["clientCapabilities"] == {
        "fs": {"readTextFile": False, "writeTextFile": False},
        "terminal": False,
    }
    assert heard("session/new") == [{"cwd": str(tmp_path), "mcpServers": []}]
    assert heard("session/prompt")[0]["prompt"] == [{"type": "text", "text": "completes"}]
    assert heard("session/set_mode") == []


async def test_the_last_message_is_the_finding_and_tokens_are_one_text(make_run):
    events = await read(make_run("completes"))
    assert events[-1] == Finished("completed", "All good")
    assert [event.text for event in of(Text, events)] == ["Looking", "All good"]
    assert sum(delta.cost_usd for delta in of(UsageDelta, events)) == 0.5


async def test_many_words_come_whole_in_few_events(make_run):
    events = await read(make_run("many-words"))
    texts = of(Text, events)
    assert "".join(event.text for event in texts) == "".join(f"word{number} " for number in range(2_000))
    assert len(texts) < 20


async def test_what_an_agent_says_slowly_is_told_while_it_works(make_run):
    run = make_run("talks-slowly")
    events = run.events()
    assert [type(await anext(events)) for _ in range(2)] == [Started, Text]
    await run.interrupt("enough")
    assert [event async for event in events][-1].outcome == "interrupted"


# ---- permissions


@pytest.mark.parametrize(
    ("permissions", "play", "said", "outcome"),
    [
        ("full", "asks", "yes", "ok"),
        ("edits", "asks", "no", "denied"),
        ("read-only", "asks", "no", "denied"),
        ("read-only", "asks-to-read", "yes", "ok"),
        ("ask", "asks-to-read", "yes", "ok"),
    ],
)
async def test_the_policy_answers_for_itself(make_run, permissions, play, said, outcome):
    events = await read(make_run(play, permissions=permissions))
    assert events[-1].text == f"Told {said}."
    assert [event.outcome for event in of(ToolCallCompleted, events)] == [outcome]
    assert of(PermissionAsked, events) == []


@pytest.mark.parametrize(("allow", "said", "outcome"), [(True, "yes", "ok"), (False, "no", "denied")])
async def test_somebody_else_may_answer(make_run, allow, said, outcome):
    run = make_run("asks", permissions="ask")
    events = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, PermissionAsked):
            await run.answer("unknown", allow=True)
            await run.answer(event.request_id, allow=allow)
            await run.answer(event.request_id, allow=not allow)
    asked = of(PermissionAsked, events)
    assert [(question.question, question.tool_id) for question in asked] == [("execute: rm -rf build", "c1")]
    assert isinstance(events[events.index(asked[0]) - 1], ToolCallStarted)
    assert events[-1].text == f"Told {said}."
    assert [event.outcome for event in of(ToolCallCompleted, events)] == [outcome]


@pytest.mark.parametrize(
    ("play", "question", "command"),
    [
        ("asks", "execute: rm -rf build", "rm -rf build"),
        ("asks-in-words", "Bash: May this run: touch made.txt", "May this run: touch made.txt"),
        ("asks-without-a-word", "Bash: Bash", None),
        ("asks-with-a-blank", "execute: Run command", None),
    ],
)
async def test_a_question_that_does_not_say_what_would_be_done_cannot_be_allowed(
    make_run, play, question, command
):
    run = make_run(play, permissions="ask")
    events = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, PermissionAsked):
            await run.answer(event.request_id, allow=False)
    [asked] = of(PermissionAsked, events)
    assert (asked.question, asked.command) == (question, command)
    assert asked.can_allow is (command is not None)
    [begun] = of(ToolCallStarted, events)
    assert f"{begun.tool_name}: {begun.input}" == question
    assert events[-1].text == "Told no."


async def test_an_open_question_is_answered_as_cancelled(make_run):
    run = make_run("asks", permissions="ask")
    async for event in run.events():
        if isinstance(event, PermissionAsked):
            await asyncio.wait_for(run.interrupt("enough"), 8)
    assert event.outcome == "interrupted"
    assert event.text == "Told cancelled."
    await run.answer("100", allow=True)


async def test_what_was_not_offered_is_refused(make_run):
    end = (await read(make_run("asks-for-files")))[-1]
    assert "not offered" in end.text


async def test_an_agent_is_made_to_ask_unless_all_is_allowed(make_run, heard):
    await read(make_run("completes", permissions="edits"))
    assert heard("session/set_mode") == [{"sessionId": acp_double.SESSION, "modeId": "default"}]


@pytest.mark.parametrize("permissions", ["read-only", "ask", "edits"])
async def test_an_agent_that_nothing_makes_ask_is_not_asked_to_do_anything(make_run, heard, permissions):
    events = await read(make_run("completes", permissions=permissions, DOUBLE_MODES="yolo auto"))
    [end] = events
    assert (end.outcome, end.is_final) == ("failed", True)
    assert f"double cannot be held to permissions {permissions}" in end.error
    for advice in ("permissions full", "agents.toml", "asking_modes", "asking_environment", "asks = true"):
        assert advice in end.error
    assert heard("session/new")
    assert heard("session/prompt") == []


@pytest.mark.parametrize("vouched", [{"asks": True}, {"asking_environment": {"DOUBLE_ASKS": "1"}}])
async def test_an_agent_that_its_profile_vouches_for_needs_no_mode(make_run, heard, vouched):
    profile = replace(PROFILE, asking_modes=(), **vouched)
    events = await read(make_run("asks", profile, permissions="read-only"))
    assert events[-1].text == "Told no."
    assert heard("session/set_mode") == []


async def test_an_agent_that_may_do_everything_needs_no_mode(make_run, heard):
    events = await read(make_run("completes", DOUBLE_MODES="yolo auto"))
    assert events[-1].outcome == "completed"
    assert heard("session/set_mode") == []


async def test_a_session_taken_up_again_without_its_modes_is_left_for_a_new_one(make_run, heard):
    run = make_run("asks", permissions="edits", session_id=acp_double.SESSION, DOUBLE_FORGETS_MODES="1")
    events = await read(run)
    assert "has no mode that asks: a new one begins" in of(Log, events)[0].text
    assert (len(heard("session/resume")), len(heard("session/new"))) == (1, 1)
    assert heard("session/set_mode") == [{"sessionId": acp_double.SESSION, "modeId": "default"}]
    assert events[-1].text == "Told no."


# ---- refusals that look like success


async def ended(agent: AcpAgent, job: Job) -> Finished:
    """How the engine judges what the agent has told of the job."""
    attempt = Attempt(job, agent)
    async for event in agent.run(job).events():
        match event:
            case ToolCallStarted():
                attempt.calls += 1
            case ToolCallCompleted():
                attempt.went_well += event.outcome == "ok"
            case Text(text):
                attempt.spoken += len(text)
            case UsageDelta():
                attempt.tokens += event.tokens
    assert isinstance(event, Finished)
    return judged(attempt, event)


@pytest.mark.parametrize(
    ("play", "outcome", "said"),
    [
        ("refused-no-key", "unauthorized", "Set THE_KEY."),
        ("refused-no-model", "unknown_model", "gpt-9"),
        ("refused-full", "context_full", "too long"),
        ("refused-quota", "limited", "usage limit"),
        ("refused-rate", "limited", "429"),
        ("refused-overloaded", "failed", "529"),
        ("refused-broken", "failed", "stream disconnected"),
        ("refused-odd", "completed", None),
        ("ends", "failed", "double ended its turn without a word"),
        ("tries-then-fails", "unauthorized", "401 Unauthorized"),
        ("announces-and-ends", "completed", None),
        ("works-quietly", "completed", None),
        ("works-then-fails", "completed", None),
        ("completes", "completed", None),
    ],
)
async def test_a_turn_that_ended_well_is_a_refusal_all_the_same(make_job, play, outcome, said):
    agent, job = make_job(play)
    end = await ended(agent, job)
    assert end.outcome == outcome
    assert said in end.error if said else end.error is None
    if play in ("refused-quota", "works-then-fails"):
        assert "usage limit" in end.text
    if play == "refused-quota":
        left = end.limit.resets_at - datetime.now(UTC)
        assert timedelta(minutes=59) < left <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("play", "pattern", "outcome"),
    [
        ("refused-odd", r"^It went wrong: ", "failed"),
        ("works-then-fails", r"^You.ve hit", "limited"),
        ("refused-odd", r"^Something else: ", "completed"),
    ],
)
async def test_a_profile_may_say_how_its_agents_failures_read(make_job, play, pattern, outcome):
    agent, job = make_job(play, replace(PROFILE, failure=pattern))
    end = await ended(agent, job)
    assert end.outcome == outcome
    assert outcome == "completed" or end.text in end.error


# ---- sessions and models


@pytest.mark.parametrize("loads", ["", "1"])
async def test_an_earlier_session_goes_on_and_its_story_is_not_told_again(make_run, heard, loads):
    fields = {"DOUBLE_LOADS": loads} if loads else {}
    events = await read(make_run("completes", session_id=acp_double.SESSION, **fields))
    assert events[-1].outcome == "completed"
    assert [event.text for event in of(Text, events)] == ["Looking", "All good"]
    assert heard("session/load" if loads else "session/resume")[0]["sessionId"] == acp_double.SESSION
    assert heard("session/new") == []
    if loads:  # it has told what it had cost before
        assert sum(delta.cost_usd for delta in of(UsageDelta, events)) == pytest.approx(0.1)


async def test_what_a_session_had_cost_is_not_told_twice(tmp_path):
    agent = AcpAgent(PROFILE, {"PATH": "/usr/bin:/bin"})
    task = Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0))
    job = Job("orch-acp", "plan", task, 1, tmp_path, "completes")
    first = await read(agent.run(job))
    second = await read(agent.run(replace(job, attempt=2, session_id=first[0].session_id)))
    assert sum(delta.cost_usd for delta in of(UsageDelta, first)) == 0.5
    assert sum(delta.cost_usd for delta in of(UsageDelta, second)) == 0.0


async def test_a_session_that_is_gone_is_begun_anew(make_run, heard):
    events = await read(make_run("completes", session_id="ses-gone"))
    assert events[0].session_id == acp_double.SESSION
    assert "ses-gone" in of(Log, events)[0].text
    assert events[-1].outcome == "completed"
    assert len(heard("session/new")) == 1


@pytest.mark.parametrize(
    ("wanted", "value"), [("acme/large", "acme/large"), ("large", "acme/large"), ("odd", "odd")]
)
async def test_a_model_is_chosen_through_the_protocol(make_run, heard, wanted, value):
    events = await read(make_run("completes", model=wanted))
    params = {"sessionId": acp_double.SESSION, "configId": "model", "value": value}
    assert heard("session/set_config_option") == [params]
    assert events[0].model == value


async def test_or_by_the_command_line(make_run, heard):
    profile = replace(PROFILE, model_arguments=("--model", "{model}"))
    events = await read(make_run("completes", profile, model="large"))
    assert events[0].model == "large"
    assert heard("session/set_config_option") == []


# ---- ends


@pytest.mark.parametrize(
    ("play", "outcome", "words"),
    [
        ("fails", "failed", "tests fail"),
        ("refuses", "failed", "refused to go on"),
        ("stops-oddly", "failed", "of_tomorrow"),
        ("has-no-key", "unauthorized", "Authentication required. Set THE_KEY."),
        ("has-no-quota", "limited", "retry after 3600s"),
        ("is-overloaded", "failed", "529 Overloaded"),
        ("is-full", "context_full", "prompt is too long"),
        ("dies", "lost", "exit code 7"),
    ],
)
async def test_how_a_turn_ends_badly(make_run, play, outcome, words):
    events = await read(make_run(play))
    assert events[-1].outcome == outcome
    assert words in events[-1].error
    assert (events[-1].limit is not None) == (outcome == "limited")
    assert len(of(ToolCallStarted, events)) == len(of(ToolCallCompleted, events))


async def test_a_program_that_dies_tells_what_it_said_last(make_run):
    end = (await read(make_run("dies")))[-1]
    assert "Segmentation fault" in end.error
    assert end.exit_code == 7


async def test_a_call_that_is_left_open_was_interrupted(make_run):
    events = await read(make_run("leaves-open"))
    assert events[-1].outcome == "completed"
    assert [event.outcome for event in of(ToolCallCompleted, events)] == ["interrupted"]


async def test_what_is_no_message_is_a_log_and_answers_to_nobody_are_dropped(make_run):
    events = await read(make_run("chatters"))
    assert events[-1] == Finished("completed", "Still here.")
    assert [event.text for event in of(Log, events)][:2] == ["Loading…", '{"level": "info"}']
    assert all(len(event.text) <= acp_run.LOG_LENGTH_MAX for event in of(Log, events))


@pytest.mark.parametrize(
    ("fields", "outcome", "words"),
    [
        ({"DOUBLE_LOCKED": "1"}, "unauthorized", "Set THE_KEY."),
        ({"DOUBLE_PROTOCOL": "2"}, "failed", "version 2"),
    ],
)
async def test_why_no_session_was_opened(make_run, fields, outcome, words):
    events = await read(make_run("completes", **fields))
    assert [type(event) for event in events] == [Finished]
    assert events[-1].outcome == outcome
    assert words in events[-1].error


async def test_an_agent_that_never_answers_is_lost(make_run, monkeypatch):
    monkeypatch.setattr(acp_run, "OPEN_LIMIT_SECONDS", 0.5)
    end = (await read(make_run("completes", DOUBLE_HANGS="1")))[-1]
    assert end.outcome == "lost"
    assert "no session within 0.5 s" in end.error


async def test_it_can_be_interrupted_before_it_has_answered(make_run):
    run = make_run("completes", DOUBLE_HANGS="1")
    reading = asyncio.create_task(read(run))
    await until(lambda: processes.marked("orch-acp"))
    await asyncio.wait_for(run.interrupt("too slow"), 8)
    assert [event.outcome for event in await reading] == ["interrupted"]


async def test_a_program_that_is_not_there_or_no_program(make_run, tmp_path):
    end = (await read(make_run("completes", replace(PROFILE, command=("no-such-agent",), install="get it"))))[
        -1
    ]
    assert (end.outcome, end.error) == (
        "failed",
        "no-such-agent is not on the PATH; install it with `get it`.",
    )
    script = tmp_path / "broken"
    script.write_bytes(b"\x7fELF broken")
    script.chmod(0o755)
    end = (await read(make_run("completes", replace(PROFILE, command=(str(script),)))))[-1]
    assert end.outcome in ("failed", "lost")
    assert end.error


# ---- interrupting


async def test_an_interrupt_leaves_no_process_not_even_of_a_stubborn_agent(make_run):
    run = make_run("stubborn")
    reading = asyncio.create_task(read(run))
    await until(lambda: processes.marked("orch-acp"))
    began = time.monotonic()
    await asyncio.wait_for(run.interrupt("enough"), 9)
    assert time.monotonic() - began < 9
    assert not processes.marked("orch-acp")
    events = await reading
    assert events[-1].outcome == "interrupted"


async def test_an_agent_that_calls_a_cancelled_turn_ended_is_interrupted(make_run):
    run = make_run("hangs-silently")
    reading = asyncio.create_task(read(run))
    await until(lambda: processes.marked("orch-acp"))
    await asyncio.sleep(0)
    await asyncio.wait_for(run.interrupt("enough"), 8)
    assert (await reading)[-1].error == "Interrupted: enough"


async def test_no_note_is_taken(make_run):
    assert await make_run("completes").tell("look left") is False


# ---- the environment, and the check


async def test_only_what_the_profile_asks_for_is_passed_on(tmp_path):
    profile = replace(
        PROFILE,
        pass_environment=("VENDOR_*",),
        environment={"SET": "1"},
        asking_environment={"ASKING": "1"},
    )
    own = {"PATH": "/usr/bin:/bin", "VENDOR_KEY": "sk", "OTHER_KEY": "sk", "ORCHESTRATOR_API_TOKEN": "t"}
    job = Job("orch-acp", "plan", Task(TaskId("1.1"), "t", 1, 1, Span(0, 0)), 1, tmp_path, "completes")
    full = AcpAgent(profile, own).run(job)._environment
    assert (full["VENDOR_KEY"], full["SET"]) == ("sk", "1")
    assert not full.keys() & {"OTHER_KEY", "ORCHESTRATOR_API_TOKEN", "ASKING"}
    careful = AcpAgent(profile, own).run(replace(job, permissions="edits"))._environment
    assert careful["ASKING"] == "1"


async def test_the_check_tells_a_version_or_why_not(tmp_path):
    own = {"PATH": "/usr/bin:/bin"}
    versioned = replace(PROFILE, version_arguments=(*PROFILE.command[1:], "--version"), tells_cost=True)
    check = await AcpAgent(versioned, own).check()
    assert (check.is_ready, check.version, check.problem) == (True, "1.2.3", None)
    assert check.abilities.permissions
    assert check.abilities.cost
    unbound = replace(versioned, asking_modes=())
    assert not (await AcpAgent(unbound, own).check()).abilities.permissions
    assert (await AcpAgent(replace(unbound, asks=True), own).check()).abilities.permissions
    missing = await AcpAgent(replace(PROFILE, command=("no-such-agent",)), own).check()
    assert not missing.is_ready
    assert "not on the PATH" in missing.problem
    failing = await AcpAgent(replace(PROFILE, command=("/usr/bin/false",)), own).check()
    assert "exit code 1" in failing.problem
