"""A project of its own for each test, and the documented commands as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import patience
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 30.0
AGENTS = ("claude", "codex", "opencode", "gemini", "vibe-acp", "qwen")


def without_agents(path: str) -> str:
    """The PATH without the folders that hold coding agents: no test may set yours to work."""
    folders = path.split(os.pathsep)
    return os.pathsep.join(f for f in folders if not any(Path(f, name).exists() for name in AGENTS))


# No environment is active, as the README promises; and Python may keep what it compiled.
ENVIRONMENT = {
    key: value
    for key, value in os.environ.items()
    if key not in {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"} and not key.startswith("ORCHESTRATOR_")
}
ENVIRONMENT["PATH"] = without_agents(ENVIRONMENT["PATH"])


WAITING_PLAN = """\
# Long

## Phase 1: One

- [ ] 1.1 Waits for a file

  ```sh
  echo begun >> begun
  until test -e go; do sleep 0.05; done
  ```

- [ ] 1.2 Last

  ```sh
  echo 1.2 >> ran
  ```
"""
"""Its first task notes that it has begun, and waits for the file `go`; the second notes that it ran."""


def wait_until(what, seconds=LIMIT_SECONDS):
    """As `patience.wait_until`, with the longer limit that whole programs need."""
    return patience.wait_until(what, seconds)


class Door:
    """A documented command at work. Its output is read as it comes, so that it never blocks."""

    def __init__(self, *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**ENVIRONMENT, **(environment or {})},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def url(self) -> str:
        """Where it says that it serves."""

        def said() -> str | None:
            match = re.search(r"http://127\.0\.0\.1:\d+", self.text)
            if match is None and self.process.poll() is not None:
                pytest.fail(f"ended with {self.process.returncode}:\n{self.text}")
            return match and match[0]

        url = wait_until(said)
        wait_until(lambda: _answers(url))
        return url

    def wait(self, seconds: float = LIMIT_SECONDS) -> int:
        code = self.process.wait(seconds)
        self._reader.join(5)
        assert self.process.stdout is not None
        assert not self._reader.is_alive(), "something that it started has outlived it"
        self.process.stdout.close()
        return code

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez").status_code == 200
    except httpx.TransportError:
        return False


class Project:
    """A folder with plans, and the checkout's scripts run for it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.doors: list[Door] = []
        (root / "docs" / "plans").mkdir(parents=True)

    def plan(self, name: str, text: str) -> Path:
        path = self.root / "docs" / "plans" / f"{name}.md"
        path.write_text(text)
        return path

    def open(self, script: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Door:
        """`python scripts/<script> <arguments>`, for this project."""
        path, root = str(CHECKOUT / "scripts" / script), str(self.root)
        door = Door(path, *arguments, "--root", root, cwd=CHECKOUT, environment=environment)
        self.doors.append(door)
        return door

    def serve(self, *arguments: str) -> Door:
        return self.open("run_api_server.py", "--port", "0", *arguments)

    def run(self, *arguments: str) -> Door:
        return self.open("plan_orchestrator.py", *arguments)

    def command(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """The output of `orchestrator <arguments>` in the project's folder, which must end with `code`."""
        done = subprocess.run(
            [CHECKOUT / ".venv" / "bin" / "orchestrator", *arguments],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**ENVIRONMENT, **variables},
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout

    def start(self, *arguments: str) -> Door:
        """`orchestrator <arguments>`, left at work."""
        door = Door("-m", "orchestrator", *arguments, cwd=self.root)
        self.doors.append(door)
        return door

    def only_id(self) -> str:
        """The id of the one orchestrator there is, once it is there."""
        found = wait_until(lambda: json.loads(self.command("list", "--all", "--json")))
        return str(found[0]["id"])

    def events(self, instance_id: str) -> list[dict[str, Any]]:
        lines = self.command("events", instance_id, "--json").splitlines()
        return [json.loads(line) for line in lines]


def marked_processes(instance_id: str) -> list[str]:
    """The processes that belong to the orchestrator's attempts, by their marker."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if f"ORCHESTRATOR_ATTEMPT={instance_id}/".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
