"""What attempts change in the plan's file waits for a person, in this run and in the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from orchestrator.domain.commands import ApprovePlan, CommandState, RetryTask
from orchestrator.domain.errors import InstanceEnded
from orchestrator.domain.events import CommandSettled, PlanApproved, PlanChanged, PlanLoaded, TaskChanged
from orchestrator.domain.plan_parts import AttemptName, approval_digest
from orchestrator.domain.projection import orchestrator_status
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.agent_events import Finished
from orchestrator.engine.plan_catalog import PlanCatalog

PLAN = """\
# Plan

## Phase 1: Work

- [ ] 1.1 Begin

- [ ] 1.2 Build
  - verify: `make test`

- [ ] 1.3 Publish
"""
CHANGED = PLAN.replace("make test", "true")
COMMAND = "orchestrator approve-plan p"


@pytest.fixture
def house(make_house):
    return make_house(PLAN)


def writes(house, text, then=None):
    """An agent that writes this into the plan's file, and then does what else it is told."""

    async def play(run) -> AsyncIterator[object]:
        house.plans.put("p.md", text)
        if then is not None:
            async for event in then(run):
                yield event
        else:
            yield Finished("completed", "done")

    return play


def changes(house):
    return [event for event in house.events(PlanChanged) if event.new_sha256]


def held(house):
    return {task_id: [part.kind for part in parts] for task_id, parts in house.state().held.items()}


def digest(house):
    return orchestrator_status(house.state(), "o").unapproved.digest


async def test_a_check_that_an_attempt_has_changed_holds_its_task_now_and_in_the_next_run(house):
    house.robot.play("1.1", writes(house, CHANGED))
    assert await house.run() is RunStatus.FAILED
    assert house.statuses() == {"1.1": "completed", "1.2": "pending", "1.3": "completed"}
    [change] = changes(house)
    assert change.attempts == (AttemptName(task_id="1.1", attempt=1),)
    assert [(p.task_id, p.kind, p.before, p.after) for p in change.unapproved] == [
        ("1.2", "verify", "make test", "true")
    ]
    assert COMMAND in change.reason
    assert COMMAND in house.state().reason
    [task] = [task for task in orchestrator_status(house.state(), "o").tasks if task.id == "1.2"]
    assert [blocker.kind for blocker in task.blocked_by] == ["unapproved"]
    for options in ({}, {"restart": True}):
        jobs = len(house.robot.jobs)
        assert await house.run(**options) is RunStatus.FAILED
        assert held(house) == {"1.2": ["verify"]}
        assert not any(job.startswith("1.2/") for job in house.robot.jobs[jobs:])
        assert any(COMMAND in problem for problem in house.events(PlanLoaded)[0].problems)


async def test_an_approval_after_the_end_is_kept_and_the_next_run_begins_with_it(house):
    house.robot.play("1.1", writes(house, CHANGED))
    await house.run()
    record = await house.commands.submit("orch-1", ApprovePlan(digest=digest(house)), actor="me")
    assert record.state is CommandState.KEPT
    assert await house.run() is RunStatus.COMPLETED
    [receipt] = house.events(CommandSettled)
    assert (receipt.command_id, receipt.state, receipt.actor) == (record.id, CommandState.APPLIED, "me")
    assert house.robot.runs[-1].job.task.verify == ("true",)
    assert not any(COMMAND in problem for problem in house.events(PlanLoaded)[0].problems)
    settled = await house.commands.get("orch-1", record.id)
    assert (settled.state, settled.reason) == (CommandState.APPLIED, "Approved: task 1.2 may start.")
    # It is not approved for ever: another content of the same part is another question.
    assert await house.commands.kept(house.ports.plan_key("docs/plans/p.md")) == []
    with pytest.raises(InstanceEnded):
        await house.commands.submit("orch-1", ApprovePlan(digest="x"), actor="me")


@pytest.mark.parametrize("is_killed", [False, True])
async def test_an_approval_that_is_kept_is_in_the_status_until_the_next_run_settles_it(house, is_killed):
    house.robot.play("1.1", writes(house, CHANGED))
    if is_killed:
        run = await house.begin(on_blocked="wait")
        await house.until(lambda: house.state().status is RunStatus.BLOCKED)
        await house.vanish(run)
        await house.undertaker.bury_the_dead()
    else:
        await house.run()
    status = await house.reader.status("orch-1")
    assert (status.unapproved.is_approved, status.kept) == (False, ())
    record = await house.commands.submit("orch-1", ApprovePlan(digest=status.unapproved.digest), actor="me")
    status = await house.reader.status("orch-1")
    assert status.unapproved.is_approved
    assert [(one.id, one.command, one.actor) for one in status.kept] == [(record.id, "approve-plan", "me")]
    [blocker] = next(task for task in status.tasks if task.id == "1.2").blocked_by
    assert blocker.is_approved
    planned = await PlanCatalog(house.ports, house.reader).status("p")
    assert [task.blocked_by for task in planned.tasks] == [task.blocked_by for task in status.tasks]
    as_it_was = await house.reader.status("orch-1", at_seq=status.seq)
    assert (as_it_was.unapproved.is_approved, as_it_was.kept) == (False, ())
    await house.run()
    status = await house.reader.status("orch-1")
    assert (status.unapproved.is_approved, status.kept) == (False, ())


async def test_an_approval_of_something_else_changes_nothing(house):
    house.robot.play("1.1", writes(house, CHANGED))
    await house.run()
    await house.commands.submit("orch-1", ApprovePlan(digest=approval_digest(())), actor="me")
    assert await house.run() is RunStatus.FAILED
    assert [receipt.code for receipt in house.events(CommandSettled)] == ["digest_mismatch"]
    assert held(house) == {"1.2": ["verify"]}


async def test_a_run_that_is_on_does_the_task_as_the_file_has_it_once_that_is_approved(house):
    house.robot.play("1.1", writes(house, CHANGED))
    run = await house.begin(on_blocked="wait")
    await house.until(lambda: house.state().status is RunStatus.BLOCKED)
    assert orchestrator_status(house.state(), "o").waiting_for.what == "approve-plan"
    receipt = await house.command(ApprovePlan(digest="something else"))
    assert (receipt.state, receipt.code) == (CommandState.REJECTED, "digest_mismatch")
    receipt = await house.command(ApprovePlan(digest=digest(house)))
    assert (receipt.state, receipt.reason) == (CommandState.APPLIED, "Approved: task 1.2 may start.")
    assert await run is RunStatus.COMPLETED
    [approved] = house.events(PlanApproved)
    assert approved.freed == ("1.2",)
    [work] = [one.job for one in house.robot.runs if one.job.task.id == "1.2"]
    assert work.task.verify == ("true",)


async def test_retry_task_frees_that_task_alone(house):
    text = CHANGED.replace("- [ ] 1.3 Publish\n", "- [ ] 1.3 Publish\n  - agent: shell\n")
    house.robot.play("1.1", writes(house, text))
    run = await house.begin(on_blocked="wait")
    await house.until(lambda: house.state().status is RunStatus.BLOCKED)
    assert held(house) == {"1.2": ["verify"], "1.3": ["agent"]}
    receipt = await house.command(RetryTask(task_id="1.2"))
    assert receipt.state is CommandState.APPLIED
    await house.until(lambda: house.statuses()["1.2"] == "completed")
    await house.until(lambda: house.state().status is RunStatus.BLOCKED)
    assert held(house) == {"1.3": ["agent"]}
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_what_a_person_changes_while_nobody_is_at_work_is_not_held(house):
    assert await house.run() is RunStatus.COMPLETED
    house.plans.put("p.md", CHANGED + "\n- [ ] 1.4 More\n  - verify: `true`\n")
    assert await house.run() is RunStatus.COMPLETED
    assert (house.state().held, changes(house)) == ({}, [])


async def test_the_change_of_the_last_attempt_is_seen(house):
    house.robot.play(
        "1.3", writes(house, PLAN + "\n- [ ] 1.4 More\n  - verify: `rm -rf /`\n- [x] 1.5 Was done\n")
    )
    assert await house.run() is RunStatus.COMPLETED
    waits = "what attempts changed in the plan waits for orchestrator approve-plan"
    assert waits in (house.state().reason or "")
    assert await house.run() is RunStatus.FAILED
    assert held(house) == {"1.4": ["verify"]}
    # A tick of an agent's is not believed, and the task is done.
    assert house.statuses()["1.5"] == "completed"
    assert "1.5/1" in house.robot.jobs
    [planned] = [task for task in house.events(PlanLoaded)[0].tasks if task.id == "1.5"]
    assert "ticked in the plan during an attempt" in planned.reason


async def test_a_tick_of_a_persons_is_believed(house):
    assert await house.run() is RunStatus.COMPLETED
    house.plans.put("p.md", PLAN + "\n- [x] 1.5 Was done\n")
    assert await house.run() is RunStatus.COMPLETED
    assert "1.5/1" not in house.robot.jobs


async def test_front_matter_that_an_attempt_writes_holds_every_task_that_it_is_in_force_for(house):
    house.robot.play("1.1", writes(house, "---\nverify: true\npermissions: full\n---\n" + PLAN))
    assert await house.run() is RunStatus.FAILED
    assert held(house) == {
        "1.1": ["verify", "permissions"], "1.2": ["permissions"], "1.3": ["verify", "permissions"],
    }  # fmt: skip


async def test_what_is_taken_back_holds_nothing_and_what_comes_back_is_held_again(house):
    house.robot.play("1.1", writes(house, CHANGED))
    assert await house.run() is RunStatus.FAILED
    house.plans.put("p.md", PLAN)
    house.robot.play("1.2", writes(house, PLAN, _fail()))
    assert await house.run(max_attempts=1) is RunStatus.FAILED
    assert house.state().held == {}
    house.plans.put("p.md", CHANGED)
    jobs = len(house.robot.jobs)
    assert await house.run() is RunStatus.FAILED
    assert (held(house), house.robot.jobs[jobs:]) == ({"1.2": ["verify"]}, [])


def _fail():
    async def play(_run) -> AsyncIterator[object]:
        yield Finished("failed", error="broken")

    return play


async def test_of_attempts_side_by_side_each_may_have_done_it(make_house, plays):
    house = make_house(PLAN + "\n- [ ] 1.4 More\n  - verify: `true`\n")
    changed = PLAN + "\n- [ ] 1.4 More\n  - verify: `false`\n"
    done = asyncio.Event()
    house.robot.play("1.1", plays.hold(until=done))
    house.robot.play("1.2", writes(house, changed))
    run = await house.begin(parallel=2)
    await house.until(lambda: changes(house))
    done.set()
    assert await run is RunStatus.FAILED
    assert {name.task_id for name in changes(house)[0].attempts} == {"1.1", "1.2"}
    assert held(house) == {"1.4": ["verify"]}


async def test_a_file_that_was_away_is_compared_when_it_is_back(house):
    async def removes(_run) -> AsyncIterator[object]:
        house.plans.remove("p.md")
        yield Finished("completed", "done")

    house.robot.play("1.1", removes)
    house.robot.play("1.3", writes(house, CHANGED))
    assert await house.run() is RunStatus.COMPLETED
    assert {name.task_id for name in changes(house)[0].attempts} >= {"1.1", "1.3"}
    assert "1.2" in house.state().held


async def test_a_file_that_is_away_when_the_run_ends_is_compared_by_the_next_one(house):
    async def removes(_run) -> AsyncIterator[object]:
        house.plans.remove("p.md")
        yield Finished("completed", "done")

    house.robot.play("1.1", _fail())
    house.robot.play("1.3", removes)
    assert await house.run(max_attempts=1) is RunStatus.FAILED
    for text, names in ((PLAN.replace("1.1 Begin", "1.1 Begin\n  - verify: `true`"), ["1.1"]), (PLAN, [])):
        house.plans.put("p.md", text)
        begun = (await (await house.orchestrator()).preview())[0]
        assert [part.task_id for part in begun.unapproved] == names


async def test_what_a_crashed_run_has_not_looked_at_counts_as_written_by_its_attempts(house, plays):
    house.robot.play("1.1", writes(house, CHANGED, plays.hold()))
    run = await house.begin()
    await house.until_working("1.1")
    await house.until(lambda: house.plans._plans["p.md"][0] == CHANGED.encode())
    await house.vanish(run)
    assert await house.run() is RunStatus.FAILED
    assert held(house) == {"1.2": ["verify"]}
    [part] = house.state().unapproved
    assert (part.before, part.after) == (None, "true")
    assert part.attempts == (AttemptName(task_id="1.1", attempt=1),)


async def test_an_agent_that_nobody_knows_does_not_keep_the_next_run_from_its_other_tasks(house):
    changed = PLAN.replace("1.2 Build\n", "1.2 Build\n  - agent: nobody\n")
    house.robot.play("1.1", writes(house, changed))
    house.robot.play("1.3", _fail())
    assert await house.run(max_attempts=1) is RunStatus.FAILED
    assert await house.run() is RunStatus.FAILED
    assert house.statuses()["1.3"] == "completed"
    assert not [e for e in house.events(TaskChanged) if e.task_id == "1.2"]


async def test_a_plan_that_another_run_was_waited_for_is_held_by_what_that_one_left(house):
    waiting = await house.orchestrator()
    house.robot.play("1.1", writes(house, CHANGED))
    assert await house.run() is RunStatus.FAILED
    # It has read the file before the agent wrote into it, and would take the change for a person's.
    assert await waiting.run() is RunStatus.FAILED
    assert held(house) == {"1.2": ["verify"]}
