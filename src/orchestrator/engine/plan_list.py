"""The plans of a project as a list: how far each of them is, without folding a log for it.

The list is asked for again and again (an open dashboard does so every ten seconds), so what it costs must not
grow with what the plans' runs have done. A plan's counts come from the first of these that has them:

1. The registry's line of its latest run. All of these come in one query, and their counts were written in
   the same transaction as the events that changed them.
2. The run's log, where the registry has no counts: an earlier version wrote it. They are kept as those at
   `seq`.
3. status.json and the boxes. They are kept as long as both are the same.

What is kept goes with its plan's file, so there is never more of it than plans. States are not kept here: a
list goes through all plans in order, and any cache of the latest few, such as that of StatusReader, holds
none of them when it is gone through again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.errors import InstanceNotFound, InstancePruned
from orchestrator.domain.plan import Plan
from orchestrator.domain.projection import summarize
from orchestrator.domain.run_state import RunState, evolve
from orchestrator.domain.status import PlanInfo
from orchestrator.engine.known_tasks import known_of_document
from orchestrator.engine.outline import plan_loaded
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import InstanceRecord, PlanFile, RunCounts
from orchestrator.engine.status_reader import StatusReader

_NOTHING = RunCounts()


@dataclass(frozen=True, slots=True)
class _FromLog:
    instance_id: str
    seq: int
    counts: RunCounts


@dataclass(frozen=True, slots=True)
class _FromFiles:
    plan: Plan
    document: dict[str, Any]
    counts: RunCounts


class PlanList:
    """Makes the list, and keeps what it had to work out for it."""

    def __init__(self, ports: Ports, reader: StatusReader) -> None:
        self._ports = ports
        self._reader = reader
        self._from_logs: dict[str, _FromLog] = {}
        self._from_files: dict[str, _FromFiles] = {}

    async def infos(self, plans: Sequence[tuple[PlanFile, Plan]]) -> list[PlanInfo]:
        """The line of each of these plans, which are all that there are, in their order."""
        readable = [(file, plan) for file, plan in plans if not file.problem]
        counts = await self._of_runs([file for file, _ in readable])
        has_status = set(counts)
        without_run = [(file, plan) for file, plan in readable if file.path not in has_status]
        documents = await self._documents([file.name for file, _ in without_run])
        for file, plan in without_run:
            document = documents[file.name]
            counts[file.path] = self._of_files(file, plan, document)
            if document:
                has_status.add(file.path)
        self._forget(frozenset(file.path for file, _ in plans))
        return [
            self._info(file, plan, counts.get(file.path, _NOTHING), has_status=file.path in has_status)
            for file, plan in plans
        ]

    async def _of_runs(self, files: Sequence[PlanFile]) -> dict[str, RunCounts]:
        """The counts of the latest runs of the plans that have one, by the plans' paths."""
        latest = await self._ports.registry.latest_of_plans(self._ports.project, self._ports.checkout)
        found = {file.path: await self._of_run(file, latest.get(file.path)) for file in files}
        return {path: counts for path, counts in found.items() if counts is not None}

    async def _of_run(self, file: PlanFile, record: InstanceRecord | None) -> RunCounts | None:
        """The counts of the plan's latest run, or None where there is none that can be read."""
        if record is None or record.pruned_at is not None:
            return None
        if record.counts.total_tasks:
            return record.counts
        kept = self._from_logs.get(file.path)
        if kept is None or (kept.instance_id, kept.seq) != (record.id, record.seq):
            try:
                state = await self._reader.state(record.id)
            except (InstanceNotFound, InstancePruned):  # it was there a moment ago
                return None
            kept = _FromLog(record.id, state.seq, RunCounts.of(summarize(state)))
            self._from_logs[file.path] = kept
        return kept.counts

    async def _documents(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What status.json says of each of these plans; nothing where there is none."""
        found = await self._ports.outputs.read_statuses(names) if names else {}
        return {name: status.document or {} for name, status in found.items()}

    def _of_files(self, file: PlanFile, plan: Plan, document: dict[str, Any]) -> RunCounts:
        kept = self._from_files.get(file.path)
        # A plan that was parsed again is another object: the catalog keeps the one of an unchanged file.
        if kept is None or kept.plan is not plan or kept.document != document:
            state = unstarted_state(plan, file, document)
            kept = _FromFiles(plan, document, RunCounts.of(summarize(state)))
            self._from_files[file.path] = kept
        return kept.counts

    def _forget(self, paths: frozenset[str]) -> None:
        """Drop what was kept of plans that are gone."""
        for path in self._from_logs.keys() - paths:
            del self._from_logs[path]
        for path in self._from_files.keys() - paths:
            del self._from_files[path]

    def _info(self, file: PlanFile, plan: Plan, counts: RunCounts, *, has_status: bool) -> PlanInfo:
        problems = (file.problem,) if file.problem else ()
        return PlanInfo(
            name=file.name,
            title=plan.title,
            path=file.path,
            has_status=has_status,
            last_modified=file.last_modified,
            output_dir=self._ports.outputs.directory(file.name),
            total_tasks=counts.total_tasks,
            completed=counts.completed,
            unchecked=counts.unchecked,
            progress_percent=counts.progress_percent,
            stale=counts.stale,
            problems=(
                *problems,
                *(f"{p.severity}: line {p.line}: {p.message}" for p in plan.problems),
            ),
            has_errors=bool(problems or plan.errors),
        )


def unstarted_state(plan: Plan, file: PlanFile, document: dict[str, Any]) -> RunState:
    """The state of a plan that the database does not know: status.json's word, else that of its boxes."""
    event = plan_loaded(plan, file, known=known_of_document(document))
    return evolve(RunState(), event, file.last_modified)
