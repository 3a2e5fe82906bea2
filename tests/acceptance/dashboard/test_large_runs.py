"""A run of 2,000 tasks and 20,000 events: all of it can be reached, and little of it is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import dashboard
import pytest
from dashboard import Dashboard
from doors import Project
from playwright.sync_api import expect

pytestmark = [pytest.mark.long, pytest.mark.needs_chromium, pytest.mark.timeout(180)]

TASKS, CALLS = 2_000, 10_000
DRAWN_MAX = 4_000
"""So many elements at most, however long the lists are."""

HOME = "orchestrators/orch-busy"


@pytest.fixture
def opened(project: Project) -> Iterator[Dashboard]:
    with dashboard.opened_on_a_busy_run(project, TASKS, CALLS) as opened:
        yield opened


def drawn(opened: Dashboard) -> int:
    return int(opened.page.evaluate("document.querySelectorAll('*').length"))


def to_the_end(opened: Dashboard) -> None:
    """Scroll down; rows that are measured make the page longer, so more than once."""
    opened.page.evaluate(
        "new Promise((done) => { let last = -1; const go = () => { scrollTo(0, document.body.scrollHeight);"
        "if (scrollY === last) done(); else { last = scrollY; setTimeout(go, 100); } }; go(); })"
    )


def test_tasks_are_shown_searched_and_scrolled_through(opened: Dashboard):
    page = opened.page
    opened.go(HOME)
    expect(page.get_by_text("1000 of 2000 tasks")).to_be_visible()
    assert drawn(opened) < DRAWN_MAX
    to_the_end(opened)
    expect(page.get_by_text("Task 1999")).to_be_visible()
    assert drawn(opened) < DRAWN_MAX
    page.get_by_role("searchbox", name="Search tasks").fill("task 123")
    expect(page.get_by_role("listitem").filter(has_text="Task 1234")).to_be_visible()
    assert opened.faults() == {}


def test_calls_are_read_to_the_first_and_found(opened: Dashboard):
    page = opened.page
    opened.go(f"{HOME}/activity")
    expect(page.get_by_role("list", name="Tool calls")).to_contain_text("src/file-9999.ts", timeout=30_000)
    expect(page.get_by_text("Reading what happened before")).to_be_hidden(timeout=60_000)
    to_the_end(opened)
    expect(page.get_by_text("src/file-0.ts")).to_be_visible()
    assert drawn(opened) < DRAWN_MAX
    page.get_by_role("searchbox", name="Search calls").fill("file-4321")
    row = page.get_by_role("listitem")
    expect(row).to_have_count(1)
    row.get_by_role("button").click()
    expect(row).to_contain_text("line 4321")
    assert opened.faults() == {}


def test_the_timeline_draws_what_is_in_sight(opened: Dashboard):
    page = opened.page
    opened.go(f"{HOME}/timeline")
    expect(page.get_by_text("Phase 1: Part 1", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Reading what happened before")).to_be_hidden(timeout=60_000)
    assert drawn(opened) < DRAWN_MAX
    to_the_end(opened)
    expect(page.get_by_role("link", name="Task 1003, attempt 1: in progress")).to_be_visible()
    assert opened.faults() == {}
