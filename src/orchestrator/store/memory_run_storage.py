"""What runs take up in the memory store, and its removal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from orchestrator.engine.records import Amount, StoredRun
from orchestrator.store.memory import MemoryState


class MemoryRunStorage:
    """The RunStorage port."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def runs(self, project: str) -> list[StoredRun]:
        """All runs of a project, newest first."""
        records = [r for r in reversed(self._state.instances.values()) if r.project == project]
        now = self._state.clock()
        return [
            StoredRun(record._replace(database_now=now), is_empty=not self._rows(record.id, set()))
            for record in records
        ]

    async def size(self, instance_id: str, kept: Collection[tuple[str, int]]) -> Amount:
        """What `remove` would delete."""
        rows = self._rows(instance_id, kept)
        return Amount(len(rows), sum(rows))

    async def mark_pruned(self, instance_id: str) -> bool:
        """Let the run be a line in the history; False for one that must stay."""
        record = self._state.instances.get(instance_id)
        if record is None or record.ended_at is None or record.pruned_at is not None:
            return False
        of_plan = [
            other.id
            for other in self._state.instances.values()
            if other.plan_key == record.plan_key and (other.seq > 0 or other.id == instance_id)
        ]
        if of_plan[-1] == instance_id:
            return False
        self._state.instances[instance_id] = record._replace(pruned_at=self._state.clock())
        self._state.changes.ring()
        return True

    async def remove(self, instance_id: str, kept: Collection[tuple[str, int]]) -> AsyncIterator[Amount]:
        """Delete what a pruned run has left."""
        amount = await self.size(instance_id, kept)
        state = self._state
        state.events[instance_id] = []
        state.commands = {key: c for key, c in state.commands.items() if c.instance_id != instance_id}
        state.keys = {key: value for key, value in state.keys.items() if key[0] != instance_id}
        state.artifacts = {
            key: artifact
            for key, artifact in state.artifacts.items()
            if key[0] != instance_id or key[1:3] in kept
        }
        if amount.items:
            yield amount

    async def give_back(self, bytes_max: int) -> int:  # noqa: ARG002 - as the port has it
        """Nothing: memory looks after itself."""
        return 0

    def _rows(self, instance_id: str, kept: Collection[tuple[str, int]]) -> list[int]:
        """The bytes of each row of the run."""
        asked = [0 for command in self._state.commands.values() if command.instance_id == instance_id]
        left = [
            len(artifact.content)
            for key, artifact in self._state.artifacts.items()
            if key[0] == instance_id and key[1:3] not in kept
        ]
        return [len(event.body) for event in self._state.events[instance_id]] + asked + left
