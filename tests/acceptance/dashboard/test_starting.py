"""Starting and starting again: what the browser sends is what was chosen, and the run has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import dashboard
import httpx
import pytest
from dashboard import Dashboard
from doors import Project, wait_until
from playwright.sync_api import expect

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(180)]

SHELL_TASK = "- [ ] {id} {words}\n\n  ```sh\n  {command}\n  ```\n"
FRONT = "---\nparallel: 3\npermissions: edits\ntimeout: 5 min\n---\n"
HEAD = "# {title}\n\n## Phase 1: One\n\n"
WORKS = SHELL_TASK.format(id="1.1", words="Works", command="true")
FAILS = SHELL_TASK.format(id="1.2", words="Fails", command="test -e mended")


class Start:
    """A server with a plan that says how it wants to run, one that fails, and one with errors."""

    def __init__(self, dashboard: Dashboard) -> None:
        self.dashboard, self.page = dashboard, dashboard.page
        self.bodies: list[dict[str, Any]] = []
        self.page.on("request", self._keep)

    def _keep(self, request) -> None:
        if request.method == "POST" and request.url.endswith("/api/orchestrators"):
            self.bodies.append(json.loads(request.post_data))

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.dashboard.url}/api/{path}").json()

    def latest(self, status: str) -> dict[str, Any]:
        """The status of the latest run, as soon as the run has that one."""
        return wait_until(
            lambda: (
                (runs := self.get("orchestrators"))
                and runs[0]["status"] == status
                and self.get(f"orchestrators/{runs[0]['id']}/status")
            )
        )

    def press_start(self, name: str = "Start") -> None:
        known = len(self.bodies)
        self.dashboard.button(name, self.dashboard.dialog()).click()
        self.page.wait_for_url("**/#/orchestrators/*")
        assert len(self.bodies) == known + 1


@pytest.fixture
def start(project: Project, request: pytest.FixtureRequest) -> Iterator[Start]:
    project.plan("works", FRONT + HEAD.format(title="Works") + WORKS)
    project.plan("fails", FRONT + HEAD.format(title="Fails") + WORKS + FAILS)
    project.plan("broken", HEAD.format(title="Broken") + WORKS + WORKS)
    url = project.serve("--allow-shell").url
    with dashboard.opened_dashboard(url, getattr(request, "param", "light")) as opened:
        yield Start(opened)


@pytest.mark.parametrize("start", ["light", "phone"], indirect=True)
def test_nothing_that_was_not_chosen_is_sent_and_a_plan_that_is_done_asks(start: Start):
    start.dashboard.go("plans/works?start=1")
    dialog = start.dashboard.dialog()
    expect(dialog.get_by_label("Maximum parallel tasks")).to_have_attribute(
        "placeholder", "as the plan says (3)"
    )
    expect(dialog.get_by_label("What agents may do")).to_have_value("")
    expect(dialog.get_by_role("option", name="as the plan says (edits)")).to_be_attached()
    expect(start.dashboard.button("Start", dialog)).to_be_in_viewport(ratio=1)
    assert start.dashboard.axe() == []
    start.press_start()
    assert start.bodies == [{"plan": "works"}]
    done = start.latest("completed")
    assert set(done["options"].values()) == {None}
    loaded = start.get(f"orchestrators/{done['instance_id']}/events?limit=1")[0]["data"]
    assert (loaded["parallel"], loaded["options"]) == (3, done["options"])

    start.dashboard.go("plans/works?start=1")
    expect(dialog).to_contain_text("Run works again from the start?")
    assert start.dashboard.overflow() <= 0
    start.press_start("Run again")
    assert start.bodies[1:] == [{"plan": "works", "restart": True}]
    assert start.latest("completed")["instance_id"] != done["instance_id"]
    assert start.dashboard.faults() == {}


def test_start_again_has_what_the_last_run_had(start: Start, project: Project):
    project.command(
        "run", "fails", "--parallel", "2", "--permissions", "ask", "--budget-usd", "200", "--repeats", "5",
        "--agent", "shell", code=1,
    )  # fmt: skip
    run_id = start.latest("failed")["instance_id"]
    start.dashboard.go(f"orchestrators/{run_id}")
    start.page.get_by_role("link", name="Start again").click()
    dialog = start.dashboard.dialog()
    expect(dialog).to_contain_text("The last run's settings are filled in.")
    expect(dialog.get_by_label("Equal calls in a row until stuck")).to_have_value("5")
    dialog.get_by_label("Budget, in $").fill("50")
    assert start.dashboard.axe() == []
    start.press_start()
    chosen = {"agent": "shell", "parallel": 2, "permissions": "ask", "budget_usd": 50, "repeats_max": 5}
    assert start.bodies == [{"plan": "fails", **chosen}]
    options = start.latest("blocked")["options"]
    assert {name: value for name, value in options.items() if value is not None} == chosen
    assert start.dashboard.faults() == {}


def test_a_plan_with_errors_is_not_offered_to_start(start: Start):
    for place in ("plans", ""):
        start.dashboard.go(place)
        expect(start.page.get_by_role("link", name="Start works")).to_be_visible()
        expect(start.page.get_by_role("link", name="Start broken")).to_have_count(0)
    start.dashboard.go("plans/broken?start=1")
    expect(start.page.get_by_role("button", name="Start")).to_be_disabled()
    expect(start.dashboard.dialog()).to_have_count(0)
