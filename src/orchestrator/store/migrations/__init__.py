"""Brings a database to the schema of this version, from within the program: there is no ini file."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from orchestrator.domain.errors import StorageError
from orchestrator.store.failures import storage_errors
from orchestrator.store.postgresql import MIGRATION_LOCK

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every revision in `versions`, oldest first; a test holds them against each other."""


def migrate(writer: Engine, reader: Engine, place: Path | str) -> None:
    """Create or upgrade the schema. Processes that come at once wait for the first of them.

    Raises StorageError, also for a database that a newer version has written.
    """
    with storage_errors(place):
        with reader.begin() as connection:
            if _revision(connection, place) == REVISIONS[-1]:
                return
        with writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                # SQLite's write lock is taken already; here it needs a word.
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            # Looked at again: another process may have been first.
            if _revision(connection, place) != REVISIONS[-1]:
                upgrade(connection)


def _revision(connection: Connection, place: Path | str) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in REVISIONS:
        raise StorageError(
            f"{place}: a newer version of Plan Orchestrator has written this database (revision {found}, "
            f"known here up to {REVISIONS[-1]}); install that version, or name another database."
        )
    return found


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to `revision`, in the connection's transaction."""
    # Imported here because almost no start needs it, and it takes a while.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
