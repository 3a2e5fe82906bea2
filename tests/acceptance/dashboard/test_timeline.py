"""The timeline under a hand: turned, dragged, and pressed."""

from __future__ import annotations

import dashboard
import httpx
import pytest
from doors import Project, wait_until
from playwright.sync_api import expect
from stage import begin

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(120)]

PLAN = "# Work\n\n## Phase 1: One\n\n- [ ] 1.1 Read\n- [ ] 1.2 Wait (depends: 1.1)\n"
SCRIPT = """\
tasks:
  "1.1": [{tool: Read, input: first.txt, seconds: 1}, {tool: Grep, input: second.txt, seconds: 1}, {finish: read}]
  "1.2": [{hang: true}]
"""


def test_it_is_zoomed_moved_and_leads_to_calls_and_tasks(project: Project):
    begin(project, "work", PLAN, SCRIPT)
    url = project.serve().url
    run_id = wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json())[0]["id"]
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators/{run_id}/status").json()["summary"]["completed"])
    with dashboard.opened_dashboard(url) as opened:
        page = opened.page
        home = f"orchestrators/{run_id}"
        opened.go(f"{home}/timeline")
        bar = page.get_by_role("link", name="1.1 Read, attempt 1: completed")
        expect(bar).to_be_visible()
        whole = bar.bounding_box()
        assert whole

        page.mouse.move(whole["x"] + 2, whole["y"] + 5)
        page.keyboard.down("Control")
        page.mouse.wheel(0, -300)
        page.keyboard.up("Control")
        expect(opened.button("Zoom out")).to_be_enabled()
        page.wait_for_url("**/timeline?from=*")
        near = bar.bounding_box()
        assert near
        assert near["width"] > 1.5 * whole["width"]

        page.mouse.move(near["x"] + 20, near["y"] + 60)
        page.mouse.down()
        page.mouse.move(near["x"] + 120, near["y"] + 60, steps=4)
        page.mouse.up()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("0")
        expect(opened.button("Zoom out")).to_be_disabled()

        calls = page.locator("svg:has(path)").filter(has=page.locator("title")).first.bounding_box()
        bar_now = bar.bounding_box()
        assert calls
        assert bar_now
        page.mouse.click(bar_now["x"] + bar_now["width"] * 0.75, calls["y"] + calls["height"] / 2)
        page.wait_for_url("**/activity?task=1.1&call=*")
        expect(page.get_by_label("Input", exact=True)).to_have_text("second.txt")

        opened.go(f"{home}/timeline")
        page.get_by_role("link", name="1.1 Read, attempt 1: completed").click()
        expect(page.get_by_role("heading", name="1.1 Read completed")).to_be_visible()
        assert opened.faults() == {}
