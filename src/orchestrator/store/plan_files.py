"""The plans of a project on disk: `docs/plans/**/*.md`, without hidden folders and `archive`."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from orchestrator.domain.errors import PlanNotFound, PlanUnreadable
from orchestrator.engine.records import PlanFile
from orchestrator.store.names import is_file_name
from orchestrator.store.regular_files import read_regular

PLANS_FOLDER = "docs/plans"
ARCHIVE_FOLDER = "archive"
SUFFIX = ".md"
PLAN_BYTES_MAX = 4 * 1024 * 1024
PATH_PARTS_MAX = 16


class DiskPlanFiles:
    """The PlanFiles port over a project's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._folder = self._root / PLANS_FOLDER

    async def list(self) -> Sequence[PlanFile]:
        """Every plan in docs/plans; two with one stem, or one that can't be read, say so in `problem`."""
        return await asyncio.to_thread(self._list)

    async def read(self, name_or_path: str) -> PlanFile:
        """A plan by its name, or by its path relative to the root or to docs/plans.

        Raises PlanNotFound or PlanUnreadable; a name never leads out of docs/plans.
        """
        return await asyncio.to_thread(self._read, name_or_path)

    async def read_path(self, path: Path) -> PlanFile:
        """Whatever plan is at `path`, for someone who may read every file: the command line.

        The plan's path is relative to the root where the file is inside it, else absolute.
        Raises PlanNotFound or PlanUnreadable.
        """
        return await asyncio.to_thread(self._read_path, path)

    def _list(self) -> Sequence[PlanFile]:
        listed, paths = [], sorted(self._paths())
        for path in paths:
            try:
                listed.append(self._load(path))
            except (PlanUnreadable, PlanNotFound) as error:
                listed.append(self._unreadable(path, str(error)))
        return with_ambiguity(listed)

    def _read(self, name_or_path: str) -> PlanFile:
        relative = checked_path(name_or_path)
        plans = {path.relative_to(self._folder).as_posix(): path for path in self._paths()}
        found = find_plan(list(plans), relative, name_or_path)
        plan = self._load(plans[found])
        others = [p for p in plans if p != found and PurePosixPath(p).stem == plan.name]
        return replace(plan, problem=ambiguity([found, *others])) if others else plan

    def _read_path(self, path: Path) -> PlanFile:
        path = Path(os.path.abspath(path))  # noqa: PTH100 - resolves `..` without following links
        if path.suffix != SUFFIX:
            raise PlanNotFound(f"{path} is no plan: the name of a plan's file ends in {SUFFIX}.")
        return self._load(path)

    def _paths(self) -> Iterator[Path]:
        """The files that are plans; links that lead out of the folder are left out."""
        unreadable: list[OSError] = []
        home = self._folder.resolve()
        for folder, folders, names in os.walk(self._folder, onerror=unreadable.append):
            folders[:] = [f for f in folders if is_listed(f)]
            for name in names:
                path = Path(folder) / name
                if name.endswith(SUFFIX) and is_file_name(name) and _is_inside(path, home):
                    yield path
        # A folder that can't be looked into is given as if it were a plan: so its problem is seen.
        yield from (
            Path(error.filename)
            for error in unreadable
            if not isinstance(error, FileNotFoundError | NotADirectoryError)
        )

    def _load(self, path: Path) -> PlanFile:
        shown = self._shown(path)
        try:
            content = read_regular(path, PLAN_BYTES_MAX, follow_symlink=True)
        except FileNotFoundError:
            raise PlanNotFound(f"There is no plan {shown}.") from None
        except OSError as error:
            raise PlanUnreadable(f"{shown} cannot be read: {error.strerror or error}.") from None
        except ValueError as error:
            raise PlanNotFound(f"There is no plan {shown!r}: {error}.") from None
        return PlanFile(path.stem, shown, content.data, content.last_modified)

    def _unreadable(self, path: Path, problem: str) -> PlanFile:
        try:
            last_modified = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        except OSError:
            last_modified = datetime.fromtimestamp(0, UTC)
        return PlanFile(path.stem, self._shown(path), b"", last_modified, problem)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else str(path)


def _is_inside(path: Path, home: Path) -> bool:
    if not path.is_symlink():
        return True
    try:
        return path.resolve().is_relative_to(home)
    except (OSError, RuntimeError):  # a circle of links
        return False


def is_listed(folder: str) -> bool:
    """False for the folders in docs/plans that are kept apart."""
    return is_file_name(folder) and folder != ARCHIVE_FOLDER


def checked_path(name_or_path: str) -> str:
    """The path relative to docs/plans that is meant; raises PlanNotFound if it can't be one."""
    shown = name_or_path[:80]
    wanted = name_or_path.removeprefix(f"{PLANS_FOLDER}/")
    parts = wanted.split("/", PATH_PARTS_MAX)
    if len(parts) > PATH_PARTS_MAX or not all(is_file_name(part) for part in parts):
        raise PlanNotFound(f"{shown!r} is no name of a plan in {PLANS_FOLDER}.")
    return wanted


def find_plan(paths: Sequence[str], wanted: str, shown: str) -> str:
    """Which of `paths` (relative to docs/plans) is wanted; raises PlanNotFound or PlanUnreadable."""
    for candidate in (wanted, wanted + SUFFIX):
        if candidate in paths and ("/" in wanted or shown != wanted):
            return candidate
    by_stem = defaultdict(list)
    for path in paths:
        by_stem[PurePosixPath(path).stem].append(path)
    found = by_stem.get(wanted) or by_stem.get(wanted.removesuffix(SUFFIX)) or []
    if len(found) > 1:
        raise PlanUnreadable(ambiguity(found))
    if not found:
        raise PlanNotFound(f"There is no plan {shown!r} in {PLANS_FOLDER}.")
    return found[0]


def ambiguity(paths: Sequence[str]) -> str:
    """The problem with several plans (relative to docs/plans) of one name."""
    where = " and ".join(f"{PLANS_FOLDER}/{path}" for path in sorted(paths))
    return f"The plan's name is ambiguous: {where} have it; rename all but one of them."


def with_ambiguity(plans: Sequence[PlanFile]) -> list[PlanFile]:
    """The plans, with a problem for each that shares its name with another."""
    by_name = defaultdict(list)
    for plan in plans:
        by_name[plan.name].append(plan.path.removeprefix(f"{PLANS_FOLDER}/"))
    return [
        replace(plan, problem=plan.problem or ambiguity(by_name[plan.name]))
        if len(by_name[plan.name]) > 1
        else plan
        for plan in plans
    ]
