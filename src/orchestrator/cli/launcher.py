"""Starts `orchestrator run` in a process of its own, which lives on when this one ends, however it ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from orchestrator.api.settings import ENVIRONMENT_PREFIX
from orchestrator.cli.composition import new_instance_id
from orchestrator.domain.errors import UsageError
from orchestrator.domain.permissions import UNBOUND, WIDTHS, permitted
from orchestrator.domain.plan import Permissions
from orchestrator.engine.records import EndedRun, LaunchedRun, NewRun
from orchestrator.store.failures import storage_errors
from orchestrator.store.run_files import LOGS_FOLDER

LOGS_KEPT_MAX = 200
LAST_WORDS_BYTES = 2_000
PERMISSIONS_VARIABLE = "ORCHESTRATOR_PERMISSIONS"


class ProcessLauncher:
    """The Launcher port. Each run has a session of its own, and its output goes to a file in `state_folder`.

    With `checkout` runs are given this name for theirs. `ceiling` is the most that its runs may allow their
    agents, whatever they are asked to.
    """

    def __init__(
        self, root: Path, state_folder: Path, ceiling: Permissions = UNBOUND, *, checkout: str | None = None
    ) -> None:
        self._root = root
        self._logs = state_folder / LOGS_FOLDER
        self._checkout = checkout
        self._ceiling = ceiling
        self._exits: dict[str, asyncio.Future[int]] = {}

    async def launch(self, run: NewRun, *, may_run_repository: bool) -> LaunchedRun:
        """Start it; raises StorageError where its log cannot be written."""
        if self._ceiling != UNBOUND:
            run = replace(run, permissions=permitted(run.permissions, self._ceiling))
        instance_id = new_instance_id()
        log = self._logs / f"{instance_id}.log"
        command = _command(run, instance_id, self._root, may_run_repository=may_run_repository)
        if self._checkout:
            command.append(f"--checkout={self._checkout}")
        process = await asyncio.to_thread(self._start, command, log)
        self._exits[instance_id] = _exit_of(process)
        shown = log.relative_to(self._root) if log.is_relative_to(self._root) else log
        return LaunchedRun(instance_id, str(shown))

    async def ended(self, launched: LaunchedRun) -> EndedRun:
        """Return when its process has ended."""
        code = await asyncio.shield(self._exits[launched.instance_id])
        words = await asyncio.to_thread(_last_words, self._root / launched.log_path)
        return EndedRun(code, words)

    def _start(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        with storage_errors(log):
            log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _keep_few(log.parent)
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                return subprocess.Popen(  # noqa: S603 - our own program; each value is one argument
                    command,
                    cwd=self._root,
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=descriptor,
                    stderr=descriptor,
                    start_new_session=True,
                )
            finally:
                os.close(descriptor)


def ceiling_of(environment: Mapping[str, str]) -> Permissions:
    """What a server's user allows the runs that others start through it; raises UsageError."""
    said = environment.get(PERMISSIONS_VARIABLE) or UNBOUND
    for width in WIDTHS:
        if width == said:
            return width
    raise UsageError(f"{PERMISSIONS_VARIABLE} is {said!r}; it can be {', '.join(WIDTHS)}.")


def _command(run: NewRun, instance_id: str, root: Path, *, may_run_repository: bool) -> list[str]:
    """The command line; values stand behind `=`, so that none of them can be taken for an option.

    `-P`: without it Python would import what lies in the folder that it starts in, which is the repository.
    """
    options = {
        "plan": run.plan,
        "root": str(root),
        "on-blocked": "wait",
        "instance-id": instance_id,
        "agent": run.agent,
        "parallel": run.parallel,
        "max-attempts": run.max_attempts,
        "timeout": run.timeout_seconds,
        "reworded": run.reworded,
        "permissions": run.permissions,
        "budget-usd": run.budget_usd,
        "budget-tokens": run.budget_tokens,
        "task-budget-usd": run.task_budget_usd,
        "task-budget-tokens": run.task_budget_tokens,
        "back-off": run.back_off_seconds,
        "longest-wait": run.longest_wait_seconds,
        "silence-timeout": run.silence_seconds,
        "tool-timeout": run.tool_seconds,
        "repeats": run.repeats_max,
        "approval-timeout": run.approval_seconds,
    }
    chosen = [f"--{name}={value}" for name, value in options.items() if value is not None]
    switches = {
        "--strict": run.strict is True,
        "--no-strict": run.strict is False,
        "--restart": run.restart,
        "--restricted": not may_run_repository,
    }
    chosen += [name for name, is_on in switches.items() if is_on]
    return [sys.executable, "-P", "-m", "orchestrator", "run", *chosen]


def _environment() -> dict[str, str]:
    """Ours without what is the server's own business, its token above all."""
    return {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}


def _exit_of(process: subprocess.Popen[bytes]) -> asyncio.Future[int]:
    """Its exit code when it ends. A thread waits, so that no zombie stays and no loop owns the process."""
    loop = asyncio.get_running_loop()
    exited: asyncio.Future[int] = loop.create_future()

    def tell(code: int) -> None:
        if not exited.done():
            exited.set_result(code)

    def wait() -> None:
        code = process.wait()
        try:
            loop.call_soon_threadsafe(tell, code)
        except RuntimeError:
            # The loop is closed: nobody asks any more.
            return

    threading.Thread(target=wait, name=f"run-{process.pid}", daemon=True).start()
    return exited


def _last_words(log: Path) -> str:
    """The error that it ended with, else its last line."""
    with storage_errors(log):
        text = log.read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line.removeprefix("orchestrator: ") for line in lines if line.startswith("orchestrator: ")]
    return said[-1] if said else (lines[-1] if lines else "")


def _keep_few(folder: Path) -> None:
    """Remove the oldest logs; their names sort by time."""
    for old in sorted(folder.glob("*.log"))[: -LOGS_KEPT_MAX + 1]:
        old.unlink(missing_ok=True)
