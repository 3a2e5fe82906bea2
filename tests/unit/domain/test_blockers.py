"""The sentences that people read for what a task waits for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from pydantic import TypeAdapter

from orchestrator.domain.blockers import (
    Blocker,
    FilesBlocker,
    GateBlocker,
    PhaseBlocker,
    RateLimitBlocker,
    RetryBlocker,
    TaskBlocker,
    UnapprovedBlocker,
    blocker_text,
)

UNTIL = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TEXTS = {
    TaskBlocker(task_id="1.2"): "1.2",
    PhaseBlocker(phase=3): "phase 3",
    GateBlocker(text="human"): "a person (gate: human)",
    RetryBlocker(): "the next attempt",
    RateLimitBlocker(agent="claude", until=UNTIL): "the limit of claude until 2026-03-01 12:30:00 UTC",
    FilesBlocker(task_id="1.4"): "1.4, which works on the same files",
    UnapprovedBlocker(parts=("block", "agent", "verify")): (
        "approve-plan: shell block, agent and check changed during an attempt"
    ),
    UnapprovedBlocker(parts=("verify",), is_approved=True): (
        "the plan's next run: the change of its check is approved"
    ),
}


def test_every_kind_has_a_text():
    union, *_ = get_args(Blocker)
    assert {type(blocker) for blocker in TEXTS} == set(get_args(union))


@pytest.mark.parametrize(("blocker", "text"), TEXTS.items(), ids=lambda value: getattr(value, "kind", ""))
def test_what_is_waited_for_is_said(blocker, text):
    assert blocker_text(blocker) == text


@pytest.mark.parametrize("blocker", TEXTS, ids=lambda blocker: blocker.kind)
def test_a_blocker_comes_back_from_the_wire(blocker):
    adapter = TypeAdapter(Blocker)
    assert adapter.validate_json(adapter.dump_json(blocker)) == blocker


def test_times_are_written_as_the_reader_wants_them():
    limit = RateLimitBlocker(agent="claude", until=UNTIL)
    assert blocker_text(limit, lambda moment: f"{moment:%H:%M}") == "the limit of claude until 12:30"
