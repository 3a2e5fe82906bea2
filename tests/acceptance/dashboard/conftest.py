"""A browser on the dashboard of the test's project."""

from __future__ import annotations

import browser
import pytest
from dashboard import need_the_build
from playwright.sync_api import expect

# As long as everything else waits for a page, and not five seconds: the machine may be busy.
expect.set_options(timeout=browser.LIMIT_SECONDS * 1000)


@pytest.fixture(autouse=True)
def _built() -> None:
    need_the_build()
