"""What every figure shares: rows, percentiles, and processes that end whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

PYTHON = sys.executable
BIN = Path(sys.executable).parent
# Children keep what they compile, as users' programs do.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("ORCHESTRATOR_")
}


@dataclass(frozen=True)
class Effort:
    """How much is measured: `quick` only shows that every figure can be had."""

    quick: bool = False

    def count(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass(frozen=True)
class Row:
    """One line of the table. `met` is None where there is no aim."""

    figure: str
    ours: str
    beside: str
    aim: str = ""
    met: bool | None = None


@dataclass
class Samples:
    """Numbers of one kind, in the order in which they were measured."""

    values: list[float] = field(default_factory=list)

    def add(self, *values: float) -> None:
        self.values += values

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def at(self, share: float) -> float:
        """The value that this share of the samples does not exceed."""
        ordered = sorted(self.values)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def spread(self, form: str = ".3g") -> str:
        """The median, and between which values the middle half lies."""
        return f"{self.median:{form}} ({self.at(0.25):{form}} to {self.at(0.75):{form}})"

    def tail(self, form: str = ".2f") -> str:
        return f"p50 {self.median:{form}}, p99 {self.at(0.99):{form}}"


def say(text: str) -> None:
    """Show that something is going on."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty folder on the disk of the working directory, not in memory.

    It is a repository of its own: inside that of the checkout, all projects would share the checkout's state.
    """
    path = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path.cwd()))
    try:
        subprocess.run(["git", "init", "--quiet", path], check=True)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def process(
    *command: str | Path, stderr: int | IO[str] = subprocess.DEVNULL, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A process with pipes for lines, ended at the end."""
    running = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        bufsize=1,
        env={**ENVIRONMENT, **environment},
    )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()


def tell(child: subprocess.Popen[str], line: str) -> str:
    """Send a line, and give the line that comes back."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{line}\n")
    child.stdin.flush()
    return child.stdout.readline().strip()


@contextlib.contextmanager
def api_server(root: Path) -> Iterator[tuple[str, int]]:
    """`orchestrator serve` for the root: its URL, and its pid."""
    with process(
        *(BIN / "orchestrator", "serve", "--port", "0", "--root", root),
        stderr=subprocess.PIPE,
        # The references log no requests either.
        ORCHESTRATOR_API_ACCESS_LOG="0",
    ) as server:
        assert server.stderr is not None
        url = _url_in(server.stderr)
        # What it logs must not fill the pipe.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield url, server.pid


def _url_in(output: IO[str]) -> str:
    """Where the server says that it serves."""
    said = ""
    while line := output.readline():
        said += line
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("/")
    raise RuntimeError(f"the server did not start: {said}")


def cpu_seconds(pid: int) -> float:
    """The processor time that the process has used, see proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_a_request(client: httpx.Client, pid: int, url: str, count: int, headers: dict[str, str]) -> float:
    """The processor time in milliseconds that the process needs for each of so many requests."""
    before = cpu_seconds(pid)
    for _ in range(count):
        assert client.get(url, headers=headers).status_code in {200, 304}
    return (cpu_seconds(pid) - before) * 1000 / count


def memory_mib(pid: int) -> float:
    """The resident memory of the process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def wait_until(condition, seconds: float = 30.0):  # noqa: ANN001, ANN201 - whatever the condition gives
    """The first true value of the condition."""
    limit = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > limit:
            raise TimeoutError(f"the condition did not come true in {seconds:g} s")
        time.sleep(0.01)
    return value


def verdict(row: Row) -> str:
    """The last column of the table."""
    return {True: "met", False: "**missed**", None: ""}[row.met]


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| Figure | Plan Orchestrator | Beside it | Aim | |", "|---|---|---|---|---|"]
    lines += [f"| {r.figure} | {r.ours} | {r.beside} | {r.aim} | {verdict(r)} |" for r in rows]
    return "\n".join(lines)
