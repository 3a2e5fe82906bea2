"""Orchestrators over a real database and real files, with an agent in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.errors import AgentUnavailable
from orchestrator.engine.agent_events import AgentEvent, Finished, ToolCallCompleted, ToolCallStarted
from orchestrator.engine.attempt import Limits
from orchestrator.engine.orchestrator import Orchestrator, RunOptions
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import AgentCheck, Job, NewInstance
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.status_reader import StatusReader


class Worker:
    """An agent that is done at once, or when `go` is set for a task in `slow`."""

    name = "worker"

    def __init__(self) -> None:
        self.jobs: list[str] = []
        self.slow: set[str] = set()
        self.go = asyncio.Event()

    async def check(self) -> AgentCheck:
        return AgentCheck(is_ready=True)

    def refusal(self, _text: str) -> None:
        return None

    def run(self, job: Job) -> WorkerRun:
        self.jobs.append(f"{job.task.id}/{job.attempt}")
        return WorkerRun(self, job)

    def get(self, name: str) -> Worker:
        if name not in {"worker", "shell"}:
            raise AgentUnavailable(f"There is no agent {name!r}.")
        return self

    async def first_ready(self) -> Worker:
        return self


class WorkerRun:
    """One job of the worker."""

    def __init__(self, worker: Worker, job: Job) -> None:
        self._worker = worker
        self._job = job
        self._told = asyncio.Event()

    async def interrupt(self, reason: str) -> None:
        self._told.set()
        self._worker.go.set()

    async def events(self) -> AsyncIterator[AgentEvent]:
        yield ToolCallStarted("t", "think")
        if self._job.task.id in self._worker.slow:
            await self._worker.go.wait()
        yield ToolCallCompleted("t", "ok")
        yield Finished("interrupted" if self._told.is_set() else "completed", "done")


class AllAlive:
    """A host on which no process has died."""

    host = "here"

    def fate(self, host: str, pid: int, started: str) -> str:
        return "alive"

    def sweep(self, instance_id: str) -> int:
        return 0


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def write_plan(tmp_path: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        folder = tmp_path / "docs" / "plans"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "p.md").write_text(text)

    return write


@pytest.fixture
def orchestrator(tmp_path: Path, worker: Worker) -> Callable[..., Any]:
    """Makes the orchestrator `id` over these ports."""

    async def make(ports: Ports, instance_id: str, **options: Any) -> Orchestrator:
        reader = StatusReader(ports.registry, ports.log, ports.commands)
        file = await ports.plans.read("p")
        root = str(tmp_path)
        new = NewInstance(instance_id, ports.project, file.name, file.path, root, "here", 1, "1")
        return Orchestrator(
            ports,
            worker,
            Undertaker(ports.registry, reader, AllAlive(), lambda: datetime.now(UTC)),
            reader,
            file,
            new,
            RunOptions(**{"limits": Limits(back_off_first_seconds=0.01), **options}),
        )

    return make
