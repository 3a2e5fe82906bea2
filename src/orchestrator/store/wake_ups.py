"""Wakes waiters of this process, on whatever event loop they wait, from any thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Waiter:
    """The Subscription port. It belongs to the event loop that it was made on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._is_rung = False

    def ring(self) -> None:
        """Wake the waiter, now or at its next wait; from any thread."""
        if self._is_rung:
            return
        self._is_rung = True
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:
            # Its loop is closed, so nobody waits any more.
            return

    async def wait(self, timeout_seconds: float) -> bool:
        """Return True as soon as something may have changed since the last call, False at the time-out."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            if not self._event.is_set():
                return False
        # In this order: a ring in between sets the event anew, where the other way round it were lost.
        self._is_rung = False
        self._event.clear()
        return True


class WakeUps:
    """The Changes port within one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: set[Waiter] = set()
        self._rings = 0

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Waiter]:
        """Listen until the context ends."""
        waiter = Waiter()
        with self._lock:
            self._waiters.add(waiter)
        try:
            yield waiter
        finally:
            with self._lock:
                self._waiters.discard(waiter)

    def version(self) -> int | None:
        """How often it was rung."""
        return self._rings

    def ring(self) -> None:
        """Wake everyone; from any thread."""
        with self._lock:
            self._rings += 1
            waiters = list(self._waiters)
        for waiter in waiters:
            waiter.ring()
