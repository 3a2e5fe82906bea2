"""Waiting for a condition, with a limit."""

from __future__ import annotations

import asyncio
import time

LIMIT_SECONDS = 10.0


def wait_until(condition, limit_seconds=LIMIT_SECONDS):
    """The first true value of the condition; fails when there is none in time."""
    limit = time.monotonic() + limit_seconds
    while not (value := condition()):
        assert time.monotonic() < limit, f"the condition did not come true in {limit_seconds:g} s"
        time.sleep(0.01)
    return value


async def until(condition, limit_seconds=LIMIT_SECONDS):
    """The same, while the event loop goes on."""
    limit = time.monotonic() + limit_seconds
    while not (value := condition()):
        assert time.monotonic() < limit, f"the condition did not come true in {limit_seconds:g} s"
        await asyncio.sleep(0.005)
    return value
