"""The event log in the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    insert,
    literal,
    or_,
    select,
    update,
)

from orchestrator.domain.commands import CommandState
from orchestrator.domain.events import CommandSettled, NewEvent, StoredEvent, ends_run
from orchestrator.engine.ports import EVENT_PAGE_MAX
from orchestrator.engine.records import Lease, RunCounts
from orchestrator.store.database import database_now, encoded
from orchestrator.store.entries import (
    Entry,
    OpenCommand,
    entries_of,
    last_status,
    with_expired_commands,
)
from orchestrator.store.leases import check_lease
from orchestrator.store.names import is_plain_id
from orchestrator.store.prepared import Prepared
from orchestrator.store.schema import INTEGER_MAX, commands, events, orchestrators, plans
from orchestrator.store.transactions import Transactions

APPEND_MAX = 1_000
"""How many events of concurrent appends are at most put into one statement."""

_TAKE_NUMBERS = Prepared(
    update(orchestrators)
    .where(orchestrators.c.id == bindparam("instance_id"))
    .values(next_seq=orchestrators.c.next_seq + bindparam("count"))
    .returning(orchestrators.c.next_seq)
)
_INSERT = Prepared(insert(events))


def _page(
    instance_id: ColumnElement[str], after: ColumnElement[int], limit: int | ColumnElement[int]
) -> Select[Any]:
    """The columns are the fields of a StoredEvent."""
    return (
        select(
            events.c.instance_id,
            events.c.seq,
            events.c.type,
            events.c.timestamp,
            encoded(events.c.body),
        )
        .where(events.c.instance_id == instance_id, events.c.seq > after)
        .order_by(events.c.seq)
        .limit(limit)
    )


_PAGE = Prepared(_page(bindparam("instance_id"), bindparam("after"), bindparam("limit", type_=BigInteger())))


@dataclass(slots=True)
class _Batch:
    """Appends of one lease that will share a transaction."""

    loop: asyncio.AbstractEventLoop
    entries: list[Entry] = field(default_factory=list)
    counts: RunCounts | None = None
    written: asyncio.Future[list[StoredEvent]] = field(init=False)

    def takes(self, count: int) -> bool:
        """Whether `count` entries more may come along."""
        is_full = len(self.entries) + count > APPEND_MAX
        return not is_full and not self.written.done() and self.loop is asyncio.get_running_loop()


class SqlEventLog:
    """The EventLog port. Appends of one lease that wait for the same commit become one statement."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._lock = threading.Lock()
        self._waiting: dict[Lease, _Batch] = {}

    async def append(
        self, lease: Lease, events: Sequence[NewEvent], *, counts: RunCounts | None = None
    ) -> list[StoredEvent]:
        """Store the events durably, all or none, and give them their `seq`; raises LeaseLost."""
        if not events and counts is None:
            return []
        entries = entries_of(events)
        batch, start = self._join(lease, entries, counts)
        stored = await asyncio.shield(batch.written)
        return stored[start : start + len(entries)]

    def _join(self, lease: Lease, entries: list[Entry], counts: RunCounts | None) -> tuple[_Batch, int]:
        with self._lock:
            batch = self._waiting.get(lease)
            if batch is None or not batch.takes(len(entries)):
                batch = self._waiting[lease] = self._begin(lease)
            start = len(batch.entries)
            batch.entries += entries
            if counts is not None:
                batch.counts = counts
            if any(ends_run(entry.event) for entry in entries):
                # What comes after the end must fail, so it must not come along.
                del self._waiting[lease]
            return batch, start

    def _begin(self, lease: Lease) -> _Batch:
        batch = _Batch(asyncio.get_running_loop())
        future = self._transactions.submit(lambda connection: self._write(connection, lease, batch))
        batch.written = asyncio.wrap_future(future)
        return batch

    def _write(self, connection: Connection, lease: Lease, batch: _Batch) -> list[StoredEvent]:
        with self._lock:
            if self._waiting.get(lease) is batch:
                del self._waiting[lease]
        check_lease(connection, lease)
        return write_entries(connection, lease.instance_id, batch.entries, batch.counts)

    async def read(
        self,
        instance_id: str,
        after: int = 0,
        limit: int = EVENT_PAGE_MAX,
        types: Collection[str] | None = None,
    ) -> list[StoredEvent]:
        """The entries with `seq` above `after`, in order; empty past the end or for an unknown id."""
        limit = min(limit, EVENT_PAGE_MAX)
        if limit < 1 or after >= INTEGER_MAX or not is_plain_id(instance_id):
            return []
        return await self._transactions.read(
            lambda connection: read_entries(connection, instance_id, max(after, 0), limit, types)
        )


def write_entries(
    connection: Connection, instance_id: str, entries: Sequence[Entry], counts: RunCounts | None = None
) -> list[StoredEvent]:
    """Append the entries to a log that the caller may write to, with all that follows from them.

    Returns what was stored, without the receipts that the store itself has added.
    """
    changes: dict[str, Any] = {} if counts is None else counts._asdict()
    status = last_status(entries)
    if status is not None:
        changes["status"] = status.value
    has_ended = status is not None and any(ends_run(entry.event) for entry in entries)
    if has_ended:
        changes["ended_at"] = database_now()
        entries = with_expired_commands(entries, _open_commands(connection, instance_id))
    if changes:
        connection.execute(update(orchestrators).where(orchestrators.c.id == instance_id).values(changes))
    step = {"instance_id": instance_id, "count": len(entries)}
    [(following,)] = _TAKE_NUMBERS.fetch(connection, step)
    numbered = list(enumerate(entries, following - len(entries)))
    _insert(connection, instance_id, numbered)
    _settle_commands(connection, instance_id, numbered)
    if has_ended:
        connection.execute(
            update(plans).where(plans.c.owner == instance_id).values(owner=None, lease_until=0)
        )
    return [entry.stored(instance_id, seq) for seq, entry in numbered if not entry.is_own]


def _open_commands(connection: Connection, instance_id: str) -> list[OpenCommand]:
    # With this row locked no command can come in between.
    connection.execute(
        select(orchestrators.c.position).where(orchestrators.c.id == instance_id).with_for_update()
    )
    rows = connection.execute(
        select(commands.c.id, commands.c.name, commands.c.actor)
        .where(commands.c.instance_id == instance_id, commands.c.state == CommandState.SENT.value)
        .order_by(commands.c.position)
    )
    return [OpenCommand(*row) for row in rows]


def _insert(connection: Connection, instance_id: str, numbered: list[tuple[int, Entry]]) -> None:
    rows = [(instance_id, seq, entry.event.type, entry.time, entry.body) for seq, entry in numbered]
    if rows:
        _INSERT.run(connection, events.c.keys(), rows)


def _settle_commands(connection: Connection, instance_id: str, numbered: list[tuple[int, Entry]]) -> None:
    for seq, entry in numbered:
        receipt = entry.event
        if isinstance(receipt, CommandSettled):
            connection.execute(
                update(commands)
                .where(
                    commands.c.id == receipt.command_id,
                    or_(
                        and_(
                            commands.c.instance_id == instance_id,
                            commands.c.state == CommandState.SENT.value,
                        ),
                        commands.c.state == CommandState.KEPT.value,
                    ),
                )
                .values(
                    state=receipt.state.value,
                    reason=receipt.reason,
                    code=receipt.code,
                    seq=seq,
                    settled_at=database_now(),
                )
            )


def read_entries(
    connection: Connection, instance_id: str, after: int, limit: int, types: Collection[str] | None
) -> list[StoredEvent]:
    """One page of the log."""
    if types is None:
        values = {"instance_id": instance_id, "after": after, "limit": limit}
        rows: Iterable[Sequence[Any]] = _PAGE.fetch(connection, values)
    else:
        chosen = _page(literal(instance_id), literal(after), limit).where(events.c.type.in_(types))
        rows = connection.execute(chosen)
    return [StoredEvent(*row) for row in rows]
