"""Events of agents as lines for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.cli.event_lines import event_line
from orchestrator.domain.events import (
    AgentLimited,
    AgentStarted,
    ApprovalRequested,
    ApprovalSettled,
    StoredEvent,
    TaskChanged,
    UsageUpdated,
)

UNTIL = datetime(2030, 1, 1, 12, 30, tzinfo=UTC)
LOCAL = f"{UNTIL.astimezone():%H:%M:%S}"


def asked(**changes):
    return {"approval_id": "1.1-1-1", "task_id": "1.1", "attempt": 1, **changes}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (AgentStarted(task_id="1.1", attempt=1, agent="claude", model="opus"), "    1.1 claude opus"),
        (
            AgentStarted(task_id="1.1", attempt=1, agent="claude", version="2.1", session_id="s"),
            "    1.1 claude 2.1",
        ),
        (
            AgentLimited(agent="claude", until=UNTIL, message="The week is used up.\nMore"),
            f"● claude waits for a limit until {LOCAL} (The week is used up.)",
        ),
        (AgentLimited(agent="claude", until=UNTIL), f"● claude waits for a limit until {LOCAL}"),
        (AgentLimited(agent="claude", until=None), "● claude may start again"),
        (
            ApprovalRequested(**asked(question="Bash: rm -rf /\nnow", expires_at=UNTIL)),
            (
                "? 1.1 asks, as 1.1-1-1: Bash: rm -rf / ⏎ now\n"
                "    answer with: orchestrator answer-approval orch-1 1.1-1-1 --allow (or --deny); "
                f"denied at {LOCAL}"
            ),
        ),
        (
            ApprovalRequested(**asked(question="Bash", can_allow=False)),
            (
                "? 1.1 asks, as 1.1-1-1: Bash (it does not say what it would do: deny only)\n"
                "    answer with: orchestrator answer-approval orch-1 1.1-1-1 --deny"
            ),
        ),
        (ApprovalSettled(**asked(allowed=True, actor="api")), "    1.1 1.1-1-1 allowed by api"),
        (
            ApprovalSettled(**asked(allowed=False, actor="cli:ada", reason="no")),
            "    1.1 1.1-1-1 denied by cli:ada: no",
        ),
        (
            TaskChanged(
                task_id="1.1",
                description="Write it",
                phase=1,
                revision=2,
                old_status="in_progress",
                new_status="failed",
                attempt=1,
                error="The agent declined the task: no token",
                reason="attempt 1; it would decline again",
            ),
            "✗ 1.1 Write it: the agent declined the task: no token (attempt 1; it would decline again)",
        ),
        (UsageUpdated(task_id="1.1", attempt=1), None),
    ],
)
def test_what_agents_ask_and_meet_is_told_in_a_line(data, expected):
    event = StoredEvent("orch-1", 1, data.type, 0, data.model_dump_json().encode())
    line = event_line(event)
    assert (line and line.partition(" ")[2]) == expected
