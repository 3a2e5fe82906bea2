"""Holds a run's lease, or says in time that it is lost."""

from __future__ import annotations

import asyncio

from orchestrator.domain.errors import LeaseLost, StorageError
from orchestrator.engine.lease_guard import LeaseGuard
from orchestrator.engine.ports import LEASE_SECONDS, RENEW_SECONDS


async def keep_lease(
    guard: LeaseGuard,
    held_at: float,
    *,
    lease_seconds: float = LEASE_SECONDS,
    renew_seconds: float = RENEW_SECONDS,
) -> None:
    """Renew the lease until cancelled; `held_at` is the loop's time right before it was claimed.

    Raises LeaseLost when another has it, or when it could not be renewed for as long as it lasts: a
    database that does not answer must not keep this run at work beyond its lease.
    """
    loop = asyncio.get_running_loop()
    pause = renew_seconds
    while True:
        await asyncio.sleep(pause)
        asked_at = loop.time()
        # After a pause of the whole machine the lease may be over and yet nobody else's: ask.
        ends_at = max(held_at + lease_seconds, asked_at + renew_seconds)
        try:
            async with asyncio.timeout_at(ends_at):
                await guard.renew()
        except TimeoutError:
            raise LeaseLost("The lease ran out: the database did not answer.") from None
        except StorageError as error:
            pause = renew_seconds / 3
            if loop.time() + pause >= held_at + lease_seconds:
                raise LeaseLost(f"The lease ran out: it could not be renewed. {error}") from error
        else:
            held_at, pause = asked_at, renew_seconds
