"""Opens a store: the one place that puts its adapters together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from orchestrator.engine.ports import LEASE_SECONDS, Changes, Ports
from orchestrator.store import postgresql, sqlite
from orchestrator.store.artifacts import SqlArtifactStore
from orchestrator.store.command_queue import SqlCommandQueue
from orchestrator.store.database import (
    LOCK_TIMEOUT_SECONDS,
    PostgresqlLocation,
    SqliteLocation,
    locate,
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
from orchestrator.store.memory_run_storage import MemoryRunStorage
from orchestrator.store.migrations import migrate
from orchestrator.store.notifications import Notifications
from orchestrator.store.plan_files import DiskPlanFiles
from orchestrator.store.plan_outputs import DiskPlanOutputs
from orchestrator.store.run_storage import GiveBack, SqlRunStorage, keep_space
from orchestrator.store.state_folder import ProjectState, open_state
from orchestrator.store.take_over import take_over_old_folder
from orchestrator.store.transactions import Transactions


@dataclass(frozen=True, slots=True)
class _Opened:
    transactions: Transactions
    changes: Changes
    close_changes: Callable[[], None]
    give_back: GiveBack = keep_space

    def close(self) -> None:
        self.transactions.close()
        self.close_changes()


def _open(
    state: ProjectState, url: str | None, lock_timeout_seconds: float, on_notice: Callable[[str], None]
) -> _Opened:
    location = locate(state.root, state.folder, url)
    if isinstance(location, PostgresqlLocation):
        opened = _open_postgresql(location, lock_timeout_seconds)
    else:
        opened = _open_sqlite(location, lock_timeout_seconds)
    try:
        own = location.path if isinstance(location, SqliteLocation) and url is None else None
        if notice := take_over_old_folder(state, own):
            on_notice(notice)
    except BaseException:
        opened.close()
        raise
    return opened


def _open_sqlite(location: SqliteLocation, lock_timeout_seconds: float) -> _Opened:
    location = sqlite.prepare(location)
    path = location.path
    sqlite.switch_to_wal(path, lock_timeout_seconds)
    writer = sqlite.writing_engine(path, lock_timeout_seconds)
    reader = sqlite.reading_engine(path, lock_timeout_seconds)
    with _disposed_on_error(writer, reader):
        migrate(writer, reader, path)
        doorbell = Doorbell(path, location.bells)
        rules = sqlite.SqliteCommits(path, doorbell.ring)
    return _Opened(Transactions(writer, reader, path, rules), doorbell, doorbell.close, sqlite.give_back)


def _open_postgresql(location: PostgresqlLocation, lock_timeout_seconds: float) -> _Opened:
    postgresql.require_driver()
    writer = postgresql.writing_engine(location, lock_timeout_seconds)
    reader = postgresql.reading_engine(location)
    with _disposed_on_error(writer, reader):
        postgresql.check_server(reader, location)
        migrate(writer, reader, str(location))
    notifications = Notifications(location, writer)
    rules = postgresql.PostgresqlCommits(notifications.ring)
    transactions = Transactions(writer, reader, str(location), rules, lock_timeout_seconds)
    return _Opened(transactions, notifications, notifications.close)


@contextmanager
def _disposed_on_error(*engines: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for engine in engines:
            engine.dispose()
        raise


@asynccontextmanager
async def open_store(
    root: Path,
    url: str | None = None,
    *,
    state: ProjectState | None = None,
    on_notice: Callable[[str], None] = lambda _text: None,
    lease_seconds: float = LEASE_SECONDS,
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
) -> AsyncIterator[Ports]:
    """The ports over the database that `url` names and the files in `root`.

    Without a URL the database is the SQLite file in the project's `state` folder, which is found, or made,
    unless it is given. What the user should know of that goes to `on_notice`. Creates or upgrades the
    database. On leaving, what was queued is written and everything is closed.
    Raises StorageError, and UsageError for a URL that is not supported.
    """
    if state is None:
        state = await asyncio.to_thread(open_state, root)
        for notice in state.notices:
            on_notice(notice)
    root = state.root
    opened = await asyncio.to_thread(_open, state, url, lock_timeout_seconds, on_notice)
    try:
        yield Ports(
            root=root,
            project=state.project,
            checkout=state.checkout,
            registry=SqlInstanceRegistry(opened.transactions, lease_seconds=lease_seconds),
            log=SqlEventLog(opened.transactions),
            commands=SqlCommandQueue(opened.transactions),
            artifacts=SqlArtifactStore(opened.transactions),
            changes=opened.changes,
            plans=DiskPlanFiles(root),
            outputs=DiskPlanOutputs(root),
            storage=SqlRunStorage(opened.transactions, opened.give_back),
        )
    finally:
        await asyncio.shield(asyncio.to_thread(opened.close))


def open_memory_store(
    root: Path = Path("/"),
    *,
    project: str = "memory",
    plans: Mapping[str, str | bytes] | None = None,
    lease_seconds: float = LEASE_SECONDS,
    clock: Clock = utc_now,
) -> AbstractAsyncContextManager[Ports]:
    """The same ports in memory: nothing in `root` is touched, and nothing outlives the context.

    `project` is the project's id; `plans` are the contents of docs/plans by path relative to it.
    """
    state = MemoryState(clock=clock, lease_seconds=lease_seconds)
    return nullcontext(
        Ports(
            root=root,
            project=project,
            checkout="",
            registry=MemoryInstanceRegistry(state),
            log=MemoryEventLog(state),
            commands=MemoryCommandQueue(state),
            artifacts=MemoryArtifactStore(state),
            changes=state.changes,
            plans=MemoryPlanFiles(plans, clock),
            outputs=MemoryPlanOutputs(clock),
            storage=MemoryRunStorage(state),
        )
    )
