from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

from orchestrator.store.wake_ups import WakeUps


async def test_a_ring_from_another_thread_wakes() -> None:
    wake_ups = WakeUps()
    async with wake_ups.subscribe() as waiter:
        thread = threading.Thread(target=wake_ups.ring)
        thread.start()
        assert await waiter.wait(10) is True
        thread.join()
        assert await waiter.wait(0) is False


async def test_many_rings_before_a_wait_are_one_wake_up() -> None:
    wake_ups = WakeUps()
    async with wake_ups.subscribe() as waiter:
        for _ in range(100):
            wake_ups.ring()
        assert await waiter.wait(10) is True
        assert await waiter.wait(0.01) is False


async def test_a_ring_right_after_a_wake_up_is_a_new_one() -> None:
    wake_ups = WakeUps()
    async with wake_ups.subscribe() as waiter:
        for _ in range(50):
            wake_ups.ring()
            assert await waiter.wait(10) is True


async def test_no_ring_is_lost_between_threads() -> None:
    """Each number is announced after it is set, so that after a lost ring the last one stays unseen."""
    wake_ups, last, seen, total = WakeUps(), 0, 0, 5_000

    def count() -> None:
        nonlocal last
        for number in range(1, total + 1):
            last = number
            wake_ups.ring()

    async with wake_ups.subscribe() as waiter:
        thread = threading.Thread(target=count)
        thread.start()
        while seen < total:
            assert await waiter.wait(10) is True
            seen = last
        thread.join()


async def test_a_ring_while_a_wake_up_is_being_taken_is_not_lost() -> None:
    wake_ups = WakeUps()

    class RingingEvent(asyncio.Event):
        def clear(self) -> None:
            wake_ups.ring()
            super().clear()

    async with wake_ups.subscribe() as waiter:
        waiter._event = RingingEvent()
        wake_ups.ring()
        assert await waiter.wait(10) is True
        assert await waiter.wait(10) is True


async def test_rings_do_not_pile_up_on_a_busy_loop(monkeypatch) -> None:
    wake_ups, calls = WakeUps(), []
    async with wake_ups.subscribe() as waiter:
        monkeypatch.setattr(waiter, "_loop", SimpleNamespace(call_soon_threadsafe=calls.append))
        for _ in range(1000):
            wake_ups.ring()
        assert len(calls) == 1


async def test_a_cancelled_wait_leaves_the_next_one_whole() -> None:
    wake_ups = WakeUps()
    async with wake_ups.subscribe() as waiter:
        waiting = asyncio.create_task(waiter.wait(10))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        wake_ups.ring()
        assert await waiter.wait(10) is True


async def test_who_left_is_forgotten() -> None:
    wake_ups = WakeUps()
    async with wake_ups.subscribe():
        pass
    assert not wake_ups._waiters


def test_a_closed_loop_of_a_waiter_does_no_harm() -> None:
    wake_ups = WakeUps()

    async def subscribe():
        context = wake_ups.subscribe()
        return context, await context.__aenter__()

    _context, waiter = asyncio.run(subscribe())
    wake_ups.ring()
    waiter.ring()
