"""The lease is held, or lost in time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from orchestrator.domain.errors import LeaseLost, StorageError
from orchestrator.engine.lease_guard import LeaseGuard
from orchestrator.engine.lease_keeper import keep_lease
from orchestrator.engine.records import Lease

LEASE = Lease("orch-1", "/nowhere", "p.md", 1)


class Registry:
    """Answers renewals as the test says."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.times = []

    async def renew(self, lease):
        self.times.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if self.answers else None
        if answer == "silence":
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer


async def keep(registry, seconds=1.0):
    async with asyncio.timeout(seconds):
        now = asyncio.get_running_loop().time()
        await keep_lease(LeaseGuard(registry, LEASE, 0.0), now, lease_seconds=0.1, renew_seconds=0.03)


async def test_it_is_renewed_again_and_again():
    registry = Registry()
    with suppress(TimeoutError):
        await keep(registry, 0.4)
    assert len(registry.times) >= 6


async def test_one_that_was_taken_over_is_lost_at_once():
    registry = Registry(None, LeaseLost("taken over"))
    with pytest.raises(LeaseLost, match="taken over"):
        await keep(registry)
    assert len(registry.times) == 2


async def test_a_database_that_fails_for_a_moment_is_asked_again_soon():
    registry = Registry(StorageError("hiccup"), None, StorageError("hiccup"))
    with suppress(TimeoutError):
        await keep(registry, 0.4)
    assert len(registry.times) >= 6
    assert registry.times[1] - registry.times[0] < 0.03


async def test_one_that_cannot_be_renewed_is_lost_before_it_ends():
    registry = Registry(*[StorageError("no database")] * 50)
    began = asyncio.get_running_loop().time()
    with pytest.raises(LeaseLost, match="no database"):
        await keep(registry)
    assert asyncio.get_running_loop().time() - began <= 0.11


async def test_a_database_that_does_not_answer_does_not_hold_the_lease():
    began = asyncio.get_running_loop().time()
    with pytest.raises(LeaseLost, match="did not answer"):
        await keep(Registry(None, "silence"))
    assert asyncio.get_running_loop().time() - began <= 0.2
