"""What a database or disk that fails looks like to a user: one sentence with the file and what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orchestrator.domain.errors import StorageError

_LOCKED = (
    "another process has kept it locked for too long; look for a program that holds it open, and try again"
)
_READ_ONLY = "it cannot be written; check the owner and the rights of the file and of its folder"
_FULL = "the disk is full; free some space and start again, nothing that was acknowledged is lost"
_DAMAGED = "it is damaged or no SQLite database; move it aside and restore it from a backup"
_WITHOUT = "it cannot be opened; check that its folder exists and may be read and written"
_DEVICE = "the disk reports an error while reading or writing; check the disk and the space left on it"

_SQLITE_ADVICE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: _WITHOUT,
    sqlite3.SQLITE_IOERR: _DEVICE,
}

# By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL_ADVICE = {
    "28000": "the server refuses this user; check the name in the URL and the server's pg_hba.conf",
    "28P01": "the server refuses this user's password; check the URL",
    "3D000": "there is no database of this name; make it with createdb, or correct the URL",
    "42501": "this user lacks a right; the user needs to create tables in the database, or own them",
    "25006": "the server is read-only, as a standby is; name the primary server",
    "53100": "the server's disk is full; free some space, nothing that was acknowledged is lost",
    "53300": "the server has too many connections; raise max_connections (a process here needs five)",
    "55P03": _LOCKED,
    "40P01": "it was in the way of other writers again and again; try again",
}
_AWAY_STATE = "08001"
_POSTGRESQL_ADVICE |= dict.fromkeys(
    (_AWAY_STATE, "08000", "08003", "08004", "08006", "57P01", "57P02", "57P03"),
    "the server cannot be reached; check that it runs, and the host and port in the URL",
)
_LIBPQ_WORDS = {
    "password authentication failed": "28P01",
    "no pg_hba.conf entry": "28000",
    "too many clients": "53300",
    'database "': "3D000",
    'role "': "28000",
}
_REFUSED = "the database refuses what was asked of it"

_SYSTEM_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and start again",
    errno.EDQUOT: "the disk quota is used up; free some space and start again",
    errno.EROFS: "the file system is read-only; choose another root or mount it writable",
    errno.EACCES: "access is denied; check the owner and the rights of the file and of its folder",
    errno.EPERM: "access is denied; check the owner and the rights of the file and of its folder",
    errno.ENOTDIR: "a part of its path is a file, not a folder; move that file aside",
    errno.EISDIR: "there is a folder of that name; move it aside",
    errno.EMFILE: "this process has too many files open; raise the limit (ulimit -n)",
}


@contextmanager
def storage_errors(place: Path | str) -> Iterator[None]:
    """Turn every error of the database or the system into a StorageError that names `place`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise database_failure(place, error) from error
    except OSError as error:
        raise file_failure(place, error) from error
    except UnicodeEncodeError as error:
        raise StorageError(f"{place}: a text is not valid Unicode and cannot be stored: {error}") from error


def database_failure(place: Path | str, error: Exception) -> StorageError:
    """The StorageError for what the driver or SQLAlchemy raised."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, PoolTimeout):
        advice = "all its connections are in use; try again"
    elif isinstance(cause, sqlite3.Error):
        # The low byte of an extended code is the condition.
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        advice = _SQLITE_ADVICE.get(code, _REFUSED)
    else:
        advice = _POSTGRESQL_ADVICE.get(_state_of(cause), _REFUSED)
    # Further lines of a server's message quote rows and statements.
    said = str(cause).strip().partition("\n")[0].removesuffix(".")
    return StorageError(f"{place}: {advice} ({said}).")


def _state_of(cause: object) -> str:
    """The SQLSTATE; libpq gives none for a server it does not reach, and only words for a refusal."""
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state)
    if type(cause).__name__ != "OperationalError":
        return ""
    refusal = str(cause).partition("FATAL:")[2]
    return next((code for words, code in _LIBPQ_WORDS.items() if words in refusal), _AWAY_STATE)


def file_failure(place: Path | str, error: OSError) -> StorageError:
    """The StorageError for an error of the operating system."""
    advice = _SYSTEM_ADVICE.get(error.errno or 0, "the operating system refuses the access")
    return StorageError(f"{place}: {advice} ({error.strerror or error}).")
