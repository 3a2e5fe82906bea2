"""The registry of orchestrators and the leases of their plans in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    insert,
    not_,
    or_,
    select,
    update,
)

from orchestrator.domain.errors import InstanceNotFound, PlanOwned, UsageError
from orchestrator.domain.events import NewEvent
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.ports import LEASE_SECONDS
from orchestrator.engine.records import InstanceRecord, Lease, NewInstance, PlanKey, RunCounts
from orchestrator.store.database import database_now, insert_if_absent
from orchestrator.store.entries import Entry, check_burial, entries_of
from orchestrator.store.event_log import write_entries
from orchestrator.store.instance_records import ALL, LATEST, LATEST_OF_PLANS, LIVE, ONE, record_of
from orchestrator.store.leases import holds, is_over, is_plan, lease_lost
from orchestrator.store.names import is_plain_id
from orchestrator.store.schema import from_milliseconds, orchestrators, plans
from orchestrator.store.transactions import Transactions

INSTANCES_MAX = 1_000


class SqlInstanceRegistry:
    """The InstanceRegistry port."""

    def __init__(self, transactions: Transactions, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._transactions = transactions
        self._lease_milliseconds = round(lease_seconds * 1000)

    async def claim(self, new: NewInstance) -> Lease:
        """Register the instance and take its plan's lease; raises PlanOwned while it is held."""
        check_new(new)
        return await self._transactions.write(lambda c: claim(c, new, self._lease_milliseconds))

    async def renew(self, lease: Lease) -> None:
        """Hold the lease longer; raises LeaseLost when it was taken over."""
        await self._transactions.write(lambda c: renew(c, lease, self._lease_milliseconds), rings=False)

    async def bury(self, record: InstanceRecord, events: Sequence[NewEvent], *, force: bool) -> bool:
        """Append a dead instance's last events and free its plan; False when another did it first.

        Without `force` also False when it still lives or has written since `record` was read.
        """
        check_burial(events)
        entries, lease = entries_of(events), self._lease_milliseconds
        return await self._transactions.write(lambda c: bury(c, record, entries, lease, force=force))

    async def get(self, instance_id: str) -> InstanceRecord:
        """Raises InstanceNotFound."""
        if not is_plain_id(instance_id):
            raise instance_not_found(instance_id)
        row = await self._transactions.read(lambda c: c.execute(ONE, {"id": instance_id}).first())
        if row is None:
            raise instance_not_found(instance_id)
        return self._record(row)

    async def list(self, *, live_only: bool = False, limit: int = INSTANCES_MAX) -> list[InstanceRecord]:
        """Newest first; with `live_only`, those that have not ended."""
        query, most = LIVE if live_only else ALL, {"most": min(max(limit, 0), INSTANCES_MAX)}
        rows = await self._transactions.read(lambda c: c.execute(query, most).all())
        return [self._record(row) for row in rows]

    async def latest(self, plan: PlanKey) -> InstanceRecord | None:
        """The instance of this plan that was registered last, of those whose log has begun."""
        row = await self._transactions.read(lambda c: c.execute(LATEST, asdict(plan)).first())
        return None if row is None else self._record(row)

    async def latest_of_plans(self, project: str, checkout: str) -> Mapping[str, InstanceRecord]:
        """What `latest` gives for every plan of this checkout that has it, by the plan's path."""
        of_checkout = {"project": project, "checkout": checkout}
        rows = await self._transactions.read(lambda c: c.execute(LATEST_OF_PLANS, of_checkout).all())
        return {row.plan_path: self._record(row) for row in rows}

    def _record(self, row: Row[Any]) -> InstanceRecord:
        record = record_of(row)
        if record.lease_until - record.database_now > timedelta(milliseconds=2 * self._lease_milliseconds):
            # The clock has been set back since: see `is_over`.
            return record._replace(lease_until=record.database_now)
        return record


def check_new(new: NewInstance) -> None:
    """Raise UsageError for an id that cannot be looked up later."""
    if not is_plain_id(new.id):
        raise UsageError(f"{new.id!r} cannot be the id of an orchestrator.")


def instance_not_found(instance_id: str) -> InstanceNotFound:
    """The error for an id that is not in the registry."""
    return InstanceNotFound(
        f"There is no orchestrator {instance_id[:80]!r}; `orchestrator list --all` shows all of them."
    )


def id_taken(instance_id: str) -> UsageError:
    """The error for an id that is in the registry already."""
    return UsageError(f"{instance_id} is the id of another orchestrator already.")


def plan_owned(plan_path: str, owner: str, lease_until: datetime) -> PlanOwned:
    """The error for a plan that another orchestrator works on."""
    return PlanOwned(
        f"{owner} is working on {plan_path} (its lease runs until {lease_until:%H:%M:%S} UTC); "
        "shut it down first, or wait until it has ended.",
        owner=owner,
        lease_until=lease_until,
    )


def claim(connection: Connection, new: NewInstance, lease_milliseconds: int) -> Lease:
    """Take the plan's lease, and register the instance with it."""
    if connection.execute(select(orchestrators.c.id).where(orchestrators.c.id == new.id)).first():
        raise id_taken(new.id)
    key = is_plan(new.plan_key)
    now = database_now()
    unowned = {**asdict(new.plan_key), "owner": None, "epoch": 0, "lease_until": 0}
    insert_if_absent(connection, plans, unowned)
    epoch = connection.execute(
        update(plans)
        .where(key, or_(plans.c.owner.is_(None), is_over(plans.c.lease_until, lease_milliseconds)))
        .values(owner=new.id, epoch=plans.c.epoch + 1, lease_until=now + lease_milliseconds)
        .returning(plans.c.epoch)
    ).scalar_one_or_none()
    if epoch is None:
        held = connection.execute(select(plans.c.owner, plans.c.lease_until).where(key)).one()
        raise plan_owned(new.plan_path, held.owner, from_milliseconds(held.lease_until))
    said = {field.name: getattr(new, field.name) for field in fields(new)}
    connection.execute(
        insert(orchestrators).values(
            status=RunStatus.STARTING.value,
            started_at=now,
            last_heartbeat=now,
            epoch=epoch,
            next_seq=1,
            **RunCounts()._asdict(),
            **said,
        )
    )
    return Lease(new.id, new.project, new.plan_path, epoch, new.checkout)


def renew(connection: Connection, lease: Lease, lease_milliseconds: int) -> None:
    """Move the lease's end; the epoch decides, so one that has merely expired can be renewed."""
    renewed = connection.execute(
        update(plans)
        .where(holds(lease))
        .values(lease_until=database_now() + lease_milliseconds)
        .returning(plans.c.epoch)
    ).first()
    if renewed is None:
        raise lease_lost(lease)
    connection.execute(
        update(orchestrators)
        .where(orchestrators.c.id == lease.instance_id)
        .values(last_heartbeat=database_now())
    )


def bury(
    connection: Connection,
    record: InstanceRecord,
    entries: Sequence[Entry],
    lease_milliseconds: int,
    *,
    force: bool,
) -> bool:
    """End an instance that cannot do it itself, unless it has ended or, without `force`, still lives."""
    is_live = not_(is_over(plans.c.lease_until, lease_milliseconds))
    held = connection.execute(
        select(is_live).where(plans.c.owner == record.id).with_for_update()
    ).scalar_one_or_none()
    found = connection.execute(
        select(orchestrators.c.ended_at, orchestrators.c.next_seq)
        .where(orchestrators.c.id == record.id)
        .with_for_update()
    ).one_or_none()
    if found is None or found.ended_at is not None:
        return False
    # One that has written since is slow, not dead, and `entries` do not follow from its log.
    if not force and (held or found.next_seq - 1 != record.seq):
        return False
    write_entries(connection, record.id, entries)
    return True
