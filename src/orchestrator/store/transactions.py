"""Runs work on the database away from the event loop, and lets writes that come together share one commit.

A commit is one fsync. Whatever arrives while one is running waits and goes into the next, so that
the number of writers hardly changes how long each of them waits.
"""

from __future__ import annotations

import asyncio
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from orchestrator.domain.errors import OrchestratorError, StorageError
from orchestrator.store.database import LOCK_TIMEOUT_SECONDS, READERS
from orchestrator.store.failures import database_failure, storage_errors

T = TypeVar("T")

JOBS_PER_COMMIT_MAX = 256
RETRY_PAUSE_SECONDS = 0.05


class CommitRules(Protocol):
    """What one database wants around a commit."""

    def before(self) -> None:
        """Refuse by raising, where writing would not be safe."""

    def within(self, connection: Connection) -> None:
        """Say the last words of a transaction that is to wake others."""

    def after(self) -> None:
        """Tell others that there is something new."""

    def is_passing(self, error: Exception) -> bool:
        """Whether the same work may succeed when it is tried again: a conflict, a server that is away."""


@dataclass(slots=True)
class _Job:
    work: Callable[[Connection], Any]
    rings: bool
    future: Future[Any] = field(default_factory=Future)


class Transactions:
    """One thread that writes and a few that read."""

    def __init__(
        self,
        writer: Engine,
        reader: Engine,
        place: Path | str,
        rules: CommitRules,
        patience_seconds: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        """`place` is the database's name in errors; for `patience_seconds` what passes is tried again."""
        self._writer = writer
        self._reader = reader
        self._place = place
        self._rules = rules
        self._patience_seconds = patience_seconds
        self._connection: Connection | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()
        self._closing = threading.Lock()
        self._is_closed = False

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that sees one state of the database. Raises StorageError."""
        with self._closing:
            if self._is_closed:
                raise self._closed()
            future = self._readers.submit(self._read, work)
        return await asyncio.wrap_future(future)

    def _read(self, work: Callable[[Connection], T]) -> T:
        def once() -> T:
            with self._reader.begin() as connection:
                return work(connection)

        with storage_errors(self._place):
            return self._patiently(once)

    def _patiently(self, work: Callable[[], T]) -> T:
        """The result of `work`, which is begun anew while its error is one that passes."""
        deadline = time.monotonic() + self._patience_seconds
        while True:
            try:
                return work()
            except DBAPIError as error:
                if time.monotonic() >= deadline or not self._rules.is_passing(error):
                    raise
            # Two that were in each other's way should not meet again.
            time.sleep(RETRY_PAUSE_SECONDS * random.uniform(0.1, 1))  # noqa: S311 - no secret

    async def write(self, work: Callable[[Connection], T], *, rings: bool = True) -> T:
        """Run `work` and return when it is on disk, or raise what it raised, and then nothing is written.

        A caller that is cancelled does not take its work back: it may be written all the same.
        `rings` false leaves waiters asleep. Raises StorageError.
        """
        return await settled(self.submit(work, rings=rings))

    def submit(self, work: Callable[[Connection], T], *, rings: bool = True) -> Future[T]:
        """Queue `work` for the next commit."""
        job = _Job(work, rings)
        with self._closing:
            if self._is_closed:
                raise self._closed()
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finish what is queued, then end the threads and connections. Blocks; idempotent."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            self._jobs.put(None)
        self._thread.join()
        if self._connection is not None:
            self._connection.close()
        self._readers.shutdown()
        self._writer.dispose()
        self._reader.dispose()

    def _closed(self) -> StorageError:
        return StorageError(f"{self._place}: the store is closed.")

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs, is_last = [job], False
            while len(jobs) < JOBS_PER_COMMIT_MAX and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    is_last = True
                    break
                jobs.append(following)
            self._commit(jobs)
            if is_last:
                return

    def _commit(self, jobs: list[_Job]) -> None:
        rings = any(job.rings for job in jobs)
        try:
            with storage_errors(self._place):
                reports = self._patiently(lambda: self._transaction(jobs, rings=rings))
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            for job in jobs:
                job.future.set_exception(error)
            return
        if rings:
            self._rules.after()
        for report in reports:
            report()

    def _transaction(self, jobs: list[_Job], *, rings: bool) -> list[Callable[[], None]]:
        """One transaction with all the jobs, and for each what tells its waiter."""
        self._rules.before()
        with self._connected() as connection:
            transaction = connection.begin()
            try:
                reports = [self._perform(connection, job, alone=len(jobs) == 1) for job in jobs]
                if rings:
                    self._rules.within(connection)
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                # Whether it was written is not known then, so it must not be tried again.
                raise database_failure(self._place, error) from error
        return reports

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """The writer's connection, kept from one commit to the next unless something went wrong."""
        if self._connection is None:
            self._connection = self._writer.connect()
        try:
            yield self._connection
        except BaseException:
            self._connection.close()
            self._connection = None
            raise

    def _perform(self, connection: Connection, job: _Job, *, alone: bool) -> Callable[[], None]:
        """Do the work and return what tells its waiter, once the commit is on disk.

        An error of the work itself undoes that work only; one of the database undoes the transaction.
        """
        if alone:
            result = job.work(connection)
            return lambda: job.future.set_result(result)
        savepoint = connection.begin_nested()
        try:
            result = job.work(connection)
        except (OrchestratorError, IntegrityError) as error:
            savepoint.rollback()
            told = error if isinstance(error, OrchestratorError) else database_failure(self._place, error)
            return lambda: job.future.set_exception(told)
        savepoint.commit()
        return lambda: job.future.set_result(result)


async def settled(future: Future[T]) -> T:
    """The future's result; a caller that is cancelled leaves the future as it is."""
    return await asyncio.shield(asyncio.wrap_future(future))
