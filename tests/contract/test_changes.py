from __future__ import annotations

import asyncio

from orchestrator.domain.commands import Pause

LIMIT_SECONDS = 10.0


async def drained(subscription) -> None:
    """Take the wake-ups that are on their way, so that the next one is news."""
    while await subscription.wait(0.02):
        pass


async def test_a_write_wakes_everyone_who_waits(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    async with ports.changes.subscribe() as one, ports.changes.subscribe() as two:
        await asyncio.gather(drained(one), drained(two))
        waiting = asyncio.gather(one.wait(LIMIT_SECONDS), two.wait(LIMIT_SECONDS))
        await ports.log.append(lease, [make.message()])
        assert await waiting == [True, True]


async def test_a_write_between_two_waits_is_not_missed(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    async with ports.changes.subscribe() as subscription:
        await drained(subscription)
        await ports.log.append(lease, [make.message()])
        await asyncio.sleep(0)
        assert await subscription.wait(LIMIT_SECONDS) is True


async def test_a_write_before_the_first_wait_is_not_missed(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    async with ports.changes.subscribe() as subscription:
        await ports.log.append(lease, [make.message()])
        assert await subscription.wait(LIMIT_SECONDS) is True


async def test_claims_commands_and_burials_wake_too(ports, make) -> None:
    async with ports.changes.subscribe() as subscription:
        await drained(subscription)
        lease = await ports.registry.claim(make.instance())
        assert await subscription.wait(LIMIT_SECONDS) is True
        await drained(subscription)
        await ports.commands.submit(lease.instance_id, Pause(), actor="me")
        assert await subscription.wait(LIMIT_SECONDS) is True
        await drained(subscription)
        record = await ports.registry.get(lease.instance_id)
        await ports.registry.bury(record, [make.crashed()], force=True)
        assert await subscription.wait(LIMIT_SECONDS) is True


async def test_without_a_write_the_wait_ends_at_its_time_out(ports) -> None:
    async with ports.changes.subscribe() as subscription:
        await drained(subscription)
        assert await subscription.wait(0.01) is False
        assert await subscription.wait(0) is False


async def test_whoever_reads_after_each_wake_up_sees_every_event_in_order(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    total, seen = 200, []

    async def follow() -> None:
        async with ports.changes.subscribe() as subscription:
            while len(seen) < total:
                page = await ports.log.read(lease.instance_id, after=len(seen))
                seen.extend(event.seq for event in page)
                if not page:
                    assert await subscription.wait(LIMIT_SECONDS)

    following = asyncio.create_task(follow())
    for _ in range(total):
        await ports.log.append(lease, [make.message()])
    await asyncio.wait_for(following, LIMIT_SECONDS)
    assert seen == list(range(1, total + 1))


async def test_what_another_instance_of_the_store_writes_wakes(store, make) -> None:
    other = await store.reopen()
    async with store.ports.changes.subscribe() as subscription:
        await drained(subscription)
        await other.registry.claim(make.instance())
        assert await subscription.wait(LIMIT_SECONDS) is True


async def test_a_version_stands_still_until_something_is_written(ports, make) -> None:
    """Where it costs little to ask; elsewhere there is none."""
    lease = await ports.registry.claim(make.instance())
    first = ports.changes.version()
    await ports.log.read(lease.instance_id)
    await ports.registry.list()
    assert ports.changes.version() == first
    await ports.log.append(lease, [make.message()])
    second = ports.changes.version()
    assert second != first or second is None
    async with asyncio.timeout(5):
        await ports.log.append(lease, [make.message()])
    assert ports.changes.version() != second or second is None
