"""Whatever an agent, a plan or a person says: no secret is in the log, in a text that is kept, or in a command."""

from __future__ import annotations

import typing
from dataclasses import fields, replace

import pytest
from filled_models import filled
from planted_secrets import KEYED, KEYS, halves

from orchestrator.domain.commands import Command, MessageTask, RetryTask, SkipTask
from orchestrator.domain.errors import IdempotencyConflict
from orchestrator.domain.events import (
    EVENT_TYPES,
    AgentStarted,
    PlanLoaded,
    PlannedTask,
    ToolCompleted,
    ToolStarted,
)
from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.redacted_models import EXEMPT
from orchestrator.domain.redaction import redact_known, redactor
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.agent_events import (
    AgentEvent,
    Finished,
    Limit,
    Log,
    PermissionAsked,
    Retrying,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    UsageDelta,
    without_secrets,
)
from orchestrator.engine.attempt import Limits
from orchestrator.engine.journal import Journal
from orchestrator.engine.redacted_commands import RedactedCommands

SECRET = KEYS["GitHub"]
PLAN = f"# A plan with {SECRET}\n\n## Phase 1: {SECRET}\n\n- [ ] 1.1 Use {SECRET} there\n"
EVERYTHING = (
    Started(SECRET, SECRET, SECRET, SECRET),
    Text(KEYED),
    Retrying(KEYED),
    Log(KEYED),
    ToolCallStarted(SECRET, SECRET, KEYED, SECRET),
    ToolCallOutput(SECRET, KEYED),
    ToolCallCompleted(SECRET, "ok", KEYED),
    UsageDelta(SECRET, 1),
    PermissionAsked(SECRET, KEYED, SECRET),
)


def assert_clean(text: str) -> None:
    assert MARK in text
    assert not [half for half in halves(SECRET) if half in text]


def everything_kept(house) -> str:
    """All that the store and the folder of outputs hold."""
    return f"{house.store}{vars(house.outputs)}"


@pytest.fixture
def house(make_house):
    house = make_house(PLAN)
    house.ports = replace(house.ports, commands=RedactedCommands(house.commands, redact_known))
    return house


async def test_nothing_that_an_agent_tells_is_kept_with_a_secret(house, plays):
    house.robot.play(
        "1.1",
        plays.say(*EVERYTHING, Finished("failed", KEYED, KEYED)),
        plays.say(*EVERYTHING, Finished("limited", KEYED, KEYED, limit=Limit(KEYED))),
        plays.collapse(ValueError(KEYED)),
    )
    assert await house.run(max_attempts=3, limit_seconds_max=0) is RunStatus.FAILED
    assert_clean(everything_kept(house))


async def test_a_call_that_begins_and_its_end_still_have_one_id(house, plays):
    house.robot.play("1.1", plays.say(*EVERYTHING[:-1], Finished("completed")))
    assert await house.run() is RunStatus.COMPLETED
    (began,), (ended,) = house.events(ToolStarted), house.events(ToolCompleted)
    assert (began.tool_id, began.tool_name) == (ended.tool_id, ended.tool_name) == (MARK, MARK)
    assert ended.status == "ok"


async def test_a_question_is_answered_under_the_agents_own_name_for_it(house):
    answered = []

    async def play(run):
        yield PermissionAsked(SECRET, f"May I use {SECRET}?")
        answered.append(await run.answers.get())
        yield Finished("completed")

    house.robot.play("1.1", play)
    await house.run(limits=Limits(approval_seconds=0.01))
    assert answered == [(SECRET, False)]
    assert_clean(everything_kept(house))


async def test_a_session_whose_id_looks_like_a_secret_is_taken_up_again(house, plays):
    begins = Started("robot", session_id=SECRET)
    house.robot.play(
        "1.1",
        plays.say(begins, Finished("failed", error="no")),
        plays.say(begins, Finished("completed", "done")),
    )
    assert await house.run() is RunStatus.COMPLETED
    assert [run.job.session_id for run in house.robot.runs] == [None, SECRET]
    assert [event.session_id for event in house.events(AgentStarted)] == [MARK, MARK]
    assert_clean(everything_kept(house))


async def test_two_sessions_that_are_recorded_alike_are_not_mixed_up(make_house, plays):
    house = make_house(f"{PLAN}- [ ] 1.2 And this\n")
    other = KEYS["GitLab"]
    for task_id, session_id in (("1.1", SECRET), ("1.2", other)):
        begins = Started("robot", session_id=session_id)
        house.robot.play(task_id, plays.say(begins, Finished("failed", error="no")), plays.succeed())
    assert await house.run(parallel=2) is RunStatus.COMPLETED
    resumed = {run.job.task.id: run.job.session_id for run in house.robot.runs if run.job.attempt == 2}
    assert resumed == {"1.1": SECRET, "1.2": other}


async def test_what_a_person_sends_is_kept_without_secrets(house, plays):
    house.robot.play("1.1", plays.fail(), plays.succeed())
    await house.run(max_attempts=1)
    house.robot.play("1.1", plays.hold())
    run = await house.begin()
    await house.until_working("1.1")
    for command in (
        MessageTask(task_id="1.1", text=f"use {SECRET}"),
        SkipTask(task_id="1.1", reason=f"because of {SECRET}"),
    ):
        await house.ports.commands.submit(house.last_id, command, actor=f"cli:{SECRET}")
    await run
    assert_clean(everything_kept(house))


async def test_the_same_command_with_the_same_key_is_one(house):
    await house.registry.claim(house.instance())
    command = RetryTask(task_id="1.1", note=f"use {SECRET}")
    first = await house.ports.commands.submit(house.last_id, command, actor="me", key="k")
    assert await house.ports.commands.submit(house.last_id, command, actor="me", key="k") == first
    with pytest.raises(IdempotencyConflict):
        await house.ports.commands.submit(
            house.last_id, RetryTask(task_id="1.1", note="another"), actor="me", key="k"
        )


@pytest.mark.parametrize("cls", typing.get_args(typing.get_args(Command)[0]))
async def test_no_command_is_kept_with_a_secret(house, cls):
    await house.registry.claim(house.instance())
    command = filled(cls, f"a {SECRET}", EXEMPT)
    record = await house.ports.commands.submit(house.last_id, command, actor=SECRET)
    assert SECRET not in f"{record}{house.store.commands}"


@pytest.mark.parametrize("cls", EVENT_TYPES.values(), ids=EVENT_TYPES)
async def test_no_event_is_recorded_with_a_secret(house, cls):
    journal = Journal(house.log, await house.registry.claim(house.instance()), house.now, redactor({}))
    tasks = (PlannedTask(id="1.1", phase=1, description="a"),)
    await journal.record(PlanLoaded(plan_name="p", plan_path="p.md", title="P", tasks=tasks))
    await journal.record(filled(cls, f"a {SECRET}", EXEMPT))
    assert SECRET.encode() not in house.stored()[-1].body
    assert SECRET not in str(journal.state)


@pytest.mark.parametrize("cls", typing.get_args(AgentEvent))
def test_no_text_of_an_agents_event_passes(cls):
    given = {
        field.name: SECRET
        for field in fields(cls)
        if "str" in str(field.type) or "Outcome" in str(field.type)
    }
    if cls is Finished:
        given["limit"] = Limit(SECRET)
    assert SECRET not in str(without_secrets(cls(**given), redact_known))
