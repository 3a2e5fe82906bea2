"""Prunes: chooses the runs that may go, says how much they take up, and removes it.

What has to stay is known from the runs that stay: the first event of each names the attempts of earlier runs
whose prompts, transcripts and findings it still refers to. A run that starts meanwhile goes on from the
latest run of its plan, which always stays, and so refers to nothing else.

Each run is marked before anything of it is deleted, so every reader sees it whole or pruned. Killed in
between, it is marked and not empty: `choose` names such a run again, and so it does with one whose last
artifacts were kept for a run that is gone by now.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.events import PlanLoaded
from orchestrator.domain.retention import PastRun, Retention, prunable, referred_to
from orchestrator.engine.ports import EventLog, RunFiles, RunStorage
from orchestrator.engine.records import Amount, InstanceRecord, StoredRun

GIVE_BACK_BYTES = 2 * 1024 * 1024
"""How much smaller the database's file is made at once."""

PAUSE_SECONDS_MIN = 0.01
"""After each step at least so long nothing is written, and as long as the step took: others write too."""

NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class PrunableRun:
    """A run that may go, with what it takes up in the database and in files. `kept` is what stays of it."""

    record: InstanceRecord
    stored: Amount
    files: Amount
    kept: frozenset[tuple[str, int]]

    @property
    def bytes(self) -> int:
        """All that would be freed."""
        return self.stored.bytes + self.files.bytes

    @property
    def is_left_over(self) -> bool:
        """Whether it was pruned before, and something of it was kept for other runs, or not reached."""
        return self.record.pruned_at is not None


@dataclass(frozen=True, slots=True)
class Prunable:
    """All that may go. `reports` are the crash reports that ended before `reports_before`."""

    runs: Sequence[PrunableRun]
    reports: Amount
    reports_before: datetime | None = None

    @property
    def bytes(self) -> int:
        """All that would be freed."""
        return sum(run.bytes for run in self.runs) + self.reports.bytes

    @property
    def count(self) -> int:
        """How many runs would be pruned that are not yet."""
        return sum(not run.is_left_over for run in self.runs)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.runs and not self.reports.items


class Pruner:
    """Prunes one project."""

    def __init__(self, project: str, storage: RunStorage, log: EventLog, files: RunFiles) -> None:
        self._project = project
        self._storage = storage
        self._log = log
        self._files = files

    async def choose(self, retention: Retention) -> Prunable:
        """What may go now, by the database's clock; nothing is changed."""
        runs = await self._storage.runs(self._project)
        if not runs:
            return Prunable((), NOTHING)
        now = runs[0].record.database_now
        chosen = set(prunable(map(_past_run, runs), retention, now))
        leaving = [run for run in runs if run.record.id in chosen or run.record.pruned_at is not None]
        leaving_ids = {run.record.id for run in leaving}
        kept = await self._kept(run.record for run in runs if run.record.id not in leaving_ids)
        found = [await self._weighed(run, kept[run.record.id]) for run in leaving]
        moment = now - retention.older_than
        return Prunable(
            [run for run in found if run.record.pruned_at is None or run.bytes],
            await self._files.reports_before(moment),
            moment,
        )

    async def _kept(self, staying: Iterable[InstanceRecord]) -> dict[str, frozenset[tuple[str, int]]]:
        """By run, the attempts that runs which stay refer to."""
        named: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        for record in staying:
            for first in await self._log.read(record.id, limit=1):
                data = first.data if first.type == PlanLoaded.type else None
                if isinstance(data, PlanLoaded):
                    for key in referred_to((*data.tasks, *data.gone)):
                        named[key.instance_id].add((key.task_id, key.attempt))
        kept: defaultdict[str, frozenset[tuple[str, int]]] = defaultdict(frozenset)
        kept.update((instance_id, frozenset(attempts)) for instance_id, attempts in named.items())
        return kept

    async def _weighed(self, run: StoredRun, kept: Collection[tuple[str, int]]) -> PrunableRun:
        record = run.record
        stored = NOTHING if run.is_empty else await self._storage.size(record.id, kept)
        files = await self._files.size(record.plan_name, record.id)
        return PrunableRun(record, stored, files, frozenset(kept))

    async def prune(self, found: Prunable) -> AsyncIterator[tuple[PrunableRun | None, int]]:
        """Remove it; yields after each step the run that is at hand, and how many bytes were freed."""
        for run in found.runs:
            if run.record.pruned_at is None and not await self._storage.mark_pruned(run.record.id):
                continue  # another prune is at it
            began = time.monotonic()
            async for removed in self._storage.remove(run.record.id, run.kept):
                yield run, removed.bytes
                await asyncio.sleep(max(PAUSE_SECONDS_MIN, time.monotonic() - began))
                began = time.monotonic()
            yield run, (await self._files.remove(run.record.plan_name, run.record.id)).bytes
        if found.reports_before is not None:
            yield None, (await self._files.remove_reports_before(found.reports_before)).bytes

    async def give_back(self) -> AsyncIterator[int]:
        """Make the database's file smaller; yields after each step by how many bytes."""
        began = time.monotonic()
        while given := await self._storage.give_back(GIVE_BACK_BYTES):
            yield given
            await asyncio.sleep(max(PAUSE_SECONDS_MIN, time.monotonic() - began))
            began = time.monotonic()


def _past_run(run: StoredRun) -> PastRun:
    record = run.record
    return PastRun(
        record.id,
        plan=record.plan_key,
        has_begun=record.seq > 0,
        ended_at=record.ended_at,
        is_pruned=record.pruned_at is not None,
    )
