"""The list of orchestrators is encoded once as long as it says the same, and never shows a dead run as alive."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.api.orchestrator_list import OrchestratorList
from orchestrator.domain.events import AgentMessage, NewEvent, OrchestratorChanged
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import Lease, NewInstance
from orchestrator.store.open import open_memory_store

BEGAN = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Registered:
    """The list over a store whose clock the test moves; `reads` counts how often the registry was asked."""

    ports: Ports
    seconds: list[float]
    reads: int = 0
    listed: OrchestratorList = field(init=False)

    def __post_init__(self) -> None:
        registry = self.ports.registry
        read = registry.list

        async def counted(**options):
            self.reads += 1
            return await read(**options)

        registry.list = counted
        self.listed = OrchestratorList(registry, self.ports.changes, lambda: self.seconds[0])

    async def begin(self, number: int = 1) -> Lease:
        plan = f"docs/plans/{number}.md"
        new = NewInstance(f"orch-{number}", "p", "p", plan, "/w", "here", 1, "1", "shell")
        return await self.ports.registry.claim(new)

    async def record(self, lease: Lease, *, ended: bool = False) -> None:
        event = AgentMessage(task_id="1.1", attempt=1, text="hello")
        end = OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=RunStatus.COMPLETED)
        await self.ports.log.append(lease, [NewEvent(end if ended else event, BEGAN)])

    async def infos(self) -> list[dict]:
        return json.loads((await self.listed.latest()).plain)


@pytest.fixture
async def registered() -> AsyncIterator[Registered]:
    seconds = [0.0]
    async with open_memory_store(clock=lambda: BEGAN + timedelta(seconds=seconds[0])) as ports:
        yield Registered(ports, seconds)


async def test_a_list_that_says_the_same_is_the_same_bytes(registered):
    await registered.record(await registered.begin(), ended=True)
    first = await registered.listed.latest()
    registered.seconds[0] = 10_000.0
    assert await registered.listed.latest() is first
    assert registered.reads == 1


async def test_every_write_shows_at_once(registered):
    lease = await registered.begin()
    for seq in range(1, 4):
        await registered.record(lease)
        (info,) = await registered.infos()
        assert info["seq"] == seq
    await registered.begin(2)
    assert [info["id"] for info in await registered.infos()] == ["orch-2", "orch-1"]
    await registered.record(lease, ended=True)
    assert [info["status"] for info in await registered.infos()] == ["starting", "completed"]


async def test_a_run_without_a_sign_of_life_becomes_stale_and_dead_by_the_clock_alone(registered):
    await registered.record(await registered.begin())
    await registered.record(await registered.begin(2), ended=True)
    seen = []
    for tenth in range(120):
        registered.seconds[0] = tenth / 10
        kept = (await registered.infos())[1]
        fresh = json.loads(
            (await OrchestratorList(registered.ports.registry, registered.ports.changes).latest()).plain
        )[1]
        assert kept == fresh
        seen.append((kept["is_alive"], kept["is_stale"]))
    assert list(dict.fromkeys(seen)) == [(True, False), (True, True), (False, True)]
    assert registered.reads - len(seen) < 6, "the list was read again although it said the same"


async def test_without_a_count_of_changes_it_is_always_read(registered, monkeypatch):
    await registered.begin()
    monkeypatch.setattr(registered.ports.changes, "version", lambda: None)
    assert await registered.infos() == await registered.infos()
    assert registered.reads == 2
