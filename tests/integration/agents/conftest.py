"""Jobs for the shell agent, programs and attempts to be killed, and patience."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest
import uvloop
from patience import until, wait_until
from stubborn_attempt import Attempt

from orchestrator.agents import processes
from orchestrator.agents.contained_program import ContainedProgram
from orchestrator.agents.shell import ShellAgent
from orchestrator.domain.plan import CodeBlock, Span, Task, TaskId
from orchestrator.engine.records import Job

LOOP_LIMIT_SECONDS = 20.0


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
            block_seconds_max=fields.get("block_seconds_max"),
        )
        return ShellAgent(own).run(job)

    return prepare


@pytest.fixture
def attempt_of(tmp_path, patience):
    """Start an attempt under a driver of this folder, and wait until all its processes are there."""
    started = []

    def start(driver: str, *, extra: str = "") -> Attempt:
        instance_id = f"orch-{os.getpid()}-{time.monotonic_ns()}"
        made = Attempt(tmp_path, instance_id, Path(__file__).with_name(driver), extra=extra)
        started.append(made)
        patience(made.is_up, 20)
        made.find()
        return made

    yield start
    for made in started:
        made.clean_up()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def on_loop(request):
    """Run a coroutine on either kind of event loop, with a limit."""

    def run(body):
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(body, LOOP_LIMIT_SECONDS))

    return run


@pytest.fixture
def agent(tmp_path):
    """Start a Python program; it is closed by the test."""

    def start(program: str, *arguments: object, **options) -> ContainedProgram:
        marker = f"orch-data-{os.getpid()}/1.1/{time.monotonic_ns()}"
        command = (sys.executable, "-I", "-S", "-c", program, *map(str, arguments))
        return ContainedProgram(marker, tmp_path, {"PATH": os.environ["PATH"]}, command, **options)

    yield start
    assert not processes.marked(f"orch-data-{os.getpid()}")
