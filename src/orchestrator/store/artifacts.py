"""What tasks leave behind, in the database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from orchestrator.domain.errors import StorageError
from orchestrator.engine.records import Artifact, Lease
from orchestrator.store.leases import check_lease
from orchestrator.store.names import is_plain_id
from orchestrator.store.schema import INTEGER_MAX, artifacts
from orchestrator.store.transactions import Transactions

ARTIFACT_BYTES_MAX = 16 * 1024 * 1024


class SqlArtifactStore:
    """The ArtifactStore port."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def put(self, lease: Lease, artifact: Artifact) -> None:
        """Keep it; the same task, attempt and name again replaces it.

        Raises LeaseLost, and StorageError for one above ARTIFACT_BYTES_MAX.
        """
        check_size(artifact)
        await self._transactions.write(lambda c: put(c, lease, artifact), rings=False)

    async def get(self, instance_id: str, task_id: str, attempt: int, name: str) -> Artifact | None:
        """The artifact, or None."""
        if not (is_plain_id(instance_id) and is_plain_id(task_id) and 0 <= attempt <= INTEGER_MAX):
            return None
        query = select(artifacts.c.media_type, artifacts.c.content).where(
            _key(instance_id, task_id, attempt, name)
        )
        row = await self._transactions.read(lambda c: c.execute(query).first())
        return None if row is None else Artifact(task_id, attempt, name, row.media_type, row.content)


def check_size(artifact: Artifact) -> None:
    """Raise StorageError for an artifact that is too large to be kept in a database."""
    if len(artifact.content) > ARTIFACT_BYTES_MAX:
        raise StorageError(
            f"The artifact {artifact.name} of task {artifact.task_id} has {len(artifact.content)} bytes; "
            f"at most {ARTIFACT_BYTES_MAX} are kept. Write it to a file instead."
        )


def _key(instance_id: str, task_id: str, attempt: int, name: str) -> ColumnElement[bool]:
    return and_(
        artifacts.c.instance_id == instance_id,
        artifacts.c.task_id == task_id,
        artifacts.c.attempt == attempt,
        artifacts.c.name == name,
    )


def put(connection: Connection, lease: Lease, artifact: Artifact) -> None:
    """Store the artifact in place of one with the same key."""
    check_lease(connection, lease)
    connection.execute(
        delete(artifacts).where(_key(lease.instance_id, artifact.task_id, artifact.attempt, artifact.name))
    )
    connection.execute(
        insert(artifacts).values(
            instance_id=lease.instance_id,
            task_id=artifact.task_id,
            attempt=artifact.attempt,
            name=artifact.name,
            media_type=artifact.media_type,
            content=artifact.content,
        )
    )
