"""Where the details of a fault of ours go: into the project's state folder, else into a temporary one."""

from __future__ import annotations

import contextlib
import os
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.cli.output import without_secrets

FOLDER = "crashes"
REPORTS_KEPT_MAX = 50

_folders: list[Path] = []


def keep_crash_reports_in(state_folder: Path) -> None:
    """Write later reports of this process into the project's state folder."""
    _folders[:] = [state_folder / FOLDER]


def write_crash_report(error: Exception) -> Path:
    """Write the error with its traceback, without secrets, to a file that only the user can read."""
    text = without_secrets("".join(traceback.format_exception(error))).encode(errors="replace")
    for folder in _folders:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            for old in sorted(folder.glob("*.log"))[: -REPORTS_KEPT_MAX + 1]:
                old.unlink(missing_ok=True)
            path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{os.getpid()}.log"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
            return path
    with tempfile.NamedTemporaryFile(
        "wb", prefix="orchestrator-fault-", suffix=".log", delete=False
    ) as temporary:
        temporary.write(text)
    return Path(temporary.name)
