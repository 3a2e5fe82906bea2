"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create everything."""
    _create_registry()
    _create_log()
    _create_commands()
    _create_artifacts()


def _create_registry() -> None:
    op.create_table(
        "plans",
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("owner", sa.String(128)),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "path", name="pk_plans"),
    )
    op.create_table(
        "orchestrators",
        sa.Column("position", _POSITION, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("plan_name", sa.Text, nullable=False),
        sa.Column("plan_path", sa.Text, nullable=False),
        sa.Column("worktree_path", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("pid_started", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("last_heartbeat", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("next_seq", sa.BigInteger, nullable=False),
        sa.Column("progress_percent", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_orchestrators"),
        sa.UniqueConstraint("id", name="uq_orchestrators_id"),
    )
    op.create_index(
        "ix_orchestrators_project_plan_path_position", "orchestrators", ["project", "plan_path", "position"]
    )


def _create_log() -> None:
    op.create_table(
        "events",
        sa.Column("instance_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "seq", name="pk_events"),
        sa.ForeignKeyConstraint(["instance_id"], ["orchestrators.id"], name="fk_events_instance_id"),
    )


def _create_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("position", _POSITION, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("instance_id", sa.String(128), nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("args", sa.JSON, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("seq", sa.BigInteger),
        sa.Column("submitted_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("position", name="pk_commands"),
        sa.UniqueConstraint("id", name="uq_commands_id"),
        sa.UniqueConstraint("instance_id", "idempotency_key", name="uq_commands_instance_id_idempotency_key"),
        sa.ForeignKeyConstraint(["instance_id"], ["orchestrators.id"], name="fk_commands_instance_id"),
    )
    op.create_index(
        "ix_commands_instance_id_state_position", "commands", ["instance_id", "state", "position"]
    )


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("instance_id", sa.String(128), nullable=False),
        sa.Column("task_id", sa.String(64), nullable=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "task_id", "attempt", "name", name="pk_artifacts"),
        sa.ForeignKeyConstraint(["instance_id"], ["orchestrators.id"], name="fk_artifacts_instance_id"),
    )
