"""A file is written only while the lease is known to hold."""

from __future__ import annotations

import pytest

from orchestrator.domain.errors import LeaseLost
from orchestrator.engine.lease_guard import GuardedOutputs, LeaseGuard, elapsed_seconds
from orchestrator.engine.ports import LEASE_SECONDS
from orchestrator.engine.records import Lease
from orchestrator.store.memory_files import MemoryPlanOutputs

LEASE = Lease("orch-1", "/nowhere", "p.md", 1)


class Registry:
    def __init__(self) -> None:
        self.renewals = 0
        self.is_lost = False

    async def renew(self, _lease) -> None:
        self.renewals += 1
        if self.is_lost:
            raise LeaseLost("taken over")


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def outputs(registry, clock):
    guard = LeaseGuard(registry, LEASE, clock[0], lambda: clock[0])
    return GuardedOutputs(MemoryPlanOutputs(), guard)


WRITES = {
    "status": lambda outputs: outputs.write_status("p", {"tasks": []}),
    "finding": lambda outputs: outputs.write_finding("p", "1.1", "text"),
    "archive": lambda outputs: outputs.archive("p", "orch-1"),
    "set aside": lambda outputs: outputs.read_status("p", set_aside=True),
    "edit": lambda outputs: outputs.edited_status("p"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
async def test_after_a_long_pause_the_lease_is_asked_for_before_a_file_is_touched(
    outputs, registry, clock, write
) -> None:
    await write(outputs)
    assert registry.renewals == 0
    clock[0] += LEASE_SECONDS
    await write(outputs)
    assert registry.renewals == 1
    await write(outputs)
    assert registry.renewals == 1
    clock[0] += LEASE_SECONDS
    registry.is_lost = True
    with pytest.raises(LeaseLost):
        await write(outputs)


async def test_reading_needs_no_lease(outputs, registry, clock) -> None:
    await outputs.write_finding("p", "1.1", "text")
    clock[0] += LEASE_SECONDS
    assert await outputs.read_finding("p", "1.1") == "text"
    assert [finding.task_id for finding in await outputs.list_findings("p")] == ["1.1"]
    assert (await outputs.read_status("p")).document is None
    assert outputs.directory("p") == "docs/plan-outputs/p"
    assert registry.renewals == 0


def test_the_clock_goes_on() -> None:
    first = elapsed_seconds()
    assert elapsed_seconds() >= first > 0
