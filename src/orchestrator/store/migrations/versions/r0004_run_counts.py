"""Lists of runs say how many tasks are completed without a check, and how many for an earlier wording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs of before count none: what they checked was not recorded."""
    for name in ("unchecked", "stale"):
        op.add_column("orchestrators", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
