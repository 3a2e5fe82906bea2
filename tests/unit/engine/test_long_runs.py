"""What makes runs of hours bearable: limits are waited for, the stuck are ended, budgets and questions are kept."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.domain.blockers import RateLimitBlocker
from orchestrator.domain.commands import AnswerApproval, CommandState, MessageTask, Resume, Shutdown
from orchestrator.domain.events import (
    AgentLimited,
    ApprovalRequested,
    ApprovalSettled,
    OrchestratorChanged,
    TaskChanged,
)
from orchestrator.domain.evidence import Remark
from orchestrator.domain.projection import orchestrator_status
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.agent_events import (
    Finished,
    Limit,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallStarted,
    UsageDelta,
)
from orchestrator.engine.attempt import Limits
from orchestrator.engine.budget import Allowance
from orchestrator.engine.transcript import read_transcript

QUICK = Limits(timeout_seconds=20, back_off_first_seconds=0.01, interrupt_seconds=0.2)
TWO = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n"
BY_SHELL = TWO + "- [ ] 1.3 third\n\n  ```sh\n  true\n  ```\n"


def limited(seconds: float | None) -> Finished:
    resets_at = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    return Finished("limited", error="you've hit your limit", limit=Limit("you've hit your limit", resets_at))


def status(house):
    return orchestrator_status(house.state(), house.last_id)


class TestLimits:
    async def test_it_waits_goes_on_by_itself_and_the_attempt_does_not_count(self, make_house, plays):
        house = make_house(TWO)
        house.robot.play("1.1", plays.say(limited(0.1)), plays.succeed())
        assert await house.run(max_attempts=1) is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/2", "1.2/1"]
        met, lifted = house.events(AgentLimited)
        assert (met.agent, met.count, met.task_id) == ("robot", 1, "1.1")
        assert met.until is not None
        assert (lifted.agent, lifted.until) == ("robot", None)
        parked = house.events(TaskChanged)[1]
        assert (parked.new_status, parked.failures) == ("pending", 0)
        assert "waits for the limit of robot until" in parked.reason

    async def test_the_status_says_what_is_waited_for_and_other_agents_go_on(self, make_house, plays):
        house = make_house(BY_SHELL)
        house.robot.play("1.1", plays.say(limited(3600)))
        run = await house.begin()
        await house.until(lambda: house.statuses().get("1.3") == "completed")
        await house.until(lambda: status(house).waiting_for)
        waiting = status(house).waiting_for
        assert waiting.what == "limit of robot"
        assert waiting.until == house.events(AgentLimited)[0].until
        assert house.statuses() == {"1.1": "pending", "1.2": "pending", "1.3": "completed"}
        limit = RateLimitBlocker(agent="robot", until=waiting.until)
        assert [task.blocked_by for task in status(house).tasks][:2] == [(limit,)] * 2
        # Nothing but this person's word makes it try again now.
        house.robot.play("1.1", plays.succeed())
        receipt = await house.command(Resume())
        assert (receipt.state, receipt.reason) == (
            CommandState.APPLIED, "Not waiting for the limit of robot any longer.",
        )  # fmt: skip
        assert await run is RunStatus.COMPLETED

    async def test_it_survives_a_restart_of_the_orchestrator(self, make_house, plays):
        house = make_house(TWO)
        house.robot.play("1.1", plays.say(limited(3600)))
        run = await house.begin()
        await house.until(lambda: status(house).waiting_for)
        until = house.events(AgentLimited)[0].until
        await house.vanish(run)
        run = await house.begin()
        await house.until(lambda: house.stored() and status(house).status == "running")
        await house.until(lambda: status(house).waiting_for)
        assert status(house).waiting_for.until == until
        house.offset += timedelta(hours=2)
        await house.command(Resume())
        assert await run is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/2", "1.2/1"]

    @pytest.mark.parametrize("longest", [0, 60])
    async def test_a_limit_beyond_the_longest_wait_fails_the_task(self, make_house, plays, longest):
        house = make_house(TWO)
        house.robot.play("1.1", plays.say(limited(3600)))
        assert await house.run(limit_seconds_max=longest) is RunStatus.FAILED
        assert house.robot.jobs == ["1.1/1", "1.2/1"]
        assert "longer than this run waits" in house.state().tasks["1.1"].last_error
        assert house.events(AgentLimited) == []

    async def test_a_run_that_waits_for_none_takes_none_over(self, make_house, plays):
        house = make_house(TWO)
        house.robot.play("1.1", plays.say(limited(3600)))
        run = await house.begin()
        await house.until(lambda: status(house).waiting_for)
        await house.vanish(run)
        assert await house.run(limit_seconds_max=0) is RunStatus.COMPLETED

    async def test_without_a_word_of_how_long_the_wait_doubles_until_a_task_is_done(self, make_house, plays):
        house = make_house(TWO)
        house.robot.play("1.1", *[plays.say(limited(None))] * 3, plays.succeed())
        house.robot.play("1.2", plays.say(limited(None)), plays.succeed())
        run = await house.begin()
        waits = []
        for count in range(1, 5):
            await house.until(lambda count=count: len(self.met(house)) == count)
            waits.append(round((self.met(house)[-1].until - house.now()).total_seconds(), -1))
            house.offset += timedelta(seconds=waits[-1] + 10)
            # The jump of the clock is noticed at the next turn of the loop: any command brings one.
            await house.command(MessageTask(task_id="9.9", text="nobody"))
        assert waits == [60, 120, 240, 60]
        assert await run is RunStatus.COMPLETED

    async def test_a_limit_that_several_meet_at_once_is_one(self, make_house, plays):
        house = make_house(TWO)
        both = asyncio.Event()

        async def meets(_run):
            await both.wait()
            yield limited(None)

        house.robot.play("1.1", meets, plays.succeed())
        house.robot.play("1.2", meets, plays.succeed())
        run = await house.begin(parallel=2)
        await house.until(lambda: len(house.robot.runs) == 2)
        both.set()
        await house.until(lambda: len(self.met(house)) == 2)
        first, second = self.met(house)
        assert (second.count, second.until) == (1, first.until)
        await house.command(Resume())
        assert await run is RunStatus.COMPLETED

    @staticmethod
    def met(house):
        return [event for event in house.events(AgentLimited) if event.until is not None]


async def test_without_a_valid_key_there_is_no_second_attempt(make_house, plays):
    house = make_house(TWO)
    house.robot.play("1.1", plays.say(Finished("unauthorized", error="No valid key: set ROBOT_KEY.")))
    assert await house.run(max_attempts=5) is RunStatus.FAILED
    assert house.robot.jobs == ["1.1/1", "1.2/1"]
    failed = house.state().tasks["1.1"]
    assert failed.last_error == "No valid key: set ROBOT_KEY."
    assert "another would end in the same way" in failed.reason


class TestStuck:
    @pytest.mark.parametrize(
        ("limits", "first", "why"),
        [
            ({"silence_seconds": 0.05}, [Text("hm")], "said nothing for 0.05 s"),
            (
                {"silence_seconds": 0.05},
                [ToolCallStarted("a", "Bash", "make"), ToolCallCompleted("a", "ok")],
                "said nothing for 0.05 s",
            ),
            ({"tool_seconds": 0.05}, [ToolCallStarted("a", "Bash", "make")], "a call of Bash took longer than 0.05 s"),
            (
                {"repeats_max": 3},
                [
                    event
                    for number in range(3)
                    for event in (ToolCallStarted(str(number), "Bash", "make"), ToolCallCompleted(str(number), "ok"))
                ],
                "made the same call of Bash 3 times in a row",
            ),
        ],
    )  # fmt: skip
    async def test_the_attempt_is_ended_and_fails_with_that_reason(self, house, plays, limits, first, why):
        house.robot.play("1.1", plays.hold(*first), plays.succeed())
        assert await house.run(limits=replace(QUICK, **limits)) is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/2"]
        failed = house.events(TaskChanged)[1]
        assert why in failed.error
        assert failed.failures == 1
        assert len(house.robot.runs[0].reasons) == 1

    async def test_silence_is_no_fault_while_a_call_is_open(self, house, plays):
        go = asyncio.Event()
        house.robot.play("1.1", plays.hold(ToolCallStarted("a", "Bash", "make"), until=go))
        run = await house.begin(limits=replace(QUICK, silence_seconds=0.01))
        await house.until_working("1.1")
        await asyncio.sleep(0.1)
        assert house.robot.runs[0].reasons == []
        go.set()
        assert await run is RunStatus.COMPLETED

    async def test_the_same_call_with_another_between_is_no_repeat(self, house, plays):
        calls = [
            event
            for number in range(20)
            for event in (
                ToolCallStarted(str(number), "Bash", f"make {number % 2}"),
                ToolCallCompleted(str(number), "ok"),
            )
        ]
        house.robot.play("1.1", plays.say(*calls, Finished("completed")))
        assert await house.run(limits=replace(QUICK, repeats_max=3)) is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1"]

    async def test_shell_blocks_have_only_the_tasks_time(self, make_house, plays):
        house = make_house("# P\n\n- [ ] 1.1 first\n\n  ```sh\n  true\n  ```\n")
        go = asyncio.Event()
        house.shell.play("1.1", plays.hold(ToolCallStarted("a", "bash", "make"), until=go))
        run = await house.begin(limits=replace(QUICK, silence_seconds=0.01, tool_seconds=0.01))
        await house.until_working("1.1")
        await asyncio.sleep(0.1)
        go.set()
        assert await run is RunStatus.COMPLETED


class TestBudget:
    @pytest.mark.parametrize(
        ("options", "why"),
        [
            (
                {"run_allowance": Allowance(usd=1.0)},
                "The budget of the run is used up: $1.20 of $1.00 has been spent.",
            ),
            ({"run_allowance": Allowance(tokens=100)}, "120 of 100 tokens have been used"),
            ({"task_allowance": Allowance(usd=1.0)}, "The budget of task 1.1 is used up"),
        ],
    )
    async def test_the_run_pauses_says_so_and_goes_on_when_told(self, make_house, plays, options, why):
        house = make_house(TWO)
        spend = UsageDelta("m", input_tokens=120, cost_usd=1.2)
        house.robot.play("1.1", plays.hold(spend), plays.succeed())
        run = await house.begin(**options)
        await house.until(lambda: house.stored() and house.state().status is RunStatus.PAUSED)
        await house.until(lambda: house.statuses()["1.1"] == "pending")
        paused = house.events(OrchestratorChanged)[-1]
        assert why in paused.reason
        assert paused.waits_for == "budget"
        assert status(house).waiting_for.what == "budget"
        assert house.state().tasks["1.1"].failures == 0
        await house.command(Resume())
        assert await run is RunStatus.COMPLETED
        assert house.robot.jobs == ["1.1/1", "1.1/2", "1.2/1"]

    async def test_what_is_left_is_told_to_the_agent(self, make_house, plays):
        house = make_house(TWO)
        spend = UsageDelta("m", input_tokens=1, cost_usd=0.5)
        house.robot.play("1.1", plays.say(spend, Finished("completed")))
        assert (
            await house.run(run_allowance=Allowance(usd=2), task_allowance=Allowance(usd=1.8))
            is RunStatus.COMPLETED
        )
        assert [run.job.budget_usd for run in house.robot.runs] == [1.8, 1.5]

    async def test_usage_is_kept_for_each_task_and_model_and_an_unknown_price_is_no_zero(
        self, make_house, plays
    ):
        house = make_house(TWO)
        house.robot.play(
            "1.1", plays.say(UsageDelta("a", 1, 2, 3, 4, 0.5), UsageDelta("a", 1), Finished("completed"))
        )
        house.robot.play("1.2", plays.say(UsageDelta("b", 5, 6), Finished("completed")))
        assert await house.run() is RunStatus.COMPLETED
        first, second = [task.usage for task in status(house).tasks]
        assert (first.input_tokens, first.cost_usd, first.is_cost_complete) == (2, 0.5, False)
        assert (second.output_tokens, second.cost_usd, second.is_cost_complete) == (6, None, False)
        assert [(used.model, used.tokens) for used in status(house).usage_by_model] == [("a", 11), ("b", 11)]
        assert status(house).usage.tokens == 22


class TestApprovals:
    @pytest.fixture
    async def asking(self, make_house, plays):
        house = make_house(TWO)
        house.robot.play("1.1", plays.ask())
        house.work = await house.begin(limits=replace(QUICK, approval_seconds=30))
        await house.until(lambda: house.events(ApprovalRequested))
        yield house
        house.work.cancel()
        await asyncio.gather(house.work, return_exceptions=True)

    @pytest.mark.parametrize("allow", [True, False])
    async def test_the_answer_reaches_the_agent_with_a_receipt(self, asking, allow):
        (asked,) = asking.events(ApprovalRequested)
        assert (asked.task_id, asked.question) == ("1.1", "May I?")
        assert status(asking).waiting_for.what == "approval"
        assert [approval.id for approval in status(asking).approvals] == [asked.approval_id]
        receipt = await asking.command(
            AnswerApproval(approval_id=asked.approval_id, allow=allow, reason="why not")
        )
        assert receipt.state is CommandState.APPLIED
        assert await asking.work is RunStatus.COMPLETED
        (settled,) = asking.events(ApprovalSettled)
        assert (settled.allowed, settled.reason, settled.actor) == (allow, "why not", "test")
        assert ("allowed" if allow else "denied") in asking.finding("1.1")
        notes = asking.robot.runs[0].notes
        assert notes == ([] if allow else ["You may not do what you have asked for. Why: why not"])
        assert status(asking).approvals == ()

    async def test_a_question_is_answered_once(self, asking):
        (asked,) = asking.events(ApprovalRequested)
        answer = AnswerApproval(approval_id=asked.approval_id, allow=True)
        records = [await asking.commands.submit("orch-1", answer, actor="test") for _ in range(2)]
        await asking.work
        assert CommandState.APPLIED in {asking.receipt(record).state for record in records}
        assert len(asking.events(ApprovalSettled)) == 1
        assert len(asking.robot.runs[0].answers._queue) == 0

    async def test_a_question_that_does_not_say_what_would_be_done_can_only_be_denied(
        self, make_house, plays
    ):
        house = make_house(TWO)
        house.robot.play("1.1", plays.ask(can_allow=False))
        house.work = await house.begin(limits=replace(QUICK, approval_seconds=30))
        await house.until(lambda: house.events(ApprovalRequested))
        (approval,) = status(house).approvals
        assert not approval.can_allow
        allowed = await house.command(AnswerApproval(approval_id=approval.id, allow=True))
        assert (allowed.state, allowed.code) == (CommandState.REJECTED, "approval_not_shown")
        assert "does not say what it would do" in allowed.reason
        assert status(house).approvals == (approval,)
        denied = await house.command(AnswerApproval(approval_id=approval.id, allow=False))
        assert denied.state is CommandState.APPLIED
        assert await house.work is RunStatus.COMPLETED
        assert "denied" in house.finding("1.1")

    async def test_an_unknown_question_is_rejected(self, asking):
        receipt = await asking.command(AnswerApproval(approval_id="1.1-1-9", allow=True))
        assert (receipt.state, receipt.code) == (CommandState.REJECTED, "approval_not_open")

    async def test_nobody_answers_so_it_is_denied(self, make_house, plays):
        house = make_house(TWO)
        house.robot.play("1.1", plays.ask())
        # The clock of silence stands still meanwhile.
        limits = replace(QUICK, approval_seconds=0.05, silence_seconds=0.02)
        assert await house.run(limits=limits) is RunStatus.COMPLETED
        (settled,) = house.events(ApprovalSettled)
        assert (settled.allowed, settled.actor) == (False, "orchestrator")
        assert settled.reason == "nobody answered within 0.05 s"
        assert "denied" in house.finding("1.1")
        assert house.robot.jobs == ["1.1/1", "1.2/1"]

    async def test_with_the_attempt_its_question_ends(self, asking):
        await asking.command(Shutdown(force=True))
        assert await asking.work is RunStatus.STOPPED
        (settled,) = asking.events(ApprovalSettled)
        assert (settled.allowed, settled.reason) == (False, "the attempt has ended")
        assert status(asking).approvals == ()


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (["denied"], "failed"),
        (["denied", "error"], "failed"),
        (["denied", "ok"], "completed"),
        (["ok"], "completed"),
        ([], "completed"),
    ],
)
async def test_an_agent_whose_calls_were_all_denied_has_done_nothing(house, plays, calls, expected):
    told = [
        event
        for number, outcome in enumerate(calls)
        for event in (ToolCallStarted(str(number), "Bash", "ls\n-l"), ToolCallCompleted(str(number), outcome))
    ]
    house.robot.play("1.1", plays.say(*told, Finished("completed", "I was not allowed to.")))
    await house.run(max_attempts=3)
    assert house.robot.jobs == ["1.1/1"]
    assert house.statuses() == {"1.1": expected}
    last = house.events(TaskChanged)[-1]
    if expected == "failed":
        denied = ", ".join(["Bash (ls -l)"] * calls.count("denied"))
        assert last.error == f"Nothing was done: the agent was not allowed to use {denied}."
    else:
        assert last.remarks == ((Remark(kind="calls_denied", count=1),) if "denied" in calls else ())


async def test_a_budget_in_dollars_for_an_agent_that_tells_no_prices_is_warned_of(house):
    await house.run(run_allowance=Allowance(usd=1))
    assert "robot tells no prices" in house.events()[0].problems[0]


class TestMessages:
    async def test_a_note_reaches_the_agent_at_work(self, make_house, plays):
        house = make_house(TWO)
        go = asyncio.Event()
        house.robot.play("1.1", plays.hold(until=go))
        run = await house.begin()
        at_work = await house.until_working("1.1")
        receipt = await house.command(MessageTask(task_id="1.1", text="look at b.py"))
        assert (receipt.state, at_work.notes) == (CommandState.APPLIED, ["look at b.py"])
        at_work.takes_notes = False
        receipt = await house.command(MessageTask(task_id="1.1", text="again"))
        assert (receipt.state, receipt.code) == (CommandState.REJECTED, "message_not_taken")
        receipt = await house.command(MessageTask(task_id="1.2", text="not yet"))
        assert (receipt.state, receipt.code) == (CommandState.REJECTED, "illegal_transition")
        receipt = await house.command(MessageTask(task_id="9.9", text="nobody"))
        assert receipt.code == "task_not_found"
        go.set()
        assert await run is RunStatus.COMPLETED

    async def test_what_an_attempt_was_told_is_told_to_the_next_one(self, make_house, plays):
        house = make_house(TWO)
        fail = asyncio.Event()

        async def told_and_fails(_run):
            yield Text("at work")
            await fail.wait()
            yield Finished("failed", error="no luck")

        house.robot.play("1.1", told_and_fails, plays.say(Finished("completed", "done")))
        run = await house.begin()
        first = await house.until_working("1.1")
        for text in ("look at b.py", "and be quick"):
            await house.command(MessageTask(task_id="1.1", text=text))
        fail.set()
        assert await run is RunStatus.COMPLETED
        prompts = [one.job.prompt for one in house.robot.runs if one.job.task.id == "1.1"]
        assert "look at b.py" not in first.job.prompt
        assert "follow your work: look at b.py\nand be quick" in prompts[1]


class TestTranscripts:
    async def lines(self, house, attempt=1):
        pieces = read_transcript(house.ports.artifacts, house.last_id, "1.1", attempt)
        return [
            json.loads(line) for piece in [piece async for piece in pieces] for line in piece.splitlines()
        ]

    async def test_it_holds_all_that_was_told_in_order_without_secrets(self, house, plays):
        secret = "sk-ant-abcdefghijklmnop"
        house.robot.play(
            "1.1",
            plays.say(
                Started("robot", session_id="s"),
                Text(f"key {secret}"),
                ToolCallStarted("a", "Bash", "make"),
                Finished("limited", error="no", limit=Limit("for a while")),
            ),
        )
        await house.run(max_attempts=1, limit_seconds_max=0)
        told = await self.lines(house)
        assert [line["type"] for line in told] == ["Started", "Text", "ToolCallStarted", "Finished"]
        assert told[0]["session_id"] == "s"
        assert told[-1]["type"] == "Finished"
        assert told[-1]["limit"]["message"] == "for a while"
        assert secret not in json.dumps(told)

    async def test_it_is_bounded_and_says_what_is_left_out(self, house, plays, monkeypatch):
        monkeypatch.setattr("orchestrator.engine.transcript.BYTES_MAX", 100_000)
        monkeypatch.setattr("orchestrator.engine.transcript.PIECE_BYTES", 10_000)
        house.robot.play("1.1", plays.say(*[Text("x" * 1_000)] * 200, Finished("completed")))
        await house.run()
        told = await self.lines(house)
        assert 80 < len(told) < 101
        assert told[-1]["type"] == "LeftOut"
        assert told[-1]["time"]
        assert told[-1]["events"] == 201 - (len(told) - 1)


async def test_a_later_attempt_goes_on_with_the_conversation(house, plays):
    house.robot.play(
        "1.1", plays.say(Started("robot", session_id="s-1"), Finished("failed", error="no")), plays.succeed()
    )
    assert await house.run() is RunStatus.COMPLETED
    assert [run.job.session_id for run in house.robot.runs] == [None, "s-1"]
