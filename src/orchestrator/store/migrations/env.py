"""What alembic runs: all revisions in the transaction of the connection that it is given."""

from __future__ import annotations

from alembic import context

from orchestrator.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
