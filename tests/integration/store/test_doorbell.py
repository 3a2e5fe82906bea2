from __future__ import annotations

import asyncio
import os
import socket
import threading
import time

import pytest

from orchestrator.store import doorbell
from orchestrator.store.open import open_store

WRITER = """
    async with open_store(Path(sys.argv[1])) as ports:
        lease = await ports.registry.claim(instance("a"))
        print("ready")
        for line in sys.stdin:
            await ports.log.append(lease, [message()])
            print("written")
"""


async def quiet(subscription, seconds: float = 0.05) -> None:
    while await subscription.wait(seconds):
        pass


def write(process) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()


async def written(process) -> None:
    assert await asyncio.to_thread(process.stdout.readline) in {"written\n", "ready\n"}


async def test_a_write_of_another_process_wakes_by_its_datagram(tmp_path, start, monkeypatch) -> None:
    monkeypatch.setattr(doorbell, "LOOK_SECONDS", 3600.0)
    async with open_store(tmp_path) as ports:
        writer = start(WRITER, tmp_path)
        await written(writer)
        async with ports.changes.subscribe() as subscription:
            await quiet(subscription)
            for count in range(1, 20):
                write(writer)
                assert await subscription.wait(30) is True
                await written(writer)
                assert len(await ports.log.read("orch-a")) == count
                await quiet(subscription, 0.01)


async def test_a_write_of_this_process_wakes_without_a_look(
    tmp_path, monkeypatch, new_instance, new_message
) -> None:
    monkeypatch.setattr(doorbell, "LOOK_SECONDS", 3600.0)
    async with open_store(tmp_path) as ports, ports.changes.subscribe() as subscription:
        lease = await ports.registry.claim(new_instance("a"))
        assert await subscription.wait(30) is True
        for _ in range(5):
            await quiet(subscription)
            await ports.log.append(lease, [new_message()])
            assert await subscription.wait(30) is True


async def test_a_lost_datagram_costs_no_more_than_the_next_look(tmp_path, start, monkeypatch) -> None:
    monkeypatch.setattr(doorbell, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(doorbell._Listener, "_put_up", lambda listener: None)
    async with open_store(tmp_path) as ports:
        writer = start(WRITER, tmp_path)
        await written(writer)
        async with ports.changes.subscribe() as subscription:
            await quiet(subscription, 0.5)
            assert list((tmp_path / ".orchestrator/bells").iterdir()) == []
            write(writer)
            assert await subscription.wait(30) is True


async def test_a_bell_that_someone_took_down_is_put_up_again(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(doorbell, "LOOK_SECONDS", 0.02)
    async with open_store(tmp_path) as ports, ports.changes.subscribe() as subscription:
        [bell] = (tmp_path / ".orchestrator/bells").iterdir()
        bell.unlink()
        async with asyncio.timeout(10):
            while not bell.exists() or bell.read_text() != f"{os.getpid()}\n":
                await subscription.wait(0.01)


async def test_odd_files_among_the_bells_do_no_harm(tmp_path, new_instance) -> None:
    bells = tmp_path / ".orchestrator/bells"
    bells.mkdir(parents=True)
    for name, text in {
        "x": "",
        "0": "1",
        "99999": "1",
        "70": "no pid",
        "71": "9" * 40,
        "²": "1",
        "1": "-1",
    }.items():
        (bells / name).write_text(text)
    (bells / "72").mkdir()
    async with open_store(tmp_path) as ports, ports.changes.subscribe() as subscription:
        await quiet(subscription)
        await ports.registry.claim(new_instance("a"))
        assert await subscription.wait(10) is True


async def test_strange_datagrams_only_wake(tmp_path) -> None:
    async with open_store(tmp_path) as ports, ports.changes.subscribe() as subscription:
        [bell] = (tmp_path / ".orchestrator/bells").iterdir()
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for data in (b"", b"x" * 60_000, b"!"):
            await quiet(subscription)
            sender.sendto(data, ("127.0.0.1", int(bell.name)))
            assert await subscription.wait(10) is True
        sender.close()


async def test_waiters_on_several_event_loops_are_woken(tmp_path, new_instance) -> None:
    async with open_store(tmp_path) as ports:
        ready, woken = threading.Semaphore(0), []

        async def wait() -> None:
            async with ports.changes.subscribe() as subscription:
                await quiet(subscription)
                ready.release()
                woken.append(await subscription.wait(30))

        threads = [threading.Thread(target=lambda: asyncio.run(wait())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in threads:
            await asyncio.to_thread(ready.acquire)
        await ports.registry.claim(new_instance("a"))
        for thread in threads:
            await asyncio.to_thread(thread.join)
        assert woken == [True] * 3


async def test_a_bell_that_cannot_be_put_up_is_said(tmp_path) -> None:
    from orchestrator.domain.errors import StorageError

    async with open_store(tmp_path) as ports:
        (tmp_path / ".orchestrator/bells").write_text("a file")
        with pytest.raises(StorageError, match="bells"):
            async with ports.changes.subscribe():
                pass


async def test_waiting_costs_next_to_nothing(tmp_path) -> None:
    async with open_store(tmp_path) as ports, ports.changes.subscribe() as subscription:
        await quiet(subscription)
        before, began = time.process_time(), time.monotonic()
        while time.monotonic() - began < 2.0:
            await subscription.wait(2.0)
        assert time.process_time() - before < 0.1


async def test_the_state_folder_holds_nothing_but_what_it_should(tmp_path) -> None:
    folder = tmp_path / ".orchestrator"
    async with open_store(tmp_path) as ports, ports.changes.subscribe():
        names = {path.name for path in folder.iterdir()}
        assert names <= {
            "orchestrator.db",
            "orchestrator.db-wal",
            "orchestrator.db-shm",
            ".gitignore",
            "project.json",
            "bells",
        }
