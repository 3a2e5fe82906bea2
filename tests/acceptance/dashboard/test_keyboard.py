"""A newcomer's path without a mouse: start a plan, follow the task that fails, retry it with a note, read, shut down."""

from __future__ import annotations

import dashboard
import pytest
from doors import Project
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(180)]

PLAN = """\
# Mend it

## Phase 1: One

- [ ] 1.1 Look

  ```sh
  echo looked
  ```

- [ ] 1.2 Needs the file that is missing (depends: 1.1)

  ```sh
  test -e mended || { echo "there is no file mended" >&2; exit 4; }
  ```

- [ ] 1.3 A person says go
  - gate: human
"""


def tab_to(page: Page, name: str, presses: int = 40) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
        )
        if focused and focused.strip() == name:
            return
    pytest.fail(f"Tab does not lead to {name!r}")


def test_a_newcomer_needs_no_mouse(project: Project):
    project.plan("mend", PLAN)
    url = project.serve("--allow-shell").url
    with dashboard.opened_dashboard(url) as opened:
        page = opened.page
        opened.go()
        opened.press("?")
        expect(opened.dialog()).to_contain_text("Start a plan")
        opened.press("Escape", "n")
        expect(page.get_by_role("heading", name="Plans")).to_be_visible()
        tab_to(page, "Start mend")
        opened.press("Enter")
        expect(opened.dialog()).to_be_visible()
        tab_to(page, "Start")
        opened.press("Enter")

        expect(page.get_by_text("blocked", exact=True).first).to_be_visible(timeout=30_000)
        opened.press("j", "j", "Enter")
        expect(page.get_by_label("Why it failed").or_(page.get_by_label("What went wrong"))).to_contain_text(
            "there is no file mended"
        )
        (project.root / "mended").touch()
        opened.press("r")
        expect(opened.dialog().get_by_label("Note to the agent")).to_be_focused()
        page.keyboard.type("the file is there now")
        opened.press("Control+Enter")
        expect(
            page.get_by_role("heading", name="1.2 Needs the file that is missing completed")
        ).to_be_visible(timeout=30_000)
        expect(page.get_by_label("Finding")).to_contain_text("Attempt 2")

        opened.press("4")
        expect(page.get_by_role("link", name="Findings")).to_be_visible()
        opened.press("x")
        expect(opened.dialog()).to_contain_text("Shut this run down?")
        tab_to(page, "Shut down")
        opened.press("Enter")
        expect(page.get_by_text("stopped", exact=True).first).to_be_visible(timeout=30_000)
        assert opened.faults() == {}


def test_every_key_of_the_list_is_shown_where_it_works(project: Project):
    project.plan("mend", PLAN)
    url = project.serve().url
    with dashboard.opened_dashboard(url) as opened:
        opened.go()
        for keys, place in (("gp", "plans"), ("ga", "approvals"), ("go", "")):
            opened.press(*keys)
            opened.page.wait_for_url(f"{url}/#/{place}")
        opened.press("/")
        opened.page.keyboard.type("nothing is called so")
        expect(opened.page.get_by_role("searchbox")).to_have_value("nothing is called so")
