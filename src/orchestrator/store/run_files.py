"""What runs have left in files beside the database: for finding out how much it is, and for removing it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from orchestrator.engine.records import Amount
from orchestrator.store.failures import storage_errors
from orchestrator.store.names import is_file_name, is_plain_id
from orchestrator.store.plan_outputs import ARCHIVE_FOLDER, OUTPUTS_FOLDER

LOGS_FOLDER = "logs"
"""Where the output of detached runs goes, in the state folder: a file each, called after the run."""
CRASHES_FOLDER = "crashes"


class DiskRunFiles:
    """The RunFiles port over a project's folder and its state folder."""

    def __init__(self, root: Path, state_folder: Path) -> None:
        self._root = root
        self._state_folder = state_folder

    async def size(self, plan_name: str, instance_id: str) -> Amount:
        """The output of a detached run, and what it has archived when it was started with `--restart`."""
        return await asyncio.to_thread(self._sum, self._of_run, plan_name, instance_id)

    async def remove(self, plan_name: str, instance_id: str) -> Amount:
        """Delete these; returns what there was. Raises StorageError."""
        return await asyncio.to_thread(self._remove, self._of_run, plan_name, instance_id)

    async def reports_before(self, moment: datetime) -> Amount:
        """The crash reports that are older."""
        return await asyncio.to_thread(self._sum, self._reports, moment)

    async def remove_reports_before(self, moment: datetime) -> Amount:
        """Delete these; returns what there was. Raises StorageError."""
        return await asyncio.to_thread(self._remove, self._reports, moment)

    def _of_run(self, plan_name: str, instance_id: str) -> Iterator[Path]:
        if not (is_plain_id(instance_id) and is_file_name(plan_name) and is_file_name(instance_id)):
            return
        log = self._state_folder / LOGS_FOLDER / f"{instance_id}.log"
        if log.is_file():
            yield log
        archive = self._root / OUTPUTS_FOLDER / plan_name / ARCHIVE_FOLDER
        # The repository may hold a link that leads anywhere; what is behind one is not ours.
        if not archive.is_dir() or archive.resolve() != self._root.resolve() / archive.relative_to(
            self._root
        ):
            return
        # A name that was taken got a number.
        own = re.compile(re.escape(instance_id) + r"(-[0-9]+)?")
        for folder in sorted(archive.iterdir()):
            if own.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                yield folder

    def _reports(self, moment: datetime) -> Iterator[Path]:
        for path in sorted((self._state_folder / CRASHES_FOLDER).glob("*.log")):
            if path.is_file() and path.lstat().st_mtime < moment.timestamp():
                yield path

    def _sum(self, find: Callable[..., Iterator[Path]], *what: object) -> Amount:
        with storage_errors(self._state_folder):
            return sum(map(_amount, find(*what)), Amount())

    def _remove(self, find: Callable[..., Iterator[Path]], *what: object) -> Amount:
        removed = Amount()
        with storage_errors(self._state_folder):
            for path in list(find(*what)):
                removed += _amount(path)
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
        return removed


def _amount(path: Path) -> Amount:
    """A file, or all files below a folder."""
    if not path.is_dir():
        return Amount(1, path.lstat().st_size)
    found = Amount()
    for folder, _, names in os.walk(path):
        found += Amount(len(names), sum((Path(folder) / name).lstat().st_size for name in names))
    return found
