"""A project is known by an id, and each of its checkouts has leases and a history of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the checkout; what was written before belongs to the main one."""
    with op.batch_alter_table("plans") as plans:
        plans.add_column(sa.Column("checkout", sa.Text, nullable=False, server_default=""))
        plans.drop_constraint("pk_plans", type_="primary")
        plans.create_primary_key("pk_plans", ["project", "checkout", "path"])
    op.drop_index("ix_orchestrators_project_plan_path_position", "orchestrators")
    op.add_column("orchestrators", sa.Column("checkout", sa.Text, nullable=False, server_default=""))
    op.create_index(
        "ix_orchestrators_project_checkout_plan_path_position",
        "orchestrators",
        ["project", "checkout", "plan_path", "position"],
    )
