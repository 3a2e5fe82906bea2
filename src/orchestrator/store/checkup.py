"""What may be wrong with a database, found out without changing anything in it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.domain.errors import OrchestratorError
from orchestrator.engine.ports import LEASE_SECONDS
from orchestrator.store import postgresql
from orchestrator.store.database import PostgresqlLocation, SqliteLocation, database_now
from orchestrator.store.failures import database_failure
from orchestrator.store.filesystems import network_type
from orchestrator.store.migrations import REVISIONS
from orchestrator.store.schema import orchestrators, plans
from orchestrator.store.sqlite import reading_engine

WRITE_LOCK_SECONDS = 2.0
WAL_BYTES_NOTABLE = 256 * 2**20
CLOCK_SECONDS_MAX = 5.0
NOTIFY_SECONDS = 3.0

Verdict = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one thing has found; the text says what to do unless all is well."""

    about: str
    verdict: Verdict
    text: str


def check_database(location: SqliteLocation | PostgresqlLocation) -> Iterator[Finding]:
    """Look at the database; nothing is made, changed or upgraded."""
    if isinstance(location, PostgresqlLocation):
        yield from _check_postgresql(location)
    else:
        yield from _check_sqlite(location.path)


def _check_sqlite(path: Path) -> Iterator[Finding]:
    kind = network_type(path.parent.resolve())
    if kind is not None:
        yield Finding(
            "database",
            "problem",
            f"{path} is on a network file system ({kind}), where SQLite loses data; "
            "name a file on a local disk with ORCHESTRATOR_DATABASE_URL.",
        )
        return
    if not path.exists():
        yield Finding("database", "ok", f"{path} is not there yet; the first run makes it.")
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            yield from _look_into(connection, path)
    except sqlite3.Error as error:
        yield Finding("database", "problem", str(database_failure(path, error)))
        return
    engine = reading_engine(path, WRITE_LOCK_SECONDS)
    try:
        with engine.connect() as opened:
            yield from _check_contents(opened, str(path))
    except SQLAlchemyError as error:
        yield Finding("database", "problem", str(database_failure(path, error)))
    finally:
        engine.dispose()


def _look_into(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        yield Finding(
            "database",
            "problem",
            f"{path} is damaged ({found[0]}); stop every run, copy it aside and restore it from a backup.",
        )
        return
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        yield Finding("database", "warning", f"{path} is in {mode} mode; the next run switches it to WAL.")
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size > WAL_BYTES_NOTABLE:
        size = wal.stat().st_size // 2**20
        yield Finding(
            "database",
            "warning",
            f"{wal} has grown to {size} MiB: some program reads the database without end; look for it.",
        )
    try:
        with closing(sqlite3.connect(path, timeout=WRITE_LOCK_SECONDS, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("ROLLBACK")
    except sqlite3.Error as error:
        yield Finding("database", "problem", f"It cannot be written: {database_failure(path, error)}")
    else:
        yield Finding("database", "ok", f"{path} is sound and can be written.")


def _check_postgresql(location: PostgresqlLocation) -> Iterator[Finding]:
    try:
        postgresql.require_driver()
        engine = postgresql.writing_engine(location, WRITE_LOCK_SECONDS)
        try:
            postgresql.check_server(engine, location)
            with engine.connect() as connection:
                yield Finding("database", "ok", f"{location} answers.")
                yield from _check_server_settings(connection, location)
                yield from _check_contents(connection, str(location))
            yield _check_notify(location)
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        yield Finding("database", "problem", str(database_failure(str(location), error)))
    except OrchestratorError as error:
        yield Finding("database", "problem", str(error))


def _check_server_settings(connection: Connection, location: PostgresqlLocation) -> Iterator[Finding]:
    for name in ("fsync", "synchronous_commit"):
        value = connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one()
        if value == "off":
            yield Finding(
                "database",
                "warning",
                f"{location}: {name} is off, so what was acknowledged can be lost; set it to on.",
            )
    may = connection.execute(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")).scalar_one()
    if not may:
        yield Finding(
            "database",
            "problem",
            f"{location}: this user may not create tables; GRANT CREATE ON SCHEMA public.",
        )
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        yield Finding("database", "problem", f"{location}: this is a standby; name the primary server.")


def _check_notify(location: PostgresqlLocation) -> Finding:
    """A notification from one connection must reach another: not so behind a pooler of transactions."""
    import psycopg  # noqa: PLC0415 - an extra, and it is there by now

    url = location.url.set(drivername="postgresql").render_as_string(hide_password=False)
    options = postgresql.connect_arguments(location)
    try:
        with (
            psycopg.connect(url, autocommit=True, **options) as listener,
            psycopg.connect(url, autocommit=True, **options) as sender,
        ):
            listener.execute(b"LISTEN plan_orchestrator_doctor")
            sender.execute(b"NOTIFY plan_orchestrator_doctor")
            arrived = list(listener.notifies(timeout=NOTIFY_SECONDS, stop_after=1))
    except psycopg.Error as error:
        return Finding("wake-ups", "problem", str(database_failure(str(location), error)))
    if arrived:
        return Finding("wake-ups", "ok", "NOTIFY reaches whoever listens.")
    return Finding(
        "wake-ups",
        "warning",
        "NOTIFY does not arrive, as behind a pooler in transaction mode: streams look once a second instead. "
        "Name the server itself, or a pooler in session mode.",
    )


def _check_contents(connection: Connection, place: str) -> Iterator[Finding]:
    has_tables = connection.dialect.has_table(connection, "alembic_version")
    revision = (
        connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has_tables else None
    )
    if revision is None:
        yield Finding("schema", "ok", f"{place} is empty; the first run makes the tables.")
        return
    if revision not in REVISIONS:
        yield Finding(
            "schema",
            "problem",
            f"{place} was written by a newer version (revision {revision}, known here up to "
            f"{REVISIONS[-1]}); install that version, or name another database.",
        )
        return
    older = "" if revision == REVISIONS[-1] else "; the next run upgrades it"
    yield Finding("schema", "ok", f"Revision {revision}{older}.")
    yield from _check_clock(connection)


def _check_clock(connection: Connection) -> Iterator[Finding]:
    """The database's clock against this host's, and against what was written before."""
    before = time.time()
    now = connection.execute(select(database_now())).scalar_one() / 1000
    if abs(now - (before + time.time()) / 2) > CLOCK_SECONDS_MAX:
        yield Finding(
            "clock",
            "problem",
            f"The database's clock and this host's differ by {timedelta(seconds=round(abs(now - before)))}; "
            "set both by NTP.",
        )
    lease = connection.execute(select(func.max(plans.c.lease_until))).scalar() or 0
    heard = connection.execute(select(func.max(orchestrators.c.last_heartbeat))).scalar() or 0
    ahead = max(lease / 1000 - now - 2 * LEASE_SECONDS, heard / 1000 - now - CLOCK_SECONDS_MAX)
    if ahead > 0:
        yield Finding(
            "clock",
            "problem",
            f"The database holds times that lie {timedelta(seconds=round(ahead))} or more in the future: a "
            "clock was set back since, or runs ahead on another host. Set all clocks by NTP.",
        )
    else:
        yield Finding("clock", "ok", "The clocks agree with each other and with what was written.")
