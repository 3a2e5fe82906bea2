"""A real server over a real database, as `api_server` makes it."""

from api_server import database_url, make_server, running, settings, take_fixture, until_fixture

__all__ = ["database_url", "make_server", "running", "settings", "take_fixture", "until_fixture"]
