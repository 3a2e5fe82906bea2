"""Which database a URL names, and the pieces of SQL that each database says in its own way.

What else is particular to one of them stands in `sqlite` and `postgresql`; the queries are the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import URL, BigInteger, Connection, LargeBinary, Table, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from orchestrator.domain.errors import UsageError

DATABASE_NAME = "orchestrator.db"
LOCK_TIMEOUT_SECONDS = 5.0
"""How long a lock that another holds is waited for, and a database server that is away."""

READERS = 3

_URLS = "sqlite:////absolute/path.db or postgresql://user@host/database"
_SQLITE_DRIVERS = {"sqlite", "sqlite+pysqlite"}
_POSTGRESQL_DRIVERS = {"postgresql", "postgres", "postgresql+psycopg"}


class database_now(FunctionElement[int]):  # noqa: N801 - it reads as the SQL function that it is
    """The database's clock, in integer milliseconds since 1970."""

    type = BigInteger()
    name = "database_now"
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(_element: object, _compiler: object, **_options: object) -> str:
    # `unixepoch('subsec')` would be shorter, but came with SQLite 3.42 only.
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER)"


@compiles(database_now, "postgresql")
def _postgresql_now(_element: object, _compiler: object, **_options: object) -> str:
    # Not `now()`: that stands still from the transaction's begin on, also while it waits for a lock.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


class encoded(FunctionElement[bytes]):  # noqa: N801 - the same
    """A text as the bytes of its UTF-8, so that they need not be made of it here."""

    type = LargeBinary()
    name = "encoded"
    inherit_cache = True


@compiles(encoded, "sqlite")
def _sqlite_encoded(element: encoded, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS BLOB)"


@compiles(encoded, "postgresql")
def _postgresql_encoded(element: encoded, compiler: SQLCompiler, **options: Any) -> str:
    return f"convert_to({compiler.process(element.clauses, **options)}, 'UTF8')"


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert the row unless one with its key is there already."""
    # Only the one dialect is imported: the other takes longer than a file takes to be opened.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    connection.execute(dialect.insert(table).values(values).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class SqliteLocation:
    """A SQLite database: its file, and the folder where the doorbells of its processes are."""

    path: Path
    bells: Path


@dataclass(frozen=True, slots=True)
class PostgresqlLocation:
    """A PostgreSQL database. `str()` of it is for people and has no password."""

    url: URL

    def __str__(self) -> str:
        url = self.url
        return str(URL.create("postgresql", url.username, None, url.host, url.port, url.database))


def default_location(folder: Path) -> SqliteLocation:
    """The database of a project that names none, in its state folder."""
    return SqliteLocation(folder / DATABASE_NAME, folder / "bells")


def locate(root: Path, folder: Path, url: str | None) -> SqliteLocation | PostgresqlLocation:
    """The database that `url` names, or the one in the project's state folder.

    A relative path in the URL begins at `root`. Raises UsageError for a URL that is not understood.
    """
    if url is None:
        return default_location(folder)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError(f"The database URL is not understood; write {_URLS}.") from None
    if parsed.drivername in _POSTGRESQL_DRIVERS:
        return PostgresqlLocation(parsed.set(drivername="postgresql+psycopg"))
    if parsed.drivername not in _SQLITE_DRIVERS or parsed.query:
        raise UsageError(
            f"A {parsed.drivername} database URL of this form is not supported; write {_URLS}, "
            "without a driver, and for SQLite without options."
        )
    if parsed.database in {None, "", ":memory:"}:
        raise UsageError("The database URL names no file; write sqlite:////absolute/path.db.")
    path = root / str(parsed.database)
    return SqliteLocation(path, path.parent / f"{path.name}-bells")
