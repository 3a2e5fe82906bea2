"""A run whose log was pruned stays as a line in the history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was pruned before."""
    op.add_column("orchestrators", sa.Column("pruned_at", sa.BigInteger))
