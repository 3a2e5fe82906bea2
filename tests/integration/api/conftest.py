"""A real server over a real database, as `api_server` makes it."""

import asyncio

import uvloop
from api_server import database_url, make_server, running, settings, take_fixture, until_fixture

__all__ = ["database_url", "make_server", "running", "settings", "take_fixture", "until_fixture"]


def pytest_asyncio_loop_factories(item):
    """uvloop is what `orchestrator` runs on, and buffers and pauses in its own ways."""
    if item.path.name == "test_direct.py":
        return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}
