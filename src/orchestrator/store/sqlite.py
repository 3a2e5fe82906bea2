"""SQLite: where its file may be, how connections are set up, and what only SQLite can tell."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event

from orchestrator.domain.errors import StorageError
from orchestrator.store.database import READERS, SqliteLocation
from orchestrator.store.failures import storage_errors
from orchestrator.store.filesystems import network_type

WAL_BYTES_KEPT = 64 * 1024 * 1024


def prepare(location: SqliteLocation) -> SqliteLocation:
    """Make the folder of the database, and refuse a place where it would not be safe.

    The location that is given back is free of symlinks. Raises StorageError.
    """
    folder = location.path.parent
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path = location.path.resolve()
    kind = network_type(path.parent)
    if kind is not None:
        raise StorageError(
            f"{path}: this is on a network file system ({kind}), where SQLite loses data; "
            "name a file on a local disk with ORCHESTRATOR_DATABASE_URL=sqlite:////path/to/file.db."
        )
    with storage_errors(path), contextlib.suppress(FileExistsError):
        # Nobody else is to read what agents said; what SQLite puts beside the file has the same rights.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    return SqliteLocation(path, path.parent / location.bells.name)


def writing_engine(path: Path, lock_timeout_seconds: float) -> Engine:
    """One connection whose transactions take the write lock at their begin and are on disk at their end."""
    return _engine(path, lock_timeout_seconds, 1, begin="BEGIN IMMEDIATE", pragmas=("synchronous=FULL",))


def reading_engine(path: Path, lock_timeout_seconds: float) -> Engine:
    """A few connections that can only read."""
    return _engine(path, lock_timeout_seconds, READERS, begin="BEGIN", pragmas=("query_only=ON",))


def _engine(
    path: Path, lock_timeout_seconds: float, size: int, *, begin: str, pragmas: tuple[str, ...]
) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=size,
        max_overflow=0,
        connect_args={"timeout": lock_timeout_seconds},
    )

    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # Without this the driver begins transactions by itself, and too late.
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", f"journal_size_limit={WAL_BYTES_KEPT}", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", set_up)

    def begin_transaction(connection: Connection) -> None:
        # Past the layers of SQLAlchemy: this runs with every transaction.
        connection.connection.cursor().execute(begin)

    event.listen(engine, "begin", begin_transaction)
    return engine


def switch_to_wal(path: Path, lock_timeout_seconds: float) -> None:
    """Let readers and the writer work side by side; the file remembers it. Raises StorageError."""
    deadline = time.monotonic() + lock_timeout_seconds
    with storage_errors(path):
        connection = sqlite3.connect(path, timeout=lock_timeout_seconds)
        try:
            # Counts only in a file that is being made: there, what is deleted later can be given back.
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            mode = _journal_mode(connection, deadline)
        finally:
            connection.close()
    if mode != "wal":
        raise StorageError(f"{path}: SQLite cannot use its WAL mode here ({mode}); choose a local disk.")


def _journal_mode(connection: sqlite3.Connection, deadline: float) -> str:
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            # When two processes are first at once, SQLite now and then (1 in 1,000) tells one of them
            # that the file is locked without waiting, lest they wait for each other.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def give_back(connection: Connection, bytes_max: int) -> int:
    """Give free pages back to the file system; returns how many bytes. A mebibyte takes some 30 ms."""
    cursor = connection.connection.cursor()

    def number(pragma: str) -> int:
        return int(cursor.execute(f"PRAGMA {pragma}").fetchone()[0])

    size, before = number("page_size"), number("freelist_count")
    for _ in range(min(before, bytes_max // size)):
        # One page each: the driver takes one step of a statement without rows, and a step is a page.
        cursor.execute("PRAGMA incremental_vacuum(1)")
    return (before - number("freelist_count")) * size


class FileIdentity:
    """Notices that the database's file was deleted or replaced, where writes would vanish unseen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._expected = self._look()

    def _look(self) -> tuple[int, int]:
        with storage_errors(self._path):
            found = os.stat(self._path)  # noqa: PTH116 - the quickest way, once per transaction
        return found.st_dev, found.st_ino

    def check(self) -> None:
        """Raise StorageError when the path leads to another file than at first, or to none."""
        try:
            same = self._look() == self._expected
        except StorageError:
            same = False
        if not same:
            raise StorageError(
                f"{self._path}: the file was deleted or replaced while in use; restore it, "
                "or start again with a new one."
            )


class SqliteCommits:
    """The CommitRules of SQLite: `ring` wakes others once there is something new."""

    def __init__(self, path: Path, ring: Callable[[], None]) -> None:
        self._identity = FileIdentity(path)
        self.before = self._identity.check
        self.after = ring

    def within(self, connection: Connection) -> None:
        """Nothing: the doorbell rings after the commit."""

    def is_passing(self, error: Exception) -> bool:  # noqa: ARG002 - as the protocol has it
        """Whether trying again may help: never, SQLite itself has waited for its locks."""
        return False


class DataVersion:
    """Asks cheaply whether another connection has changed the database. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        with storage_errors(path):
            self._connection = sqlite3.connect(path, check_same_thread=False)
        self._last = self._look()

    def _look(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def has_changed(self) -> bool:
        """Return True once for every look that finds the database changed, or unreadable."""
        try:
            version = self._look()
        except sqlite3.Error:
            return True
        changed = version != self._last
        self._last = version
        return changed

    def number(self) -> int | None:
        """The same as long as nobody has changed the database; None where it cannot be read."""
        try:
            return self._look()
        except sqlite3.Error:
            return None

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
