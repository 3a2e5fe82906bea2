from __future__ import annotations

import pytest

from orchestrator.agents.tool_calls import TEXT_LENGTH_MAX, ToolCalls, UsageMeter
from orchestrator.engine.agent_events import ToolCallCompleted, ToolCallOutput, ToolCallStarted, UsageDelta


@pytest.fixture
def calls() -> ToolCalls:
    return ToolCalls()


def test_a_call_is_told_once_however_often_it_is_named(calls):
    assert list(calls.started("a", "Bash", "make")) == [ToolCallStarted("a", "Bash", "make")]
    assert list(calls.started("a", "Bash", "make")) == []
    assert calls.is_any_open
    assert list(calls.output("a", "fine")) == [ToolCallOutput("a", "fine")]
    assert list(calls.ended("a", "ok", "fine")) == [ToolCallCompleted("a", "ok", "fine")]
    assert list(calls.ended("a", "error")) == []
    assert list(calls.started("a", "Bash")) == []
    assert list(calls.output("a", "late")) == []
    assert not calls.is_any_open


def test_a_call_whose_end_comes_first_begins_and_ends(calls):
    assert list(calls.ended("a", "error", "no", name="Read")) == [
        ToolCallStarted("a", "Read"),
        ToolCallCompleted("a", "error", "no"),
    ]


def test_what_is_open_at_the_end_was_interrupted(calls):
    for tool_id in ("a", "b"):
        list(calls.started(tool_id, "Bash"))
    list(calls.ended("a", "ok"))
    assert list(calls.close()) == [ToolCallCompleted("b", "interrupted")]
    assert list(calls.close()) == []


def test_texts_are_bounded(calls):
    (started,) = calls.started("a", "Bash", "x" * 11_000_000)
    (completed,) = calls.ended("a", "ok", "x" * 11_000_000)
    assert 0 < len(started.input) <= TEXT_LENGTH_MAX
    assert 0 < len(completed.output) <= TEXT_LENGTH_MAX


def test_usage_is_what_came_on_top():
    meter = UsageMeter()
    first = UsageDelta("m", 100, 10, 5, 1, 0.01)
    assert meter.added(first) == first
    assert meter.added(UsageDelta("m", 150, 30, 5, 1, 0.03)) == UsageDelta(
        "m", 50, 20, 0, 0, pytest.approx(0.02)
    )
    assert meter.added(UsageDelta("m", 150, 30, 5, 1, 0.03)) is None


def test_usage_of_a_conversation_that_goes_on_counts_from_what_it_had():
    meter = UsageMeter(UsageDelta("m", 100, 10, cost_usd=0.5))
    assert meter.added(UsageDelta("m", 120, 11, cost_usd=0.6)) == UsageDelta(
        "m", 20, 1, cost_usd=pytest.approx(0.1)
    )


def test_a_sum_that_began_anew_counts_whole_and_an_unknown_cost_stays_unknown():
    meter = UsageMeter(UsageDelta("m", 100, 10))
    assert meter.added(UsageDelta("m", 20, 1)) == UsageDelta("m", 20, 1, cost_usd=None)
