"""Runs become lines in the history: what is removed, what stays, and that others go on meanwhile."""

from __future__ import annotations

import pytest

from orchestrator.domain.commands import Pause
from orchestrator.domain.errors import CommandNotFound
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import Amount, Artifact, PlanKey

PROJECT = "/project"
STARTED = (RunStatus.STARTING, RunStatus.RUNNING)
ENDED = (RunStatus.RUNNING, RunStatus.COMPLETED)


def artifact(task_id="1.1", attempt=1, name="finding.md", content=b"found"):
    return Artifact(task_id, attempt, name, "text/markdown", content)


async def past_run(ports, make, *artifacts, events=2, **where):
    """A run that has ended, with a command that it has obeyed; returns its id."""
    lease = await ports.registry.claim(make.instance(**where))
    await ports.log.append(lease, [make.status(*STARTED)])
    command = await ports.commands.submit(lease.instance_id, Pause(), actor="test", key="k")
    await ports.log.append(lease, [make.receipt(command.id), *[make.message("ä" * 50)] * (events - 2)])
    for one in artifacts or (artifact(),):
        await ports.artifacts.put(lease, one)
    await ports.log.append(lease, [make.status(*ENDED)])
    return lease.instance_id


async def removed(ports, instance_id, kept=()):
    return [step async for step in ports.storage.remove(instance_id, set(kept))]


async def run(ports, instance_id):
    (found,) = [one for one in await ports.storage.runs(PROJECT) if one.record.id == instance_id]
    return found


async def test_all_runs_of_a_project_are_given_newest_first(ports, make) -> None:
    first, second = [await past_run(ports, make) for _ in range(2)]
    other = await past_run(ports, make, plan="docs/plans/b.md")
    await past_run(ports, make, project="/elsewhere")
    found = await ports.storage.runs(PROJECT)
    assert [one.record.id for one in found] == [other, second, first]
    assert [one.record.seq for one in found] == [3, 3, 3]
    assert not any(one.is_empty for one in found)
    lease = await ports.registry.claim(make.instance())
    assert (await run(ports, lease.instance_id)).is_empty


async def test_a_pruned_run_is_a_line_in_the_history(ports, make) -> None:
    first, _ = [await past_run(ports, make) for _ in range(2)]
    before = await ports.registry.get(first)
    assert before.pruned_at is None
    size = await ports.storage.size(first, set())
    assert size.items == 5  # three entries of the log, a command, an artifact
    assert size.bytes > 100
    assert await ports.storage.mark_pruned(first)
    assert sum(await removed(ports, first), Amount()).items == size.items
    after = await ports.registry.get(first)
    assert after.pruned_at is not None
    assert (after.id, after.status, after.seq, after.ended_at) == (
        before.id,
        before.status,
        before.seq,
        before.ended_at,
    )
    assert first in [record.id for record in await ports.registry.list()]
    assert (await run(ports, first)).is_empty
    assert await ports.log.read(first) == []
    assert await ports.artifacts.get(first, "1.1", 1, "finding.md") is None
    assert await ports.storage.size(first, set()) == Amount()
    assert await removed(ports, first) == []


async def test_other_runs_stay_as_they_were(ports, make) -> None:
    before, middle, after = [await past_run(ports, make) for _ in range(3)]
    commands = [event.data.command_id for event in await ports.log.read(before, types=["command_settled"])]
    logs = [await ports.log.read(one) for one in (before, after)]
    assert await ports.storage.mark_pruned(middle)
    await removed(ports, middle)
    assert [await ports.log.read(one) for one in (before, after)] == logs
    for one in (before, after):
        assert await ports.artifacts.get(one, "1.1", 1, "finding.md") == artifact()
        assert (await ports.registry.get(one)).pruned_at is None
    assert (await ports.commands.get(before, commands[0])).id == commands[0]
    assert (await ports.registry.latest(PlanKey(PROJECT, "", "docs/plans/a.md"))).id == after


async def test_commands_go_with_their_run(ports, make) -> None:
    first, _ = [await past_run(ports, make) for _ in range(2)]
    (receipt,) = await ports.log.read(first, types=["command_settled"])
    await ports.storage.mark_pruned(first)
    await removed(ports, first)
    with pytest.raises(CommandNotFound):
        await ports.commands.get(first, receipt.data.command_id)


class TestWhatMustStay:
    async def test_the_latest_run_of_a_plan(self, ports, make) -> None:
        only = await past_run(ports, make)
        await past_run(ports, make, plan="docs/plans/b.md")
        await past_run(ports, make, project="/elsewhere")
        await past_run(ports, make, checkout="feature")
        assert not await ports.storage.mark_pruned(only)
        assert (await ports.registry.get(only)).pruned_at is None

    async def test_the_latest_with_a_log_where_a_later_one_has_none(self, ports, make) -> None:
        begun = await past_run(ports, make)
        lease = await ports.registry.claim(make.instance())
        assert not await ports.storage.mark_pruned(begun)
        await ports.log.append(lease, [make.status(*STARTED)])
        assert await ports.storage.mark_pruned(begun)

    async def test_one_that_has_not_ended(self, ports, make) -> None:
        lease = await ports.registry.claim(make.instance())
        await ports.log.append(lease, [make.status(*STARTED)])
        assert not await ports.storage.mark_pruned(lease.instance_id)

    async def test_one_that_is_unknown(self, ports) -> None:
        assert not await ports.storage.mark_pruned("orch-none")

    async def test_a_run_is_marked_once(self, ports, make) -> None:
        first, _ = [await past_run(ports, make) for _ in range(2)]
        assert await ports.storage.mark_pruned(first)
        marked = (await ports.registry.get(first)).pruned_at
        assert not await ports.storage.mark_pruned(first)
        assert (await ports.registry.get(first)).pruned_at == marked


async def test_artifacts_of_attempts_that_are_referred_to_stay_until_they_are_not(ports, make) -> None:
    kept = [artifact("1.1", 2), artifact("1.1", 2, "transcript-0001.jsonl")]
    others = [artifact("1.1", 1), artifact("1.2", 2), artifact("1.2", 1, "prompt.md")]
    first = await past_run(ports, make, *kept, *others)
    await past_run(ports, make)
    await ports.storage.mark_pruned(first)
    size = await ports.storage.size(first, {("1.1", 2)})
    assert sum(await removed(ports, first, {("1.1", 2)}), Amount()) == size
    for one in kept:
        assert await ports.artifacts.get(first, one.task_id, one.attempt, one.name) == one
    for one in others:
        assert await ports.artifacts.get(first, one.task_id, one.attempt, one.name) is None
    assert not (await run(ports, first)).is_empty
    assert await ports.storage.size(first, {("1.1", 2)}) == Amount()
    assert sum(await removed(ports, first), Amount()).items == 2
    assert (await run(ports, first)).is_empty


async def test_a_removal_that_is_cut_off_is_finished_by_the_next(ports, make) -> None:
    large = [artifact("1.1", n, content=b"x" * 700_000) for n in range(1, 8)]
    first = await past_run(ports, make, *large, events=1_300)
    second = await past_run(ports, make)
    await ports.storage.mark_pruned(first)
    async for step in ports.storage.remove(first, set()):
        assert step.items
        break
    assert (await ports.registry.get(first)).pruned_at is not None
    assert len(await ports.log.read(second)) == 3
    await removed(ports, first)
    assert (await run(ports, first)).is_empty
    assert await ports.storage.size(first, set()) == Amount()


async def test_a_live_run_writes_between_the_steps(ports, make) -> None:
    large = [artifact("1.1", n, content=b"x" * 2_500_000) for n in range(1, 4)]
    first = await past_run(ports, make, *large, events=1_300)
    await past_run(ports, make)
    lease = await ports.registry.claim(make.instance())
    await ports.storage.mark_pruned(first)
    async for _ in ports.storage.remove(first, set()):
        await ports.log.append(lease, [make.message()])
        await ports.registry.renew(lease)
    written = await ports.log.read(lease.instance_id)
    assert [event.seq for event in written] == list(range(1, len(written) + 1))
    assert (await run(ports, first)).is_empty


async def test_space_is_given_back_until_there_is_none(ports, make) -> None:
    first = await past_run(ports, make, *[artifact("1.1", n, content=b"x" * 1_000_000) for n in range(1, 5)])
    await past_run(ports, make)
    await ports.storage.mark_pruned(first)
    await removed(ports, first)
    given = 0
    while step := await ports.storage.give_back(1_000_000):
        assert step <= 1_000_000
        given += step
    assert given == 0 or given > 3_000_000
