"""What runs take up in the database, and its removal in steps that hold nobody up.

A run that is pruned is marked first, in a transaction of its own. From then on nobody reads its log, so that
what is deleted afterwards, in as many transactions as it takes, is never seen as a hole. A process that is
killed in between leaves a marked run that has something left, which the next one finds and finishes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, func, literal, or_, select, tuple_, update

from orchestrator.engine.records import Amount, StoredRun
from orchestrator.store.database import database_now, encoded
from orchestrator.store.instance_records import record_of, select_records
from orchestrator.store.schema import artifacts, commands, events, orchestrators
from orchestrator.store.transactions import Transactions

BATCH_BYTES_MAX = 1024 * 1024
BATCH_ROWS_MAX = 500
"""What one transaction deletes at most; a single row may be larger."""

ROW_BYTES = 64
"""What a row takes besides its text or content, roughly."""

GiveBack = Callable[[Connection, int], int]


def keep_space(_connection: Connection, _bytes_max: int) -> int:
    """For a database that looks after its free space by itself."""
    return 0


class SqlRunStorage:
    """The RunStorage port. `give_back` makes the database's file smaller, by so many bytes at most."""

    def __init__(self, transactions: Transactions, give_back: GiveBack = keep_space) -> None:
        self._transactions = transactions
        self._give_back = give_back

    async def runs(self, project: str) -> list[StoredRun]:
        """All runs of a project, newest first."""
        mine = [
            exists().where(table.c.instance_id == orchestrators.c.id)
            for table in (events, commands, artifacts)
        ]
        query = (
            select_records()
            .add_columns(or_(*mine).label("has_contents"))
            .where(orchestrators.c.project == project)
            .order_by(orchestrators.c.position.desc())
        )
        rows = await self._transactions.read(lambda c: c.execute(query).all())
        return [StoredRun(record_of(row[:-1]), is_empty=not row.has_contents) for row in rows]

    async def size(self, instance_id: str, kept: Collection[tuple[str, int]]) -> Amount:
        """What `remove` would delete."""
        return await self._transactions.read(lambda c: _size(c, instance_id, kept))

    async def mark_pruned(self, instance_id: str) -> bool:
        """Let the run be a line in the history; False for one that must stay."""
        return await self._transactions.write(lambda c: _mark(c, instance_id))

    async def remove(self, instance_id: str, kept: Collection[tuple[str, int]]) -> AsyncIterator[Amount]:
        """Delete what a pruned run has left; yields what each transaction has deleted."""
        for table, key in ((events, "seq"), (commands, "position")):
            while (amount := await self._remove_rows(table, key, instance_id)).items:
                yield amount
        found = await self._transactions.read(lambda c: _artifacts(c, instance_id, kept))
        for batch in _batches(found):
            await self._transactions.write(_delete_artifacts(instance_id, batch), rings=False)
            yield Amount(len(batch), _bytes(batch))

    async def _remove_rows(self, table: Table, key: str, instance_id: str) -> Amount:
        work = _delete_first(table, key, instance_id)
        return await self._transactions.write(work, rings=False)

    async def give_back(self, bytes_max: int) -> int:
        """Make the database's file smaller; returns by how many bytes, 0 once there is nothing more to do."""
        return await self._transactions.write(lambda c: self._give_back(c, bytes_max), rings=False)


def _mark(connection: Connection, instance_id: str) -> bool:
    later = orchestrators.alias("later")
    is_followed = exists().where(
        later.c.project == orchestrators.c.project,
        later.c.checkout == orchestrators.c.checkout,
        later.c.plan_path == orchestrators.c.plan_path,
        later.c.position > orchestrators.c.position,
        later.c.next_seq > 1,
    )
    marked = connection.execute(
        update(orchestrators)
        .where(
            orchestrators.c.id == instance_id,
            orchestrators.c.ended_at.is_not(None),
            orchestrators.c.pruned_at.is_(None),
            is_followed,
        )
        .values(pruned_at=database_now())
        .returning(orchestrators.c.id)
    )
    return marked.first() is not None


def _size(connection: Connection, instance_id: str, kept: Collection[tuple[str, int]]) -> Amount:
    in_log = connection.execute(
        select(func.count(), func.coalesce(func.sum(_length(events.c.body)), 0)).where(
            events.c.instance_id == instance_id
        )
    ).one()
    asked = connection.execute(select(func.count()).where(commands.c.instance_id == instance_id)).scalar_one()
    left = _artifacts(connection, instance_id, kept)
    rows = int(in_log[0]) + int(asked)
    return Amount(rows + len(left), int(in_log[1]) + rows * ROW_BYTES + _bytes(left))


def _length(column: Any) -> Any:
    """The bytes of a text: `length` counts characters."""
    return func.length(encoded(column))


ArtifactSize = tuple[tuple[str, int, str], int]


def _artifacts(
    connection: Connection, instance_id: str, kept: Collection[tuple[str, int]]
) -> list[ArtifactSize]:
    """The keys and sizes of the run's artifacts, without those of the attempts that stay."""
    columns = artifacts.c
    rows = connection.execute(
        select(columns.task_id, columns.attempt, columns.name, func.length(columns.content)).where(
            columns.instance_id == instance_id
        )
    )
    return [
        ((task_id, attempt, name), int(size))
        for task_id, attempt, name, size in rows
        if (task_id, attempt) not in kept
    ]


def _bytes(found: Sequence[ArtifactSize]) -> int:
    return sum(size + ROW_BYTES for _, size in found)


def _batches(found: Sequence[ArtifactSize]) -> list[list[ArtifactSize]]:
    batches: list[list[ArtifactSize]] = []
    room = 0
    for one in found:
        if not batches or one[1] > room or len(batches[-1]) >= BATCH_ROWS_MAX:
            batches.append([])
            room = BATCH_BYTES_MAX
        batches[-1].append(one)
        room = max(room - one[1], 0)
    return batches


def _delete_artifacts(instance_id: str, batch: Sequence[ArtifactSize]) -> Callable[[Connection], None]:
    key = tuple_(artifacts.c.task_id, artifacts.c.attempt, artifacts.c.name)
    mine = key.in_([name for name, _ in batch])

    def work(connection: Connection) -> None:
        connection.execute(delete(artifacts).where(artifacts.c.instance_id == instance_id, mine))

    return work


def _delete_first(table: Table, key: str, instance_id: str) -> Callable[[Connection], Amount]:
    """Deletes the first rows of a run, as many as may go at once."""
    column = table.c[key]
    size_of = _length(events.c.body) if table is events else literal(0)

    def work(connection: Connection) -> Amount:
        rows = connection.execute(
            select(column, size_of)
            .where(table.c.instance_id == instance_id)
            .order_by(column)
            .limit(BATCH_ROWS_MAX)
        )
        last, count, total = None, 0, 0
        for position, size in rows.all():
            if count and total + size > BATCH_BYTES_MAX:
                break
            last, count, total = position, count + 1, total + int(size) + ROW_BYTES
        if last is not None:
            connection.execute(delete(table).where(table.c.instance_id == instance_id, column <= last))
        return Amount(count, total)

    return work
