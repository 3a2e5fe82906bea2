"""Status of any orchestrator, now and at any position, without reading its log again and again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from orchestrator.domain.errors import InstanceNotFound, SeqOutOfRange
from orchestrator.domain.run_state import fold
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine import folded_states, status_reader
from orchestrator.engine.folded_states import FoldedStates
from orchestrator.engine.status_reader import StatusReader, orchestrator_info


@pytest.fixture
async def ended(house):
    await house.run()
    house.reads = []
    read = house.log.read

    async def count(instance_id, after=0, **how):
        house.reads.append(after)
        return await read(instance_id, after=after, **how)

    house.log.read = count
    house.reader = StatusReader(house.registry, house.log, house.commands)
    return house


async def test_the_status_is_the_fold_of_the_log(ended):
    assert await ended.reader.state("orch-1") == fold(ended.stored())
    status = await ended.reader.status("orch-1")
    assert (status.seq, status.status) == (len(ended.stored()), RunStatus.COMPLETED)


async def test_a_second_look_reads_only_what_is_new(ended):
    first = await ended.reader.state("orch-1")
    assert await ended.reader.state("orch-1") is first
    assert ended.reads == [0]
    ended.reader._known["orch-1"] = FoldedStates()
    ended.reader._known["orch-1"].keep(fold(ended.stored()[:3]))
    assert await ended.reader.state("orch-1") == first
    assert ended.reads == [0, 3]


async def test_the_status_at_every_position_is_the_fold_up_to_there(ended):
    log = ended.stored()
    assert await ended.reader.state("orch-1", at_seq=2) == fold(log[:2])
    await ended.reader.state("orch-1")
    for seq in [*range(1, len(log) + 1), 2, 1]:
        assert await ended.reader.state("orch-1", at_seq=seq) == fold(log[:seq])


async def test_long_logs_are_read_in_pages(ended, monkeypatch):
    monkeypatch.setattr(status_reader, "EVENT_PAGE_MAX", 2)
    assert await ended.reader.state("orch-1", at_seq=5) == fold(ended.stored()[:5])
    assert await ended.reader.state("orch-1") == fold(ended.stored())


async def test_an_earlier_moment_is_folded_from_a_state_that_was_kept_on_the_way(ended, monkeypatch):
    monkeypatch.setattr(status_reader, "EVENT_PAGE_MAX", 1)
    monkeypatch.setattr(folded_states, "MARK_EVENTS", 2)
    log = ended.stored()
    await ended.reader.state("orch-1")
    for seq in [*range(len(log), 0, -1), *range(1, len(log) + 1)]:
        ended.reads.clear()
        assert await ended.reader.state("orch-1", at_seq=seq) == fold(log[:seq])
        assert len(ended.reads) <= 1


async def test_kept_states_grow_sparser_where_a_log_is_long(ended, monkeypatch):
    monkeypatch.setattr(status_reader, "EVENT_PAGE_MAX", 1)
    monkeypatch.setattr(folded_states, "MARK_EVENTS", 1)
    monkeypatch.setattr(folded_states, "MARKED_TASKS_MAX", 4 * len(ended.state().tasks))
    log = ended.stored()
    await ended.reader.state("orch-1")
    assert len(ended.reader._known["orch-1"]._marks) <= 4 < len(log)
    for seq in range(1, len(log) + 1):
        assert await ended.reader.state("orch-1", at_seq=seq) == fold(log[:seq])


async def test_only_so_many_long_logs_are_folded_at_a_time(ended, monkeypatch):
    monkeypatch.setattr(status_reader, "LONG_FOLDS_MAX", 1)
    monkeypatch.setattr(status_reader, "LONG_FOLD_EVENTS", 1)
    reader = StatusReader(ended.registry, ended.log, ended.commands)
    await ended.run()
    at_work, most = 0, 0
    read = ended.log.read

    async def slowly(instance_id, after=0, **how):
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0)
        at_work -= 1
        return await read(instance_id, after=after, **how)

    ended.log.read = slowly
    await asyncio.gather(*(reader.state(f"orch-{n}", at_seq=s) for n in (1, 2) for s in (None, 1, 2, 3)))
    assert most == 1


@pytest.mark.parametrize("beyond", [-1, 0, 1])
async def test_a_position_that_the_log_does_not_have_is_refused(ended, beyond):
    at_seq = len(ended.stored()) + 1 if beyond == 1 else beyond
    with pytest.raises(SeqOutOfRange, match=f"from 1 to {len(ended.stored())}"):
        await ended.reader.state("orch-1", at_seq=at_seq)


async def test_an_unknown_orchestrator_is_refused(ended):
    with pytest.raises(InstanceNotFound):
        await ended.reader.state("orch-9")


async def test_many_at_once_read_the_log_once(ended):
    states = await asyncio.gather(*(ended.reader.state("orch-1") for _ in range(10)))
    assert all(state == states[0] for state in states)
    assert ended.reads.count(0) == 1


async def test_only_so_many_states_are_kept(ended, monkeypatch):
    monkeypatch.setattr(status_reader, "KEPT_LOGS_MAX", 1)
    await ended.run()
    for instance_id in ("orch-1", "orch-2", "orch-1"):
        assert await ended.reader.state(instance_id) == fold(ended.stored(instance_id))
    assert ended.reads.count(0) == 3


async def test_a_list_says_who_is_alive_and_who_is_stale(house):
    await house.registry.claim(house.instance())
    record = await house.registry.get("orch-1")

    def seen_after(seconds, **fields):
        later = record._replace(database_now=record.database_now + timedelta(seconds=seconds), **fields)
        info = orchestrator_info(later)
        return info.is_alive, info.is_stale

    assert seen_after(1) == (True, False)
    assert seen_after(7) == (True, True)
    assert seen_after(11) == (False, True)
    assert seen_after(1, status=RunStatus.STOPPED) == (False, False)
