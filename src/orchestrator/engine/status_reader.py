"""Status of any orchestrator of any process, now or at any `seq`: folded from its log and kept up to date."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta

from orchestrator.domain.commands import CommandRecord
from orchestrator.domain.errors import InstancePruned, SeqOutOfRange
from orchestrator.domain.projection import orchestrator_status
from orchestrator.domain.run_state import RunState, fold
from orchestrator.domain.status import OrchestratorInfo, OrchestratorStatus
from orchestrator.engine.folded_states import FoldedStates
from orchestrator.engine.ports import (
    EVENT_PAGE_MAX,
    LEASE_SECONDS,
    RENEW_SECONDS,
    CommandQueue,
    EventLog,
    InstanceRegistry,
)
from orchestrator.engine.records import InstanceRecord

KEPT_LOGS_MAX = 64
LONG_FOLD_EVENTS = 20_000
LONG_FOLDS_MAX = 2
"""How many long folds are at work at a time: each takes the processor from all who wait for an answer."""


class StatusReader:
    """Folds logs. The states of those used last are kept, so that a further look reads only what is new."""

    def __init__(self, registry: InstanceRegistry, log: EventLog, commands: CommandQueue) -> None:
        self._registry = registry
        self._log = log
        self._commands = commands
        self._known: OrderedDict[str, FoldedStates] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}
        self._long_folds = asyncio.Semaphore(LONG_FOLDS_MAX)

    async def state(self, instance_id: str, at_seq: int | None = None) -> RunState:
        """The state now, or as it was right after entry `at_seq`.

        Raises InstanceNotFound, InstancePruned, and SeqOutOfRange for an `at_seq` that the log does not have.
        """
        record = await self._registry.get(instance_id)
        refuse_pruned(record.id, record.pruned_at)
        if at_seq is not None and not 1 <= at_seq <= record.seq:
            raise SeqOutOfRange(f"at_seq must be from 1 to {record.seq}, the end of this log; got {at_seq}.")
        known = self._known.get(instance_id)
        if known is not None and known.latest.seq == (record.seq if at_seq is None else at_seq):
            return known.latest
        # Who asks for the same log meanwhile goes on from what this look has folded.
        async with self._locks.setdefault(instance_id, asyncio.Lock()):
            known = self._kept(instance_id)
            if (at_seq or record.seq) - known.before(at_seq).seq < LONG_FOLD_EVENTS:
                return await self._folded(instance_id, known, at_seq)
            async with self._long_folds:
                return await self._folded(instance_id, known, at_seq)

    async def status(self, instance_id: str, at_seq: int | None = None) -> OrchestratorStatus:
        """The status on the wire; that of `at_seq` without what is kept since. Raises as `state` does."""
        state = await self.state(instance_id, at_seq)
        kept = await self.kept_commands(instance_id, state) if at_seq is None else ()
        return orchestrator_status(state, instance_id, kept)

    async def kept_commands(self, instance_id: str, state: RunState) -> tuple[CommandRecord, ...]:
        """The commands that this run was sent after its end and that its plan's next run begins with.

        `state` is the run's latest. Raises InstanceNotFound.
        """
        if not state.status.has_ended:
            return ()
        record = await self._registry.get(instance_id)
        found = await self._commands.kept(record.plan_key)
        return tuple(command for command in found if command.instance_id == instance_id)

    def _kept(self, instance_id: str) -> FoldedStates:
        known = self._known.setdefault(instance_id, FoldedStates())
        self._known.move_to_end(instance_id)
        while len(self._known) > KEPT_LOGS_MAX:
            dropped, _ = self._known.popitem(last=False)
            self._locks.pop(dropped, None)
        return known

    async def _folded(self, instance_id: str, known: FoldedStates, up_to: int | None) -> RunState:
        state = known.before(up_to)
        while up_to is None or state.seq < up_to:
            limit = EVENT_PAGE_MAX if up_to is None else min(EVENT_PAGE_MAX, up_to - state.seq)
            page = await self._log.read(instance_id, after=state.seq, limit=limit)
            state = fold(page, state)
            known.keep(state)
            if len(page) < limit:
                break
        return state


def refuse_pruned(instance_id: str, pruned_at: datetime | None) -> None:
    """Raise InstancePruned for a run of which only its line in the history is left."""
    if pruned_at is not None:
        raise InstancePruned(
            f"{instance_id} was pruned on {pruned_at:%Y-%m-%d}; its log and outputs are gone."
        )


def stale_after(record: InstanceRecord) -> datetime:
    """The moment, in the database's time, after which a run that shows no sign of life is called stale."""
    return record.last_heartbeat + timedelta(seconds=min(2 * RENEW_SECONDS, LEASE_SECONDS))


def orchestrator_info(record: InstanceRecord) -> OrchestratorInfo:
    """A registry record as it stands in a list."""
    ended = record.status.has_ended
    return OrchestratorInfo(
        id=record.id,
        plan_name=record.plan_name,
        plan_path=record.plan_path,
        project=record.project,
        checkout=record.checkout or None,
        host=record.host,
        pid=record.pid,
        worktree_path=record.worktree_path,
        agent=record.agent,
        status=record.status,
        started_at=record.started_at,
        ended_at=record.ended_at,
        last_heartbeat=record.last_heartbeat,
        is_alive=not ended and record.lease_until > record.database_now,
        is_stale=not ended and record.database_now > stale_after(record),
        seq=record.seq,
        progress_percent=record.counts.progress_percent,
        unchecked=record.counts.unchecked,
        stale=record.counts.stale,
        pruned_at=record.pruned_at,
    )
