from __future__ import annotations

import errno
import sqlite3

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orchestrator.domain.errors import StorageError
from orchestrator.store.failures import storage_errors


def sqlite_error(code: int, text: str = "what SQLite said") -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_BUSY, "kept it locked for too long"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "kept it locked for too long"),
        (sqlite3.SQLITE_READONLY, "cannot be written"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "cannot be written"),
        (sqlite3.SQLITE_FULL, "disk is full"),
        (sqlite3.SQLITE_CORRUPT, "damaged"),
        (sqlite3.SQLITE_NOTADB, "damaged or no SQLite database"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened"),
        (sqlite3.SQLITE_IOERR_FSYNC, "disk reports an error"),
        (sqlite3.SQLITE_ERROR, "refuses what was asked"),
    ],
)
def test_a_database_error_names_the_file_the_cause_and_what_to_do(code, advice) -> None:
    for raised in (sqlite_error(code), OperationalError("SELECT secret", {}, sqlite_error(code))):
        with pytest.raises(StorageError, match=advice) as told, storage_errors("/p/orchestrator.db"):
            raise raised
        assert str(told.value).startswith("/p/orchestrator.db: ")
        assert "what SQLite said" in str(told.value)
        assert "SELECT" not in str(told.value)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "access is denied"),
        (errno.ENOTDIR, "is a file, not a folder"),
        (errno.EXDEV, "refuses the access"),
    ],
)
def test_a_system_error_names_the_file_and_what_to_do(number, advice) -> None:
    with pytest.raises(StorageError, match=advice), storage_errors("/p/file"):
        raise OSError(number, "strerror")


def test_other_errors_of_the_database_and_of_texts_are_storage_errors_too() -> None:
    with pytest.raises(StorageError, match="connections are in use"), storage_errors("/p"):
        raise PoolTimeout
    with pytest.raises(StorageError, match="not valid Unicode"), storage_errors("/p"):
        "\ud800".encode()
    with pytest.raises(StorageError, match="refuses what was asked"), storage_errors("/p"):
        raise DatabaseError("SELECT", {}, sqlite3.DatabaseError("odd"))
