"""What is particular to PostgreSQL; the contract suites say what it has in common with the others."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from git_repositories import git, repository
from postgres import PostgresServer
from sqlalchemy import text

from orchestrator.domain.commands import Pause
from orchestrator.domain.errors import LeaseLost, PlanOwned, StorageError, UsageError
from orchestrator.store import postgresql
from orchestrator.store.database import PostgresqlLocation, locate
from orchestrator.store.open import open_store
from orchestrator.store.transactions import Transactions

WRITER = """
    async with open_store(Path(sys.argv[1]), sys.argv[2]) as ports:
        lease = await ports.registry.claim(instance("a"))
        print("ready")
        for line in sys.stdin:
            await ports.log.append(lease, [message()])
            print("written")
"""


@pytest.fixture
def own_server():
    """A server that the test may kill."""
    server = PostgresServer()
    yield server
    server.close()


def location_of(url: str) -> PostgresqlLocation:
    location = locate(Path("/"), Path("/state"), url)
    assert isinstance(location, PostgresqlLocation)
    return location


async def fails(root, url: str) -> str:
    with pytest.raises(StorageError) as failed:
        async with open_store(root, url, lock_timeout_seconds=0.1):
            pass
    assert "secret" not in str(failed.value)
    assert "\n" not in str(failed.value)
    return str(failed.value)


async def test_without_the_driver_the_line_that_installs_it_is_said(tmp_path, monkeypatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "psycopg" else find(name))
    with pytest.raises(UsageError, match=r"pip install 'plan-orchestrator\[postgres\]'"):
        async with open_store(tmp_path, "postgresql://host/db"):
            pass


async def test_a_server_that_is_not_there_is_said(tmp_path) -> None:
    said = await fails(tmp_path, "postgresql://me:secret@127.0.0.1:1/db")
    assert said.startswith("postgresql://me@127.0.0.1:1/db: the server cannot be reached")


async def test_a_database_that_is_not_there_is_said(tmp_path, postgres_server) -> None:
    assert "there is no database of this name" in await fails(tmp_path, postgres_server.url("nowhere"))


async def test_a_user_without_rights_is_said(tmp_path, postgres_url, postgres_server) -> None:
    postgres_server.execute(
        "DO $$ BEGIN CREATE ROLE guest LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    )
    url = postgres_url.replace("postgres:@", "guest:secret@")
    assert "this user lacks a right" in await fails(tmp_path, url)


async def test_a_database_that_cannot_hold_every_text_is_refused(tmp_path, postgres_server) -> None:
    postgres_server.execute("CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    assert "its encoding is SQL_ASCII" in await fails(tmp_path, postgres_server.url("plain"))


async def test_an_old_server_is_refused(tmp_path, postgres_url, monkeypatch) -> None:
    monkeypatch.setattr(postgresql, "VERSION_MIN", 99)
    assert "at least 99 is needed" in await fails(tmp_path, postgres_url)


def test_readers_cannot_write(postgres_url) -> None:
    engine = postgresql.reading_engine(location_of(postgres_url))
    with engine.connect() as connection, pytest.raises(Exception, match="read-only transaction"):
        connection.execute(text("CREATE TABLE mine (id int)"))
    engine.dispose()


async def test_a_write_of_another_process_wakes(tmp_path, postgres_url, start) -> None:
    async with open_store(tmp_path, postgres_url) as ports, ports.changes.subscribe() as subscription:
        writer = start(WRITER, tmp_path, postgres_url)
        assert await asyncio.to_thread(writer.stdout.readline) == "ready\n"
        while await subscription.wait(0.05):
            pass
        for count in range(1, 10):
            writer.stdin.write("go\n")
            writer.stdin.flush()
            while len(await ports.log.read("orch-a")) < count:
                assert await subscription.wait(30)
            assert await asyncio.to_thread(writer.stdout.readline) == "written\n"


async def test_a_write_of_this_process_wakes_once(tmp_path, postgres_url, new_instance, new_message) -> None:
    async with open_store(tmp_path, postgres_url) as ports, ports.changes.subscribe() as subscription:
        lease = await ports.registry.claim(new_instance("a"))
        while await subscription.wait(0.2):
            pass
        await ports.log.append(lease, [new_message()])
        assert await subscription.wait(30)
        assert not await subscription.wait(0.2)


async def test_who_listens_goes_on_after_the_connection_was_cut(tmp_path, postgres_url, start) -> None:
    async with open_store(tmp_path, postgres_url) as ports, ports.changes.subscribe() as subscription:
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        writer = start(WRITER, tmp_path, postgres_url)
        assert await asyncio.to_thread(writer.stdout.readline) == "ready\n"
        while await subscription.wait(1.5):
            pass
        writer.stdin.write("go\n")
        writer.stdin.flush()
        assert await subscription.wait(30)


async def test_what_is_written_and_read_while_the_server_restarts_waits_for_it(
    tmp_path, own_server, new_instance, new_message
) -> None:
    url = own_server.fresh()
    async with open_store(tmp_path, url, lock_timeout_seconds=30) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        await ports.log.append(lease, [new_message("before")])
        own_server.kill()
        writing = asyncio.create_task(ports.log.append(lease, [new_message("after")]))
        reading = asyncio.create_task(ports.log.read("orch-a"))
        await asyncio.to_thread(own_server.start)
        assert [stored.seq for stored in await writing] == [2]
        assert len(await reading) in {1, 2}
        assert [stored.seq for stored in await ports.log.read("orch-a")] == [1, 2]


async def test_a_server_that_stays_away_is_said(tmp_path, own_server, new_instance, new_message) -> None:
    url = own_server.fresh()
    async with open_store(tmp_path, url, lock_timeout_seconds=0.3) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        own_server.kill()
        with pytest.raises(StorageError, match="cannot be reached"):
            await ports.log.append(lease, [new_message()])
        with pytest.raises(StorageError, match="cannot be reached"):
            await ports.log.read("orch-a")


async def test_two_that_are_in_each_others_way_both_succeed(postgres_url) -> None:
    """Two transactions lock the same two rows in opposite order: the server undoes one, which is tried again."""
    location = location_of(postgres_url)
    with psycopg.connect(postgres_url) as admin:
        admin.execute("CREATE TABLE counters (id int PRIMARY KEY, value int)")
        admin.execute("INSERT INTO counters VALUES (1, 0), (2, 0)")
    both = threading.Barrier(2)
    tries: list[int] = []

    def open_one() -> Transactions:
        return Transactions(
            postgresql.writing_engine(location, 10),
            postgresql.reading_engine(location),
            "here",
            postgresql.PostgresqlCommits(lambda: None),
            30,
        )

    def count(first: int, second: int):
        meet = [both.wait]

        def work(connection) -> None:
            tries.append(first)
            connection.execute(text("UPDATE counters SET value = value + 1 WHERE id = :id"), {"id": first})
            if meet:
                meet.pop()()
            connection.execute(text("UPDATE counters SET value = value + 1 WHERE id = :id"), {"id": second})

        return work

    one, other = open_one(), open_one()
    await asyncio.gather(one.write(count(1, 2)), other.write(count(2, 1)))
    await asyncio.to_thread(one.close)
    await asyncio.to_thread(other.close)
    with psycopg.connect(postgres_url) as admin:
        assert admin.execute("SELECT value FROM counters").fetchall() == [(2,), (2,)]
    assert len(tries) == 3


async def test_a_writer_that_was_stopped_in_a_transaction_does_not_keep_its_locks(
    tmp_path, postgres_url, monkeypatch, new_instance
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_IN_TRANSACTION_SECONDS", 1)
    async with open_store(tmp_path, postgres_url, lease_seconds=0.001) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        engine = postgresql.writing_engine(location_of(postgres_url), 10)
        stopped = engine.connect()
        stopped.begin()
        stopped.execute(text("SELECT owner FROM plans FOR UPDATE"))
        taken = await ports.registry.claim(replace(new_instance("a"), id="orch-b"))
        assert taken.epoch == lease.epoch + 1
        with pytest.raises(LeaseLost):
            await ports.registry.renew(lease)
        stopped.invalidate()
        stopped.close()
        engine.dispose()


async def test_of_many_claims_at_once_one_wins(tmp_path, postgres_url, new_instance) -> None:
    async with open_store(tmp_path, postgres_url) as one, open_store(tmp_path, postgres_url) as other:
        for number in range(10):
            first = new_instance(f"p{number}")
            second = replace(first, id=f"orch-other-{number}")
            results = await asyncio.gather(
                one.registry.claim(first), other.registry.claim(second), return_exceptions=True
            )
            assert sum(isinstance(result, PlanOwned) for result in results) == 1, results


async def test_a_text_with_a_nul_is_kept(tmp_path, postgres_url, new_instance, new_message) -> None:
    async with open_store(tmp_path, postgres_url) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        await ports.log.append(lease, [new_message("a\0b")])
        assert (await ports.log.read("orch-a"))[0].data.text == "a\0b"


async def test_commands_of_many_come_one_by_one(tmp_path, postgres_url, new_instance) -> None:
    async with open_store(tmp_path, postgres_url) as one, open_store(tmp_path, postgres_url) as other:
        await one.registry.claim(new_instance("a"))
        sent = [
            (one if number % 2 else other).commands.submit("orch-a", Pause(), actor="api", key="same")
            for number in range(20)
        ]
        assert len({record.id for record in await asyncio.gather(*sent)}) == 1


def test_processes_that_open_a_fresh_database_at_the_same_instant_all_work(
    tmp_path, postgres_url, start
) -> None:
    body = """
        print("ready")
        sys.stdin.readline()
        async with open_store(Path(sys.argv[1]), sys.argv[2]) as ports:
            lease = await ports.registry.claim(instance(sys.argv[3]))
            await ports.log.append(lease, [message()])
        print("done")
    """
    processes = [start(body, tmp_path, postgres_url, number) for number in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        assert (*process.communicate(timeout=60), process.returncode) == ("done\n", "", 0)


async def test_a_writer_that_is_killed_leaves_all_that_it_was_told_is_written(
    tmp_path, postgres_url, start
) -> None:
    body = """
        async with open_store(Path(sys.argv[1]), sys.argv[2]) as ports:
            lease = await ports.registry.claim(instance("a"))
            while True:
                stored = await ports.log.append(lease, [message(), message(), message()])
                print(stored[-1].seq, flush=True)
    """
    writer = start(body, tmp_path, postgres_url)
    acknowledged = 0
    while acknowledged < 150:
        acknowledged = int(await asyncio.to_thread(writer.stdout.readline))
    writer.kill()
    told = [int(line) for line in writer.communicate()[0].split("\n")[:-1]]
    async with open_store(tmp_path, postgres_url) as ports:
        found = [event.seq for event in await ports.log.read("orch-a")]
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= max([acknowledged, *told])
        assert len(found) % 3 == 0


async def test_clones_share_a_history_and_two_projects_at_one_path_do_not(
    tmp_path, postgres_url, new_instance, new_message
) -> None:
    """At one path there is one project after the other; beside it is a clone of the first."""
    root = repository(tmp_path / "p")
    git(tmp_path, "clone", "-q", str(root), "clone")

    async with open_store(root, postgres_url) as ports:
        new = replace(new_instance("a"), project=ports.project)
        lease = await ports.registry.claim(new)
        await ports.log.append(lease, [new_message()])
        async with open_store(tmp_path / "clone", postgres_url) as clone:
            assert (await clone.registry.latest(clone.plan_key(new.plan_path))).id == new.id
            with pytest.raises(PlanOwned):
                await clone.registry.claim(replace(new, id="orch-b", project=clone.project))
        key = ports.plan_key(new.plan_path)
    shutil.rmtree(root)
    async with open_store(repository(root, "another project"), postgres_url) as ports:
        assert ports.plan_key(new.plan_path) != key
        assert await ports.registry.latest(ports.plan_key(new.plan_path)) is None
        await ports.registry.claim(replace(new, id="orch-c", project=ports.project))
