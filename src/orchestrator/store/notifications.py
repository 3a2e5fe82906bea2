"""Wake-ups between processes that share a PostgreSQL database: LISTEN and NOTIFY.

See https://www.postgresql.org/docs/current/sql-notify.html. One thread with a connection of its own
listens; a connection that is lost is made anew, and counts as a change until it is there again.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from orchestrator.store.database import PostgresqlLocation
from orchestrator.store.postgresql import CHANNEL, connect_arguments
from orchestrator.store.wake_ups import Waiter, WakeUps

if TYPE_CHECKING:
    from psycopg import Connection

LOOK_SECONDS = 5.0
"""How often the listening connection is asked whether it still lives."""

RECONNECT_SECONDS = 1.0
SUBSCRIBE_SECONDS = 2.0
"""How long a subscription waits for the connection at most: who waits looks at the database by itself too."""


class Notifications:
    """The Changes port for PostgreSQL. The listening thread starts with the first subscription.

    What `writer` notifies wakes nobody here: `ring` has done it then, and sooner.
    """

    def __init__(self, location: PostgresqlLocation, writer: Engine) -> None:
        self._location = location
        self._wake_ups = WakeUps()
        self._starting = threading.Lock()
        self._is_listening = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._writer_pid = 0
        self._stop_sender, self._stop_receiver = socket.socketpair()
        event.listen(writer, "checkout", self._note_writer)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Waiter]:
        """Listen until the context ends: every write after the start of the context wakes."""
        async with self._wake_ups.subscribe() as waiter:
            if not self._is_listening.is_set():
                await asyncio.to_thread(self._listen)
            yield waiter

    def _note_writer(self, connection: Any, _record: object, _proxy: object) -> None:
        self._writer_pid = connection.info.backend_pid

    def version(self) -> int | None:
        """None: a server has to be asked, so that one can as well read."""
        return None

    def ring(self) -> None:
        """Wake the waiters of this process, which need no server for it; from any thread."""
        self._wake_ups.ring()

    def _listen(self) -> None:
        with self._starting:
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="store-notifications", daemon=True)
                self._thread.start()
        self._is_listening.wait(SUBSCRIBE_SECONDS)

    def _run(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra: it is there when a PostgreSQL URL was accepted

        while not self._is_closed:
            with contextlib.suppress(psycopg.Error, OSError), self._connected() as connection:
                connection.execute(f"LISTEN {CHANNEL}".encode())
                self._is_listening.set()
                self._wake_ups.ring()
                self._hear(connection)
            self._is_listening.clear()
            self._wake_ups.ring()
            self._pause(RECONNECT_SECONDS)

    def _connected(self) -> Connection:
        import psycopg  # noqa: PLC0415 - as above

        url = self._location.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url, autocommit=True, **connect_arguments(self._location))

    def _hear(self, connection: Connection) -> None:
        """Pass on what is notified, until the connection is lost or this is closed."""
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        poll.register(self._stop_receiver, select.POLLIN)
        next_look = time.monotonic() + LOOK_SECONDS
        while not self._is_closed:
            poll.poll(max(next_look - time.monotonic(), 0) * 1000)
            if {notified.pid for notified in connection.notifies(timeout=0)} - {self._writer_pid}:
                self._wake_ups.ring()
            if time.monotonic() >= next_look:
                connection.execute(b"SELECT 1")
                next_look = time.monotonic() + LOOK_SECONDS

    def _pause(self, seconds: float) -> None:
        """Wait so long, or until this is closed."""
        select.select([self._stop_receiver], [], [], seconds)

    def close(self) -> None:
        """Stop listening. Blocks; idempotent."""
        with self._starting:
            if self._is_closed:
                return
            self._is_closed = True
        self._stop_sender.send(b"!")
        if self._thread is not None:
            self._thread.join()
        self._stop_sender.close()
        self._stop_receiver.close()
