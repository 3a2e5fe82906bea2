"""status.json and the findings on disk, in `docs/plan-outputs/<plan>/`."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from orchestrator.domain.errors import StorageError, UsageError
from orchestrator.engine.records import FindingFile, StatusFile
from orchestrator.store.failures import storage_errors
from orchestrator.store.file_watch import Version, changes_in, present_version, version_of
from orchestrator.store.names import finding_stem, is_file_name, task_id_order
from orchestrator.store.regular_files import modified, read_regular, replace_file, sync_folder

OUTPUTS_FOLDER = "docs/plan-outputs"
STATUS_NAME = "status.json"
REJECTED_NAME = "status.json.rejected"
FINDINGS_FOLDER = "findings"
ARCHIVE_FOLDER = "archive"
STATUS_BYTES_MAX = 16 * 1024 * 1024
FINDING_BYTES_MAX = 16 * 1024 * 1024
SETTLE_SECONDS = 0.5
"""A file that makes no sense may be half written; after so long it is taken as it is."""

# Where these come up, it is not the file that is wrong, so it is not set aside.
_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EINTR})


class DiskPlanOutputs:
    """The PlanOutputs port over a project's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._seen: dict[Path, Version | None] = {}

    def directory(self, plan_name: str) -> str:
        """Where the plan's outputs are, relative to the root."""
        return f"{OUTPUTS_FOLDER}/{plan_name}"

    async def write_status(self, plan_name: str, document: dict[str, Any]) -> None:
        """Replace status.json as a whole: a reader sees the old or the new one, also after a crash."""
        data, path = encode_status(document), self._folder(plan_name) / STATUS_NAME
        found = await asyncio.to_thread(replace_file, path, data)
        self._seen[path] = version_of(found)

    async def read_status(self, plan_name: str, *, set_aside: bool = False) -> StatusFile:
        """What status.json holds; with `set_aside`, what is none is moved to status.json.rejected."""
        if not is_file_name(plan_name):
            return StatusFile(None)
        path = self._folder(plan_name) / STATUS_NAME
        if set_aside:
            self._seen[path] = await asyncio.to_thread(present_version, path)
        return await asyncio.to_thread(self._read_status, path, set_aside)

    async def read_statuses(self, plan_names: Collection[str]) -> Mapping[str, StatusFile]:
        """What `read_status` gives for each of these plans, read in one go."""
        paths = {name: self._folder(name) / STATUS_NAME for name in plan_names if is_file_name(name)}

        def read() -> dict[str, StatusFile]:
            return {name: self._read_status(path, set_aside=False) for name, path in paths.items()}

        return {name: StatusFile(None) for name in plan_names} | await asyncio.to_thread(read)

    async def edited_status(self, plan_name: str) -> StatusFile | None:
        """What someone else has made of status.json since it was written or seen here, else None.

        What is no status document is moved to status.json.rejected, unless it is being written just now.
        """
        return await asyncio.to_thread(self._edited_status, self._folder(plan_name) / STATUS_NAME)

    def status_changes(self, plan_name: str) -> AsyncIterator[None]:
        """Yields whenever status.json may have changed, also by our own hand, until it is closed."""
        return changes_in(self._folder(plan_name), STATUS_NAME)

    def finding_path(self, plan_name: str, task_id: str) -> str | None:
        """Where the file of a task's finding is or would be, relative to the root."""
        return finding_path(plan_name, task_id)

    async def write_finding(self, plan_name: str, task_id: str, text: str) -> FindingFile:
        """Replace the finding of a task; raises UsageError for what is no task id."""
        path = self._folder(plan_name) / FINDINGS_FOLDER / f"{checked_stem(task_id)}.md"
        found = await asyncio.to_thread(replace_file, path, text.encode(errors="replace"))
        return self._finding(path, found)

    async def list_findings(self, plan_name: str) -> list[FindingFile]:
        """The findings, in the order of their ids."""
        if not is_file_name(plan_name):
            return []
        return await asyncio.to_thread(self._list_findings, self._folder(plan_name) / FINDINGS_FOLDER)

    async def read_finding(self, plan_name: str, task_id: str) -> str | None:
        """A finding's text by `1.1` or `1-1`, or None."""
        stem = finding_stem(task_id)
        if stem is None or not is_file_name(plan_name):
            return None
        path = self._folder(plan_name) / FINDINGS_FOLDER / f"{stem}.md"
        return await asyncio.to_thread(_read_finding, path)

    async def move_findings(
        self, plan_name: str, moves: Mapping[str, str], aside: Sequence[str], label: str
    ) -> None:
        """Give findings other names, all at once, and put those aside that are in the way."""
        check_label(label)
        away = f"{self.directory(checked_name(plan_name))}/{ARCHIVE_FOLDER}/{label}/{FINDINGS_FOLDER}"
        steps = renames(plan_name, moves, aside, away, lambda path: (self._root / path).exists())
        await asyncio.to_thread(_rename_all, self._root, steps)

    async def archive(self, plan_name: str, label: str) -> None:
        """Put findings and status.json aside under `archive/<label>`, so that a run starts afresh.

        A label that is taken gets a number. Nothing happens where there is nothing to put aside.
        """
        check_label(label)
        await asyncio.to_thread(_archive, self._folder(plan_name), label)

    def _folder(self, plan_name: str) -> Path:
        return self._root / OUTPUTS_FOLDER / checked_name(plan_name)

    def _finding(self, path: Path, found: os.stat_result) -> FindingFile:
        shown = path.relative_to(self._root).as_posix()
        return FindingFile(path.stem.replace("-", "."), shown, found.st_size, modified(found))

    def _read_status(self, path: Path, set_aside: bool) -> StatusFile:
        try:
            content = read_regular(path, STATUS_BYTES_MAX)
            document, problem = decode_status(content.data)
        except (FileNotFoundError, NotADirectoryError):
            return StatusFile(None)
        except OSError as error:
            if error.errno in _PASSING:
                raise StorageError(f"{path}: it cannot be read now ({error.strerror}); try again.") from error
            document, problem = None, error.strerror or str(error)
        if document is not None:
            return StatusFile(document)
        shown = path.relative_to(self._root).as_posix()
        what = _set_aside(path) if set_aside else "is no status document"
        return StatusFile(None, f"{shown} {what}: {problem}.")

    def _edited_status(self, path: Path) -> StatusFile | None:
        version = present_version(path)
        if version == self._seen.get(path):
            return None
        looked = self._read_status(path, set_aside=False)
        if looked.rejected and version is not None and version.age_seconds < SETTLE_SECONDS:
            return StatusFile(None, is_settling=True)
        # As it was before it was read: what is written meanwhile is an edit of its own.
        self._seen[path] = version
        if not looked.rejected:
            return looked
        looked = self._read_status(path, set_aside=True)
        self._seen[path] = present_version(path)
        return looked

    def _list_findings(self, folder: Path) -> list[FindingFile]:
        found = []
        with storage_errors(folder):
            try:
                names = os.listdir(folder)  # noqa: PTH208 - no path objects for what is no finding
            except (FileNotFoundError, NotADirectoryError):
                return []
            for name in names:
                path = folder / name
                if path.suffix != ".md" or finding_stem(path.stem) != path.stem:
                    continue
                try:
                    state = path.lstat()
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(state.st_mode):
                    found.append(self._finding(path, state))
        return in_order(found)


def finding_path(plan_name: str, task_id: str) -> str | None:
    """Where the file of a task's finding is or would be; None for names that cannot be those of files."""
    stem = finding_stem(task_id)
    if stem is None or not is_file_name(plan_name):
        return None
    return f"{OUTPUTS_FOLDER}/{plan_name}/{FINDINGS_FOLDER}/{stem}.md"


def checked_name(plan_name: str) -> str:
    """The name, if it can be that of a folder; raises UsageError."""
    if not is_file_name(plan_name):
        raise UsageError(f"{plan_name[:80]!r} cannot be the name of a plan.")
    return plan_name


def checked_stem(task_id: str) -> str:
    """The stem of the task's finding; raises UsageError for what is no task id."""
    stem = finding_stem(task_id)
    if stem is None:
        raise UsageError(f"{task_id[:80]!r} is no id of a task, so there is no finding of it.")
    return stem


def check_label(label: str) -> None:
    """Raise UsageError for a label that cannot be the name of a folder."""
    if not is_file_name(label):
        raise UsageError(f"{label[:80]!r} cannot be the name of a folder in the archive.")


def in_order(findings: Sequence[FindingFile]) -> list[FindingFile]:
    """The findings as people count."""
    return sorted(findings, key=lambda finding: task_id_order(finding.task_id))


def encode_status(document: dict[str, Any]) -> bytes:
    """The document as people read it."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def decode_status(data: bytes) -> tuple[dict[str, Any] | None, str]:
    """The document, or None and why it is none."""
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        return None, f"it is no valid JSON ({error})"
    tasks = document.get("tasks") if isinstance(document, dict) else None
    if not isinstance(tasks, list):
        return None, "it has no list of tasks"
    for task in tasks:
        if not (
            isinstance(task, dict) and isinstance(task.get("id"), str) and isinstance(task.get("status"), str)
        ):
            return None, "it has a task without id or status"
    return document, ""


def _set_aside(path: Path) -> str:
    try:
        path.replace(path.with_name(REJECTED_NAME))
    except OSError as error:
        return f"is not used and could not be set aside ({error.strerror})"
    return f"was set aside as {REJECTED_NAME}"


def _read_finding(path: Path) -> str | None:
    try:
        return read_regular(path, FINDING_BYTES_MAX).data.decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"{path}: the finding cannot be read: {error.strerror or error}.") from error


def renames(
    plan_name: str,
    moves: Mapping[str, str],
    aside: Sequence[str],
    away: str,
    exists: Callable[[str], bool],
) -> list[tuple[str, str]]:
    """One rename after another that together make the `moves`; `away` is where what is in the way goes.

    All leave their names before any is given its new one, so that copies can change places. A crash in
    between leaves some under names that nobody takes for a finding.
    """
    prefix = f"{OUTPUTS_FOLDER}/{plan_name}/{FINDINGS_FOLDER}/"

    def is_finding(path: str) -> bool:
        stem = path.removeprefix(prefix).removesuffix(".md")
        return finding_path(plan_name, stem) == path

    wanted = {
        old: new
        for old, new in moves.items()
        if is_finding(old) and is_finding(new) and old != new and exists(old)
    }
    in_the_way = [path for path in (*aside, *wanted.values()) if path not in wanted]
    put_aside = [path for path in dict.fromkeys(in_the_way) if is_finding(path) and exists(path)]
    return [
        *((path, f"{away}/{path.removeprefix(prefix)}") for path in put_aside),
        *((old, f"{old}.moving") for old in wanted),
        *((f"{old}.moving", new) for old, new in wanted.items()),
    ]


def _rename_all(root: Path, steps: Sequence[tuple[str, str]]) -> None:
    for old, new in steps:
        with storage_errors(root / new):
            (root / new).parent.mkdir(parents=True, exist_ok=True)
            (root / old).rename(root / new)


def _archive(folder: Path, label: str) -> None:
    present = [path for name in (FINDINGS_FOLDER, STATUS_NAME) if (path := folder / name).exists()]
    if not present:
        return
    target, number = folder / ARCHIVE_FOLDER / label, 1
    with storage_errors(target):
        while target.exists():
            number += 1
            target = target.with_name(f"{label}-{number}")
        target.mkdir(parents=True)
        for path in present:
            path.rename(target / path.name)
        sync_folder(target)
        sync_folder(folder)
