"""The registry says how many tasks a run has and how many are completed, so that lists fold no log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Earlier runs get no counts; they are worked out from their logs when they are needed."""
    op.add_column(
        "orchestrators",
        sa.Column("total_tasks", sa.Integer, nullable=False, server_default="0", comment="0: not counted"),
    )
    op.add_column("orchestrators", sa.Column("completed", sa.Integer, nullable=False, server_default="0"))
