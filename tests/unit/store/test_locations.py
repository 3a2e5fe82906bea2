from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.errors import UsageError
from orchestrator.store.database import PostgresqlLocation, locate

ROOT = Path("/project")
FOLDER = Path("/project/.git/orchestrator")


def test_by_default_the_database_is_in_the_state_folder() -> None:
    location = locate(ROOT, FOLDER, None)
    assert location.path == FOLDER / "orchestrator.db"
    assert location.bells == FOLDER / "bells"


@pytest.mark.parametrize(
    ("url", "path", "bells"),
    [
        ("sqlite:////srv/state.db", "/srv/state.db", "/srv/state.db-bells"),
        ("sqlite+pysqlite:////srv/state.db", "/srv/state.db", "/srv/state.db-bells"),
        ("sqlite:///state/x.db", "/project/state/x.db", "/project/state/x.db-bells"),
    ],
)
def test_a_url_names_the_file(url, path, bells) -> None:
    location = locate(ROOT, FOLDER, url)
    assert (location.path, location.bells) == (Path(path), Path(bells))


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:secret@host:5433/db", "postgresql+psycopg://u:secret@host:5433/db?sslmode=require"],
)
def test_a_postgresql_url_is_shown_without_its_password(url) -> None:
    location = locate(ROOT, FOLDER, url)
    assert isinstance(location, PostgresqlLocation)
    assert str(location) == "postgresql://u@host:5433/db"
    assert location.url.password == "secret"


def test_the_short_name_of_the_scheme_will_do() -> None:
    location = locate(ROOT, FOLDER, "postgres://host/db")
    assert isinstance(location, PostgresqlLocation)
    assert location.url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:////x.db?mode=ro",
        "sqlite+aiosqlite:////x.db",
        "mysql://u:secret@host/db",
        "postgresql+asyncpg://u:secret@host/db",
        "://",
        "sqlite://host:port/x",
    ],
)
def test_any_other_url_is_refused_with_the_form_that_is_meant_and_without_passwords(url) -> None:
    with pytest.raises(UsageError, match=r"sqlite:////absolute/path\.db") as refused:
        locate(ROOT, FOLDER, url)
    assert "secret" not in str(refused.value)
