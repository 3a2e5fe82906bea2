"""Keeps a run that was stopped for a while from writing files for a plan that is no longer its own.

The log refuses a fenced orchestrator in the database. A file refuses nobody: so before each write the lease
must be known to hold, and where it was last proven too long ago, it is asked for first.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

from orchestrator.engine.ports import LEASE_SECONDS, InstanceRegistry, PlanOutputs
from orchestrator.engine.records import FindingFile, Lease, StatusFile

MARGIN_SECONDS = 2.0
"""What a write may take after the lease was found to hold."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed_seconds() -> float:
    """A clock that nobody sets, and that goes on while the machine sleeps (Linux, see clock_gettime(2))."""
    return time.clock_gettime(_CLOCK)


class LeaseGuard:
    """Knows since when the lease is proven to hold."""

    def __init__(
        self,
        registry: InstanceRegistry,
        lease: Lease,
        proven_at: float,
        elapsed: Callable[[], float] = elapsed_seconds,
    ) -> None:
        self._registry = registry
        self._lease = lease
        self._proven_at = proven_at
        self._elapsed = elapsed

    async def renew(self) -> None:
        """Hold the lease for longer; raises LeaseLost when another has it, and StorageError."""
        asked_at = self._elapsed()
        await self._registry.renew(self._lease)
        self._proven_at = asked_at

    async def confirm(self) -> None:
        """Return when the lease is sure to hold for MARGIN_SECONDS; raises as `renew` does."""
        if self._elapsed() - self._proven_at > LEASE_SECONDS - MARGIN_SECONDS:
            await self.renew()


class GuardedOutputs:
    """The PlanOutputs port of a run: nothing is written, and nothing set aside, unless the lease holds."""

    def __init__(self, outputs: PlanOutputs, guard: LeaseGuard) -> None:
        self._outputs = outputs
        self._guard = guard

    def directory(self, plan_name: str) -> str:
        """Where the plan's outputs are, relative to the root."""
        return self._outputs.directory(plan_name)

    async def write_status(self, plan_name: str, document: dict[str, Any]) -> None:
        """Replace status.json; raises LeaseLost."""
        await self._guard.confirm()
        await self._outputs.write_status(plan_name, document)

    async def read_status(self, plan_name: str, *, set_aside: bool = False) -> StatusFile:
        """What status.json holds; raises LeaseLost where it would be set aside."""
        if set_aside:
            await self._guard.confirm()
        return await self._outputs.read_status(plan_name, set_aside=set_aside)

    async def read_statuses(self, plan_names: Collection[str]) -> Mapping[str, StatusFile]:
        """What status.json of each of these plans holds."""
        return await self._outputs.read_statuses(plan_names)

    async def edited_status(self, plan_name: str) -> StatusFile | None:
        """What someone else has made of status.json; raises LeaseLost."""
        await self._guard.confirm()
        return await self._outputs.edited_status(plan_name)

    def status_changes(self, plan_name: str) -> AsyncIterator[None]:
        """Yields whenever status.json may have changed, until it is closed."""
        return self._outputs.status_changes(plan_name)

    def finding_path(self, plan_name: str, task_id: str) -> str | None:
        """Where the file of a task's finding is or would be."""
        return self._outputs.finding_path(plan_name, task_id)

    async def write_finding(self, plan_name: str, task_id: str, text: str) -> FindingFile:
        """Replace the finding of a task; raises LeaseLost."""
        await self._guard.confirm()
        return await self._outputs.write_finding(plan_name, task_id, text)

    async def list_findings(self, plan_name: str) -> list[FindingFile]:
        """The findings, in the order of their ids."""
        return await self._outputs.list_findings(plan_name)

    async def read_finding(self, plan_name: str, task_id: str) -> str | None:
        """A finding's text, or None."""
        return await self._outputs.read_finding(plan_name, task_id)

    async def move_findings(
        self, plan_name: str, moves: Mapping[str, str], aside: Sequence[str], label: str
    ) -> None:
        """Give findings other names; raises LeaseLost."""
        await self._guard.confirm()
        await self._outputs.move_findings(plan_name, moves, aside, label)

    async def archive(self, plan_name: str, label: str) -> None:
        """Put findings and status.json aside; raises LeaseLost."""
        await self._guard.confirm()
        await self._outputs.archive(plan_name, label)
