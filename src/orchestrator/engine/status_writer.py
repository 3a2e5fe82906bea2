"""Keeps status.json in step with the log: at most four times a second, and at every end, pause and block.

What others make of the file meanwhile is taken over or refused by `status_edits`, and written over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from orchestrator.domain.errors import StorageError
from orchestrator.domain.events import (
    EventData,
    FindingWritten,
    OrchestratorChanged,
    PhaseChanged,
    PlanChanged,
    PlanLoaded,
    StatusUpdated,
    TaskChanged,
    utc_text,
)
from orchestrator.domain.projection import document_task, status_document, summarize
from orchestrator.domain.run_state import TaskState
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import PlanOutputs
from orchestrator.engine.status_edits import StatusEdits, Taken

WRITES_PER_SECOND_MAX = 4
WRITING_SHARE_MAX = 0.05
"""Which share of the time is spent on writing the file at most; a long one is written less often."""

PAUSE_SECONDS_MAX = 3.0
SETTLE_PAUSE_SECONDS = 0.25
RUNS_KEPT_MAX = 100
_WORTH_WRITING = (PlanLoaded, TaskChanged, PhaseChanged, FindingWritten, OrchestratorChanged)


class StatusWriter:
    """Writes status.json whenever the run has changed; it is a copy, so a full disk never stops the run."""

    def __init__(
        self,
        journal: Journal,
        outputs: PlanOutputs,
        plan_name: str,
        edits: StatusEdits,
        previous: dict[str, Any],
        now: Callable[[], datetime],
    ) -> None:
        self._journal = journal
        self._edits = edits
        self._outputs = outputs
        self._plan_name = plan_name
        self._now = now
        runs = previous.get("runs")
        self._runs = [run for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
        revision = previous.get("revision")
        self._revision = revision if isinstance(revision, int) else 0
        created_at = previous.get("createdAt")
        self._created_at = created_at if isinstance(created_at, str) else utc_text(now())
        self._changed: dict[str, None] = {}
        self._entries: dict[str, tuple[TaskState, Mapping[str, Any]]] = {}
        self._is_dirty = asyncio.Event()
        self._has_complained = False
        self._is_closed = False
        self._write_lock = asyncio.Lock()
        journal.listen(self._listen)

    async def run(self) -> None:
        """Write until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._is_dirty.wait()
            began = loop.time()
            await self.write()
            # The file of a long plan takes the disk for a while, and the log needs it too.
            pause_seconds = (loop.time() - began) / WRITING_SHARE_MAX
            await asyncio.sleep(min(max(pause_seconds, 1 / WRITES_PER_SECOND_MAX), PAUSE_SECONDS_MAX))

    async def watch(self) -> None:
        """Take over what others make of the file, as they do it, until cancelled."""
        async for _ in self._outputs.status_changes(self._plan_name):
            while await self._look() == "settling":  # noqa: ASYNC110 - a file is waited for
                await asyncio.sleep(SETTLE_PAUSE_SECONDS)

    async def _look(self) -> Taken:
        async with self._write_lock:
            try:
                taken = await self._edits.take()
            except StorageError:
                # Looked at again at the next change, and before the next write.
                return "nothing"
            if taken == "an edit":
                self._is_dirty.set()
            return taken

    async def write(self, *, completed_at: datetime | None = None) -> None:
        """Write what is unwritten, now; with `completed_at` the run's row is closed."""
        # What someone has changed since the last write must not be lost under this one.
        if await self._look() == "settling" and completed_at is None:
            return
        async with self._write_lock:
            await self._write(completed_at)

    async def _write(self, completed_at: datetime | None) -> None:
        if self._is_closed or (not self._is_dirty.is_set() and completed_at is None):
            return
        self._is_closed = completed_at is not None
        self._is_dirty.clear()
        changed, self._changed = tuple(self._changed), {}
        state = self._journal.state
        document = status_document(
            state,
            tasks=self._tasks(),
            created_at=self._created_at,
            now=self._now(),
            revision=self._revision + 1,
            runs=[*self._runs, self._own_row(completed_at)][-RUNS_KEPT_MAX:],
        )
        try:
            await self._outputs.write_status(self._plan_name, document)
        except StorageError as error:
            self._changed = dict.fromkeys(changed) | self._changed
            await self._complain(error)
            return
        self._has_complained = False
        self._revision += 1
        await self._journal.record(
            StatusUpdated(summary=summarize(state), changed=changed, revision=self._revision)
        )

    def _tasks(self) -> list[Mapping[str, Any]]:
        """The tasks as they stand in the document; one that has not changed is not put into words again."""
        state = self._journal.state
        for task_id, planned in state.outline.tasks.items():
            task = state.tasks[task_id]
            kept = self._entries.get(task_id)
            if kept is None or kept[0] is not task:
                self._entries[task_id] = (task, document_task(planned, task))
        return [self._entries[task_id][1] for task_id in state.tasks]

    async def _complain(self, error: StorageError) -> None:
        if not self._has_complained:
            self._has_complained = True
            await self._journal.record(PlanChanged(reason=f"status.json could not be written. {error}"))

    def _own_row(self, completed_at: datetime | None) -> dict[str, Any]:
        state = self._journal.state
        done = Counter(
            state.tasks[task_id].status
            for task_id, planned in state.outline.tasks.items()
            if state.tasks[task_id].revision != planned.revision
        )
        return {
            "runId": self._journal.lease.instance_id,
            "startedAt": utc_text(state.started_at) if state.started_at else None,
            "completedAt": utc_text(completed_at) if completed_at else None,
            "tasksCompleted": done[TaskStatus.COMPLETED],
            "tasksFailed": done[TaskStatus.FAILED],
        }

    def _listen(self, event: EventData) -> None:
        if isinstance(event, _WORTH_WRITING):
            if isinstance(event, (TaskChanged, FindingWritten)):
                self._changed[event.task_id] = None
            self._is_dirty.set()
