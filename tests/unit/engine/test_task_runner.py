"""One attempt: what is told, checked and kept, whatever the agent does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from orchestrator.domain.commands import Pause, Resume, Shutdown, SkipTask
from orchestrator.domain.errors import AgentUnavailable
from orchestrator.domain.events import (
    MESSAGE_LENGTH_MAX,
    AgentLimited,
    AgentMessage,
    FindingWritten,
    PromptSent,
    TaskChanged,
    ToolCompleted,
    ToolStarted,
    UsageUpdated,
)
from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.steps import start_attempt
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.agent_events import (
    Finished,
    Limit,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.attempt import Attempt, Limits
from orchestrator.engine.journal import Journal
from orchestrator.engine.outline import plan_loaded
from orchestrator.engine.records import Job
from orchestrator.engine.task_runner import TaskRunner

ONE = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n  - attempts: 1\n"
CHECKED = ONE + "  - verify: `make test`\n"
TWICE = ONE.replace("attempts: 1", "attempts: 2")


@pytest.fixture
def house(make_house):
    return make_house(ONE)


@pytest.fixture
def checked(make_house):
    return make_house(CHECKED)


def task(house):
    return house.state().tasks["1.1"]


class TestWhatIsSent:
    async def test_the_prompt_of_every_attempt_is_kept_with_its_size_and_digest(self, make_house, plays):
        house = make_house(TWICE)
        house.robot.play("1.1", plays.fail("it broke"))
        await house.run()
        first, second = house.events(PromptSent)
        assert [(sent.task_id, sent.attempt, sent.artifact) for sent in (first, second)] == [
            ("1.1", 1, "prompt.md"),
            ("1.1", 2, "prompt.md"),
        ]
        instance_id = next(iter(house.store.instances))
        prompts = [run.job.prompt for run in house.robot.runs]
        for sent, prompt in zip((first, second), prompts, strict=True):
            kept = await house.ports.artifacts.get(instance_id, "1.1", sent.attempt, sent.artifact)
            assert kept.content.decode() == prompt
            assert (sent.characters, sent.sha256) == (len(prompt), sha256(prompt.encode()).hexdigest())
        assert "it broke" in prompts[1]

    async def test_the_shell_is_sent_none(self, make_house):
        house = make_house("# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n\n  ```sh\n  true\n  ```\n")
        await house.run()
        assert house.events(PromptSent) == []

    async def test_secrets_are_taken_out_of_what_is_kept(self, make_house):
        key = "sk-ant-" + "a1B2" * 10
        house = make_house(ONE.replace("first", f"use {key}"))
        await house.run()
        (sent,) = house.events(PromptSent)
        kept = await house.ports.artifacts.get(next(iter(house.store.instances)), "1.1", 1, sent.artifact)
        assert key in house.robot.runs[0].job.prompt
        assert key.encode() not in kept.content


class TestWhatIsTold:
    async def test_an_agents_words_tools_and_usage_are_events_of_its_attempt(self, house, plays):
        house.robot.play(
            "1.1",
            plays.say(
                Started("robot", model="m-1"),
                Text("thinking"),
                ToolCallStarted("t1", "bash", "ls", parent_tool_id="t0"),
                ToolCallOutput("t1", "a b"),
                ToolCallCompleted("t1", "error", "no"),
                UsageDelta("m-1", 1, 2, 3, 4, 0.5),
                Finished("completed", "done"),
            ),
        )
        assert await house.run() is RunStatus.COMPLETED
        kinds = (AgentMessage, ToolStarted, ToolCompleted, UsageUpdated)
        said, started, output, completed, usage = house.events(*kinds)
        assert (said.task_id, said.attempt, said.text, said.tool_id) == ("1.1", 1, "thinking", None)
        assert (started.tool_id, started.tool_name, started.input_summary) == ("t1", "bash", "ls")
        assert started.parent_tool_id == "t0"
        assert (output.tool_id, output.text) == ("t1", "a b")
        assert (completed.status, completed.success, completed.tool_name) == ("error", False, "bash")
        assert (usage.model, usage.input_tokens, usage.cost_usd) == ("m-1", 1, 0.5)

    async def test_whatever_an_agent_says_fits_and_can_be_stored(self, house, plays):
        wild = "\ud800\0" + "x" * 100_000
        house.robot.play(
            "1.1",
            plays.say(
                Text(wild),
                ToolCallStarted(wild, wild, wild, wild),
                ToolCallOutput(wild, wild),
                ToolCallCompleted(wild, "ok", wild),
                UsageDelta(wild),
                Finished("failed", wild, wild),
            ),
        )
        assert await house.run() is RunStatus.FAILED
        assert all(len(entry.body) < 4 * MESSAGE_LENGTH_MAX for entry in house.stored())
        assert len(house.events(ToolCompleted)) == 1

    async def test_a_tool_that_is_left_open_is_closed_as_interrupted(self, house, plays):
        house.robot.play("1.1", plays.say(ToolCallStarted("t", "bash"), Finished("completed")))
        assert await house.run() is RunStatus.COMPLETED
        (completed,) = house.events(ToolCompleted)
        assert (completed.status, completed.success) == ("interrupted", False)

    async def test_the_end_of_a_tool_that_never_began_is_no_event(self, house, plays):
        house.robot.play("1.1", plays.say(ToolCallCompleted("t", "ok"), Finished("completed", "done")))
        assert await house.run() is RunStatus.COMPLETED
        assert house.events(ToolCompleted) == []


class TestChecks:
    async def test_a_task_is_completed_when_its_checks_have_passed(self, checked, plays):
        checked.shell.play("1.1", plays.say(Finished("completed", "4 passed", exit_code=0)))
        assert await checked.run() is RunStatus.COMPLETED
        (run,) = checked.shell.runs
        assert [block.text for block in run.job.blocks] == ["make test"]
        assert run.job.tool_name == "verify"
        assert task(checked).verified
        assert "4 passed" in checked.finding("1.1")

    async def test_a_failed_check_fails_the_attempt_and_its_output_is_in_the_finding(self, checked, plays):
        checked.shell.play("1.1", plays.say(Finished("failed", "1 failed: test_x", "exit code 1", 1)))
        assert await checked.run() is RunStatus.FAILED
        assert (task(checked).status, task(checked).verified) == (TaskStatus.FAILED, False)
        assert task(checked).last_error == "verify failed: exit code 1"
        finding = checked.finding("1.1")
        assert "done" in finding
        assert "1 failed: test_x" in finding
        assert "exit code 1" in finding

    @pytest.mark.parametrize(("line", "seconds"), [("", 600.0), ("  - verify_timeout: 90s\n", 90.0)])
    async def test_each_check_has_a_limit_of_its_own(self, make_house, line, seconds):
        house = make_house(CHECKED + line)
        await house.run()
        assert [run.job.block_seconds_max for run in house.robot.runs] == [None]
        assert [run.job.block_seconds_max for run in house.shell.runs] == [seconds]

    async def test_nothing_is_checked_when_the_agent_failed(self, checked, plays):
        checked.robot.play("1.1", plays.fail("broken"))
        assert await checked.run() is RunStatus.FAILED
        assert checked.shell.runs == []

    async def test_a_task_without_checks_is_completed_but_not_verified(self, house):
        assert await house.run() is RunStatus.COMPLETED
        assert not task(house).verified

    async def test_an_attempt_that_is_interrupted_between_work_and_checks_is_not_completed(
        self, checked, plays
    ):
        """The agent says it is done although it was told to end: without its checks that is no evidence."""
        go = asyncio.Event()
        checked.robot.play("1.1", plays.deaf(go))
        run = await checked.begin()
        await checked.until_working("1.1")
        await checked.command(Pause(mode="now"))
        await checked.until(lambda: checked.robot.runs[0].reasons)
        go.set()
        await checked.until(lambda: checked.statuses()["1.1"] != "in_progress")
        assert checked.statuses() == {"1.1": "pending"}
        assert checked.shell.runs == []
        await checked.command(Resume())
        assert await run is RunStatus.COMPLETED
        assert task(checked).verified

    async def test_an_attempt_that_is_interrupted_during_its_checks_is_taken_back(self, checked, plays):
        checked.shell.play("1.1", plays.hold(ToolCallStarted("v", "verify")))
        run = await checked.begin()
        await checked.until(lambda: checked.shell.runs)
        await checked.command(Shutdown(force=True))
        assert await run is RunStatus.STOPPED
        assert checked.statuses() == {"1.1": "pending"}
        assert checked.shell.runs[0].has_ended
        assert checked.events(ToolCompleted)[-1].status == "interrupted"

    async def test_work_that_ended_well_before_the_interruption_counts_when_nothing_is_to_be_checked(
        self, house, plays
    ):
        go = asyncio.Event()
        house.robot.play("1.1", plays.deaf(go))
        run = await house.begin()
        await house.until_working("1.1")
        await house.command(Pause(mode="now"))
        go.set()
        assert await run is RunStatus.COMPLETED


NO_KEY = "Error: 401 no such key"
NOTHING = "Agent robot ended its turn without a word: no text, no call, no tokens."


class TestDeclining:
    @pytest.mark.parametrize(
        ("last", "why"),
        [
            ("BLOCKED: the token is missing", "the token is missing"),
            ("**BLOCKED:** the token is missing", "the token is missing"),
            ("**BLOCKED: the token is missing**", "the token is missing"),
            ("> `BLOCKED: the token is missing`  ", "the token is missing"),
            ("BLOCKED:", "it gives no reason"),
        ],
    )
    async def test_an_agent_that_declines_has_failed_for_good(self, make_house, plays, last, why):
        house = make_house(TWICE + "  - verify: `true`\n")
        house.robot.play("1.1", plays.succeed(f"I looked at it.\n\n{last}\n"))
        assert await house.run() is RunStatus.FAILED
        assert task(house).last_error == f"The agent declined the task: {why}"
        assert house.robot.jobs == ["1.1/1"]
        assert house.shell.jobs == []
        assert "I looked at it." in house.finding("1.1")

    @pytest.mark.parametrize(
        "report", ["It was BLOCKED: by me", "BLOCKED: no\n\nBut then it worked.", "Unblocked: the queue", ""]
    )
    async def test_other_reports_decline_nothing(self, house, plays, report):
        house.robot.play("1.1", plays.say(Text("work"), Finished("completed", report or "done")))
        assert await house.run() is RunStatus.COMPLETED


class TestRefusals:
    """Agents that end their turn as if all were well when their vendor refuses them."""

    @pytest.fixture
    def refused(self, make_house):
        house = make_house(TWICE)
        house.robot.refusals[NO_KEY] = Finished("unauthorized", error="No key. Set one.")
        return house

    @pytest.mark.parametrize(
        ("events", "is_completed"),
        [
            ((), False),
            ((Text(" \n"),), False),
            ((Text("..."), Text(" \u2026")), False),
            ((Text("\u2705"),), False),
            ((Text("."), Text("ok")), True),
            ((UsageDelta("m", cost_usd=0.0),), False),
            ((UsageDelta("m", output_tokens=3),), True),
            ((UsageDelta("m", cache_read_tokens=3),), True),
            ((Text("Nothing was to be done."),), True),
            ((ToolCallStarted("t1", "bash", "make"), ToolCallCompleted("t1", "ok")), True),
        ],
    )
    async def test_an_agent_that_ends_without_a_word_has_not_done_its_task(
        self, house, plays, events, is_completed
    ):
        house.robot.play("1.1", plays.say(*events, Finished("completed")))
        assert await house.run() is (RunStatus.COMPLETED if is_completed else RunStatus.FAILED)
        assert task(house).last_error == (None if is_completed else NOTHING)

    async def test_tokens_are_no_work_of_an_agent_that_reports_its_calls(self, house, plays):
        """As Codex and Gemini CLI end a turn that their vendor's filter, or the model itself, has refused."""
        house.robot.reports_calls = True
        house.robot.play("1.1", plays.say(UsageDelta("m", output_tokens=3), Finished("completed")))
        assert await house.run() is RunStatus.FAILED
        assert task(house).last_error == (
            "Agent robot ended its turn without a word: no text, no call, its model may have refused to answer."
        )

    async def test_dots_for_an_answer_are_no_word(self, house, plays):
        house.robot.play("1.1", plays.say(Text("..."), Finished("completed", "...")))
        assert await house.run() is RunStatus.FAILED
        assert task(house).last_error == NOTHING

    @pytest.mark.parametrize("outcome", ["ok", "error", "denied", "interrupted", None])
    async def test_without_a_word_means_without_a_call_too(self, house, plays, outcome):
        calls = [ToolCallStarted("t1", "bash", "make")]
        calls += [ToolCallCompleted("t1", outcome)] if outcome else []
        house.robot.play("1.1", plays.say(*calls, Finished("completed")))
        await house.run()
        assert task(house).last_error != NOTHING

    async def test_it_is_tried_again_as_other_failures_are(self, refused, plays):
        refused.robot.play("1.1", plays.say(Finished("completed")))
        assert await refused.run() is RunStatus.COMPLETED
        assert refused.robot.jobs == ["1.1/1", "1.1/2"]

    async def test_a_refusal_that_is_said_as_an_answer_is_how_the_attempt_ended(self, refused, plays):
        refused.robot.play("1.1", plays.say(Text(NO_KEY), Finished("completed", NO_KEY)))
        assert await refused.run() is RunStatus.FAILED
        assert refused.robot.jobs == ["1.1/1"]  # another attempt would have no key either
        assert task(refused).last_error == "No key. Set one."
        assert "failed after" in refused.finding("1.1")
        assert NO_KEY in refused.finding("1.1")

    async def test_a_limit_that_is_said_as_an_answer_is_waited_for(self, refused, plays):
        limit = Limit("the quota is used up", refused.now() + timedelta(seconds=0.5))
        refused.robot.refusals["quota"] = Finished("limited", error=limit.message, limit=limit)
        refused.robot.play("1.1", plays.say(Finished("completed", "quota")))
        assert await refused.run() is RunStatus.COMPLETED
        [waits, *_] = refused.events(AgentLimited)
        assert (waits.message, waits.until) == (limit.message, limit.resets_at)

    @pytest.mark.parametrize(
        "events",
        [
            (ToolCallStarted("t1", "bash", "make"), ToolCallCompleted("t1", "ok")),
            (Text("word " * 400),),
            (
                ToolCallStarted("t1", "bash", "make"),
                ToolCallCompleted("t1", "error"),
                ToolCallStarted("t2", "bash", "make"),
                ToolCallCompleted("t2", "ok"),
            ),
        ],
    )
    async def test_an_agent_that_has_worked_may_say_what_it_likes(self, refused, plays, events):
        refused.robot.play("1.1", plays.say(*events, Finished("completed", NO_KEY)))
        assert await refused.run() is RunStatus.COMPLETED

    @pytest.mark.parametrize("outcome", ["error", "denied", "interrupted", None])
    async def test_calls_of_which_none_went_well_make_no_answer_of_a_refusal(self, refused, plays, outcome):
        calls = [ToolCallStarted("t1", "bash", "make")]
        calls += [ToolCallCompleted("t1", outcome)] if outcome else []
        refused.robot.play("1.1", plays.say(*calls, Text(NO_KEY), Finished("completed", NO_KEY)))
        assert await refused.run() is RunStatus.FAILED
        assert task(refused).last_error == "No key. Set one."

    async def test_a_long_refusal_is_one_as_well(self, refused, plays):
        page = f"{NO_KEY}\n{'<p>nothing</p>' * 100}"
        refused.robot.refusals[page] = refused.robot.refusals[NO_KEY]
        refused.robot.play("1.1", plays.say(Text(page), Finished("completed", page)))
        assert await refused.run() is RunStatus.FAILED

    async def test_nothing_is_checked_that_was_not_done(self, checked, plays):
        checked.robot.play("1.1", plays.say(Finished("completed")))
        assert await checked.run() is RunStatus.FAILED
        assert checked.shell.runs == []
        assert task(checked).last_error == NOTHING


class TestTime:
    async def test_an_attempt_that_takes_too_long_is_ended_and_has_failed(self, make_house, plays):
        house = make_house(ONE + "  - timeout: 1s\n")
        house.robot.play("1.1", plays.hold())
        assert await house.run() is RunStatus.FAILED
        assert task(house).last_error == "timed out after 1 s"
        assert house.robot.runs[0].reasons == ["timed out after 1 s"]
        assert "timed out" in house.finding("1.1")

    async def test_the_time_is_for_work_and_checks_together(self, checked, plays):
        checked.shell.play("1.1", plays.hold())
        limits = Limits(timeout_seconds=0.05, back_off_first_seconds=0)
        assert await checked.run(limits=limits) is RunStatus.FAILED
        assert task(checked).last_error == "timed out after 0.05 s"
        assert checked.shell.runs[0].has_ended

    async def test_a_timed_out_attempt_counts_and_is_tried_again(self, make_house, plays):
        house = make_house(TWICE)
        house.robot.play("1.1", plays.hold())
        limits = Limits(timeout_seconds=0.05, back_off_first_seconds=0)
        assert await house.run(limits=limits) is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/2"]

    async def test_an_agent_that_does_not_end_is_not_waited_for_for_ever(self, house, plays):
        house.robot.play("1.1", plays.deaf(asyncio.Event()))
        limits = Limits(timeout_seconds=0.02, interrupt_seconds=0.05)
        assert await house.run(limits=limits) is RunStatus.FAILED
        assert "did not end within 0.05 s" in task(house).last_error
        assert house.robot.runs[0].has_ended

    async def test_a_paused_agent_that_does_not_end_has_failed_and_does_not_run_twice(
        self, make_house, plays
    ):
        house = make_house(ONE)
        house.robot.play("1.1", plays.deaf(asyncio.Event()))
        run = await house.begin()
        await house.until_working("1.1")
        await house.command(Pause(mode="now"))
        await house.until(lambda: house.statuses()["1.1"] == "failed")
        await house.command(Resume())
        assert await run is RunStatus.FAILED
        assert house.robot.jobs == ["1.1/1"]


class TestBrokenDrivers:
    @pytest.mark.parametrize(
        "error",
        [RuntimeError("ouch"), TimeoutError("ouch"), AgentUnavailable("ouch")],
        ids=lambda error: type(error).__name__,
    )
    async def test_a_driver_that_raises_fails_its_attempt_only(self, house, plays, error):
        house.robot.play("1.1", plays.collapse(error, ToolCallStarted("t", "bash")))
        assert await house.run() is RunStatus.FAILED
        assert task(house).last_error == f"Agent robot failed: {type(error).__name__}: ouch"
        assert house.robot.runs[0].reasons == ["the attempt cannot go on"]
        assert house.events(ToolCompleted)[0].status == "interrupted"
        assert "ouch" in house.finding("1.1")

    async def test_a_driver_that_cannot_even_begin_fails_its_attempt_only(self, house, monkeypatch):
        def refuse(_job):
            raise OSError("no more processes")

        monkeypatch.setattr(house.robot, "run", refuse)
        assert await house.run() is RunStatus.FAILED
        assert "no more processes" in task(house).last_error

    async def test_an_agent_that_ends_without_a_word_has_failed(self, house, plays):
        house.robot.play("1.1", plays.say())
        assert await house.run() is RunStatus.FAILED
        assert task(house).last_error == "Agent robot ended without a word"

    async def test_a_driver_that_cannot_be_interrupted_does_not_take_the_run_down(self, house, plays):
        house.robot.play("1.1", plays.hold())
        run = await house.begin()
        agent_run = await house.until_working("1.1")

        async def refuse(_reason):
            raise RuntimeError("deaf")

        agent_run.interrupt = refuse
        await house.command(SkipTask(task_id="1.1"))
        assert await run is RunStatus.COMPLETED
        assert agent_run.has_ended

    async def test_an_attempt_that_is_interrupted_before_its_agent_begins_never_begins(self, house):
        plan = parse_plan(ONE)
        journal = Journal(house.log, await house.registry.claim(house.instance()), house.now)
        await journal.record(plan_loaded(plan, await house.plans.read("p")))
        await journal.record(start_attempt(journal.state, "1.1", "robot"))
        job = Job("orch-1", "p", next(plan.tasks()), 1, Path("/nowhere"), "do it")
        attempt = Attempt(job, house.robot)
        await attempt.interrupt("interrupted by pause")
        runner = TaskRunner(journal, house.ports.artifacts, house.outputs, house.shell)
        result, (finding,) = await runner.run(attempt)
        assert (result.succeeded, result.interrupted) == (False, True)
        assert house.robot.runs == []
        assert "interrupted by pause" in house.finding("1.1")
        assert isinstance(finding, FindingWritten)


class TestFindings:
    async def test_every_attempt_leaves_a_finding(self, make_house, plays):
        house = make_house(TWICE)
        house.robot.play("1.1", plays.hold(), plays.fail("broken"), plays.succeed("at last"))
        run = await house.begin()
        await house.until_working("1.1")
        await house.command(Pause(mode="now"))
        await house.until(lambda: house.statuses()["1.1"] == "pending")
        await house.command(Resume())
        assert await run is RunStatus.COMPLETED
        assert [event.attempt for event in house.events(FindingWritten)] == [1, 2, 3]
        texts = []
        for attempt in (1, 2, 3):
            artifact = await house.ports.artifacts.get("orch-1", "1.1", attempt, "finding.md")
            texts.append(artifact.content.decode())
        first, second, third = texts
        assert "Attempt 1 by robot: interrupted (interrupted by pause) after" in first
        assert "Attempt 2 by robot: failed after" in second
        assert "exit code 3" in second
        assert "Error: broken" in second
        assert "tried" in second
        assert "Attempt 3 by robot: completed" in third
        assert house.finding("1.1") == f"{third}\n---\n\n{second}\n---\n\n{first}"

    async def test_a_finding_is_there_before_its_task_is_completed(self, house):
        await house.run()
        kinds = [event.type for event in house.events(FindingWritten, TaskChanged)]
        assert kinds == ["task_changed", "finding_written", "task_changed"]

    async def test_a_finding_is_safe_to_print(self, house, plays):
        house.robot.play("1.1", plays.succeed("a\x1b]52;c;AAAA\x07\tb\x1b[31mred\x1b[0m\n\u202ec 👩‍🔬"))
        await house.run()
        assert "a�]52;c;AAAA�\tbred\n�c 👩‍🔬" in house.finding("1.1")

    async def test_a_huge_finding_is_cut(self, house, plays):
        house.robot.play("1.1", plays.succeed("x" * 3_000_000))
        assert await house.run() is RunStatus.COMPLETED
        assert len(house.finding("1.1")) <= 1_000_000
        assert "left out" in house.finding("1.1")
