"""Each thing that can be wrong with a database is brought about once, and said."""

from __future__ import annotations

import importlib.util
import sqlite3
from contextlib import closing

import psycopg
import pytest

from orchestrator.store import checkup
from orchestrator.store.checkup import check_database
from orchestrator.store.database import locate
from orchestrator.store.open import open_store


def look(root, url=None) -> dict[tuple[str, str], str]:
    return {(f.about, f.verdict): f.text for f in check_database(locate(root, root / ".orchestrator", url))}


def verdicts(found) -> set[str]:
    return {verdict for _, verdict in found}


@pytest.fixture
async def path(tmp_path, new_instance):
    async with open_store(tmp_path) as ports:
        await ports.registry.claim(new_instance("a"))
    return tmp_path / ".orchestrator/orchestrator.db"


def change(path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_nothing_is_wrong_with_a_project_that_has_none_yet_and_none_is_made(tmp_path) -> None:
    found = look(tmp_path)
    assert verdicts(found) == {"ok"}
    assert "the first run makes it" in found["database", "ok"]
    assert list(tmp_path.iterdir()) == []


def test_a_healthy_database_is_said_to_be_so(path, tmp_path) -> None:
    found = look(tmp_path)
    assert verdicts(found) == {"ok"}
    assert {about for about, _ in found} == {"database", "schema", "clock"}


def test_a_newer_schema_is_a_problem(path, tmp_path) -> None:
    change(path, "UPDATE alembic_version SET version_num = '9999'")
    assert "install that version" in look(tmp_path)["schema", "problem"]


def test_a_file_that_is_no_database_is_a_problem(path, tmp_path) -> None:
    path.write_bytes(b"no database at all, but long enough to be looked at " * 100)
    assert "damaged" in look(tmp_path)["database", "problem"]


def test_a_damaged_page_is_a_problem(path, tmp_path) -> None:
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    assert "damaged" in look(tmp_path)["database", "problem"]


def test_a_lock_that_is_kept_is_a_problem(path, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(checkup, "WRITE_LOCK_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert "kept it locked" in look(tmp_path)["database", "problem"]
        holder.execute("ROLLBACK")
    assert verdicts(look(tmp_path)) == {"ok"}


def test_another_journal_mode_is_a_warning(path, tmp_path) -> None:
    change(path, "PRAGMA journal_mode=DELETE")
    assert "delete mode" in look(tmp_path)["database", "warning"]


def test_a_log_that_grows_without_end_is_a_warning(path, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(checkup, "WAL_BYTES_NOTABLE", 1)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("PRAGMA wal_autocheckpoint=0")
        change_in = holder.execute("UPDATE plans SET epoch = epoch + 1")
        holder.commit()
        change_in.close()
        assert "some program reads the database without end" in look(tmp_path)["database", "warning"]


def test_a_network_file_system_is_a_problem(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(checkup, "network_type", lambda _path: "nfs4")
    assert "network file system (nfs4)" in look(tmp_path)["database", "problem"]


def test_times_of_the_future_are_a_problem(path, tmp_path) -> None:
    change(path, "UPDATE plans SET lease_until = lease_until + 3600000")
    assert "in the future" in look(tmp_path)["clock", "problem"]
    change(path, "UPDATE plans SET lease_until = 0")
    assert verdicts(look(tmp_path)) == {"ok"}
    change(path, "UPDATE orchestrators SET last_heartbeat = last_heartbeat + 3600000")
    assert "in the future" in look(tmp_path)["clock", "problem"]


def test_clocks_that_differ_are_a_problem(path, tmp_path, monkeypatch) -> None:
    real = checkup.time.time
    monkeypatch.setattr(checkup.time, "time", lambda: real() - 3600)
    assert "differ by" in look(tmp_path)["clock", "problem"]


async def test_a_healthy_postgresql_is_said_to_be_so(tmp_path, postgres_url) -> None:
    found = look(tmp_path, postgres_url)
    assert verdicts(found) == {"ok"}
    assert "the first run makes the tables" in found["schema", "ok"]
    async with open_store(tmp_path, postgres_url):
        pass
    found = look(tmp_path, postgres_url)
    assert verdicts(found) == {"ok"}
    assert {about for about, _ in found} == {"database", "schema", "clock", "wake-ups"}


def test_a_postgresql_that_is_not_there_is_a_problem(tmp_path, postgres_server) -> None:
    said = look(tmp_path, "postgresql://me:secret@127.0.0.1:1/db")["database", "problem"]
    assert "cannot be reached" in said
    assert "secret" not in said
    nowhere = look(tmp_path, postgres_server.url("nowhere"))
    assert "no database of this name" in nowhere["database", "problem"]


def test_a_missing_driver_is_a_problem(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "pip install" in look(tmp_path, "postgresql://host/db")["database", "problem"]


def test_settings_that_lose_data_are_a_warning(tmp_path, postgres_url, postgres_server) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        name = admin.execute("SELECT current_database()").fetchone()[0]
        admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    assert "synchronous_commit is off" in look(tmp_path, postgres_url)["database", "warning"]


def test_a_user_without_rights_is_a_problem(tmp_path, postgres_url, postgres_server) -> None:
    postgres_server.execute(
        "DO $$ BEGIN CREATE ROLE looker LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    )
    found = look(tmp_path, postgres_url.replace("postgres:@", "looker:@"))
    assert "may not create tables" in found["database", "problem"]


def test_a_notification_that_does_not_arrive_is_a_warning(tmp_path, postgres_url, monkeypatch) -> None:
    monkeypatch.setattr(checkup, "NOTIFY_SECONDS", 0.05)
    monkeypatch.setattr(psycopg.Connection, "notifies", lambda _self, **_options: iter(()))
    assert "does not arrive" in look(tmp_path, postgres_url)["wake-ups", "warning"]
