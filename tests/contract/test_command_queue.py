from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.domain.commands import (
    ApprovePlan,
    CommandState,
    Pause,
    Resume,
    RetryTask,
    Shutdown,
    SkipTask,
)
from orchestrator.domain.decisions import KEPT_ALREADY_MESSAGE
from orchestrator.domain.errors import (
    CommandNotFound,
    IdempotencyConflict,
    InstanceEnded,
    InstanceNotFound,
    LeaseLost,
)
from orchestrator.domain.task_status import RunStatus

COMMANDS = [
    Pause(mode="now"),
    Resume(),
    Shutdown(force=True),
    SkipTask(task_id="1.2a", reason="no “need” \0", if_revision=7),
    RetryTask(task_id="1.1", note="again", force=True),
    ApprovePlan(digest="0123"),
]


@pytest.fixture
async def lease(ports, make):
    return await ports.registry.claim(make.instance())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.command)
async def test_a_command_is_kept_as_it_was_sent(ports, lease, command) -> None:
    record = await ports.commands.submit(lease.instance_id, command, actor="web:anonymous")
    assert record.command == command
    assert (record.instance_id, record.actor, record.state) == (
        lease.instance_id,
        "web:anonymous",
        CommandState.SENT,
    )
    assert (record.seq, record.reason, record.code, record.settled_at) == (None, None, None, None)
    assert record.id.startswith("cmd-")
    assert await ports.commands.get(lease.instance_id, record.id) == record


async def test_open_commands_come_oldest_first_until_they_have_a_receipt(ports, lease, make) -> None:
    records = [await ports.commands.submit(lease.instance_id, command, actor="me") for command in COMMANDS]
    assert await ports.commands.open(lease.instance_id) == records
    assert len({record.id for record in records}) == len(records)
    await ports.log.append(lease, [make.receipt(records[1].id)])
    assert await ports.commands.open(lease.instance_id) == [records[0], *records[2:]]


async def test_a_receipt_and_its_event_are_one(ports, lease, make) -> None:
    one = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    two = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    events = [
        make.message(),
        make.receipt(one.id),
        make.receipt(two.id, CommandState.REJECTED, reason="It is paused.", code="already_paused"),
    ]
    await ports.log.append(lease, events)
    applied, rejected = [await ports.commands.get(lease.instance_id, record.id) for record in (one, two)]
    assert (applied.state, applied.seq, applied.reason) == (CommandState.APPLIED, 2, None)
    assert (rejected.state, rejected.seq) == (CommandState.REJECTED, 3)
    assert (rejected.reason, rejected.code) == ("It is paused.", "already_paused")
    assert applied.submitted_at <= applied.settled_at


async def test_a_receipt_of_a_zombie_settles_nothing(store, make) -> None:
    ports = store.ports
    lease = await ports.registry.claim(make.instance())
    record = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    store.pass_time(60)
    await ports.registry.claim(make.instance())
    with pytest.raises(LeaseLost):
        await ports.log.append(lease, [make.receipt(record.id)])
    assert (await ports.commands.get(lease.instance_id, record.id)).state is CommandState.SENT


async def test_the_first_receipt_counts(ports, lease, make) -> None:
    record = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    await ports.log.append(lease, [make.receipt(record.id)])
    await ports.log.append(lease, [make.receipt(record.id, CommandState.REJECTED, reason="no")])
    assert (await ports.commands.get(lease.instance_id, record.id)).state is CommandState.APPLIED


async def test_one_orchestrator_cannot_settle_the_commands_of_another(ports, lease, make) -> None:
    record = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    other = await ports.registry.claim(make.instance("docs/plans/b.md"))
    await ports.log.append(other, [make.receipt(record.id), make.receipt("cmd-unknown")])
    assert (await ports.commands.get(lease.instance_id, record.id)).state is CommandState.SENT


async def test_a_key_gives_the_same_receipt_again(ports, lease, make) -> None:
    command = SkipTask(task_id="1.1", reason="r")
    first = await ports.commands.submit(lease.instance_id, command, actor="me", key="k")
    assert await ports.commands.submit(lease.instance_id, command, actor="me", key="k") == first
    await ports.log.append(lease, [make.receipt(first.id)])
    again = await ports.commands.submit(lease.instance_id, command, actor="me", key="k")
    assert (again.id, again.state) == (first.id, CommandState.APPLIED)
    assert await ports.commands.open(lease.instance_id) == []


async def test_of_concurrent_submissions_with_one_key_all_get_one_command(ports, lease) -> None:
    records = await asyncio.gather(
        *(ports.commands.submit(lease.instance_id, Pause(), actor="me", key="k") for _ in range(10))
    )
    assert len({record.id for record in records}) == 1
    assert len(await ports.commands.open(lease.instance_id)) == 1


@pytest.mark.parametrize("other", [Resume(), SkipTask(task_id="1.2"), SkipTask(task_id="1.1", reason="r")])
async def test_a_key_of_another_command_or_body_is_a_conflict(ports, lease, other) -> None:
    await ports.commands.submit(lease.instance_id, SkipTask(task_id="1.1"), actor="me", key="k")
    with pytest.raises(IdempotencyConflict, match="another command"):
        await ports.commands.submit(lease.instance_id, other, actor="me", key="k")
    assert len(await ports.commands.open(lease.instance_id)) == 1


async def test_keys_belong_to_one_orchestrator(ports, lease, make) -> None:
    other = await ports.registry.claim(make.instance("docs/plans/b.md"))
    one = await ports.commands.submit(lease.instance_id, Pause(), actor="me", key="k")
    two = await ports.commands.submit(other.instance_id, Resume(), actor="me", key="k")
    assert one.id != two.id
    with pytest.raises(CommandNotFound):
        await ports.commands.get(other.instance_id, one.id)


async def test_a_key_is_kept_for_a_day(store, make) -> None:
    ports = store.ports
    lease = await ports.registry.claim(make.instance())
    day = timedelta(days=1).total_seconds()
    first = await ports.commands.submit(lease.instance_id, Pause(), actor="me", key="k")
    store.pass_time(day - 60)
    assert (await ports.commands.submit(lease.instance_id, Pause(), actor="me", key="k")).id == first.id
    store.pass_time(120)
    second = await ports.commands.submit(lease.instance_id, Resume(), actor="me", key="k")
    assert second.id != first.id
    assert (await ports.commands.submit(lease.instance_id, Resume(), actor="me", key="k")).id == second.id
    assert (await ports.commands.get(lease.instance_id, first.id)).command == Pause()


async def test_an_ended_orchestrator_takes_no_commands_but_still_tells_old_receipts(
    ports, lease, make
) -> None:
    record = await ports.commands.submit(lease.instance_id, Shutdown(), actor="me", key="k")
    await ports.log.append(
        lease, [make.receipt(record.id), make.status(RunStatus.STOPPING, RunStatus.STOPPED)]
    )
    with pytest.raises(InstanceEnded, match="has ended"):
        await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    with pytest.raises(InstanceEnded):
        await ports.commands.submit(lease.instance_id, Pause(), actor="me", key="other")
    again = await ports.commands.submit(lease.instance_id, Shutdown(), actor="me", key="k")
    assert (again.id, again.state) == (record.id, CommandState.APPLIED)


async def test_a_crashed_orchestrator_takes_no_commands(ports, lease, make) -> None:
    record = await ports.registry.get(lease.instance_id)
    await ports.registry.bury(record, [make.crashed()], force=True)
    with pytest.raises(InstanceEnded):
        await ports.commands.submit(lease.instance_id, Pause(), actor="me")


@pytest.mark.parametrize("unknown", ["orch-none", "", "a\0b", "\ud800"])
async def test_unknown_ids_are_not_found(ports, lease, unknown) -> None:
    with pytest.raises(InstanceNotFound):
        await ports.commands.submit(unknown, Pause(), actor="me")
    with pytest.raises(CommandNotFound):
        await ports.commands.get(lease.instance_id, unknown)
    with pytest.raises(CommandNotFound):
        await ports.commands.get(unknown, "cmd-1")
    assert await ports.commands.open(unknown) == []


async def test_commands_survive_reopening(store, make) -> None:
    lease = await store.ports.registry.claim(make.instance())
    record = await store.ports.commands.submit(lease.instance_id, Pause(), actor="me", key="k")
    again = await store.reopen()
    assert await again.commands.open(lease.instance_id) == [record]
    assert await again.commands.submit(lease.instance_id, Pause(), actor="me", key="k") == record


class TestKept:
    """What is asked of a run that has ended, and makes sense for the plan's next one."""

    async def test_an_approval_is_kept_until_a_later_run_of_the_plan_settles_it(self, ports, lease, make):
        await ports.log.append(lease, [make.message(), make.status(RunStatus.RUNNING, RunStatus.COMPLETED)])
        records = [
            await ports.commands.submit(lease.instance_id, ApprovePlan(digest=digest), actor="me")
            for digest in "ab"
        ]
        assert {record.state for record in records} == {CommandState.KEPT}
        assert await ports.commands.kept(lease.plan_key) == records
        assert await ports.commands.kept(replace(lease.plan_key, path="docs/plans/other.md")) == []
        assert await ports.commands.kept(replace(lease.plan_key, checkout="feature")) == []
        assert await ports.commands.open(lease.instance_id) == []
        later = await ports.registry.claim(make.instance())
        await ports.log.append(later, [make.message(), make.receipt(records[0].id)])
        assert await ports.commands.kept(lease.plan_key) == records[1:]
        settled = await ports.commands.get(lease.instance_id, records[0].id)
        assert (settled.state, settled.seq) == (CommandState.APPLIED, 2)

    async def test_a_run_of_another_checkout_is_no_successor(self, ports, lease, make):
        await ports.log.append(lease, [make.message(), make.status(RunStatus.RUNNING, RunStatus.COMPLETED)])
        other = await ports.registry.claim(make.instance(checkout="feature"))
        await ports.log.append(other, [make.message()])
        record = await ports.commands.submit(lease.instance_id, ApprovePlan(digest="a"), actor="me")
        assert record.state is CommandState.KEPT

    async def test_what_is_kept_already_is_not_kept_again(self, ports, lease, make):
        await ports.log.append(lease, [make.message(), make.status(RunStatus.RUNNING, RunStatus.COMPLETED)])
        first, again = [
            await ports.commands.submit(lease.instance_id, ApprovePlan(digest="a"), actor="me")
            for _ in range(2)
        ]
        assert (again.id, again.state, again.reason) == (first.id, CommandState.KEPT, KEPT_ALREADY_MESSAGE)
        assert await ports.commands.kept(lease.plan_key) == [first]

    async def test_nothing_is_kept_for_a_run_that_has_a_successor(self, ports, lease, make):
        await ports.log.append(lease, [make.message(), make.status(RunStatus.RUNNING, RunStatus.COMPLETED)])
        later = await ports.registry.claim(make.instance())
        await ports.log.append(later, [make.message()])
        with pytest.raises(InstanceEnded):
            await ports.commands.submit(lease.instance_id, ApprovePlan(digest="a"), actor="me")

    async def test_other_commands_come_too_late(self, ports, lease, make):
        await ports.log.append(lease, [make.message(), make.status(RunStatus.RUNNING, RunStatus.COMPLETED)])
        with pytest.raises(InstanceEnded):
            await ports.commands.submit(lease.instance_id, SkipTask(task_id="1.1"), actor="me")
