"""The list of orchestrators as bytes, encoded once as long as it says the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from orchestrator.api.compression import Body
from orchestrator.domain.status import OrchestratorInfo
from orchestrator.engine.lease_guard import elapsed_seconds
from orchestrator.engine.ports import Changes, InstanceRegistry
from orchestrator.engine.records import InstanceRecord
from orchestrator.engine.status_reader import orchestrator_info, stale_after

_INFOS: TypeAdapter[list[OrchestratorInfo]] = TypeAdapter(list[OrchestratorInfo])


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int | None
    until: float
    body: Body


class OrchestratorList:
    """Keeps the list, and knows without reading when it still holds.

    It follows from the database and from the time: a run that gives no sign of life becomes stale and then
    dead without a write. So the list holds while the database's own count of changes is the same, at most
    until the next of its runs would be called something else.
    """

    def __init__(
        self,
        registry: InstanceRegistry,
        changes: Changes,
        clock: Callable[[], float] = elapsed_seconds,
    ) -> None:
        """`clock` gives seconds, and must go on while the machine sleeps."""
        self._registry = registry
        self._changes = changes
        self._clock = clock
        self._kept: _Kept | None = None

    async def latest(self) -> Body:
        """The JSON of the list as it is now."""
        # Both are asked before it is read: what comes in between is read once more.
        version, now = self._changes.version(), self._clock()
        kept = self._kept
        if kept is not None and version is not None and kept.version == version and now < kept.until:
            return kept.body
        records = await self._registry.list()
        body = Body(_INFOS.dump_json([orchestrator_info(record) for record in records]))
        self._kept = _Kept(version, now + _holds_seconds(records), body)
        return body


def _holds_seconds(records: Sequence[InstanceRecord]) -> float:
    """How long after it was read the list says the same, if nobody writes."""
    turns = [
        (moment - record.database_now).total_seconds()
        for record in records
        if not record.status.has_ended
        for moment in (record.lease_until, stale_after(record))
        # A run is stale only after its moment, so one whose moment is now turns at once.
        if moment >= record.database_now
    ]
    return min(turns, default=float("inf"))
