"""A plan, an agent and its findings that hold HTML and script: all of it is text, and nothing runs."""

from __future__ import annotations

import dashboard
import httpx
import pytest
import yaml
from doors import Project, wait_until
from playwright.sync_api import expect
from stage import begin

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(180)]

EVIL = "<img src=x onerror=window.hit=1><script>window.hit=1</script>"
LINKS = "[click](javascript:window.hit=1) [data](data:text/html,<script>opener.hit=1</script>) <a href=javascript:window.hit=1>raw</a>"
PLAN = f"# {EVIL}\n\n{EVIL}\n\n{LINKS}\n\n## Phase 1: {EVIL}\n\n- [ ] 1.1 {EVIL}\n- [ ] 1.2 Fails {EVIL}\n"
STEPS = [
    {"say": f"{EVIL}\n\n{LINKS}"},
    {"tool": f"Bash{EVIL}", "input": EVIL, "output": EVIL},
    {
        "finish": f"# {EVIL}\n\n{EVIL}\n\n{LINKS}\n\n```html\n{EVIL}\n```\n\n<svg onload=window.hit=1></svg>\n\n<style>body{{display:none}}</style>"
    },
]
SCRIPT = yaml.safe_dump({"tasks": {"1.1": STEPS, "1.2": [{"fail": EVIL}]}, "default": [{"finish": "done"}]})


def test_nothing_of_it_runs_on_any_page(project: Project):
    begin(project, "evil", PLAN, SCRIPT, "--max-attempts", "1")
    url = project.serve().url
    run = wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json())[0]
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators/{run['id']}").json()["status"] == "blocked")
    home = f"orchestrators/{run['id']}"
    pages = {
        "": "evil",
        "plans": "<img src=x",
        "plans/evil": "<img src=x",
        home: "<img src=x",
        f"{home}/tasks/1.1": "<img src=x",
        f"{home}/tasks/1.2": "<img src=x",
        f"{home}/timeline": "1.1",
        f"{home}/activity": "<img src=x",
        f"{home}/findings?task=1.1": "<img src=x",
        f"{home}/log": "evil",
    }
    with dashboard.opened_dashboard(url) as opened:
        opened.page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
        for address, text in pages.items():
            opened.go(address)
            expect(opened.page.locator("main")).to_contain_text(text)
            opened.page.wait_for_load_state("networkidle")
            assert opened.page.evaluate("window.hit") is None, address
            assert (
                opened.page.evaluate("[...document.links].map((link) => link.protocol)").count("javascript:")
                == 0
            )
            assert opened.page.locator("main img, main script, main svg[onload], main style").count() == 0, (
                address
            )
            assert opened.page.evaluate("getComputedStyle(document.body).display") != "none"
        for link in opened.page.get_by_text("click", exact=True).all():
            link.click()
        assert opened.page.evaluate("window.hit") is None
        assert opened.faults() == {}
