"""What happens after a death: the dead orchestrator's log is closed, and its successor takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from orchestrator.domain.events import EventData, NewEvent, PlanLoaded, ToolCompleted
from orchestrator.domain.plan_parts import AttemptName
from orchestrator.domain.run_state import RunState
from orchestrator.domain.steps import run_step, task_step
from orchestrator.domain.task_status import RunStatus, TaskStatus, TaskTrigger
from orchestrator.engine.outline import handed_on
from orchestrator.engine.ports import RENEW_SECONDS, InstanceRegistry
from orchestrator.engine.records import InstanceRecord
from orchestrator.engine.status_reader import StatusReader

GRACE_SECONDS = 2 * RENEW_SECONDS
"""How long a lease that has run out is watched before its orchestrator counts as dead: after a pause of the
whole machine, or a jump of its clock, it is renewed within RENEW_SECONDS."""

Fate = Literal["alive", "dead", "unknown"]
"""`unknown`: another host's, so that only its lease can tell."""


class Processes(Protocol):
    """What this host knows of its processes."""

    @property
    def host(self) -> str:
        """This host's name, as in the registry."""

    def fate(self, host: str, pid: int, started: str) -> Fate:
        """What has become of the process that had this pid and start time on that host."""

    def sweep(self, instance_id: str) -> int:
        """End what processes the orchestrator's attempts left behind; returns how many. May block."""


class Undertaker:
    """Finds orchestrators that died without a word, and says so in their logs."""

    def __init__(
        self,
        registry: InstanceRegistry,
        reader: StatusReader,
        processes: Processes,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._reader = reader
        self._processes = processes
        self._now = now
        self._monotonic = monotonic
        self._suspects: dict[str, tuple[datetime, float]] = {}

    async def bury_the_dead(self) -> list[str]:
        """Close the log of each orchestrator that is dead, once whoever looks; returns their ids.

        To be called again and again: who merely has no lease any more is given GRACE_SECONDS to renew it.
        """
        live = await self._registry.list(live_only=True)
        self._suspects = {r.id: self._suspects[r.id] for r in live if r.id in self._suspects}
        return [record.id for record in live if await self.bury_if_dead(record, patiently=True)]

    async def bury_if_dead(self, record: InstanceRecord, *, patiently: bool = False) -> bool:
        """Close this orchestrator's log if it is dead; False when it lives or another closed it first.

        On this host a dead process counts at once, else the end of its lease does; `patiently`, only when
        it is not renewed for GRACE_SECONDS more.
        """
        if record.status.has_ended:
            return False
        fate = self._processes.fate(record.host, record.pid, record.pid_started)
        is_gone = fate == "dead"
        if not is_gone and not self._has_lost_its_lease(record, patiently=patiently):
            return False
        if is_gone:
            await asyncio.to_thread(self._processes.sweep, record.id)
        # What it wrote between our first look and its death counts too.
        record = await self._registry.get(record.id)
        state = await self._reader.state(record.id)
        if record.status.has_ended:
            return False
        why = "its process is gone" if is_gone else "its lease ran out"
        now = self._now()
        events = last_events(state, f"The orchestrator crashed: {why}.", now)
        if state.seq == 0:
            events.insert(0, await self._first_event(record))
        stamped = [NewEvent(event, now) for event in events]
        return await self._registry.bury(record, stamped, force=is_gone)

    def _has_lost_its_lease(self, record: InstanceRecord, *, patiently: bool) -> bool:
        if record.lease_until > record.database_now:
            self._suspects.pop(record.id, None)
            return False
        heartbeat, since = self._suspects.get(record.id, (None, 0.0))
        if heartbeat != record.last_heartbeat:
            since = self._monotonic()
            self._suspects[record.id] = (record.last_heartbeat, since)
        return not patiently or self._monotonic() - since >= GRACE_SECONDS

    async def _first_event(self, record: InstanceRecord) -> PlanLoaded:
        """Event 1 for one that died before it wrote it: who comes next must find what was done before."""
        latest = await self._registry.latest(record.plan_key)
        if latest is not None and latest.seq > 0:
            return handed_on(await self._reader.state(latest.id), latest.id)
        return PlanLoaded(plan_name=record.plan_name, plan_path=record.plan_path, title=record.plan_name)


def last_events(state: RunState, reason: str, now: datetime) -> list[EventData]:
    """What a dead orchestrator could not say itself: tools and tasks interrupted, and its end.

    The commands that nobody is left to obey are settled by the log, with the entry of the end.
    """
    events: list[EventData] = [
        ToolCompleted(
            task_id=tool.task_id,
            attempt=tool.attempt,
            tool_id=tool.tool_id,
            tool_name=tool.tool_name,
            status="interrupted",
            success=False,
            duration_ms=max(int((now - tool.started_at).total_seconds() * 1000), 0),
        )
        for tool in state.open_tools.values()
    ]
    for task_id in state.with_status(TaskStatus.IN_PROGRESS):
        trigger = TaskTrigger.FAIL if state.planned(task_id).once else TaskTrigger.INTERRUPT
        events.append(task_step(state, task_id, trigger, reason="interrupted by the crash", error=reason))
    at_work = (
        AttemptName(task_id=task_id, attempt=state.tasks[task_id].attempt)
        for task_id in state.with_status(TaskStatus.IN_PROGRESS)
    )
    crash = run_step(state, RunStatus.CRASHED, reason)
    events.append(crash.model_copy(update={"interrupted": tuple(at_work)}))
    return events
