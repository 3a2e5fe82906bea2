"""The state of earlier versions, which kept it in `.orchestrator` in the root and had no ids of projects.

Its rows are copied into the project's database in one transaction, and the files are removed after it: a
process that is killed anywhere in between loses nothing, and the next one finishes. Copied, not renamed,
because the database may be there already: the worktrees of a repository had one each.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator.domain.errors import StorageError
from orchestrator.store.database import DATABASE_NAME, LOCK_TIMEOUT_SECONDS
from orchestrator.store.failures import storage_errors
from orchestrator.store.migrations import migrate
from orchestrator.store.schema import metadata
from orchestrator.store.sqlite import reading_engine, writing_engine
from orchestrator.store.state_mark import MARK_NAME

_BY_INSTANCE = ("events", "commands", "artifacts")


def is_from_here(folder: Path, root: Path) -> bool:
    """Whether an old folder was written by this user on this host for this root: nothing else is believed.

    Raises StorageError where its database cannot be read.
    """
    database = folder / DATABASE_NAME
    entries = [folder, *folder.iterdir()]
    if any(path.is_symlink() or path.lstat().st_uid != os.geteuid() for path in entries):
        return False
    if database not in entries:
        return True
    with storage_errors(database), closing(_connect(database)) as connection:
        if not _tables(connection):
            return True
        strange = connection.execute(
            "SELECT count(*) FROM orchestrators WHERE host <> ? OR worktree_path <> ?",
            (socket.gethostname(), str(root)),
        ).fetchone()
    return bool(strange[0] == 0)


def adopt(database: Path, root: Path, project: str) -> None:
    """Let the rows of the root be those of the project with this id. Raises StorageError."""
    if not database.exists():
        return
    with _upgraded(database), closing(_connect(database)) as connection, connection:
        for table in ("plans", "orchestrators"):
            connection.execute(f"UPDATE {table} SET project = ? WHERE project = ?", (project, str(root)))  # noqa: S608


def take_over(old: Path, database: Path, project: str, checkout: str) -> int:
    """Copy all that the old folder's database holds, once; returns how many orchestrators there were.

    Raises StorageError, also while another process has the old database open.
    """
    source = old / DATABASE_NAME
    with _upgraded(source):
        _close_to_others(source)
        with closing(_connect(database)) as connection:
            connection.execute("ATTACH DATABASE ? AS old", (str(source),))
            # The write lock is taken on both.
            connection.execute("BEGIN IMMEDIATE")
            count = _copy(connection, project, checkout)
            connection.execute("COMMIT")
    for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm"):
        (old / name).unlink(missing_ok=True)
    return count


def take_over_files(old: Path, folder: Path, chosen: Path) -> None:
    """Move logs and the chosen plan, and remove the old folder unless something of others is in it."""
    for log in sorted((old / "logs").glob("*.log")):
        target = folder / "logs" / log.name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if not target.exists():
            shutil.move(log, target)
    if (old / "current-plan").is_file() and not chosen.exists():
        shutil.move(old / "current-plan", chosen)
    shutil.rmtree(old / "bells", ignore_errors=True)
    with contextlib.suppress(OSError):
        (old / "logs").rmdir()
    own = {".gitignore", MARK_NAME}
    if {entry.name for entry in old.iterdir()} <= own:
        for name in own:
            (old / name).unlink(missing_ok=True)
        old.rmdir()


@contextmanager
def _upgraded(database: Path) -> Iterator[None]:
    with storage_errors(database):
        writer = writing_engine(database, LOCK_TIMEOUT_SECONDS)
        reader = reading_engine(database, LOCK_TIMEOUT_SECONDS)
        try:
            migrate(writer, reader, database)
        finally:
            writer.dispose()
            reader.dispose()
        yield


def _connect(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None)


def _close_to_others(database: Path) -> None:
    """Write all into the one file; SQLite does that only where no other process has it open."""
    try:
        with closing(sqlite3.connect(database, timeout=0.2)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        raise StorageError(
            f"{database.parent} has the history of this project and is still in use by an earlier version: "
            "shut its runs down, end its `orchestrator serve`, and try again. It is taken over then."
        ) from error


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _copy(connection: sqlite3.Connection, project: str, checkout: str) -> int:
    """Copy the orchestrators that are not there yet, with all that belongs to them."""
    connection.execute(
        "CREATE TEMP TABLE taken AS SELECT id FROM old.orchestrators "
        "WHERE id NOT IN (SELECT id FROM main.orchestrators)"
    )
    of_project = {"project": project, "checkout": checkout}
    _insert(connection, "orchestrators", "WHERE id IN (SELECT id FROM taken) ORDER BY position", of_project)
    for table in _BY_INSTANCE:
        _insert(connection, table, "WHERE instance_id IN (SELECT id FROM taken)", {})
    _insert(connection, "plans", "WHERE true ON CONFLICT DO NOTHING", of_project)
    return int(connection.execute("SELECT count(*) FROM taken").fetchone()[0])


def _insert(connection: sqlite3.Connection, table: str, which: str, instead: dict[str, str]) -> None:
    """Copy rows; positions are given anew, and `instead` says what columns hold other values."""
    columns = [column.name for column in metadata.tables[table].columns if column.name != "position"]
    chosen = [f":{name}" if name in instead else name for name in columns]
    into, what = ", ".join(columns), ", ".join(chosen)
    connection.execute(f"INSERT INTO main.{table} ({into}) SELECT {what} FROM old.{table} {which}", instead)  # noqa: S608
