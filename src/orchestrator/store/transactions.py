"""Runs work on the database away from the event loop, and lets writes that come together share one commit.

A commit is one fsync. Whatever arrives while one is running waits and goes into the next, so that
the number of writers hardly changes how long each of them waits.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from orchestrator.domain.errors import OrchestratorError, StorageError
from orchestrator.store.database import READERS
from orchestrator.store.failures import database_failure, storage_errors

T = TypeVar("T")

JOBS_PER_COMMIT_MAX = 256


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
        *,
        before_write: Callable[[], None],
        after_commit: Callable[[], None],
    ) -> None:
        """`before_write` may refuse by raising; `after_commit` tells others that there is something new."""
        self._writer = writer
        self._reader = reader
        self._place = place
        self._before_write = before_write
        self._after_commit = after_commit
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
        with storage_errors(self._place), self._reader.begin() as connection:
            return work(connection)

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
        try:
            with storage_errors(self._place):
                self._before_write()
                with self._connected() as connection, connection.begin():
                    settle = [self._perform(connection, job, alone=len(jobs) == 1) for job in jobs]
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            for job in jobs:
                job.future.set_exception(error)
            return
        if any(job.rings for job in jobs):
            self._after_commit()
        for report in settle:
            report()

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
