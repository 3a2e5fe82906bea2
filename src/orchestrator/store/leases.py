"""The right to write for a plan: every write asks here first, in its own transaction."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select

from orchestrator.domain.errors import LeaseLost
from orchestrator.engine.records import Lease, PlanKey
from orchestrator.store.database import database_now
from orchestrator.store.prepared import Prepared
from orchestrator.store.schema import plans


def lease_lost(lease: Lease) -> LeaseLost:
    """The error for a lease that another orchestrator has taken over, or that was given back."""
    return LeaseLost(
        f"{lease.instance_id} no longer holds the lease of {lease.plan_path} (epoch {lease.epoch}): "
        "another orchestrator took it over, or this one was declared dead. It must stop."
    )


def is_plan(plan: PlanKey) -> ColumnElement[bool]:
    """The condition on `plans` that it is this plan."""
    return and_(plans.c.project == plan.project, plans.c.checkout == plan.checkout, plans.c.path == plan.path)


def holds(lease: Lease) -> ColumnElement[bool]:
    """The condition on `plans` that the lease is still the current one, expired or not."""
    return and_(
        is_plan(lease.plan_key),
        plans.c.owner == lease.instance_id,
        plans.c.epoch == lease.epoch,
    )


def is_over(until: ColumnElement[int], lease_milliseconds: int) -> ColumnElement[bool]:
    """The condition that a lease has run out, or ends so late that the clock has been set back since.

    Its owner, if it lives, renews it by the new clock within a third of its length.
    """
    now = database_now()
    return or_(until <= now, until > now + 2 * lease_milliseconds)


# The shared lock is for databases with more than one writer; SQLite has no need and no word for it.
_HELD = Prepared(
    select(plans.c.epoch)
    .where(
        plans.c.project == bindparam("project"),
        plans.c.checkout == bindparam("checkout"),
        plans.c.path == bindparam("plan_path"),
        plans.c.owner == bindparam("instance_id"),
        plans.c.epoch == bindparam("epoch"),
    )
    .with_for_update(read=True)
)


def check_lease(connection: Connection, lease: Lease) -> None:
    """Raise LeaseLost unless the lease is current, and keep it so until the transaction ends."""
    values = {
        "project": lease.project,
        "checkout": lease.checkout,
        "plan_path": lease.plan_path,
        "instance_id": lease.instance_id,
        "epoch": lease.epoch,
    }
    if not _HELD.fetch(connection, values):
        raise lease_lost(lease)
