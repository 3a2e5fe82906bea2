"""The registry's records: the statements that read them, and how a row becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, func, select

from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import InstanceRecord, RunCounts
from orchestrator.store.database import database_now
from orchestrator.store.schema import from_milliseconds, orchestrators, plans

_STATUSES = {status.value: status for status in RunStatus}


def select_records() -> Select[Any]:
    """The columns of `record_of`, in its order."""
    run = orchestrators.c
    return select(
        run.id,
        run.project,
        run.checkout,
        run.plan_name,
        run.plan_path,
        run.worktree_path,
        run.host,
        run.pid,
        run.pid_started,
        run.agent,
        run.status,
        run.started_at,
        run.ended_at,
        run.last_heartbeat,
        # One that no longer owns its plan has no lease: it ended with the last sign of life.
        func.coalesce(plans.c.lease_until, run.last_heartbeat).label("lease_until"),
        database_now().label("database_now"),
        run.epoch,
        run.next_seq,
        run.progress_percent,
        run.unchecked,
        run.stale,
        run.total_tasks,
        run.completed,
        run.pruned_at,
    ).select_from(
        orchestrators.outerjoin(
            plans,
            and_(
                plans.c.project == run.project,
                plans.c.checkout == run.checkout,
                plans.c.path == run.plan_path,
                plans.c.owner == run.id,
            ),
        )
    )


def _select_latest_of_plans() -> Select[Any]:
    """One look into the index for each plan, however many runs there are: every claim enters its plan."""
    run = orchestrators.alias("run")
    latest = (
        select(run.c.position)
        .where(
            run.c.project == plans.c.project,
            run.c.checkout == plans.c.checkout,
            run.c.plan_path == plans.c.path,
            run.c.next_seq > 1,
        )
        .order_by(run.c.position.desc())
        .limit(1)
        .correlate(plans)
        .scalar_subquery()
    )
    of_checkout = select(latest).where(
        plans.c.project == bindparam("project"), plans.c.checkout == bindparam("checkout")
    )
    return select_records().where(orchestrators.c.position.in_(of_checkout))


# Made once: to build such a statement takes several times as long as to run it.
ONE = select_records().where(orchestrators.c.id == bindparam("id"))
ALL = select_records().order_by(orchestrators.c.position.desc()).limit(bindparam("most", type_=Integer()))
LIVE = ALL.where(orchestrators.c.ended_at.is_(None))
LATEST = (
    select_records()
    .where(
        orchestrators.c.project == bindparam("project"),
        orchestrators.c.checkout == bindparam("checkout"),
        orchestrators.c.plan_path == bindparam("path"),
        orchestrators.c.next_seq > 1,
    )
    .order_by(orchestrators.c.position.desc())
    .limit(1)
)
LATEST_OF_PLANS = _select_latest_of_plans()


def record_of(row: Sequence[Any]) -> InstanceRecord:
    """The record that a row of `select_records` holds."""
    # By place, since a look-up by name for each of two dozen columns takes longer than the query.
    (
        instance_id,
        project,
        checkout,
        plan_name,
        plan_path,
        worktree_path,
        host,
        pid,
        pid_started,
        agent,
        status,
        started_at,
        ended_at,
        last_heartbeat,
        lease_until,
        now,
        epoch,
        next_seq,
        *counts,
        pruned_at,
    ) = row
    return InstanceRecord(
        id=instance_id,
        project=project,
        checkout=checkout,
        plan_name=plan_name,
        plan_path=plan_path,
        worktree_path=worktree_path,
        host=host,
        pid=pid,
        pid_started=pid_started,
        agent=agent,
        status=_STATUSES[status],
        started_at=from_milliseconds(started_at),
        ended_at=None if ended_at is None else from_milliseconds(ended_at),
        last_heartbeat=from_milliseconds(last_heartbeat),
        lease_until=from_milliseconds(lease_until),
        database_now=from_milliseconds(now),
        epoch=epoch,
        seq=next_seq - 1,
        counts=RunCounts(*counts),
        pruned_at=None if pruned_at is None else from_milliseconds(pruned_at),
    )
