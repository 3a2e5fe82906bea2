from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, TextClause, inspect, text

from orchestrator.domain.commands import CommandState, SkipTask
from orchestrator.domain.errors import StorageError
from orchestrator.domain.events import AgentMessage, NewEvent
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import Lease
from orchestrator.store import migrations, postgresql, sqlite
from orchestrator.store.database import PostgresqlLocation, locate
from orchestrator.store.open import open_store
from orchestrator.store.schema import metadata
from orchestrator.store.state_folder import open_state

FIXTURES = Path(__file__).parents[2] / "fixtures" / "databases"
CONTENT = b"\0\xff what was found"


async def migrated(root: Path, url: str | None = None) -> Path:
    async with open_store(root, url):
        return root / ".orchestrator/orchestrator.db"


def write_engine(root: Path, url: str | None) -> Engine:
    location = locate(root, open_state(root).folder, url)
    if isinstance(location, PostgresqlLocation):
        return postgresql.writing_engine(location, 1.0)
    sqlite.prepare(location)
    sqlite.switch_to_wal(location.path, 1.0)
    return sqlite.writing_engine(location.path, 1.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request) -> str | None:
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def check_schema(engine: Engine) -> None:
    """The schema is that of the code, and has its constraints by their names."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert [step for step in compare_metadata(context, metadata) if "comment" not in str(step[0])] == []
        found = inspect(connection)
        for table in metadata.tables.values():
            keys = found.get_pk_constraint(table.name)
            assert keys["constrained_columns"] == [column.name for column in table.primary_key]
            assert {key["name"] for key in found.get_foreign_keys(table.name)} == {
                key.name for key in table.foreign_key_constraints
            }
            assert {c["name"]: c["nullable"] for c in found.get_columns(table.name)} == {
                column.name: column.nullable for column in table.columns
            }


async def test_the_migrated_schema_is_that_of_the_code(tmp_path, url) -> None:
    await migrated(tmp_path, url)
    engine = write_engine(tmp_path, url)
    check_schema(engine)
    engine.dispose()


@pytest.mark.parametrize("revision", migrations.REVISIONS)
async def test_a_database_of_each_earlier_version_is_upgraded_with_all_that_is_in_it(
    tmp_path, url, revision
) -> None:
    """`tests/fixtures/databases` has for each revision what its version would have written."""
    engine = write_engine(tmp_path, url)
    with engine.begin() as connection:
        migrations.upgrade(connection, revision)
        for statement in (FIXTURES / f"{revision}.sql").read_text().split(";\n"):
            if statement.strip():
                connection.execute(*_with_content(statement))
    async with open_store(tmp_path, url) as ports:
        live, ended = await ports.registry.list()
        assert (live.id, live.status, live.seq, live.agent) == ("orch-live", RunStatus.RUNNING, 1, "shell")
        assert live.lease_until == live.database_now, "it ends impossibly late, so it is over"
        assert (ended.status, ended.seq, ended.ended_at) == (
            RunStatus.COMPLETED,
            2,
            datetime(2023, 11, 14, 22, 13, 29, tzinfo=UTC),
        )
        message, end = await ports.log.read("orch-ended")
        assert message.data.text == "hé\0llo"
        assert message.timestamp == datetime(2023, 11, 14, 22, 13, 21, 123456, tzinfo=UTC)
        assert end.data.new_status is RunStatus.COMPLETED
        settled = await ports.commands.get("orch-ended", "cmd-1")
        assert settled.command == SkipTask(task_id="1.1", reason="why")
        assert (settled.state, settled.seq) == (CommandState.REJECTED, 2)
        assert [record.id for record in await ports.commands.open("orch-live")] == ["cmd-2"]
        assert (await ports.artifacts.get("orch-ended", "1.1", 1, "finding")).content == CONTENT
        lease = Lease("orch-live", "/p", "docs/plans/a.md", 3)
        stored = await ports.log.append(
            lease, [NewEvent(AgentMessage(task_id="1.1", attempt=1, text="on"), message.timestamp)]
        )
        assert [event.seq for event in stored] == [2]
    check_schema(engine)
    engine.dispose()


def _with_content(statement: str) -> tuple[TextClause, dict[str, bytes]]:
    # A backslash keeps the colons of JSON and of times from being read as parameters.
    if ":content" in statement:
        return text(statement), {"content": CONTENT}
    return text(statement.replace(":", "\\:")), {}


def test_the_known_revisions_are_those_that_are_there() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == migrations.REVISIONS


async def test_opening_again_changes_nothing(tmp_path) -> None:
    path = await migrated(tmp_path)

    def dump() -> list[str]:
        connection = sqlite3.connect(path)
        lines = list(connection.iterdump())
        connection.close()
        return lines

    first = dump()
    await migrated(tmp_path)
    assert dump() == first


async def test_a_folder_with_odd_characters_is_no_trouble(tmp_path) -> None:
    root = tmp_path / "100% of 'it' #1 ?a=b é"
    root.mkdir()
    assert (await migrated(root)).exists()


async def test_the_package_may_lie_in_a_folder_with_odd_characters(tmp_path, monkeypatch) -> None:
    package = tmp_path / "100% %(here)s"
    shutil.copytree(Path(migrations.__file__).parent, package)
    monkeypatch.setattr(migrations, "__file__", str(package / "__init__.py"))
    assert (await migrated(tmp_path)).exists()


async def test_a_database_of_a_newer_version_is_refused_with_what_to_do(tmp_path) -> None:
    path = await migrated(tmp_path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(
        StorageError, match=r"newer version .* \(revision 9999.*install that version"
    ) as refused:
        async with open_store(tmp_path):
            pass
    assert str(path) in str(refused.value)


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path) -> None:
    folder = open_state(tmp_path).folder
    connection = sqlite3.connect(folder / "orchestrator.db")
    connection.execute("CREATE TABLE commands (mine TEXT)")
    connection.close()
    with pytest.raises(StorageError, match="table commands already exists"):
        async with open_store(tmp_path):
            pass
    connection = sqlite3.connect(folder / "orchestrator.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("commands",)]
    connection.close()


def test_processes_that_open_a_fresh_database_at_the_same_instant_all_work(tmp_path, start) -> None:
    body = """
        print("ready")
        sys.stdin.readline()
        async with open_store(Path(sys.argv[1])) as ports:
            lease = await ports.registry.claim(instance(sys.argv[2]))
            await ports.log.append(lease, [message()])
        print("done")
    """
    processes = [start(body, tmp_path, number) for number in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, error = process.communicate(timeout=60)
        assert (out, error, process.returncode) == ("done\n", "", 0)
