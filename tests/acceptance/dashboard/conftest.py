"""The built dashboard in a real browser, before a real server with real runs."""

from __future__ import annotations

from collections.abc import Iterator

import browser
import pytest
from browser import Tab
from doors import CHECKOUT, Project
from stage import Stage, set_stage

BUILT = CHECKOUT / "src" / "orchestrator" / "api" / "dashboard" / "index.html"
AXE = CHECKOUT / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(autouse=True)
def _built() -> None:
    if not BUILT.exists():
        pytest.skip("the dashboard is not built: make dashboard")


@pytest.fixture
def tab() -> Iterator[Tab]:
    """A tab in which nothing may go wrong: no exception, no violated policy, no request beyond the server."""
    with browser.opened_tab() as opened:
        yield opened
        assert opened.page_errors == []
        assert [text for text in opened.console_errors if "Content Security Policy" in text] == []
        origins = {"/".join(url.split("/")[:3]) for url in opened.requests[:1]}
        assert opened.requests_beyond(*origins) == []


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Everything that a dashboard can show; tests that change it make their own."""
    project = Project(tmp_path_factory.mktemp("stage"))
    try:
        yield set_stage(project)
    finally:
        for door in project.doors:
            door.kill()
            door.wait()


def violations(tab: Tab) -> list[str]:
    """What axe finds wrong in the page as it is now."""
    tab.page.evaluate(AXE.read_text())
    found = tab.page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {' | '.join(node['html'] for node in one['nodes'])}" for one in found]


@pytest.fixture(name="violations")
def violations_fixture():
    return violations
