"""The orchestrator's side of containment: one supervisor for each attempt, and the sweep after a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.agents import processes
from orchestrator.agents.pipes import PipeReader, PipeWriter
from orchestrator.agents.processes import ATTEMPT_VARIABLE

END_LIMIT_SECONDS = 10.0
"""How long a supervisor may take to end an attempt before it is ended together with it."""

SWEEP_GRACE_SECONDS = 1.0
SWEEP_LIMIT_SECONDS = 3.0
REAP_LIMIT_SECONDS = 5.0
REAP_SPIN_SECONDS = 0.001
POLL_SECONDS = 0.02
COMPLAINT_BYTES_MAX = 8_192
HEADER_BYTES = 5

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.append(sys.argv[1]); from orchestrator.agents.supervisor import main; main()"
"""Imported rather than run as a file, so that its compiled form is used: that saves some milliseconds."""


@dataclass(frozen=True, slots=True)
class Output:
    """What the command wrote to its terminal."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The command has ended and nothing of it is left, except `survivors` that could not be ended.

    `exit_code` is negative for the signal that ended it. `leftovers` processes had to be ended after it.
    """

    exit_code: int
    leftovers: int
    survivors: int


@dataclass(frozen=True, slots=True)
class WaitsForInput:
    """A program of the command has waited for input on its terminal for some seconds, and still does."""

    program: str


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The host could not start the command."""

    reason: str


Message = Output | WaitsForInput | Ended | NotStarted


class ContainedProcesses:
    """Commands of one attempt, run one after another by a supervisor that lets no process of them live on.

    The supervisor is started when this is built (in a running event loop); OSError when it cannot be.
    asyncio's own subprocesses are not used: their child watchers depend on the loop and the thread.
    Commands run on a terminal; where `pipes` are given (descriptors for stdin, stdout and stderr, closed by
    the caller), one command runs on those.
    """

    def __init__(
        self, marker: str, root: Path, environment: Mapping[str, str], pipes: Sequence[int] = ()
    ) -> None:
        self._marker = marker
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-I", "-S", "-E", "-c", _START, _PACKAGE_ROOT, *map(str, pipes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=root,
            env={**environment, ATTEMPT_VARIABLE: marker},
            start_new_session=True,
            pass_fds=pipes,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._requests = PipeWriter(self._process.stdin)
        self._messages = PipeReader(self._process.stdout)
        self._complaints = PipeReader(self._process.stderr)
        self._inbox = bytearray()
        self._is_ending = False
        self._life = asyncio.get_running_loop().create_task(self._live())
        self.complaint = ""

    def start(self, arguments: Sequence[str]) -> None:
        """Ask for a command; the one before must have ended."""
        self._request(b"R", b"\0".join(os.fsencode(argument) for argument in arguments))

    async def receive(self) -> Message | None:
        """The next thing that happens; None when the supervisor is gone. May be cancelled without loss."""
        while len(self._inbox) < HEADER_BYTES or len(self._inbox) < self._frame_bytes():
            if not (data := await self._messages.read()):
                return None
            self._inbox += data
        end = self._frame_bytes()
        kind, content = self._inbox[:1], bytes(self._inbox[HEADER_BYTES:end])
        del self._inbox[:end]
        if kind == b"O":
            return Output(content)
        if kind == b"W":
            return WaitsForInput(content.decode(errors="replace"))
        if kind == b"F":
            return NotStarted(content.decode(errors="replace"))
        return Ended(*map(int, content.split()))

    async def interrupt(self) -> None:
        """End everything, with graces; returns when no process is left. Idempotent."""
        if not self._is_ending:
            self._is_ending = True
            self._request(b"I")
        await self._gone()

    async def close(self) -> None:
        """End everything, swiftly; returns when no process is left. Idempotent."""
        self.hang_up()
        await self._gone()
        self._messages.close()

    def hang_up(self) -> None:
        """Let the supervisor see the end of its stdin: it ends everything, swiftly. Returns at once."""
        self._requests.close()

    def _frame_bytes(self) -> int:
        return HEADER_BYTES + int.from_bytes(self._inbox[1:HEADER_BYTES], "big")

    def _request(self, kind: bytes, content: bytes = b"") -> None:
        self._requests.put(kind + len(content).to_bytes(4, "big") + content)

    async def _gone(self) -> None:
        """Wait for the end; a supervisor that does not come to it is ended with all that is below it."""
        done, _ = await asyncio.wait({self._life}, timeout=END_LIMIT_SECONDS)
        if not done:
            await asyncio.to_thread(sweep_marked, self._marker)
            await asyncio.wait({self._life}, timeout=REAP_LIMIT_SECONDS)

    async def _live(self) -> None:
        """Wait for the end of the supervisor and reap it; where it did not end well, sweep after it."""
        said = b""
        try:
            while part := await self._complaints.read():
                said += part[: COMPLAINT_BYTES_MAX - len(said)]
        finally:
            self.hang_up()
            self._complaints.close()
            self.complaint = said.decode(errors="replace").strip()
            code = await self._reap()
        if code != 0:
            await asyncio.to_thread(sweep_marked, self._marker)

    async def _reap(self) -> int | None:
        """The guardian's exit code: it ends within moments of its stderr."""
        started = time.monotonic()
        while (code := self._process.poll()) is None:
            passed_seconds = time.monotonic() - started
            if passed_seconds > REAP_LIMIT_SECONDS:
                break
            await asyncio.sleep(0 if passed_seconds < REAP_SPIN_SECONDS else 0.001)
        return code


def sweep_marked(prefix: str) -> int:
    """End each process of ours whose attempt marker is `prefix` or below it; returns how many there were.

    `prefix` is an instance's id, or a longer part of `<instance>/<task>/<attempt>`. What descends from such a
    process is ended too, also without a marker. Blocks for up to SWEEP_GRACE_SECONDS + SWEEP_LIMIT_SECONDS; a
    few milliseconds when there is nothing to end. This process and its ancestors are left alone.
    """
    prefix = prefix.rstrip("/")
    if not prefix:
        raise ValueError("a sweep needs an instance's id")
    spared = _self_and_ancestors()
    found: set[int] = set()
    started = time.monotonic()
    while time.monotonic() < started + SWEEP_GRACE_SECONDS + SWEEP_LIMIT_SECONDS:
        roots = processes.marked(prefix) - spared
        left = (roots | processes.descendants(roots)) - spared if roots else roots
        if not left:
            break
        is_late = time.monotonic() >= started + SWEEP_GRACE_SECONDS
        for pid in left if is_late else left - found:
            _signal(pid, signal.SIGKILL if is_late else signal.SIGTERM)
        found |= left
        time.sleep(POLL_SECONDS)
    return len(found)


def containment_notice() -> str | None:
    """What containment lacks on this host, as sentences to show at the start; None when it lacks nothing."""
    if sys.platform == "linux" and processes.parents():
        return None
    return (
        "On this system only the process group of a task's command can be ended with it: "
        "a process that leaves its group (setsid, a daemon) may outlive the task. "
        "Linux with /proc has no such gap."
    )


def _self_and_ancestors() -> set[int]:
    parents = processes.parents()
    pids = {os.getpid()}
    pid = os.getpid()
    while (pid := parents.get(pid, 0)) and pid not in pids:
        pids.add(pid)
    return pids


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return
