from __future__ import annotations

import sqlite3
import time

import pytest

from orchestrator.store.sqlite import _journal_mode


class Connection:
    """Answers with the errors that it is given, and then with success."""

    def __init__(self, *codes: int) -> None:
        self.errors = list(codes)

    def execute(self, _statement: str) -> Connection:
        if self.errors:
            error = sqlite3.OperationalError("said")
            error.sqlite_errorcode = self.errors.pop(0)
            raise error
        return self

    def fetchone(self) -> tuple[str]:
        return ("wal",)


def test_a_lock_that_sqlite_does_not_wait_for_is_waited_for() -> None:
    locked = Connection(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
    assert _journal_mode(locked, time.monotonic() + 10) == "wal"


def test_but_not_for_ever() -> None:
    with pytest.raises(sqlite3.OperationalError):
        _journal_mode(Connection(*[sqlite3.SQLITE_BUSY] * 1000), time.monotonic() + 0.05)


def test_other_errors_are_not_tried_again() -> None:
    with pytest.raises(sqlite3.OperationalError):
        _journal_mode(Connection(sqlite3.SQLITE_CANTOPEN), time.monotonic() + 10)
