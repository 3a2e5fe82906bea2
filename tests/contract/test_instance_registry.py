from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from orchestrator.domain.commands import CommandState, Pause
from orchestrator.domain.errors import InstanceNotFound, LeaseLost, PlanOwned, UsageError
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import Artifact, Lease, PlanKey, RunCounts

A = PlanKey("/project", "", "docs/plans/a.md")


async def test_a_claim_registers_the_instance_with_all_that_it_said(ports, make) -> None:
    new = make.instance()
    lease = await ports.registry.claim(new)
    assert lease == Lease(new.id, new.project, new.plan_path, 1)
    record = await ports.registry.get(new.id)
    assert {name: getattr(record, name) for name in asdict(new)} == asdict(new)
    assert (record.status, record.seq, record.counts) == (RunStatus.STARTING, 0, RunCounts())
    assert record.ended_at is None
    assert abs(record.lease_until - record.started_at - timedelta(seconds=10)) < timedelta(seconds=1)
    assert record.last_heartbeat == record.started_at
    assert record.started_at <= record.database_now < record.lease_until


async def test_of_many_concurrent_claims_exactly_one_wins(ports, make) -> None:
    claims = [make.instance() for _ in range(20)]
    answers = await asyncio.gather(*(ports.registry.claim(new) for new in claims), return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, Lease)]
    assert len(won) == 1
    assert all(isinstance(answer, PlanOwned) for answer in answers if answer not in won)
    assert [record.id for record in await ports.registry.list()] == [won[0].instance_id]


async def test_a_held_plan_is_refused_with_its_owner_and_the_end_of_the_lease(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    with pytest.raises(PlanOwned, match=r"orch-1 is working on docs/plans/a\.md") as refused:
        await ports.registry.claim(make.instance())
    assert refused.value.owner == lease.instance_id
    assert refused.value.lease_until == (await ports.registry.get(lease.instance_id)).lease_until


async def test_plans_of_other_paths_and_other_projects_are_free(ports, make) -> None:
    await ports.registry.claim(make.instance())
    assert (await ports.registry.claim(make.instance("docs/plans/b.md"))).epoch == 1
    assert (await ports.registry.claim(make.instance(project="/other"))).epoch == 1


async def test_each_checkout_has_a_lease_and_a_history_of_its_own(ports, make) -> None:
    main = await ports.registry.claim(make.instance())
    linked = await ports.registry.claim(replace(make.instance(), checkout="feature"))
    assert (linked.checkout, linked.epoch) == ("feature", 1)
    with pytest.raises(PlanOwned):
        await ports.registry.claim(replace(make.instance(), checkout="feature"))
    await ports.registry.renew(linked)
    for lease in (main, linked):
        await ports.log.append(lease, [make.message()])
    assert (await ports.registry.latest(A)).id == main.instance_id
    of_linked = await ports.registry.latest(replace(A, checkout="feature"))
    assert (of_linked.id, of_linked.plan_key) == (linked.instance_id, linked.plan_key)
    assert [record.checkout for record in await ports.registry.list()] == ["feature", ""]
    with pytest.raises(LeaseLost):
        await ports.log.append(replace(linked, checkout=""), [make.message()])


async def test_an_id_is_registered_once(ports, make) -> None:
    new = make.instance()
    await ports.registry.claim(new)
    with pytest.raises(UsageError, match="another orchestrator already"):
        await ports.registry.claim(replace(new, plan_path="docs/plans/b.md"))
    assert await ports.registry.claim(make.instance("docs/plans/b.md"))


@pytest.mark.parametrize("instance_id", ["", "a b", "a/b", "a\0", "x" * 200])
async def test_an_id_that_nobody_could_ask_for_is_refused(ports, make, instance_id) -> None:
    with pytest.raises(UsageError, match="cannot be the id"):
        await ports.registry.claim(replace(make.instance(), id=instance_id))


async def test_an_expired_lease_is_taken_over_with_the_next_epoch(store, make) -> None:
    first = await store.ports.registry.claim(make.instance())
    store.pass_time(9)
    with pytest.raises(PlanOwned):
        await store.ports.registry.claim(make.instance())
    store.pass_time(2)
    second = await store.ports.registry.claim(make.instance())
    assert (first.epoch, second.epoch) == (1, 2)


async def test_of_many_that_take_over_exactly_one_wins(store, make) -> None:
    await store.ports.registry.claim(make.instance())
    store.pass_time(60)
    answers = await asyncio.gather(
        *(store.ports.registry.claim(make.instance()) for _ in range(10)), return_exceptions=True
    )
    assert [answer.epoch for answer in answers if isinstance(answer, Lease)] == [2]


async def test_renewing_holds_the_lease_and_shows_a_heartbeat(store, make) -> None:
    ports = store.ports
    lease = await ports.registry.claim(make.instance())
    before = await ports.registry.get(lease.instance_id)
    store.pass_time(9)
    await ports.registry.renew(lease)
    store.pass_time(9)
    with pytest.raises(PlanOwned):
        await ports.registry.claim(make.instance())
    after = await ports.registry.get(lease.instance_id)
    assert after.last_heartbeat - after.started_at >= timedelta(seconds=9)
    assert after.lease_until - after.last_heartbeat >= timedelta(seconds=9.9)
    assert before.last_heartbeat == before.started_at


async def test_an_expired_lease_can_be_renewed_unless_it_was_taken_over(store, make) -> None:
    ports = store.ports
    lease = await ports.registry.claim(make.instance())
    store.pass_time(60)
    await ports.registry.renew(lease)
    store.pass_time(60)
    other = await ports.registry.claim(make.instance())
    with pytest.raises(LeaseLost):
        await ports.registry.renew(lease)
    await ports.registry.renew(other)


@pytest.mark.parametrize("step", [-1, 1])
async def test_the_epoch_decides_even_for_the_owner(ports, make, step) -> None:
    lease = await ports.registry.claim(make.instance())
    wrong = replace(lease, epoch=lease.epoch + step)
    for write in (
        ports.registry.renew(wrong),
        ports.log.append(wrong, [make.message()]),
        ports.artifacts.put(wrong, Artifact("1.1", 1, "x", "text/plain", b"")),
    ):
        with pytest.raises(LeaseLost):
            await write
    assert await ports.log.read(lease.instance_id) == []


async def test_one_whose_plan_was_taken_over_has_no_lease_any_more(store, make) -> None:
    ports = store.ports
    lease = await ports.registry.claim(make.instance())
    store.pass_time(60)
    await ports.registry.claim(make.instance())
    record = await ports.registry.get(lease.instance_id)
    assert record.lease_until == record.last_heartbeat < record.database_now
    assert record.ended_at is None


async def test_the_end_frees_the_lease_at_once(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.status(RunStatus.RUNNING, RunStatus.STOPPED)])
    record = await ports.registry.get(lease.instance_id)
    assert record.status is RunStatus.STOPPED
    assert record.started_at <= record.ended_at <= record.database_now
    assert record.lease_until <= record.database_now
    with pytest.raises(LeaseLost):
        await ports.registry.renew(lease)
    assert (await ports.registry.claim(make.instance())).epoch == 2


async def test_a_live_instance_is_not_buried_without_force(store, make) -> None:
    ports = store.ports
    lease = await ports.registry.claim(make.instance())
    record = await ports.registry.get(lease.instance_id)
    assert await ports.registry.bury(record, [make.crashed()], force=False) is False
    assert await ports.log.read(lease.instance_id) == []
    store.pass_time(60)
    assert await ports.registry.bury(record, [make.message(), make.crashed()], force=False) is True
    after = await ports.registry.get(lease.instance_id)
    assert (after.status, after.seq) == (RunStatus.CRASHED, 2)
    assert after.ended_at is not None


async def test_one_that_has_written_since_it_was_looked_at_is_not_buried_without_force(store, make) -> None:
    ports = store.ports
    lease = await ports.registry.claim(make.instance())
    store.pass_time(60)
    record = await ports.registry.get(lease.instance_id)
    await ports.log.append(lease, [make.message()])
    assert await ports.registry.bury(record, [make.crashed()], force=False) is False
    again = await ports.registry.get(lease.instance_id)
    assert await ports.registry.bury(again, [make.crashed()], force=False) is True


async def test_with_force_an_unexpired_instance_is_buried_and_its_plan_is_free(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    record = await ports.registry.get(lease.instance_id)
    assert await ports.registry.bury(record, [make.crashed()], force=True) is True
    with pytest.raises(LeaseLost):
        await ports.log.append(lease, [make.message("zombie")])
    with pytest.raises(LeaseLost):
        await ports.registry.renew(lease)
    assert (await ports.registry.claim(make.instance())).epoch == 2


async def test_of_many_undertakers_exactly_one_buries(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    record = await ports.registry.get(lease.instance_id)
    answers = await asyncio.gather(
        *(ports.registry.bury(record, [make.crashed()], force=True) for _ in range(10))
    )
    assert sorted(answers) == [False] * 9 + [True]
    assert [event.seq for event in await ports.log.read(lease.instance_id)] == [1]


async def test_one_that_has_ended_is_not_buried(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.status(RunStatus.RUNNING, RunStatus.COMPLETED)])
    record = await ports.registry.get(lease.instance_id)
    assert await ports.registry.bury(record, [make.crashed()], force=True) is False
    assert (await ports.registry.get(lease.instance_id)).status is RunStatus.COMPLETED


async def test_burying_one_whose_plan_was_taken_over_leaves_the_new_owner_alone(store, make) -> None:
    ports = store.ports
    dead = await ports.registry.claim(make.instance())
    store.pass_time(60)
    owner = await ports.registry.claim(make.instance())
    record = await ports.registry.get(dead.instance_id)
    assert await ports.registry.bury(record, [make.crashed()], force=False) is True
    await ports.registry.renew(owner)
    assert [e.seq for e in await ports.log.append(owner, [make.message()])] == [1]


async def test_a_burial_settles_what_was_still_waiting(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    told = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    late = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    record = await ports.registry.get(lease.instance_id)
    events = [make.receipt(told.id, CommandState.EXPIRED, code="mine"), make.crashed()]
    assert await ports.registry.bury(record, events, force=True)
    assert (await ports.commands.get(lease.instance_id, told.id)).code == "mine"
    assert (await ports.commands.get(lease.instance_id, late.id)).state is CommandState.EXPIRED
    assert [e.seq for e in await ports.log.read(lease.instance_id)] == [1, 2, 3]


async def test_a_burial_must_say_that_it_crashed(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    record = await ports.registry.get(lease.instance_id)
    for events in ([], [make.message()], [make.status(RunStatus.RUNNING, RunStatus.COMPLETED)]):
        with pytest.raises(UsageError, match="crashed"):
            await ports.registry.bury(record, events, force=True)


async def test_the_list_is_newest_first_and_can_be_limited_to_the_living(ports, make) -> None:
    leases = [await ports.registry.claim(make.instance(f"docs/plans/{name}.md")) for name in "abcd"]
    await ports.log.append(leases[2], [make.status(RunStatus.RUNNING, RunStatus.FAILED)])
    listed = [record.id for record in await ports.registry.list()]
    assert listed == ["orch-4", "orch-3", "orch-2", "orch-1"]
    assert [r.id for r in await ports.registry.list(live_only=True)] == ["orch-4", "orch-2", "orch-1"]
    assert [r.id for r in await ports.registry.list(live_only=True, limit=2)] == ["orch-4", "orch-2"]
    assert await ports.registry.list(limit=0) == []
    assert len(await ports.registry.list(limit=10**9)) == 4


async def test_a_listed_record_says_the_same_as_the_one_asked_for(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    [listed] = await ports.registry.list()
    asked = await ports.registry.get(lease.instance_id)
    assert listed._replace(database_now=asked.database_now) == asked


async def test_the_latest_of_a_plan_is_the_last_whose_log_has_begun(store, make) -> None:
    ports = store.ports
    assert await ports.registry.latest(A) is None
    first = await ports.registry.claim(make.instance())
    assert await ports.registry.latest(A) is None
    await ports.log.append(first, [make.message()])
    store.pass_time(60)
    second = await ports.registry.claim(make.instance())
    assert (await ports.registry.latest(A)).id == first.instance_id
    await ports.log.append(second, [make.message()])
    assert (await ports.registry.latest(A)).id == second.instance_id
    assert await ports.registry.latest(replace(A, project="/other")) is None
    assert await ports.registry.latest(replace(A, path="docs/plans/b.md")) is None


async def test_the_latest_of_all_plans_are_what_each_plan_would_be_answered(store, make) -> None:
    ports = store.ports
    assert await ports.registry.latest_of_plans("/project", "") == {}
    for plan in ("docs/plans/a.md", "docs/plans/b.md"):
        for _ in range(2):
            lease = await ports.registry.claim(make.instance(plan))
            await ports.log.append(lease, [make.message()], counts=RunCounts(50.0, 1, 0, 2, 1))
            store.pass_time(60)
    # The log of this plan's latest has not begun, and of the next one's no log has.
    await ports.registry.claim(make.instance("docs/plans/b.md"))
    await ports.registry.claim(make.instance("docs/plans/c.md"))
    for elsewhere in (make.instance(checkout="feature"), make.instance(project="/other")):
        await ports.log.append(await ports.registry.claim(elsewhere), [make.message()])
    found = await ports.registry.latest_of_plans("/project", "")
    assert {path: record.id for path, record in found.items()} == {
        "docs/plans/a.md": "orch-2",
        "docs/plans/b.md": "orch-4",
    }
    for path, record in found.items():
        one = await ports.registry.latest(PlanKey("/project", "", path))
        assert record._replace(database_now=one.database_now) == one
        assert record.counts == RunCounts(50.0, 1, 0, 2, 1)
    of_feature = await ports.registry.latest_of_plans("/project", "feature")
    assert [record.checkout for record in of_feature.values()] == ["feature"]


@pytest.mark.parametrize("instance_id", ["orch-none", "", "a\0b", "\ud800", "x" * 5000])
async def test_an_unknown_instance_is_not_found(ports, make, instance_id) -> None:
    await ports.registry.claim(make.instance())
    with pytest.raises(InstanceNotFound):
        await ports.registry.get(instance_id)


async def test_a_clock_that_was_set_back_keeps_no_lease_alive_for_hours(store, make) -> None:
    registry = store.ports.registry
    new = make.instance()
    lease = await registry.claim(new)
    store.pass_time(-3600)
    record = await registry.get(new.id)
    assert record.lease_until <= record.database_now
    await registry.renew(lease)
    record = await registry.get(new.id)
    assert record.lease_until > record.database_now
    with pytest.raises(PlanOwned):
        await registry.claim(make.instance())
    store.pass_time(-3600)
    successor = await registry.claim(make.instance())
    assert successor.epoch == lease.epoch + 1
    with pytest.raises(LeaseLost):
        await registry.renew(lease)


async def test_after_a_clock_was_set_back_the_dead_can_be_buried(store, make) -> None:
    registry = store.ports.registry
    new = make.instance()
    await registry.claim(new)
    record = await registry.get(new.id)
    assert not await registry.bury(record, [make.crashed()], force=False)
    store.pass_time(-3600)
    assert await registry.bury(record, [make.crashed()], force=False)
