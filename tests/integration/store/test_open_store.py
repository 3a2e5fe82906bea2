from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select

from orchestrator.domain.commands import Pause
from orchestrator.domain.errors import LeaseLost, StorageError
from orchestrator.store import filesystems
from orchestrator.store.database import database_now
from orchestrator.store.open import _open, open_store
from orchestrator.store.sqlite import switch_to_wal
from orchestrator.store.state_folder import open_state


async def test_the_database_lies_in_a_folder_that_git_ignores(tmp_path) -> None:
    async with open_store(tmp_path) as ports:
        assert ports.root == tmp_path
        assert (tmp_path / ".orchestrator/orchestrator.db").is_file()
    assert (tmp_path / ".orchestrator/.gitignore").read_text() == "*\n"


async def test_a_gitignore_that_is_a_link_leads_to_no_other_file(tmp_path) -> None:
    root = tmp_path / "project"
    (root / ".orchestrator").mkdir(parents=True)
    (root / ".orchestrator/.gitignore").symlink_to(tmp_path / "elsewhere")
    async with open_store(root):
        pass
    assert not (tmp_path / "elsewhere").exists()


async def test_a_gitignore_that_is_there_is_left_alone(tmp_path) -> None:
    (tmp_path / ".orchestrator").mkdir()
    (tmp_path / ".orchestrator/.gitignore").write_text("mine\n")
    async with open_store(tmp_path):
        pass
    assert (tmp_path / ".orchestrator/.gitignore").read_text() == "mine\n"


async def test_a_url_names_another_file(tmp_path, new_instance) -> None:
    url = f"sqlite:///{tmp_path}/state/x.db"
    async with open_store(tmp_path, url) as ports:
        await ports.registry.claim(new_instance("a"))
        async with ports.changes.subscribe():
            assert len(list((tmp_path / "state/x.db-bells").iterdir())) == 1
    assert {path.name for path in (tmp_path / ".orchestrator").iterdir()} == {"project.json", ".gitignore"}
    assert not (tmp_path / "state/.gitignore").exists()
    (tmp_path / "elsewhere").mkdir()
    async with open_store(tmp_path / "elsewhere", url) as ports:
        assert [record.id for record in await ports.registry.list()] == ["orch-a"]


async def test_a_relative_root_means_the_same_after_a_change_of_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_store(Path()) as ports:
        assert ports.root == tmp_path


def test_writes_are_on_disk_when_they_are_acknowledged_and_readers_cannot_write(tmp_path) -> None:
    opened = _open(open_state(tmp_path), None, 1.0, print)
    with opened.transactions._writer.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    with opened.transactions._reader.begin() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM plans")
    opened.close()


def test_the_clock_of_the_database_is_in_milliseconds(tmp_path) -> None:
    opened = _open(open_state(tmp_path), None, 1.0, print)
    with opened.transactions._reader.begin() as connection:
        now = connection.execute(select(database_now())).scalar()
    opened.close()
    assert isinstance(now, int)
    assert abs(now / 1000 - time.time()) < 5


async def test_closing_writes_what_is_queued_and_then_refuses(tmp_path, new_instance, new_message) -> None:
    async with open_store(tmp_path) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        appends = [asyncio.create_task(ports.log.append(lease, [new_message()])) for _ in range(50)]
        await asyncio.sleep(0)
    await asyncio.gather(*appends)
    with pytest.raises(StorageError, match="closed"):
        await ports.log.append(lease, [new_message()])
    with pytest.raises(StorageError, match="closed"):
        await ports.log.read(lease.instance_id)
    async with open_store(tmp_path) as again:
        assert len(await again.log.read(lease.instance_id)) == 50


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_nothing_is_left_open_after_closing(tmp_path, new_instance) -> None:
    async def once() -> None:
        async with open_store(tmp_path) as ports, ports.changes.subscribe() as subscription:
            await ports.registry.claim(new_instance(f"x{len(await ports.registry.list())}"))
            await subscription.wait(10)

    await once()
    descriptors = open_descriptors()
    await once()
    assert open_descriptors() == descriptors
    assert not any(thread.name.startswith("store-") for thread in threading.enumerate())
    assert list((tmp_path / ".orchestrator/bells").iterdir()) == []


async def test_concurrent_appends_share_a_commit(tmp_path, new_instance, new_message) -> None:
    async with open_store(tmp_path) as ports:
        leases = [await ports.registry.claim(new_instance(name)) for name in "ab"]
        commits = []
        event.listen(ports.log._transactions._writer, "commit", commits.append)
        await asyncio.gather(*(ports.log.append(lease, [new_message()]) for lease in leases * 50))
        assert [len(await ports.log.read(lease.instance_id)) for lease in leases] == [50, 50]
        assert len(commits) <= 5
        del commits[:]
        await asyncio.gather(*(ports.commands.submit("orch-a", Pause(), actor="me") for _ in range(100)))
        assert len(await ports.commands.open("orch-a")) == 100
        assert len(commits) <= 10


async def test_a_cancelled_append_neither_harms_the_others_nor_leaves_a_gap(
    tmp_path, new_instance, new_message
) -> None:
    async with open_store(tmp_path) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        appends = [asyncio.create_task(ports.log.append(lease, [new_message(str(n))])) for n in range(10)]
        await asyncio.sleep(0)
        appends[3].cancel()
        answers = await asyncio.gather(*appends, return_exceptions=True)
        assert isinstance(answers[3], asyncio.CancelledError)
        assert all(isinstance(answer, list) for number, answer in enumerate(answers) if number != 3)
        seqs = [entry.seq for entry in await ports.log.read(lease.instance_id)]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_a_lease_runs_out_by_the_clock_of_the_database(tmp_path, new_instance, new_message) -> None:
    async with open_store(tmp_path, lease_seconds=0.05) as ports:
        old = await ports.registry.claim(new_instance("a"))
        async with asyncio.timeout(10):
            while True:
                record = await ports.registry.get(old.instance_id)
                if record.lease_until <= record.database_now:
                    break
        new = await ports.registry.claim(replace(new_instance("a"), id="orch-b"))
        assert new.epoch == old.epoch + 1
        with pytest.raises(LeaseLost):
            await ports.log.append(old, [new_message()])


async def test_of_claims_from_two_stores_exactly_one_wins(tmp_path, new_instance) -> None:
    async with open_store(tmp_path) as one, open_store(tmp_path) as two:
        claims = [replace(new_instance("a"), id=f"orch-{n}") for n in range(10)]
        answers = await asyncio.gather(
            *(ports.registry.claim(new) for new, ports in zip(claims, [one, two] * 5, strict=True)),
            return_exceptions=True,
        )
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


async def fails(root: Path, text: str, **options: float | str) -> str:
    with pytest.raises(StorageError, match=text) as told:
        async with open_store(root, **options):
            pass
    return str(told.value)


async def test_a_file_in_the_place_of_the_folder_is_said(tmp_path) -> None:
    (tmp_path / ".orchestrator").write_text("x")
    assert str(tmp_path / ".orchestrator") in await fails(tmp_path, "refuses the access|is a file")


async def test_a_folder_in_the_place_of_the_file_is_said(tmp_path) -> None:
    (tmp_path / ".orchestrator/orchestrator.db").mkdir(parents=True)
    await fails(tmp_path, r"orchestrator\.db: it cannot be opened")


@pytest.mark.parametrize("size", [100, 5000])
async def test_a_file_that_is_no_database_is_said_and_left_as_it_is(tmp_path, size) -> None:
    path = tmp_path / ".orchestrator/orchestrator.db"
    path.parent.mkdir()
    path.write_bytes(b"no database " * size)
    await fails(tmp_path, r"orchestrator\.db: it is damaged or no SQLite database")
    assert path.read_bytes() == b"no database " * size


async def test_a_root_that_cannot_be_written_has_its_state_with_the_user(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    notices: list[str] = []
    async with open_store(Path("/proc/self"), on_notice=notices.append):
        pass
    [notice] = notices
    assert notice.startswith(f"State is kept in {tmp_path}/plan-orchestrator/made-")
    assert re.search(r"because /proc/\d+ cannot be written\.$", notice)


async def test_a_network_file_system_is_refused(tmp_path, monkeypatch) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("1 0 0:1 / / rw - nfs4 server:/x rw\n")
    monkeypatch.setattr(filesystems, "MOUNT_TABLE", table)
    await fails(tmp_path, r"network file system \(nfs4\).*ORCHESTRATOR_DATABASE_URL")
    assert not (tmp_path / ".orchestrator/orchestrator.db").exists()


async def test_a_url_on_a_network_file_system_is_refused_too(tmp_path, monkeypatch) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far")
    table = tmp_path / "mountinfo"
    table.write_text(f"2 1 0:2 / {tmp_path.resolve()}/far rw - virtiofs x rw\n")
    monkeypatch.setattr(filesystems, "MOUNT_TABLE", table)
    await fails(tmp_path, r"\(virtiofs\)", url=f"sqlite:///{tmp_path}/link/x.db")


async def test_a_database_that_stays_locked_is_said_and_works_again_later(
    tmp_path, new_instance, new_message
) -> None:
    async with open_store(tmp_path, lock_timeout_seconds=0.1) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        other = sqlite3.connect(tmp_path / ".orchestrator/orchestrator.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(
            *(ports.log.append(lease, [new_message()]) for _ in range(3)), return_exceptions=True
        )
        assert all("kept it locked for too long" in str(answer) for answer in answers)
        assert await ports.log.read(lease.instance_id) == []
        other.execute("ROLLBACK")
        other.close()
        assert [e.seq for e in await ports.log.append(lease, [new_message()])] == [1]


def test_switching_a_fresh_file_to_wal_waits_for_another_that_is_at_it(tmp_path) -> None:
    path = tmp_path / "x.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    other.execute("CREATE TABLE t (x)")
    release = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    release.start()
    switch_to_wal(path, 10.0)
    release.join()
    assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert other.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked for too long"):
        switch_to_wal(path, 0.05)
    other.close()


async def test_a_full_disk_is_said_loses_nothing_and_works_again_later(
    tmp_path, new_instance, new_message
) -> None:
    async with open_store(tmp_path) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        await ports.log.append(lease, [new_message("kept")])
        limit = [20]
        engine = ports.log._transactions._writer

        def set_limit(connection) -> None:
            connection.connection.driver_connection.execute(f"PRAGMA max_page_count={limit[0]}")

        event.listen(engine, "begin", set_limit)
        big = [new_message("x" * 8000) for _ in range(100)]
        answers = await asyncio.gather(
            ports.log.append(lease, big), ports.registry.renew(lease), return_exceptions=True
        )
        assert isinstance(answers[0], StorageError)
        assert "the disk is full; free some space" in str(answers[0])
        assert len(await ports.log.read(lease.instance_id)) == 1
        limit[0] = 10**6
        stored = await ports.log.append(lease, big)
        assert [stored[0].seq, stored[-1].seq] == [2, 101]


async def test_a_database_that_is_deleted_while_in_use_takes_no_more_writes(
    tmp_path, new_instance, new_message
) -> None:
    async with open_store(tmp_path) as ports:
        lease = await ports.registry.claim(new_instance("a"))
        (tmp_path / ".orchestrator/orchestrator.db").rename(tmp_path / "gone.db")
        with pytest.raises(StorageError, match="deleted or replaced while in use"):
            await ports.log.append(lease, [new_message()])
        (tmp_path / "gone.db").rename(tmp_path / ".orchestrator/orchestrator.db")
        assert [e.seq for e in await ports.log.append(lease, [new_message()])] == [1]
