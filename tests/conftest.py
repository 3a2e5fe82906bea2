"""What tests need from the machine: where it is lacking they are left out, and with CI set they fail."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import browser
import node
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from postgres import PostgresServer

# Before anything copies the environment: no test may write into the state folder of whoever runs it.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="orchestrator-tests-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)

# `make test` tries a few examples of each property and `make test-long` many, always the same:
# --hypothesis-profile thorough.
settings.register_profile("usual", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=300, deadline=None, derandomize=True)
settings.load_profile("usual")

NEEDS = {
    "needs_chromium": (browser.executable, "no Chromium is installed"),
    "needs_node": (node.is_there, "Node.js 20 or newer, with npm, is not installed"),
    "needs_root": (lambda: os.geteuid() == 0, "only root can mount a small disk"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (is_there, lack) in NEEDS.items():
        if item.get_closest_marker(marker) and not is_there():
            if os.environ.get("CI"):
                pytest.fail(f"{lack}, and CI leaves nothing out", pytrace=False)
            pytest.skip(f"left out: {lack}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests of the session."""
    from postgres import PostgresServer

    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres_server) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    url = postgres_server.fresh()
    yield url
    postgres_server.drop(url)
