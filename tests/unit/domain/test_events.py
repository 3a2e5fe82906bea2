"""Events as values and as bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.domain.events import (
    EVENT_TYPES,
    AgentMessage,
    EventData,
    PhaseChanged,
    StoredEvent,
    clip,
    microseconds,
    utc_text,
)


def entry(body: bytes, kind: str = "phase_changed") -> StoredEvent:
    return StoredEvent("orch-1", 7, kind, microseconds(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)), body)


def test_the_union_is_closed_and_every_type_has_the_name_that_the_contract_gives_it() -> None:
    assert set(EVENT_TYPES) == {
        "plan_loaded",
        "status_updated",
        "task_changed",
        "phase_changed",
        "tool_started",
        "tool_completed",
        "orchestrator_changed",
        "command_settled",
        "finding_written",
        "agent_message",
        "usage_updated",
        "plan_changed",
        "plan_approved",
        "prompt_sent",
        "agent_started",
        "agent_limited",
        "approval_requested",
        "approval_settled",
    }


def test_an_envelope_is_json_with_the_five_fields_of_the_contract() -> None:
    assert json.loads(entry(b'{"old_phase":null,"new_phase":1}').envelope()) == {
        "type": "phase_changed",
        "timestamp": "2026-01-02T03:04:05.000678Z",
        "instance_id": "orch-1",
        "seq": 7,
        "data": {"old_phase": None, "new_phase": 1},
    }


def test_an_entry_decodes_to_the_value_that_was_stored() -> None:
    event = PhaseChanged(old_phase=1, new_phase=None)
    assert entry(event.model_dump_json().encode()).data == event


def test_fields_that_a_newer_writer_added_are_ignored() -> None:
    data = entry(b'{"old_phase":1,"new_phase":2,"mood":"good"}').data
    assert data == PhaseChanged(old_phase=1, new_phase=2)


def test_a_type_that_this_version_does_not_know_has_no_value() -> None:
    with pytest.raises(KeyError):
        _ = entry(b"{}", "coffee_made").data


@pytest.mark.parametrize("cls", EVENT_TYPES.values(), ids=lambda cls: cls.type)
def test_events_cannot_be_changed(cls: type[EventData]) -> None:
    event = cls.model_construct()
    name = next(iter(cls.model_fields))
    with pytest.raises(ValidationError):
        setattr(event, name, None)


def test_times_are_told_in_utc_and_sort_as_texts() -> None:
    early = datetime(2026, 1, 1, 23, 59, 59, tzinfo=timezone(timedelta(hours=5)))
    late = datetime(2026, 1, 1, 19, 0, 0, 1, tzinfo=UTC)
    assert utc_text(early) == "2026-01-01T18:59:59.000000Z"
    assert utc_text(early) < utc_text(late)


def test_a_long_text_keeps_its_head_and_tail_and_says_how_much_is_missing() -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(1_000))
    cut = clip(text, 100)
    head, mark, tail = cut.split("\n")
    assert len(cut) <= 100
    assert text.startswith(head)
    assert text.endswith(tail)
    assert mark == f"… {1_000 - len(head) - len(tail)} characters left out …"


@given(st.text(st.characters(codec=None), max_size=300), st.integers(0, 200))
def test_a_clipped_text_fits_and_can_be_stored(text: str, length_max: int) -> None:
    cut = clip(text, length_max)
    assert len(cut) <= length_max
    event = AgentMessage(task_id="1.1", attempt=1, text=cut)
    assert AgentMessage.model_validate_json(event.model_dump_json()) == event


@given(st.text(max_size=100))
def test_a_text_that_fits_stays_as_it_is(text: str) -> None:
    assert clip(text, 100) == text
