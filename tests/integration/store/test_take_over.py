"""The folder `.orchestrator` of earlier versions: its history goes over, once, and nothing of it gets lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from git_repositories import git, repository

from orchestrator.domain.errors import StorageError
from orchestrator.engine.records import PlanKey
from orchestrator.store import migrations, old_state, take_over
from orchestrator.store.open import open_store
from orchestrator.store.sqlite import switch_to_wal, writing_engine
from orchestrator.store.state_folder import open_state

PLAN = "docs/plans/a.md"
EVENT = '{"task_id":"1.1","attempt":1,"text":"kept"}'


@pytest.fixture(autouse=True)
def _own_user(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))


def old_version(root: Path, instance_id: str = "orch-old", host: str | None = None) -> Path:
    """What the first revision left after a run: it knew projects by the path of their root."""
    folder = root / ".orchestrator"
    (folder / "logs").mkdir(parents=True)
    (folder / "bells").mkdir()
    (folder / ".gitignore").write_text("*\n")
    (folder / "current-plan").write_text("a\n")
    (folder / "logs" / f"{instance_id}.log").write_text("output")
    database = folder / "orchestrator.db"
    switch_to_wal(database, 5.0)
    engine = writing_engine(database, 5.0)
    with engine.begin() as connection:
        migrations.upgrade(connection, "0001")
    engine.dispose()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO plans VALUES (?, ?, NULL, 7, 0)", (str(root), PLAN))
        connection.execute(
            "INSERT INTO orchestrators VALUES (1, ?, ?, 'a', ?, ?, ?, 1, '1', NULL, 'completed', 1, 2, 2, 7, 2, 100)",
            (instance_id, str(root), PLAN, str(root), host or socket.gethostname()),
        )
        connection.execute("INSERT INTO events VALUES (?, 1, 'agent_message', 1, ?)", (instance_id, EVENT))
        connection.execute(
            "INSERT INTO artifacts VALUES (?, '1.1', 1, 'finding', 'text/plain', x'00ff')", (instance_id,)
        )
        connection.execute(
            "INSERT INTO commands VALUES (1, 'cmd-' || ?1, ?1, 'k', 'pause', '{}', 'api', 'applied', NULL, NULL, 1, 1, 2)",
            (instance_id,),
        )
    return folder


async def check_taken_over(root: Path, instance_id: str = "orch-old", checkout: str = "") -> None:
    async with open_store(root) as ports:
        record = await ports.registry.latest(PlanKey(ports.project, checkout, PLAN))
        assert record is not None
        assert (record.id, record.epoch) == (instance_id, 7)
        [event] = await ports.log.read(instance_id)
        assert event.data.text == "kept"
        assert (await ports.artifacts.get(instance_id, "1.1", 1, "finding")).content == b"\0\xff"
        assert (await ports.commands.get(instance_id, f"cmd-{instance_id}")).seq == 1


async def test_an_old_folder_is_taken_over_with_all_that_is_in_it(tmp_path) -> None:
    root = repository(tmp_path / "p")
    old = old_version(root)
    notices: list[str] = []
    async with open_store(root, on_notice=notices.append):
        pass
    assert notices == [f"Took over 1 run from {old}; state is kept in {root}/.git/orchestrator now."]
    assert not old.exists()
    await check_taken_over(root)
    state = open_state(root)
    assert state.chosen_plan.read_text() == "a\n"
    assert (state.folder / "logs/orch-old.log").read_text() == "output"
    assert git(root, "status", "--porcelain", "--ignored") == ""


async def test_without_a_repository_it_stays_where_it_is_and_gets_an_id(tmp_path) -> None:
    (tmp_path / "p").mkdir()
    old_version(tmp_path / "p")
    await check_taken_over(tmp_path / "p")
    before = open_state(tmp_path / "p").project
    git(tmp_path / "p", "init", "-q")
    await check_taken_over(tmp_path / "p")
    assert open_state(tmp_path / "p").project == before
    assert not (tmp_path / "p/.orchestrator").exists()


async def test_the_worktrees_of_a_repository_bring_theirs_one_after_the_other(tmp_path) -> None:
    root = repository(tmp_path / "p")
    git(root, "worktree", "add", "-q", str(tmp_path / "linked"))
    old_version(root)
    old_version(tmp_path / "linked", "orch-linked")
    await check_taken_over(root)
    await check_taken_over(tmp_path / "linked", "orch-linked", "linked")
    async with open_store(root) as ports:
        assert {record.id for record in await ports.registry.list()} == {"orch-old", "orch-linked"}


async def test_one_that_is_still_in_use_is_said_and_left_as_it_is(tmp_path) -> None:
    root = repository(tmp_path / "p")
    old = old_version(root)
    with closing(sqlite3.connect(old / "orchestrator.db")) as user:
        user.execute("SELECT count(*) FROM events").fetchone()
        with pytest.raises(StorageError, match="still in use by an earlier version: shut its runs down"):
            async with open_store(root):
                pass
        assert user.execute("SELECT count(*) FROM events").fetchone() == (1,)
    await check_taken_over(root)


def kill_self(*_arguments: object, **_options: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(work: Callable[..., object]) -> Callable[..., object]:
    """The same work, at whose end the process is killed."""

    def done(*arguments: object, **options: object) -> None:
        work(*arguments, **options)
        kill_self()

    return done


@pytest.mark.parametrize(
    ("module", "name", "replaced"),
    [
        (old_state, "_copy", kill_self),
        (old_state, "_copy", after(old_state._copy)),
        (Path, "unlink", kill_self),
        (Path, "unlink", after(Path.unlink)),
        (take_over, "take_over_files", kill_self),
        (shutil, "move", after(shutil.move)),
        (Path, "rmdir", kill_self),
    ],
)
def test_a_process_that_is_killed_at_it_loses_nothing(tmp_path, module, name, replaced) -> None:
    root = repository(tmp_path / "p")
    old_version(root)
    child = os.fork()
    if child == 0:
        setattr(module, name, replaced)
        state = open_state(root)
        database = state.folder / "orchestrator.db"
        switch_to_wal(database, 5.0)
        with old_state._upgraded(database):
            take_over.take_over_old_folder(state, database)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    asyncio.run(check_taken_over(root))
    assert open_state(root).chosen_plan.read_text() == "a\n"
    assert not (root / ".orchestrator").exists()


@pytest.mark.parametrize("kind", ["host", "root", "link"])
async def test_one_that_was_not_written_here_is_said_once_and_left_alone(tmp_path, kind) -> None:
    root = repository(tmp_path / "p")
    if kind == "root":
        (tmp_path / "other").mkdir()
        shutil.move(old_version(tmp_path / "other"), root)
    else:
        old_version(root, host="elsewhere" if kind == "host" else None)
    if kind == "link":
        (root / ".orchestrator").rename(tmp_path / "far")
        (root / ".orchestrator").symlink_to(tmp_path / "far")
    notices: list[str] = []
    for _ in range(2):
        async with open_store(root, on_notice=notices.append) as ports:
            assert await ports.registry.list() == []
    [notice] = notices
    assert "was not written by this user on this machine" in notice
    assert (root / ".orchestrator/orchestrator.db").exists()


@pytest.mark.needs_root
async def test_one_of_another_owner_is_left_alone(tmp_path) -> None:
    root = repository(tmp_path / "p")
    os.chown(old_version(root) / "orchestrator.db", 65534, 65534)
    async with open_store(root) as ports:
        assert await ports.registry.list() == []
