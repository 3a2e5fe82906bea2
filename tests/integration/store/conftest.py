"""What the tests of the store on disk share: values to write, and programs of their own to run."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.domain.events import AgentMessage, NewEvent
from orchestrator.engine.records import NewInstance

PRELUDE = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from orchestrator.domain.events import AgentMessage, NewEvent
from orchestrator.engine.ports import Lease, NewInstance
from orchestrator.store.open import open_store

def instance(name):
    return NewInstance(f"orch-{name}", "/p", name, f"docs/plans/{name}.md", "/p", "here", 1, "1")

def message(text="hello"):
    return NewEvent(AgentMessage(task_id="1.1", attempt=1, text=text), datetime.now(UTC))
"""


def instance(name: str) -> NewInstance:
    return NewInstance(f"orch-{name}", "/p", name, f"docs/plans/{name}.md", "/p", "here", 1, "1")


def message(text: str = "hello") -> NewEvent:
    return NewEvent(AgentMessage(task_id="1.1", attempt=1, text=text), datetime.now(UTC))


@pytest.fixture
def new_instance() -> Callable[[str], NewInstance]:
    return instance


@pytest.fixture
def new_message() -> Callable[..., NewEvent]:
    return message


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `body`, the inside of a coroutine, as a process of its own; `sys.argv[1:]` are the arguments."""
    running: list[subprocess.Popen[str]] = []

    def run(body: str, *arguments: object) -> subprocess.Popen[str]:
        program = f"{PRELUDE}\nasync def main():\n{textwrap.indent(textwrap.dedent(body), '    ')}\nasyncio.run(main())"
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()
