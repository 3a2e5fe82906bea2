"""The dashboard in a real browser, and what may never happen in it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import browser
import pytest
from doors import CHECKOUT, Project

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

BUILT = CHECKOUT / "src" / "orchestrator" / "api" / "dashboard" / "index.html"
AXE = CHECKOUT / "web" / "node_modules" / "axe-core" / "axe.min.js"

LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "color_scheme": "light",
        "is_mobile": True,
        "has_touch": True,
    },
}

_WATCH_POLICY = """
window.refused = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@dataclass
class Dashboard:
    """A tab on the dashboard of a server."""

    tab: browser.Tab
    url: str

    @property
    def page(self) -> Page:
        return self.tab.page

    def go(self, address: str = "") -> None:
        """Load the page at this address anew, and wait until it shows something of its own."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/#/{address}")
        self.page.locator("main h1, main h2, main p").first.wait_for()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def said(self) -> str:
        """The short notes at the edge of the page."""
        return self.page.locator("div[role=status] li p").last.inner_text()

    def faults(self) -> dict[str, Any]:
        """What no page may do; empty where it did none of it."""
        found = {
            "refused by the policy": self.page.evaluate("window.refused"),
            "exceptions": self.tab.page_errors,
            "errors of the console": self.tab.console_errors,
            "requests elsewhere": self.tab.requests_beyond(self.url),
        }
        return {what: faults for what, faults in found.items() if faults}

    def axe(self) -> list[str]:
        """What axe finds wrong with what is shown, one line each. It runs as a debugger does, beside the policy."""
        self.page.evaluate(f"{AXE.read_text()}; undefined")
        found = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations.flatMap("
            "({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html} ${failureSummary}`)))"
        )
        return [str(one) for one in found]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        assert self.page.viewport_size
        # Not innerWidth: a phone zooms out until all is in sight.
        return (
            int(self.page.evaluate("document.documentElement.scrollWidth")) - self.page.viewport_size["width"]
        )


@contextlib.contextmanager
def opened_dashboard(url: str, look: str = "light", **options: Any) -> Iterator[Dashboard]:
    """The dashboard of the server at this address, in a browser of its own."""
    with browser.opened_tab(**{**LOOKS[look], **options}) as tab:
        tab.page.context.add_init_script(_WATCH_POLICY)
        yield Dashboard(tab, url)


@contextlib.contextmanager
def opened_on_a_busy_run(project: Project, tasks: int, calls: int) -> Iterator[Dashboard]:
    """The dashboard beside the run `orch-busy`, with so many tasks, half of them done, and so many calls."""
    command = [sys.executable, "-m", "benchmarks.busy_run", str(project.root), str(tasks), str(calls), "0"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout
            assert run.stdout.readline() == "ready\n"
            with opened_dashboard(project.serve().url) as opened:
                yield opened
        finally:
            run.kill()


def need_the_build() -> None:
    """Leave the test out where the dashboard is not built; CI leaves nothing out."""
    if BUILT.exists() and AXE.exists():
        return
    if os.environ.get("CI"):
        pytest.fail("the dashboard is not built (make dashboard), and CI leaves nothing out", pytrace=False)
    pytest.skip("left out: the dashboard is not built (make dashboard)")


def end(project: Project) -> None:
    """End all that the project has at work."""
    for door in project.doors:
        door.kill()
        door.wait()
