"""A server that goes away: what the page shows is never told as live, and it heals without being loaded again."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import dashboard
import httpx
import pytest
from doors import Project, wait_until
from playwright.sync_api import expect
from stage import begin

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(180)]

PLAN = "# Long\n\n## Phase 1: One\n\n- [ ] 1.1 Ask\n- [ ] 1.2 Last (depends: 1.1)\n"
SCRIPT = """\
tasks:
  "1.1": [{tool: Read, input: before.txt}, {ask: "go on?", tool: Bash}, {tool: Read, input: meanwhile.txt}, {finish: asked}]
  "1.2": [{tool: Read, input: later.txt}, {hang: true}]
"""


def test_a_server_that_is_killed_and_comes_back(project: Project):
    begin(project, "long", PLAN, SCRIPT)
    server = project.serve()
    url = server.url
    run_id = wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json())[0]["id"]
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators/{run_id}/approvals").json())
    with dashboard.opened_dashboard(url) as opened:
        page = opened.page
        opened.go(f"orchestrators/{run_id}/activity")
        page.evaluate("window.isTheSame = true")
        calls = page.get_by_role("list", name="Tool calls")
        expect(calls).to_contain_text("before.txt")
        expect(page.get_by_text("live", exact=True)).to_be_visible()

        server.kill()
        server.wait()
        expect(page.get_by_role("alert").filter(has_text="The server cannot be reached")).to_be_visible(
            timeout=30_000
        )
        expect(page.get_by_text("reconnecting", exact=True)).to_be_visible()
        expect(page.get_by_text(re.compile(r"as of \d\d:\d\d:\d\d"))).to_be_visible()
        expect(page.get_by_text("live", exact=True)).to_be_hidden()
        took = page.get_by_role("listitem").filter(has_text="go on?").inner_text()
        project.command("answer-approval", "long", "1.1-1-1", "--allow")
        # It goes on without the server, and the page does not pretend to know.
        assert page.get_by_role("listitem").filter(has_text="go on?").inner_text() == took

        again = project.serve("--port", str(urlsplit(url).port))
        assert again.url == url
        expect(page.get_by_text("live", exact=True)).to_be_visible(timeout=45_000)
        expect(calls).to_contain_text("later.txt")
        expect(calls).to_contain_text("meanwhile.txt")
        expect(page.get_by_role("alert")).to_have_count(0)
        assert page.evaluate("window.isTheSame") is True
        assert opened.tab.page_errors == []


@pytest.mark.long
def test_a_machine_that_was_off_the_network_shows_what_happened_meanwhile(project: Project):
    begin(project, "long", PLAN, SCRIPT)
    url = project.serve().url
    run_id = wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json())[0]["id"]
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators/{run_id}/approvals").json())
    with dashboard.opened_dashboard(url) as opened:
        page = opened.page
        opened.go(f"orchestrators/{run_id}/activity")
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        page.context.set_offline(True)
        expect(page.get_by_role("alert").filter(has_text="The server cannot be reached")).to_be_visible(
            timeout=30_000
        )
        expect(page.get_by_text("live", exact=True)).to_be_hidden()
        project.command("answer-approval", "long", "1.1-1-1", "--allow")
        page.context.set_offline(False)
        expect(page.get_by_role("list", name="Tool calls")).to_contain_text("later.txt", timeout=45_000)
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        assert opened.tab.page_errors == []
