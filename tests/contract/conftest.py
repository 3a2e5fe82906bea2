"""The adapters that every contract suite runs against; a new one joins by a line in STORES or FILES."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from orchestrator.domain.commands import CommandState
from orchestrator.domain.events import (
    AgentMessage,
    CommandSettled,
    EventData,
    NewEvent,
    OrchestratorChanged,
    ToolStarted,
)
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.ports import PlanFiles, PlanOutputs, Ports
from orchestrator.engine.records import NewInstance
from orchestrator.store.memory_files import MemoryPlanFiles, MemoryPlanOutputs
from orchestrator.store.open import open_memory_store, open_store
from orchestrator.store.plan_files import DiskPlanFiles
from orchestrator.store.plan_outputs import DiskPlanOutputs

LEASE_SECONDS = 10.0
START = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class StoreAdapter:
    """A store under test: `pass_time` moves its clock on, `reopen` gives it anew over the same data."""

    ports: Ports
    pass_time: Callable[[float], None]
    reopen: Callable[[], Awaitable[Ports]]


@asynccontextmanager
async def memory(root: Path, _request: pytest.FixtureRequest) -> AsyncIterator[StoreAdapter]:
    now = [START]

    def pass_time(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    async with open_memory_store(root, lease_seconds=LEASE_SECONDS, clock=lambda: now[0]) as ports:

        async def reopen() -> Ports:
            return ports

        yield StoreAdapter(ports, pass_time, reopen)


STAMPS = (
    ("plans", "lease_until"),
    ("orchestrators", "started_at"),
    ("orchestrators", "last_heartbeat"),
    ("commands", "submitted_at"),
)
"""A database's clock can't be moved, so what it has stamped is moved back."""


@asynccontextmanager
async def in_database(
    root: Path, url: str | None, execute: Callable[[str], None]
) -> AsyncIterator[StoreAdapter]:
    def pass_time(seconds: float) -> None:
        for table, column in STAMPS:
            execute(f"UPDATE {table} SET {column} = {column} - {round(seconds * 1000)}")

    async with AsyncExitStack() as stack:

        async def reopen() -> Ports:
            return await stack.enter_async_context(open_store(root, url, lease_seconds=LEASE_SECONDS))

        yield StoreAdapter(await reopen(), pass_time, reopen)


def sqlite(root: Path, _request: pytest.FixtureRequest) -> AbstractAsyncContextManager[StoreAdapter]:
    def execute(statement: str) -> None:
        connection = sqlite3.connect(root / ".orchestrator/orchestrator.db")
        with connection:
            connection.execute(statement)
        connection.close()

    return in_database(root, None, execute)


def postgresql(root: Path, request: pytest.FixtureRequest) -> AbstractAsyncContextManager[StoreAdapter]:
    url = request.getfixturevalue("postgres_url")

    def execute(statement: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute(statement)

    return in_database(root, url, execute)


STORES = {"memory": memory, "sqlite": sqlite, "postgresql": postgresql}


@pytest.fixture(params=STORES)
def opening(request, tmp_path) -> AbstractAsyncContextManager[StoreAdapter]:
    # Not in the fixture below: another fixture cannot be asked for while a loop runs.
    return STORES[request.param](tmp_path, request)


@pytest.fixture
async def store(opening) -> AsyncIterator[StoreAdapter]:
    async with opening as adapter:
        yield adapter


@pytest.fixture
def ports(store) -> Ports:
    return store.ports


class Samples:
    """Values to test with."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def instance(
        self, plan: str = "docs/plans/a.md", project: str = "/project", checkout: str = ""
    ) -> NewInstance:
        number = next(self._numbers)
        return NewInstance(
            id=f"orch-{number}",
            project=project,
            plan_name=Path(plan).stem,
            plan_path=plan,
            worktree_path=project,
            host="here",
            pid=1000 + number,
            pid_started="12345",
            agent="shell",
            checkout=checkout,
        )

    def event(self, data: EventData) -> NewEvent:
        return NewEvent(data, START + timedelta(microseconds=123_456))

    def message(self, text: str = "hello") -> NewEvent:
        return self.event(AgentMessage(task_id="1.1", attempt=1, text=text))

    def tool(self, tool_id: str = "t1") -> NewEvent:
        return self.event(ToolStarted(task_id="1.1", attempt=1, tool_id=tool_id, tool_name="bash"))

    def status(self, old: RunStatus, new: RunStatus) -> NewEvent:
        return self.event(OrchestratorChanged(old_status=old, new_status=new))

    def crashed(self) -> NewEvent:
        return self.status(RunStatus.RUNNING, RunStatus.CRASHED)

    def receipt(self, command_id: str, state: CommandState = CommandState.APPLIED, **fields: str) -> NewEvent:
        return self.event(CommandSettled(command_id=command_id, command="pause", state=state, **fields))


@pytest.fixture
def make() -> Samples:
    return Samples()


@dataclass(frozen=True)
class PlanFilesAdapter:
    plans: PlanFiles
    put: Callable[[str, bytes], None]


def memory_plans(root: Path) -> PlanFilesAdapter:
    plans = MemoryPlanFiles()
    return PlanFilesAdapter(plans, plans.put)


def disk_plans(root: Path) -> PlanFilesAdapter:
    def put(path: str, data: bytes) -> None:
        target = root / "docs/plans" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    return PlanFilesAdapter(DiskPlanFiles(root), put)


@dataclass(frozen=True)
class PlanOutputsAdapter:
    """`put` and `read` are what others do with the files: paths are relative to the root."""

    outputs: PlanOutputs
    put: Callable[[str, bytes], None]
    read: Callable[[str], bytes | None]


def memory_outputs(root: Path) -> PlanOutputsAdapter:
    outputs = MemoryPlanOutputs()
    return PlanOutputsAdapter(outputs, outputs.put, lambda path: outputs.files.get(path, (None,))[0])


def disk_outputs(root: Path) -> PlanOutputsAdapter:
    def put(path: str, data: bytes) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)

    def read(path: str) -> bytes | None:
        return (root / path).read_bytes() if (root / path).exists() else None

    return PlanOutputsAdapter(DiskPlanOutputs(root), put, read)


FILES = {"memory": (memory_plans, memory_outputs), "disk": (disk_plans, disk_outputs)}


@pytest.fixture(params=FILES)
def plan_files(request, tmp_path) -> PlanFilesAdapter:
    return FILES[request.param][0](tmp_path)


@pytest.fixture(params=FILES)
def plan_outputs(request, tmp_path) -> PlanOutputsAdapter:
    return FILES[request.param][1](tmp_path)
