"""Plans, status.json and findings in memory, for tests and for programs without files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from orchestrator.domain.errors import PlanNotFound, PlanUnreadable
from orchestrator.engine.records import FindingFile, PlanFile, StatusFile
from orchestrator.store.entries import Clock, utc_now
from orchestrator.store.file_watch import LOOK_SECONDS
from orchestrator.store.names import finding_stem, is_file_name
from orchestrator.store.plan_files import (
    PLAN_BYTES_MAX,
    PLANS_FOLDER,
    SUFFIX,
    ambiguity,
    checked_path,
    find_plan,
    is_listed,
    with_ambiguity,
)
from orchestrator.store.plan_outputs import (
    FINDINGS_FOLDER,
    OUTPUTS_FOLDER,
    REJECTED_NAME,
    STATUS_NAME,
    check_label,
    checked_name,
    checked_stem,
    decode_status,
    encode_status,
    finding_path,
    in_order,
    renames,
)
from orchestrator.store.wake_ups import WakeUps


class MemoryPlanFiles:
    """The PlanFiles port over a dictionary from paths (relative to docs/plans) to contents."""

    def __init__(self, plans: Mapping[str, str | bytes] | None = None, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._plans: dict[str, tuple[bytes, datetime]] = {}
        for path, text in (plans or {}).items():
            self.put(path, text)

    def put(self, path: str, text: str | bytes) -> None:
        """Write a plan; `path` is relative to docs/plans."""
        self._plans[path] = (text.encode() if isinstance(text, str) else text, self._clock())

    def remove(self, path: str) -> None:
        """Delete a plan."""
        del self._plans[path]

    async def list(self) -> Sequence[PlanFile]:
        """Every plan; two with one stem, or one that can't be read, say so in `problem`."""
        listed = []
        for path in self._paths():
            try:
                listed.append(self._load(path))
            except PlanUnreadable as error:
                name = PurePosixPath(path).stem
                listed.append(PlanFile(name, f"{PLANS_FOLDER}/{path}", b"", self._plans[path][1], str(error)))
        return with_ambiguity(listed)

    async def read(self, name_or_path: str) -> PlanFile:
        """Raises PlanNotFound or PlanUnreadable."""
        paths = self._paths()
        found = find_plan(paths, checked_path(name_or_path), name_or_path)
        plan = self._load(found)
        others = [p for p in paths if p != found and PurePosixPath(p).stem == plan.name]
        return replace(plan, problem=ambiguity([found, *others])) if others else plan

    def _paths(self) -> Sequence[str]:
        return sorted(
            path
            for path in self._plans
            if path.endswith(SUFFIX)
            and is_file_name(PurePosixPath(path).name)
            and all(is_listed(part) for part in PurePosixPath(path).parent.parts)
        )

    def _load(self, path: str) -> PlanFile:
        if path not in self._plans:
            raise PlanNotFound(f"There is no plan {path}.")
        data, last_modified = self._plans[path]
        shown = f"{PLANS_FOLDER}/{path}"
        if len(data) > PLAN_BYTES_MAX:
            raise PlanUnreadable(f"{shown} cannot be read: it is larger than {PLAN_BYTES_MAX // 2**20} MiB.")
        return PlanFile(PurePosixPath(path).stem, shown, data, last_modified)


class MemoryPlanOutputs:
    """The PlanOutputs port over a dictionary from paths (relative to the root) to contents."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self.files: dict[str, tuple[bytes, datetime]] = {}
        self._seen: dict[str, bytes | None] = {}
        self._changes = WakeUps()

    def directory(self, plan_name: str) -> str:
        """Where the plan's outputs are, relative to the root."""
        return f"{OUTPUTS_FOLDER}/{plan_name}"

    def put(self, path: str, data: bytes) -> None:
        """Write a file as someone else would; `path` is relative to the root."""
        self.files[path] = (data, self._clock())
        self._changes.ring()

    async def write_status(self, plan_name: str, document: dict[str, Any]) -> None:
        """Replace status.json."""
        path = f"{self.directory(checked_name(plan_name))}/{STATUS_NAME}"
        self._seen[path] = encode_status(document)
        self.put(path, self._seen[path] or b"")

    async def read_status(self, plan_name: str, *, set_aside: bool = False) -> StatusFile:
        """What status.json holds; with `set_aside`, what is none is moved to status.json.rejected."""
        path = f"{self.directory(plan_name)}/{STATUS_NAME}"
        if set_aside:
            self._seen[path] = self._data(path)
        if path not in self.files:
            return StatusFile(None)
        document, problem = decode_status(self.files[path][0])
        if document is not None:
            return StatusFile(document)
        if not set_aside:
            return StatusFile(None, f"{path} is no status document: {problem}.")
        self.files[f"{self.directory(plan_name)}/{REJECTED_NAME}"] = self.files.pop(path)
        return StatusFile(None, f"{path} was set aside as {REJECTED_NAME}: {problem}.")

    async def read_statuses(self, plan_names: Collection[str]) -> Mapping[str, StatusFile]:
        """What `read_status` gives for each of these plans."""
        return {name: await self.read_status(name) for name in plan_names}

    async def edited_status(self, plan_name: str) -> StatusFile | None:
        """What someone else has made of status.json since it was written or seen here, else None."""
        path = f"{self.directory(checked_name(plan_name))}/{STATUS_NAME}"
        if self._data(path) == self._seen.get(path):
            return None
        found = await self.read_status(plan_name, set_aside=True)
        self._seen[path] = self._data(path)
        return found

    async def status_changes(self, plan_name: str) -> AsyncIterator[None]:  # noqa: ARG002 - any file rings
        """Yields whenever a file may have changed, until it is closed."""
        async with self._changes.subscribe() as waiter:
            while True:
                if await waiter.wait(LOOK_SECONDS):
                    yield

    def _data(self, path: str) -> bytes | None:
        return self.files[path][0] if path in self.files else None

    def finding_path(self, plan_name: str, task_id: str) -> str | None:
        """Where the file of a task's finding is or would be, relative to the root."""
        return finding_path(plan_name, task_id)

    async def write_finding(self, plan_name: str, task_id: str, text: str) -> FindingFile:
        """Replace the finding of a task; raises UsageError for what is no task id."""
        path = f"{self.directory(checked_name(plan_name))}/{FINDINGS_FOLDER}/{checked_stem(task_id)}.md"
        self.put(path, text.encode(errors="replace"))
        return self._finding(path)

    async def list_findings(self, plan_name: str) -> list[FindingFile]:
        """The findings, in the order of their ids."""
        prefix = f"{self.directory(plan_name)}/{FINDINGS_FOLDER}/"
        return in_order([self._finding(path) for path in self.files if path.startswith(prefix)])

    async def read_finding(self, plan_name: str, task_id: str) -> str | None:
        """A finding's text by `1.1` or `1-1`, or None."""
        stem = finding_stem(task_id)
        found = self.files.get(f"{self.directory(plan_name)}/{FINDINGS_FOLDER}/{stem}.md")
        return None if stem is None or found is None else found[0].decode()

    async def move_findings(
        self, plan_name: str, moves: Mapping[str, str], aside: Sequence[str], label: str
    ) -> None:
        """Give findings other names, all at once, and put those aside that are in the way."""
        check_label(label)
        away = f"{self.directory(checked_name(plan_name))}/archive/{label}/{FINDINGS_FOLDER}"
        for old, new in renames(plan_name, moves, aside, away, self.files.__contains__):
            self.files[new] = self.files.pop(old)

    async def archive(self, plan_name: str, label: str) -> None:
        """Put findings and status.json aside under `archive/<label>`, so that a run starts afresh."""
        check_label(label)
        folder = self.directory(checked_name(plan_name))
        current = (f"{folder}/{STATUS_NAME}", f"{folder}/{FINDINGS_FOLDER}/")
        target, number = f"{folder}/archive/{label}", 1
        while any(path.startswith(f"{target}/") for path in self.files):
            number += 1
            target = f"{folder}/archive/{label}-{number}"
        for path in [path for path in self.files if path.startswith(current)]:
            self.files[target + path.removeprefix(folder)] = self.files.pop(path)

    def _finding(self, path: str) -> FindingFile:
        data, last_modified = self.files[path]
        task_id = PurePosixPath(path).stem.replace("-", ".")
        return FindingFile(task_id, path, len(data), last_modified)
