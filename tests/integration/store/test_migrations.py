from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from orchestrator.domain.errors import StorageError
from orchestrator.store import migrations
from orchestrator.store.database import writing_engine
from orchestrator.store.open import open_store
from orchestrator.store.schema import metadata


async def migrated(root: Path) -> Path:
    async with open_store(root):
        return root / ".orchestrator/orchestrator.db"


async def test_the_migrated_schema_is_that_of_the_code(tmp_path) -> None:
    engine = writing_engine(await migrated(tmp_path), 1.0)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
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
    engine.dispose()


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
    folder = tmp_path / ".orchestrator"
    folder.mkdir()
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
