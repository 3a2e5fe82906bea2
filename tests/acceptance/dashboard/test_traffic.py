"""What a first look at a run of 2,000 tasks costs: few requests, few bytes, and nothing asked for twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import dashboard
import pytest
from dashboard import Dashboard
from doors import Project
from page_traffic import Traffic
from playwright.sync_api import expect

pytestmark = [pytest.mark.long, pytest.mark.needs_chromium, pytest.mark.timeout(180)]

TASKS, CALLS = 2_000, 10_000
REQUESTS_MAX = 12
FIRST_BYTES_MAX = 300_000
ASKED_AGAIN = {"/health", "/api/orchestrators", "/api/plans"}
"""What is asked for every few seconds, and so may be twice in a look on a slow machine."""


@pytest.fixture
def opened(project: Project) -> Iterator[Dashboard]:
    with dashboard.opened_on_a_busy_run(project, TASKS, CALLS) as opened:
        yield opened


def look(opened: Dashboard, address: str = "") -> tuple[Traffic, Counter[str]]:
    """Load the page, and count until it has all; each address of what is asked for again counts once."""
    traffic = Traffic(opened.page)
    opened.go(address)
    expect(opened.page.get_by_text("1000 of 2000 tasks").first).to_be_visible()
    traffic.settle()
    asked = Counter(traffic.requests)
    return traffic, Counter({path: 1 if path in ASKED_AGAIN else count for path, count in asked.items()})


def test_the_overview_is_loaded_with_few_requests_and_bytes(opened: Dashboard):
    traffic, asked = look(opened)
    assert asked.total() <= REQUESTS_MAX, asked
    assert traffic.bytes <= FIRST_BYTES_MAX, traffic.bytes_by_address
    assert set(asked.values()) == {1}, "asked for twice"
    assert {"/api/orchestrators/orch-busy/events", "ws:/api/orchestrators/orch-busy/events"} <= set(asked)
    assert opened.faults() == {}


def test_a_run_is_loaded_with_few_bytes_and_nothing_twice(opened: Dashboard):
    traffic, asked = look(opened, "orchestrators/orch-busy")
    assert traffic.bytes <= FIRST_BYTES_MAX, traffic.bytes_by_address
    # The log is read page by page.
    twice = {path for path, count in asked.items() if count > 1} - {"/api/orchestrators/orch-busy/events"}
    assert twice == set(), asked
    assert opened.faults() == {}
