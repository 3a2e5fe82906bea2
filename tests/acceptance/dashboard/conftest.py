"""A browser on the dashboard of the test's project."""

from __future__ import annotations

import pytest
from dashboard import need_the_build


@pytest.fixture(autouse=True)
def _built() -> None:
    need_the_build()
