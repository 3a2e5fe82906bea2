"""The tables. Times are integers since 1970 in UTC, with their unit in the column's comment or name.

A change here needs a revision in `migrations`; a test compares the two.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from orchestrator.domain.events import EPOCH

INTEGER_MAX = 2**63 - 1
_MILLISECOND = timedelta(milliseconds=1)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite counts by itself only in a column that is declared INTEGER PRIMARY KEY.
_Position = BigInteger().with_variant(Integer(), "sqlite")

plans = Table(
    "plans",
    metadata,
    Column("project", Text, nullable=False, comment="the project's id"),
    Column("checkout", Text, nullable=False, server_default="", comment="empty for the main one"),
    Column("path", Text, nullable=False),
    Column("owner", String(128)),
    Column("epoch", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False, comment="milliseconds, by the database's clock"),
    PrimaryKeyConstraint("project", "checkout", "path"),
)

orchestrators = Table(
    "orchestrators",
    metadata,
    Column("position", _Position, primary_key=True, autoincrement=True),
    Column("id", String(128), nullable=False),
    Column("project", Text, nullable=False, comment="the project's id"),
    Column("checkout", Text, nullable=False, server_default="", comment="empty for the main one"),
    Column("plan_name", Text, nullable=False),
    Column("plan_path", Text, nullable=False),
    Column("worktree_path", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("pid_started", Text, nullable=False),
    Column("agent", Text),
    Column("status", String(16), nullable=False),
    Column("started_at", BigInteger, nullable=False, comment="milliseconds, by the database's clock"),
    Column("ended_at", BigInteger, comment="milliseconds, by the database's clock"),
    Column("last_heartbeat", BigInteger, nullable=False, comment="milliseconds, by the database's clock"),
    Column("epoch", BigInteger, nullable=False),
    Column("next_seq", BigInteger, nullable=False),
    Column("progress_percent", Float, nullable=False),
    Column("pruned_at", BigInteger, comment="milliseconds, by the database's clock"),
    Column("unchecked", Integer, nullable=False, server_default="0"),
    Column("stale", Integer, nullable=False, server_default="0"),
    Column("total_tasks", Integer, nullable=False, server_default="0", comment="0: not counted"),
    Column("completed", Integer, nullable=False, server_default="0"),
    UniqueConstraint("id"),
    Index(None, "project", "checkout", "plan_path", "position"),
)

events = Table(
    "events",
    metadata,
    Column("instance_id", String(128), ForeignKey(orchestrators.c.id), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", String(64), nullable=False),
    Column("timestamp", BigInteger, nullable=False, comment="microseconds, by the writer's clock"),
    Column("body", Text, nullable=False, comment="the JSON of the event's data"),
    PrimaryKeyConstraint("instance_id", "seq"),
)

commands = Table(
    "commands",
    metadata,
    Column("position", _Position, primary_key=True, autoincrement=True),
    Column("id", String(128), nullable=False),
    Column("instance_id", String(128), ForeignKey(orchestrators.c.id), nullable=False),
    Column("idempotency_key", Text),
    Column("name", String(64), nullable=False),
    Column("args", JSON, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("code", Text),
    Column("seq", BigInteger),
    Column("submitted_at", BigInteger, nullable=False, comment="milliseconds, by the database's clock"),
    Column("settled_at", BigInteger, comment="milliseconds, by the database's clock"),
    UniqueConstraint("id"),
    UniqueConstraint("instance_id", "idempotency_key"),
    Index(None, "instance_id", "state", "position"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("instance_id", String(128), ForeignKey(orchestrators.c.id), nullable=False),
    Column("task_id", String(64), nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("instance_id", "task_id", "attempt", "name"),
)


def from_milliseconds(count: int) -> datetime:
    """The moment that a column in milliseconds holds."""
    return EPOCH + count * _MILLISECOND
