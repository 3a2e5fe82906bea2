"""Every page of the dashboard, light, dark and on a phone: what none of them may do, whatever goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dashboard
import pytest
from doors import Project
from screenshots import PAGES, addresses, show
from stage import Stage, set_stage

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    dashboard.need_the_build()
    project = Project(tmp_path_factory.mktemp("stage") / "notes-app")
    try:
        yield set_stage(project)
    finally:
        dashboard.end(project)


@pytest.fixture(
    scope="module",
    params=["light", *(pytest.param(look, marks=pytest.mark.long) for look in ("dark", "phone"))],
)
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def visits(stage: Stage, look: str) -> dict[str, dict[str, Any]]:
    """What was seen of each page."""
    seen = {}
    with dashboard.opened_dashboard(stage.url, look) as opened:
        for name, address in addresses(stage).items():
            show(opened.page, f"{stage.url}/#/{address}")
            if name == "no-run":
                # Chromium writes each 404 into the console, and here one is right.
                opened.tab.console_errors.clear()
            seen[name] = {"faults": opened.faults(), "axe": opened.axe(), "overflow": opened.overflow()}
    return seen


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_to_its_policy_its_server_and_its_window(visits, name):
    assert visits[name]["faults"] == {}
    assert visits[name]["overflow"] <= 0


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_wrong_with_a_page(visits, name):
    assert visits[name]["axe"] == []
