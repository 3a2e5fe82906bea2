"""Every button of the dashboard on a real run: what it says happens, is told, and stands in the log."""

from __future__ import annotations

from collections.abc import Iterator

import dashboard
import httpx
import pytest
from dashboard import Dashboard
from doors import Project, wait_until
from playwright.sync_api import expect
from stage import begin

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(180)]

PLAN = """\
# Work

## Phase 1: One

- [ ] 1.1 Ask a person
- [ ] 1.2 Fail once
- [ ] 1.3 Take long (depends: 1.1)
- [ ] 1.4 Last (depends: 1.2, 1.3)
"""
SCRIPT = """\
tasks:
  "1.1": [{ask: "rm -rf build", tool: Bash}, {ask: "git push", tool: Bash}, {finish: "asked"}]
  "1.2":
    attempts: [[{fail: "no network"}], [{finish: "now it **works**"}]]
  "1.3": [{say: "long"}, {hang: true}]
default: [{finish: done}]
"""


class Work:
    """A run of the plan, its server, and the dashboard on it."""

    def __init__(self, project: Project, dashboard: Dashboard, instance_id: str) -> None:
        self.project, self.dashboard, self.id = project, dashboard, instance_id

    @property
    def api(self) -> str:
        return f"{self.dashboard.url}/api/orchestrators/{self.id}"

    def task(self, task_id: str) -> str:
        tasks = httpx.get(f"{self.api}/status").json()["tasks"]
        return str(next(task["status"] for task in tasks if task["id"] == task_id))

    def status(self) -> str:
        return str(httpx.get(f"{self.api}/status").json()["status"])

    def events(self, kind: str) -> list[dict]:
        query = {"after": 0, "limit": 1000, "types": kind}
        return [event["data"] for event in httpx.get(f"{self.api}/events", params=query).json()]


@pytest.fixture
def work(project: Project, request: pytest.FixtureRequest) -> Iterator[Work]:
    begin(project, "work", PLAN, SCRIPT, "--parallel", "2", "--max-attempts", "1")
    url = project.serve().url
    found = wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json())
    work = Work(project, Dashboard(None, url), found[0]["id"])  # type: ignore[arg-type]  # the tab comes below
    wait_until(lambda: httpx.get(f"{work.api}/approvals").json() and work.task("1.2") == "failed")
    with dashboard.opened_dashboard(url, getattr(request, "param", "light")) as opened:
        work.dashboard = opened
        yield work


def test_questions_are_allowed_and_denied_with_a_reason(work: Work):
    page = work.dashboard.page
    work.dashboard.go("approvals")
    expect(page.get_by_label("What the agent asks")).to_have_text("rm -rf build")
    expect(page).to_have_title("(1) Approvals · Plan Orchestrator")
    page.get_by_role("button", name="Deny what task 1.1 asks").click()
    dialog = work.dashboard.dialog()
    dialog.get_by_label("Reason").fill("not this folder")
    work.dashboard.button("Deny", dialog).click()
    expect(page.get_by_role("article").first).to_contain_text("Denied · 1.1 rm -rf build")
    page.get_by_role("button", name="Allow what task 1.1 asks").click()
    expect(page.get_by_role("article").last).to_contain_text("Allowed · 1.1 git push")
    expect(page).to_have_title("Approvals · Plan Orchestrator")
    work.dashboard.press("g", "p")
    expect(page.get_by_role("heading", name="Plans", exact=True)).to_be_visible()
    work.dashboard.press("g", "a")
    expect(page.get_by_text("No open questions")).to_be_visible()
    settled = work.events("approval_settled")
    assert [(one["allowed"], one["reason"]) for one in settled] == [(False, "not this folder"), (True, None)]
    assert work.dashboard.faults() == {}


def test_a_failed_task_is_retried_with_a_note_and_a_pending_one_skipped_with_a_reason(work: Work):
    page = work.dashboard.page
    work.dashboard.go(f"orchestrators/{work.id}/tasks/1.2")
    expect(page.get_by_label("What went wrong")).to_contain_text("no network")
    page.get_by_role("button", name="Retry task 1.2").click()
    dialog = work.dashboard.dialog()
    dialog.get_by_label("Note to the agent").fill("the network is back")
    work.dashboard.button("Retry", dialog).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Finding")).to_contain_text("now it works")
    expect(page.get_by_role("heading", name="1.2 Fail once completed")).to_be_visible()
    work.dashboard.go(f"orchestrators/{work.id}/tasks/1.4")
    page.get_by_role("button", name="Skip task 1.4").click()
    dialog.get_by_label("Reason").fill("not needed")
    work.dashboard.button("Skip", dialog).click()
    expect(dialog).to_be_hidden()
    wait_until(lambda: work.task("1.4") == "skipped")
    work.dashboard.go(f"orchestrators/{work.id}/log")
    expect(page.get_by_text("not needed").first).to_be_visible()
    assert work.dashboard.faults() == {}


def test_a_finding_is_copied_and_saved(work: Work):
    httpx.post(f"{work.api}/retry-task", json={"task_id": "1.2"}).raise_for_status()
    wait_until(lambda: work.task("1.2") == "completed")
    page = work.dashboard.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    work.dashboard.go(f"orchestrators/{work.id}/findings?task=1.2")
    expect(page.get_by_role("strong").filter(has_text="works")).to_be_visible()
    work.dashboard.button("Copy").click()
    expect(page.get_by_text("The finding is copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "now it **works**" in copied
    with page.expect_download() as saving:
        work.dashboard.button("Save").click()
    assert saving.value.suggested_filename == "1.2.md"
    assert saving.value.path().read_text() == copied
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    work.dashboard.button("Copy").click()
    expect(page.get_by_text("does not let this page copy")).to_be_visible()
    assert work.dashboard.faults() == {}


def test_a_run_is_paused_at_once_resumed_and_shut_down(work: Work):
    page = work.dashboard.page
    work.dashboard.go(f"orchestrators/{work.id}")
    work.dashboard.button("Pause").click()
    expect(work.dashboard.button("Resume")).to_be_visible()
    assert work.status() == "paused"
    work.dashboard.button("Pause now").click()
    wait_until(lambda: work.task("1.1") == "pending")
    work.dashboard.button("Resume").click()
    wait_until(lambda: work.status() == "running" and work.task("1.1") == "in_progress")
    work.dashboard.button("Shut down").click()
    work.dashboard.button("Interrupt the running task", work.dashboard.dialog()).click()
    expect(page.get_by_text("stopped").first).to_be_visible()
    expect(work.dashboard.button("Pause")).to_be_hidden()
    expect(page.get_by_role("link", name="Start again")).to_be_visible()
    assert work.status() == "stopped"
    assert work.dashboard.faults() == {}


def test_what_is_not_possible_any_more_is_said_with_its_reason(work: Work):
    page = work.dashboard.page
    work.dashboard.go(f"orchestrators/{work.id}")
    page.get_by_role("button", name="Retry task 1.2").click()
    work.project.command("skip-task", "work", "1.2", "--reason", "by another hand")
    work.dashboard.button("Retry", work.dashboard.dialog()).click()
    expect(
        page.get_by_text("has moved on", exact=False).or_(page.get_by_text("revision", exact=False)).first
    ).to_be_visible()
    assert work.task("1.2") == "skipped"


def test_what_one_tab_does_the_other_shows(work: Work):
    first = work.dashboard
    first.go(f"orchestrators/{work.id}")
    second = Dashboard(first.tab, first.url)
    other = first.page.context.new_page()
    other.goto(f"{first.url}/#/orchestrators/{work.id}")
    expect(other.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    second.button("Pause").click()
    expect(other.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    other.get_by_role("button", name="Resume", exact=True).click()
    expect(second.button("Pause")).to_be_visible()


def test_filters_and_searches_stand_in_the_address(work: Work):
    page = work.dashboard.page
    work.dashboard.go(f"orchestrators/{work.id}")
    page.get_by_role("searchbox", name="Search tasks").fill("long")
    expect(page.get_by_role("listitem").filter(has_text="Fail once")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("searchbox", name="Search tasks")).to_have_value("long")
    expect(page.get_by_role("listitem").filter(has_text="Take long")).to_have_count(1)
    expect(page.get_by_role("listitem").filter(has_text="Fail once")).to_have_count(0)


def test_the_theme_is_chosen_and_kept(work: Work):
    page = work.dashboard.page
    work.dashboard.go()
    work.dashboard.button("Settings").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert work.dashboard.faults() == {}


@pytest.mark.parametrize("work", ["phone"], indirect=True)
def test_answers_are_given_by_touch_on_a_phone(work: Work):
    phone = work.dashboard
    phone.go("approvals")
    phone.page.get_by_role("button", name="Allow what task 1.1 asks").tap()
    expect(phone.page.get_by_role("article").first).to_contain_text("Allowed · 1.1 rm -rf build")
    expect(phone.page.get_by_label("What the agent asks").last).to_have_text("git push")
    assert phone.overflow() <= 0
    assert phone.faults() == {}
    assert work.events("approval_settled")[0]["allowed"] is True
