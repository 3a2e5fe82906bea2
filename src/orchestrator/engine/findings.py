"""The findings of a plan's tasks: the database's, wherever they were made; else files that people wrote.

The state of a plan's latest run says for each task which attempt's finding is the latest, and which run keeps
it. A file is a copy for people: it may be gone, edited, or on another machine, so it counts only for a task
that has no finding in the database.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.events import clip
from orchestrator.domain.run_state import TaskState
from orchestrator.domain.status import FindingInfo
from orchestrator.engine.ports import ArtifactStore, PlanOutputs
from orchestrator.engine.records import FindingFile

FINDING_NAME = "finding.md"
FINDING_LENGTH_MAX = 1_000_000
BETWEEN = "\n---\n\n"
"""What stands between the finding of an attempt and those of the attempts before it."""

NOT_RUN: Mapping[str, TaskState] = {}


class Findings:
    """The findings of one plan.

    `instance_id` and `tasks` are the plan's latest run and what has become of its tasks in it; None where the
    database knows no run of the plan.
    """

    def __init__(
        self,
        artifacts: ArtifactStore,
        outputs: PlanOutputs,
        plan_name: str,
        instance_id: str | None = None,
        tasks: Mapping[str, TaskState] = NOT_RUN,
    ) -> None:
        self._artifacts = artifacts
        self._outputs = outputs
        self._plan_name = plan_name
        self._instance_id = instance_id
        self._tasks = tasks

    async def latest(self, task_id: str) -> str | None:
        """What the task's latest attempt found; None where no attempt has ended and nobody wrote a file."""
        kept = await self._kept(task_id, attempts_max=1)
        return kept[0] if kept else await self._file(task_id)

    async def whole(self, task_id: str) -> str | None:
        """The same, with what the attempts before it in the same run found; `1-1` is found as `1.1` is."""
        path = self._path(task_id)
        same = (known for known in self._tasks if path is not None and self._path(known) == path)
        task_id = next(same, task_id)
        kept = await self._kept(task_id)
        return joined(kept) if kept else await self._file(task_id)

    async def infos(self) -> list[FindingInfo]:
        """All of them: the tasks' in the order of the plan, then the files of which the log says nothing."""
        found = [
            FindingInfo(
                task_id=task_id,
                file_path=task.finding or "",
                size_bytes=task.finding_place.size_bytes,
                last_modified=task.finding_place.written_at,
            )
            for task_id, task in self._tasks.items()
            if task.finding_place is not None
        ]
        told = {self._path(info.task_id) for info in found} | {info.file_path for info in found}
        files = await self._outputs.list_findings(self._plan_name)
        return found + [_file_info(file) for file in files if file.path not in told]

    async def _kept(self, task_id: str, *, attempts_max: int | None = None) -> list[str]:
        """The database's, newest attempt first, as far back as the run goes that keeps the latest."""
        task = self._tasks.get(task_id)
        place = task.finding_place if task else None
        if place is None:
            return []
        instance_id = place.instance_id or self._instance_id or ""
        return await kept_findings(
            self._artifacts, instance_id, place.task_id, place.attempt, attempts_max=attempts_max
        )

    async def _file(self, task_id: str) -> str | None:
        """What a person wrote, or an earlier version of the program; never the copy of another task's."""
        path = self._path(task_id)
        if any(task.finding == path for other, task in self._tasks.items() if other != task_id):
            return None
        return await self._outputs.read_finding(self._plan_name, task_id)

    def _path(self, task_id: str) -> str | None:
        return self._outputs.finding_path(self._plan_name, task_id)


async def kept_findings(
    artifacts: ArtifactStore,
    instance_id: str,
    task_id: str,
    attempt: int,
    *,
    attempts_max: int | None = None,
) -> list[str]:
    """The findings that one run keeps of a task, from this attempt back to the run's first.

    With `attempts_max`, at most that many attempts are read.
    """
    found: list[str] = []
    last = 0 if attempts_max is None else max(attempt - attempts_max, 0)
    while attempt > last and sum(map(len, found)) < FINDING_LENGTH_MAX:
        artifact = await artifacts.get(instance_id, task_id, attempt, FINDING_NAME)
        if artifact is None:
            break
        found.append(artifact.content.decode(errors="replace"))
        attempt -= 1
    return found


def joined(findings: list[str]) -> str:
    """The findings of several attempts as one text, bounded."""
    return clip(BETWEEN.join(findings), FINDING_LENGTH_MAX)


def _file_info(file: FindingFile) -> FindingInfo:
    return FindingInfo(
        task_id=file.task_id,
        file_path=file.path,
        size_bytes=file.size_bytes,
        last_modified=file.last_modified,
    )
