from __future__ import annotations

import asyncio

import pytest

from orchestrator.domain.commands import CommandState, Pause
from orchestrator.domain.errors import LeaseLost
from orchestrator.domain.events import AgentMessage
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.ports import EVENT_PAGE_MAX
from orchestrator.engine.records import Lease, RunCounts


async def seqs(ports, lease, **page):
    return [event.seq for event in await ports.log.read(lease.instance_id, **page)]


async def test_what_is_appended_is_read_back_as_it_was(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    new = make.message('Grüße \U0001f600 \u0000 \\ " \n end')
    stored = await ports.log.append(lease, [new])
    assert stored == await ports.log.read(lease.instance_id)
    assert stored[0].data == new.data
    assert stored[0].timestamp == new.timestamp
    assert (stored[0].seq, stored[0].type, stored[0].instance_id) == (1, "agent_message", lease.instance_id)


async def test_seq_counts_from_one_without_gaps_over_many_appends(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    for size in (1, 3, 1, 5):
        await ports.log.append(lease, [make.message()] * size)
    assert await seqs(ports, lease) == list(range(1, 11))
    assert (await ports.registry.get(lease.instance_id)).seq == 10


async def test_concurrent_appends_keep_each_batch_together_and_tell_each_its_own_numbers(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())

    async def append(number: int):
        return await ports.log.append(lease, [make.message(f"{number}.{part}") for part in range(3)])

    answers = await asyncio.gather(*(append(number) for number in range(40)))
    entries = await ports.log.read(lease.instance_id)
    assert [entry.seq for entry in entries] == list(range(1, 121))
    for number, answer in enumerate(answers):
        assert [entry.data.text for entry in answer] == [f"{number}.{part}" for part in range(3)]
        first = answer[0].seq
        assert entries[first - 1 : first + 2] == answer


async def test_logs_of_two_orchestrators_count_for_themselves(ports, make) -> None:
    one = await ports.registry.claim(make.instance("docs/plans/a.md"))
    two = await ports.registry.claim(make.instance("docs/plans/b.md"))
    await asyncio.gather(*(ports.log.append(lease, [make.message()]) for lease in (one, two) * 10))
    assert await seqs(ports, one) == await seqs(ports, two) == list(range(1, 11))


async def test_one_lost_lease_among_concurrent_appends_does_not_spoil_the_others(ports, make) -> None:
    good = await ports.registry.claim(make.instance("docs/plans/a.md"))
    lost = Lease("orch-none", "/project", "docs/plans/b.md", 1)
    answers = await asyncio.gather(
        *(ports.log.append(lease, [make.message()]) for lease in (good, lost, good, lost)),
        return_exceptions=True,
    )
    assert [isinstance(answer, LeaseLost) for answer in answers] == [False, True, False, True]
    assert await seqs(ports, good) == [1, 2]


async def test_two_readers_see_the_same_and_a_cursor_continues_exactly(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.message(str(n)) for n in range(25)])

    async def follow():
        seen, after = [], 0
        while page := await ports.log.read(lease.instance_id, after=after, limit=4):
            seen += page
            after = page[-1].seq
        return seen

    first, second = await asyncio.gather(follow(), follow())
    assert first == second
    assert [entry.seq for entry in first] == list(range(1, 26))


async def test_the_log_is_there_after_reopening(store, make) -> None:
    lease = await store.ports.registry.claim(make.instance())
    stored = await store.ports.log.append(lease, [make.message(), make.tool()])
    again = await store.reopen()
    assert await again.log.read(lease.instance_id) == stored
    assert [e.seq for e in await again.log.append(lease, [make.message()])] == [3]


async def test_types_choose_and_keep_their_numbers(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.message(), make.tool(), make.message(), make.tool()])
    assert await seqs(ports, lease, types={"tool_started"}) == [2, 4]
    assert await seqs(ports, lease, types={"tool_started", "agent_message"}, after=2) == [3, 4]
    assert await seqs(ports, lease, types={"tool_started"}, limit=1) == [2]
    assert await seqs(ports, lease, types=set()) == []
    assert await seqs(ports, lease, types={"no_such_type"}) == []


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ({"limit": 0}, []),
        ({"limit": -1}, []),
        ({"limit": 2}, [1, 2]),
        ({"after": -5, "limit": 1}, [1]),
        ({"after": 2}, [3]),
        ({"after": 3}, []),
        ({"after": 2**63 - 1}, []),
        ({"after": 2**80}, []),
    ],
)
async def test_limits_and_cursors_at_their_edges(ports, make, page, expected) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.message()] * 3)
    assert await seqs(ports, lease, **page) == expected


async def test_a_page_is_never_longer_than_the_limit_for_all(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.message()] * (EVENT_PAGE_MAX + 5))
    assert len(await ports.log.read(lease.instance_id, limit=10**9)) == EVENT_PAGE_MAX


@pytest.mark.parametrize("instance_id", ["orch-none", "", "a\0b", "\ud800", "x" * 5000, "' OR 1=1"])
async def test_an_unknown_log_is_empty(ports, make, instance_id) -> None:
    await ports.registry.claim(make.instance())
    assert await ports.log.read(instance_id) == []


async def test_an_empty_append_does_nothing(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    assert await ports.log.append(lease, []) == []
    assert await ports.log.read(lease.instance_id) == []


async def test_progress_is_kept_with_or_without_events(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.message()], counts=RunCounts(12.5, 2, 1, 8, 3))
    await ports.log.append(lease, [make.message()])
    assert (await ports.registry.get(lease.instance_id)).counts == RunCounts(12.5, 2, 1, 8, 3)
    await ports.log.append(lease, [], counts=RunCounts(50.0))
    record = await ports.registry.get(lease.instance_id)
    assert (record.counts, record.seq) == (RunCounts(50.0), 2)


async def test_an_orchestrator_changed_moves_the_status_in_the_registry(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    assert (await ports.registry.get(lease.instance_id)).status is RunStatus.STARTING
    await ports.log.append(
        lease,
        [
            make.status(RunStatus.STARTING, RunStatus.RUNNING),
            make.status(RunStatus.RUNNING, RunStatus.PAUSED),
        ],
    )
    record = await ports.registry.get(lease.instance_id)
    assert (record.status, record.ended_at) == (RunStatus.PAUSED, None)


async def test_an_append_with_an_old_epoch_writes_nothing(store, make) -> None:
    ports = store.ports
    old = await ports.registry.claim(make.instance())
    await ports.log.append(old, [make.message()])
    store.pass_time(60)
    new = await ports.registry.claim(make.instance())
    with pytest.raises(LeaseLost, match="no longer holds the lease"):
        await ports.log.append(old, [make.message("zombie")])
    forged = Lease(old.instance_id, old.project, old.plan_path, new.epoch)
    with pytest.raises(LeaseLost):
        await ports.log.append(forged, [make.message("zombie")])
    assert await seqs(ports, old) == [1]
    assert await seqs(ports, new) == []


async def test_a_lease_that_has_merely_expired_still_writes(store, make) -> None:
    lease = await store.ports.registry.claim(make.instance())
    store.pass_time(60)
    assert [e.seq for e in await store.ports.log.append(lease, [make.message()])] == [1]


async def test_nothing_is_appended_after_the_end_even_by_appends_that_were_waiting(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    end = make.status(RunStatus.RUNNING, RunStatus.COMPLETED)
    answers = await asyncio.gather(
        ports.log.append(lease, [make.message("before")]),
        ports.log.append(lease, [make.message("with"), end]),
        ports.log.append(lease, [make.message("after")]),
        return_exceptions=True,
    )
    assert isinstance(answers[2], LeaseLost)
    assert [e.type for e in await ports.log.read(lease.instance_id)] == [
        "agent_message",
        "agent_message",
        "orchestrator_changed",
    ]


async def test_commands_left_over_at_the_end_get_a_receipt_right_before_it(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    settled = await ports.commands.submit(lease.instance_id, Pause(), actor="me")
    left = await ports.commands.submit(lease.instance_id, Pause(mode="now"), actor="you")
    end = make.status(RunStatus.RUNNING, RunStatus.FAILED)
    stored = await ports.log.append(lease, [make.receipt(settled.id), make.message(), end])
    entries = await ports.log.read(lease.instance_id)
    assert [e.type for e in entries] == [
        "command_settled",
        "agent_message",
        "command_settled",
        "orchestrator_changed",
    ]
    assert stored == [entries[0], entries[1], entries[3]]
    expired = entries[2].data
    assert (expired.command_id, expired.command, expired.state) == (left.id, "pause", CommandState.EXPIRED)
    assert (expired.actor, expired.code) == ("you", "expired")
    record = await ports.commands.get(lease.instance_id, left.id)
    assert (record.state, record.seq, record.reason) == (CommandState.EXPIRED, 3, expired.reason)
    assert await ports.commands.open(lease.instance_id) == []


async def test_a_body_at_its_longest_is_kept(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    await ports.log.append(lease, [make.message("\U0001f600" * 8_000)])
    [entry] = await ports.log.read(lease.instance_id)
    assert entry.data == AgentMessage(task_id="1.1", attempt=1, text="\U0001f600" * 8_000)
