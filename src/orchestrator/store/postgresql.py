"""PostgreSQL: how connections are set up, which servers will do, and what only PostgreSQL can tell.

The driver is psycopg 3, in the extra `postgres`; nothing is imported from it before a URL asks for it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from orchestrator.domain.errors import StorageError, UsageError
from orchestrator.store.database import READERS, PostgresqlLocation
from orchestrator.store.failures import storage_errors

CHANNEL = "plan_orchestrator"
"""Where changes are notified; names are per database, see the documentation of NOTIFY."""

VERSION_MIN = 14
CONNECT_TIMEOUT_SECONDS = 5
IDLE_IN_TRANSACTION_SECONDS = 10
"""A writer that was stopped in the midst of a transaction loses it, and its locks, after so long."""

MIGRATION_LOCK = 0x706C616E  # any number, the same in every version

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_CONFLICTS = {"40001", "40P01"}
_AWAY = {"57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006", "25P03"}


def require_driver() -> None:
    """Raise UsageError, with the line that installs it, when psycopg is missing."""
    if importlib.util.find_spec("psycopg") is None:
        raise UsageError(
            "PostgreSQL needs its driver, which is not installed: pip install 'plan-orchestrator[postgres]'"
        )


def writing_engine(location: PostgresqlLocation, lock_timeout_seconds: float) -> Engine:
    """One connection for all that is written."""
    settings = {
        "lock_timeout": f"{round(lock_timeout_seconds * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
    }
    return _engine(location, 1, settings, isolation_level="READ COMMITTED")


def reading_engine(location: PostgresqlLocation) -> Engine:
    """A few connections that can only read; each transaction sees one state of the database."""
    settings = {"default_transaction_read_only": "on"}
    return _engine(location, READERS, settings, isolation_level="REPEATABLE READ")


def connect_arguments(location: PostgresqlLocation) -> dict[str, Any]:
    """What libpq is told unless the URL says otherwise: a dead server is noticed, within seconds."""
    defaults = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "plan-orchestrator",
        "client_encoding": "utf8",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "tcp_user_timeout": 15_000,
    }
    return {name: value for name, value in defaults.items() if name not in location.url.query}


def _engine(
    location: PostgresqlLocation, size: int, settings: dict[str, str], *, isolation_level: Any
) -> Engine:
    engine = create_engine(
        location.url,
        pool_size=size,
        max_overflow=0,
        isolation_level=isolation_level,
        connect_args=connect_arguments(location),
    )

    def set_up(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.commit()

    event.listen(engine, "connect", set_up)
    return engine


def check_server(engine: Engine, location: PostgresqlLocation) -> None:
    """Raise StorageError for a server that cannot be reached, or that will not do."""
    with storage_errors(str(location)), engine.connect() as connection:
        version, encoding = connection.execute(
            text("SELECT current_setting('server_version_num'), current_setting('server_encoding')")
        ).one()
    if int(version) // 10_000 < VERSION_MIN:
        raise StorageError(
            f"{location}: this server is PostgreSQL {int(version) // 10_000}; "
            f"at least {VERSION_MIN} is needed."
        )
    if encoding != "UTF8":
        raise StorageError(
            f"{location}: its encoding is {encoding}; make a database with "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )


class PostgresqlCommits:
    """The CommitRules of PostgreSQL: notified within the transaction, no wake-up is ever lost."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self.after = ring

    def before(self) -> None:
        """Nothing: the server looks after its own files."""

    def within(self, connection: Connection) -> None:
        """Have the server wake the other processes when it commits."""
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def is_passing(self, error: Exception) -> bool:
        """Whether trying again may help: a deadlock, or a server that is away for a moment."""
        return is_conflict(error) or is_away(error)


def is_conflict(error: Exception) -> bool:
    """Whether two transactions were in each other's way, so that one of them was undone."""
    return _sqlstate(error) in _CONFLICTS


def is_away(error: Exception) -> bool:
    """Whether the server could not be reached, or was lost on the way."""
    if not isinstance(error, DBAPIError):
        return False
    state = _sqlstate(error)
    # Without a state it is libpq that speaks: there was no server to give one.
    is_without = state is None and type(error.orig).__name__ == "OperationalError"
    return error.connection_invalidated or state in _AWAY or is_without


def _sqlstate(error: Exception) -> str | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None)
