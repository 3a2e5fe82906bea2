"""Opens a store: the one place that puts its adapters together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from orchestrator.engine.ports import LEASE_SECONDS, Ports
from orchestrator.store.artifacts import SqlArtifactStore
from orchestrator.store.command_queue import SqlCommandQueue
from orchestrator.store.database import (
    LOCK_TIMEOUT_SECONDS,
    FileIdentity,
    locate,
    prepare,
    reading_engine,
    switch_to_wal,
    writing_engine,
)
from orchestrator.store.doorbell import Doorbell
from orchestrator.store.entries import Clock, utc_now
from orchestrator.store.event_log import SqlEventLog
from orchestrator.store.instance_registry import SqlInstanceRegistry
from orchestrator.store.memory import (
    MemoryArtifactStore,
    MemoryCommandQueue,
    MemoryEventLog,
    MemoryInstanceRegistry,
    MemoryState,
)
from orchestrator.store.memory_files import MemoryPlanFiles, MemoryPlanOutputs
from orchestrator.store.migrations import migrate
from orchestrator.store.plan_files import DiskPlanFiles
from orchestrator.store.plan_outputs import DiskPlanOutputs
from orchestrator.store.transactions import Transactions


@dataclass(frozen=True, slots=True)
class _Opened:
    transactions: Transactions
    doorbell: Doorbell

    def close(self) -> None:
        self.transactions.close()
        self.doorbell.close()


def _open(root: Path, url: str | None, lock_timeout_seconds: float) -> _Opened:
    location = prepare(locate(root, url))
    switch_to_wal(location.path, lock_timeout_seconds)
    writer = writing_engine(location.path, lock_timeout_seconds)
    reader = reading_engine(location.path, lock_timeout_seconds)
    try:
        migrate(writer, reader, location.path)
        identity = FileIdentity(location.path)
    except BaseException:
        writer.dispose()
        reader.dispose()
        raise
    doorbell = Doorbell(location.path, location.bells)
    transactions = Transactions(
        writer, reader, location.path, before_write=identity.check, after_commit=doorbell.ring
    )
    return _Opened(transactions, doorbell)


@asynccontextmanager
async def open_store(
    root: Path,
    url: str | None = None,
    *,
    lease_seconds: float = LEASE_SECONDS,
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
) -> AsyncIterator[Ports]:
    """The ports over the database that `url` names and the files in `root`.

    Without a URL the database is the SQLite file `.orchestrator/orchestrator.db` in `root`.
    Creates or upgrades the database. On leaving, what was queued is written and everything is closed.
    Raises StorageError, and UsageError for a URL that is not supported.
    """
    root = await asyncio.to_thread(root.absolute)
    opened = await asyncio.to_thread(_open, root, url, lock_timeout_seconds)
    try:
        yield Ports(
            root=root,
            registry=SqlInstanceRegistry(opened.transactions, lease_seconds=lease_seconds),
            log=SqlEventLog(opened.transactions),
            commands=SqlCommandQueue(opened.transactions),
            artifacts=SqlArtifactStore(opened.transactions),
            changes=opened.doorbell,
            plans=DiskPlanFiles(root),
            outputs=DiskPlanOutputs(root),
        )
    finally:
        await asyncio.shield(asyncio.to_thread(opened.close))


def open_memory_store(
    root: Path = Path("/"),
    *,
    plans: Mapping[str, str | bytes] | None = None,
    lease_seconds: float = LEASE_SECONDS,
    clock: Clock = utc_now,
) -> AbstractAsyncContextManager[Ports]:
    """The same ports in memory: nothing in `root` is touched, and nothing outlives the context.

    `plans` are the contents of docs/plans by path relative to it.
    """
    state = MemoryState(clock=clock, lease_seconds=lease_seconds)
    return nullcontext(
        Ports(
            root=root,
            registry=MemoryInstanceRegistry(state),
            log=MemoryEventLog(state),
            commands=MemoryCommandQueue(state),
            artifacts=MemoryArtifactStore(state),
            changes=state.changes,
            plans=MemoryPlanFiles(plans, clock),
            outputs=MemoryPlanOutputs(clock),
        )
    )
