"""Wake-ups between processes that share a SQLite file: a datagram to every process that listens.

Who listens puts a file named after its UDP port into the folder of bells. A datagram carries
nothing and may be lost; a look at the database once a second makes up for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from orchestrator.store.failures import storage_errors
from orchestrator.store.regular_files import read_regular
from orchestrator.store.sqlite import DataVersion
from orchestrator.store.wake_ups import Waiter, WakeUps

LOOPBACK = "127.0.0.1"
LOOK_SECONDS = 1.0
SWEEP_SECONDS = 60.0
BELL_BYTES_MAX = 32


class Doorbell:
    """The Changes port for SQLite. The listening thread starts with the first subscription."""

    def __init__(self, database: Path, bells: Path) -> None:
        self._database = database
        self._bells = bells
        self._wake_ups = WakeUps()
        self._starting = threading.Lock()
        self._listener: _Listener | None = None
        self._looks: DataVersion | None = None
        self._is_closed = False
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sender.setblocking(False)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Waiter]:
        """Listen until the context ends: every write after the start of the context wakes."""
        async with self._wake_ups.subscribe() as waiter:
            await asyncio.to_thread(self._listen)
            yield waiter

    def version(self) -> int | None:
        """The file's own count of changes, as a connection that never writes sees it."""
        with self._starting:
            if self._is_closed:
                return None
            if self._looks is None:
                self._looks = DataVersion(self._database)
            return self._looks.number()

    def ring(self) -> None:
        """Wake the waiters of this and of all other processes; from any thread, never blocks or fails."""
        self._wake_ups.ring()
        listener = self._listener
        own = 0 if listener is None else listener.port
        for port in _ports(self._bells):
            if port != own:
                with contextlib.suppress(OSError):
                    self._sender.sendto(b"!", (LOOPBACK, port))

    def _listen(self) -> None:
        with self._starting:
            if self._listener is None and not self._is_closed:
                self._listener = _Listener(self._database, self._bells, self._wake_ups)

    def close(self) -> None:
        """Stop listening and take the bell down. Blocks; idempotent."""
        with self._starting:
            self._is_closed = True
            if self._listener is not None:
                self._listener.close()
            if self._looks is not None:
                self._looks.close()
        self._sender.close()


class _Listener:
    """A socket, its file among the bells, and the thread that waits at it."""

    def __init__(self, database: Path, bells: Path, wake_ups: WakeUps) -> None:
        self._bells = bells
        self._wake_ups = wake_ups
        self._data_version = DataVersion(database)
        self._is_stopping = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            with storage_errors(bells):
                self._socket.bind((LOOPBACK, 0))
                self._socket.setblocking(False)
                self._poll = select.poll()
                self._poll.register(self._socket, select.POLLIN)
                self.port: int = self._socket.getsockname()[1]
                bells.mkdir(exist_ok=True)
                self._put_up()
        except BaseException:
            self._socket.close()
            self._data_version.close()
            raise
        self._thread = threading.Thread(target=self._run, name="store-doorbell", daemon=True)
        self._thread.start()

    def _put_up(self) -> None:
        (self._bells / str(self.port)).write_text(f"{os.getpid()}\n", encoding="ascii")

    def _run(self) -> None:
        next_look = next_sweep = 0.0
        while not self._is_stopping:
            rung = self._hear()
            now = time.monotonic()
            if now >= next_look:
                next_look = now + LOOK_SECONDS / 2
                rung = self._data_version.has_changed() or rung
                self._keep_up()
            if now >= next_sweep:
                next_sweep = now + SWEEP_SECONDS
                _sweep(self._bells)
            if rung:
                self._wake_ups.ring()

    def _hear(self) -> bool:
        """Wait for a datagram and take those that came with it; False when there was none in time."""
        if not self._poll.poll(LOOK_SECONDS * 1000):
            return False
        try:
            while self._socket.recv(16):
                pass
        except BlockingIOError:
            return True
        except OSError:
            # Nothing is known then, so it counts as a change; the pause keeps a broken socket from spinning.
            time.sleep(LOOK_SECONDS / 10)
        return True

    def _keep_up(self) -> None:
        # Another container does not see this process and may have swept its file away.
        with contextlib.suppress(OSError):
            if not (self._bells / str(self.port)).exists():
                self._put_up()

    def close(self) -> None:
        self._is_stopping = True
        with contextlib.suppress(OSError):
            (self._bells / str(self.port)).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._socket.sendto(b"!", (LOOPBACK, self.port))
        self._thread.join()
        with contextlib.suppress(OSError):
            (self._bells / str(self.port)).unlink(missing_ok=True)
        self._socket.close()
        self._data_version.close()


def _ports(bells: Path) -> list[int]:
    try:
        names = os.listdir(bells)  # noqa: PTH208 - names are all that is needed, at every commit
    except OSError:
        return []
    return [int(n) for n in names if n.isascii() and n.isdigit() and 0 < int(n) < 65_536]


def _sweep(bells: Path) -> None:
    """Take down the bells of processes that are gone without having done it."""
    for port in _ports(bells):
        bell = bells / str(port)
        with contextlib.suppress(OSError, ValueError, OverflowError):
            pid = int(read_regular(bell, BELL_BYTES_MAX).data)
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                bell.unlink()
