"""The database's ports in memory, for tests and for programs that need no durability. One event loop only.

The clock is a parameter, so that a test can let a lease expire without waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from orchestrator.domain.commands import Command, CommandRecord, CommandState
from orchestrator.domain.decisions import KEPT_MESSAGE
from orchestrator.domain.events import CommandSettled, NewEvent, StoredEvent, ends_run
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.ports import EVENT_PAGE_MAX, LEASE_SECONDS
from orchestrator.engine.records import Artifact, InstanceRecord, Lease, NewInstance, PlanKey, RunCounts
from orchestrator.store.artifacts import check_size
from orchestrator.store.command_queue import (
    KEY_MILLISECONDS,
    OPEN_COMMANDS_MAX,
    check_same,
    command_not_found,
    instance_ended,
    kept_already,
    may_be_kept,
)
from orchestrator.store.entries import (
    Clock,
    Entry,
    OpenCommand,
    check_burial,
    entries_of,
    last_status,
    utc_now,
    with_expired_commands,
)
from orchestrator.store.instance_registry import (
    INSTANCES_MAX,
    check_new,
    id_taken,
    instance_not_found,
    plan_owned,
)
from orchestrator.store.leases import lease_lost
from orchestrator.store.names import new_command_id
from orchestrator.store.wake_ups import WakeUps


@dataclass(slots=True)
class _PlanLease:
    owner: str | None = None
    epoch: int = 0
    until: datetime | None = None


@dataclass(slots=True)
class MemoryState:
    """What the adapters share. Each of their methods changes it without giving way to another."""

    clock: Clock = utc_now
    lease_seconds: float = LEASE_SECONDS
    changes: WakeUps = field(default_factory=WakeUps)
    plans: dict[PlanKey, _PlanLease] = field(default_factory=dict)
    instances: dict[str, InstanceRecord] = field(default_factory=dict)
    events: dict[str, list[StoredEvent]] = field(default_factory=dict)
    commands: dict[str, CommandRecord] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    artifacts: dict[tuple[str, str, int, str], Artifact] = field(default_factory=dict)

    def check(self, lease: Lease) -> _PlanLease:
        """The plan's lease; raises LeaseLost unless `lease` is the current one."""
        plan = self.plans.get(lease.plan_key)
        if plan is None or (plan.owner, plan.epoch) != (lease.instance_id, lease.epoch):
            raise lease_lost(lease)
        return plan

    def open_commands(self, instance_id: str) -> list[CommandRecord]:
        """The commands without a receipt, oldest first."""
        return [
            c for c in self.commands.values() if c.instance_id == instance_id and c.state is CommandState.SENT
        ]

    def write(
        self, instance_id: str, entries: Sequence[Entry], counts: RunCounts | None = None
    ) -> list[StoredEvent]:
        """Append the entries with all that follows from them, and wake those who wait."""
        has_ended = any(ends_run(entry.event) for entry in entries)
        if has_ended:
            waiting = [OpenCommand(c.id, c.command.command, c.actor) for c in self.open_commands(instance_id)]
            entries = with_expired_commands(entries, waiting)
        log = self.events[instance_id]
        stored = []
        for seq, entry in enumerate(entries, len(log) + 1):
            log.append(entry.stored(instance_id, seq))
            if isinstance(entry.event, CommandSettled):
                self._settle(instance_id, entry.event, seq)
            if not entry.is_own:
                stored.append(log[-1])
        record = self.instances[instance_id]
        self.instances[instance_id] = record._replace(
            seq=len(log),
            status=last_status(entries) or record.status,
            ended_at=self.clock() if has_ended else record.ended_at,
            counts=counts or record.counts,
        )
        plan = self.plans[record.plan_key]
        if has_ended and plan.owner == instance_id:
            plan.owner = plan.until = None
        self.changes.ring()
        return stored

    def _settle(self, instance_id: str, receipt: CommandSettled, seq: int) -> None:
        record = self.commands.get(receipt.command_id)
        is_own = record is not None and record.instance_id == instance_id
        if record is None or not (
            record.state is CommandState.KEPT or (is_own and record.state is CommandState.SENT)
        ):
            return
        said = {"state": receipt.state, "reason": receipt.reason, "code": receipt.code}
        self.commands[record.id] = record.model_copy(update={**said, "seq": seq, "settled_at": self.clock()})


class MemoryInstanceRegistry:
    """The InstanceRegistry port."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def claim(self, new: NewInstance) -> Lease:
        """Register the instance and take its plan's lease; raises PlanOwned while it is held."""
        check_new(new)
        state, now = self._state, self._state.clock()
        if new.id in state.instances:
            raise id_taken(new.id)
        plan = state.plans.setdefault(new.plan_key, _PlanLease())
        if plan.owner is not None and plan.until is not None and now < plan.until <= self._latest_end():
            raise plan_owned(new.plan_path, plan.owner, plan.until)
        plan.owner, plan.epoch, plan.until = new.id, plan.epoch + 1, self._lease_end()
        state.events[new.id] = []
        state.instances[new.id] = InstanceRecord(
            status=RunStatus.STARTING,
            started_at=now,
            ended_at=None,
            last_heartbeat=now,
            lease_until=now,
            database_now=now,
            epoch=plan.epoch,
            seq=0,
            counts=RunCounts(),
            **asdict(new),
        )
        state.changes.ring()
        return Lease(new.id, new.project, new.plan_path, plan.epoch, new.checkout)

    async def renew(self, lease: Lease) -> None:
        """Hold the lease longer; raises LeaseLost when it was taken over."""
        self._state.check(lease).until = self._lease_end()
        record = self._state.instances[lease.instance_id]
        self._state.instances[record.id] = record._replace(last_heartbeat=self._state.clock())

    async def bury(self, record: InstanceRecord, events: Sequence[NewEvent], *, force: bool) -> bool:
        """Append a dead instance's last events and free its plan; False when another did it first.

        Without `force` also False when it still lives or has written since `record` was read.
        """
        check_burial(events)
        if record.id not in self._state.instances:
            return False
        known = self._now(record.id)
        if known.ended_at is not None:
            return False
        if not force and (known.lease_until > known.database_now or known.seq != record.seq):
            return False
        self._state.write(record.id, entries_of(events))
        return True

    async def get(self, instance_id: str) -> InstanceRecord:
        """Raises InstanceNotFound."""
        if instance_id not in self._state.instances:
            raise instance_not_found(instance_id)
        return self._now(instance_id)

    async def list(self, *, live_only: bool = False, limit: int = INSTANCES_MAX) -> list[InstanceRecord]:
        """Newest first; with `live_only`, those that have not ended."""
        records = [self._now(instance_id) for instance_id in reversed(self._state.instances)]
        chosen = [r for r in records if r.ended_at is None] if live_only else records
        return chosen[: min(max(limit, 0), INSTANCES_MAX)]

    async def latest(self, plan: PlanKey) -> InstanceRecord | None:
        """The instance of this plan that was registered last, of those whose log has begun."""
        begun = [r for r in self._state.instances.values() if r.seq > 0]
        of_plan = [r.id for r in begun if r.plan_key == plan]
        return self._now(of_plan[-1]) if of_plan else None

    async def latest_of_plans(self, project: str, checkout: str) -> Mapping[str, InstanceRecord]:
        """What `latest` gives for every plan of this checkout that has it, by the plan's path."""
        begun = [r for r in self._state.instances.values() if r.seq > 0]
        of_checkout = [r for r in begun if (r.project, r.checkout) == (project, checkout)]
        return {record.plan_path: self._now(record.id) for record in of_checkout}

    def _lease_end(self) -> datetime:
        return self._state.clock() + timedelta(seconds=self._state.lease_seconds)

    def _latest_end(self) -> datetime:
        """A lease that ends later was given before the clock was set back."""
        return self._state.clock() + timedelta(seconds=2 * self._state.lease_seconds)

    def _now(self, instance_id: str) -> InstanceRecord:
        """The record with what the lease and the clock say at this moment."""
        record = self._state.instances[instance_id]
        plan = self._state.plans[record.plan_key]
        until = plan.until if plan.owner == instance_id else None
        if until is not None and until > self._latest_end():
            until = self._state.clock()
        return record._replace(lease_until=until or record.last_heartbeat, database_now=self._state.clock())


class MemoryEventLog:
    """The EventLog port."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def append(
        self, lease: Lease, events: Sequence[NewEvent], *, counts: RunCounts | None = None
    ) -> list[StoredEvent]:
        """Store the events, all or none, and give them their `seq`; raises LeaseLost."""
        if not events and counts is None:
            return []
        entries = entries_of(events)
        self._state.check(lease)
        return self._state.write(lease.instance_id, entries, counts)

    async def read(
        self,
        instance_id: str,
        after: int = 0,
        limit: int = EVENT_PAGE_MAX,
        types: Collection[str] | None = None,
    ) -> list[StoredEvent]:
        """The entries with `seq` above `after`, in order; empty past the end or for an unknown id."""
        entries = self._state.events.get(instance_id, [])[max(after, 0) :]
        chosen = entries if types is None else [e for e in entries if e.type in types]
        return chosen[: min(max(limit, 0), EVENT_PAGE_MAX)]


class MemoryCommandQueue:
    """The CommandQueue port."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def submit(
        self, instance_id: str, command: Command, *, actor: str, key: str | None = None
    ) -> CommandRecord:
        """Queue the command, or give the record that the `key` has or that is kept for the same.

        Raises InstanceNotFound, InstanceEnded and IdempotencyConflict.
        """
        state, now = self._state, self._state.clock()
        instance = state.instances.get(instance_id)
        if instance is None:
            raise instance_not_found(instance_id)
        known = state.commands.get(state.keys.get((instance_id, key), "")) if key is not None else None
        if known is not None and known.submitted_at > now - timedelta(milliseconds=KEY_MILLISECONDS):
            return check_same(known, command)
        is_kept = instance.ended_at is not None
        if is_kept and not (may_be_kept(command) and self._is_latest(instance)):
            raise instance_ended(instance_id)
        if is_kept and (kept := kept_already(self._kept_of(instance_id), command)) is not None:
            return kept
        record = CommandRecord(
            id=new_command_id(),
            instance_id=instance_id,
            command=command,
            actor=actor,
            state=CommandState.KEPT if is_kept else CommandState.SENT,
            reason=KEPT_MESSAGE if is_kept else None,
            submitted_at=now,
        )
        state.commands[record.id] = record
        if key is not None:
            state.keys[instance_id, key] = record.id
        state.changes.ring()
        return record

    async def open(self, instance_id: str) -> list[CommandRecord]:
        """The commands that have no receipt yet, oldest first, at most OPEN_COMMANDS_MAX."""
        return self._state.open_commands(instance_id)[:OPEN_COMMANDS_MAX]

    async def kept(self, plan: PlanKey) -> list[CommandRecord]:
        """The commands that wait for the plan's next run, oldest first, at most OPEN_COMMANDS_MAX."""
        instances = self._state.instances
        of_plan = [instance.id for instance in instances.values() if instance.plan_key == plan]
        return [
            record
            for record in self._state.commands.values()
            if record.state is CommandState.KEPT and record.instance_id in of_plan
        ][:OPEN_COMMANDS_MAX]

    def _kept_of(self, instance_id: str) -> Iterator[CommandRecord]:
        commands = self._state.commands.values()
        return (c for c in commands if c.instance_id == instance_id and c.state is CommandState.KEPT)

    def _is_latest(self, instance: InstanceRecord) -> bool:
        """Whether no other run of this plan has begun since."""
        begun = [
            other.id
            for other in self._state.instances.values()
            if other.plan_key == instance.plan_key and (other.seq > 0 or other.id == instance.id)
        ]
        return begun[-1] == instance.id

    async def get(self, instance_id: str, command_id: str) -> CommandRecord:
        """Raises CommandNotFound."""
        record = self._state.commands.get(command_id)
        if record is None or record.instance_id != instance_id:
            raise command_not_found(instance_id, command_id)
        return record


class MemoryArtifactStore:
    """The ArtifactStore port."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def put(self, lease: Lease, artifact: Artifact) -> None:
        """Keep it; the same task, attempt and name again replaces it. Raises LeaseLost."""
        check_size(artifact)
        self._state.check(lease)
        key = (lease.instance_id, artifact.task_id, artifact.attempt, artifact.name)
        self._state.artifacts[key] = artifact

    async def get(self, instance_id: str, task_id: str, attempt: int, name: str) -> Artifact | None:
        """The artifact, or None."""
        return self._state.artifacts.get((instance_id, task_id, attempt, name))
