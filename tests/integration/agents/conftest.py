"""Jobs for the shell agent, and patience."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.agents.shell import ShellAgent
from orchestrator.domain.plan import CodeBlock, Span, Task, TaskId
from orchestrator.engine.records import Job


def wait_until(condition: Callable[[], object], limit_seconds: float = 10.0) -> None:
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


async def until(condition: Callable[[], object], limit_seconds: float = 10.0) -> None:
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.005)


@pytest.fixture
def patience():
    return wait_until


@pytest.fixture
def patience_async():
    return until


@pytest.fixture
def shell_run(tmp_path):
    """Prepare a run of the shell agent for these blocks."""

    def prepare(*blocks: str, root: Path = tmp_path, environment=None, own=None, tool_name="bash", **fields):
        task = Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0))
        job = Job(
            fields.get("instance_id", "orch-test"),
            "plan",
            task,
            1,
            root,
            "",
            tuple(CodeBlock("bash", text, 1) for text in blocks),
            tool_name=tool_name,
            environment=environment or {},
        )
        return ShellAgent(own).run(job)

    return prepare
