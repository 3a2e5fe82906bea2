"""Every message at every position: what is handed over, and where the stream must begin anew."""

from __future__ import annotations

import pytest
import stream_texts as say

from orchestrator.client.errors import ApiError
from orchestrator.client.messages import message_of
from orchestrator.client.position import Position


def take(position, *texts):
    return [
        type(i).__name__ + str(getattr(i, "seq", "")) for t in texts for i in position.take(message_of(t))
    ]


def test_events_come_once_each_in_order():
    position = Position(3)
    assert take(position, say.event(2), say.event(3), say.event(4), say.event(4), say.event(5)) == [
        "StoredEvent4",
        "StoredEvent5",
    ]
    assert position.last == 5


@pytest.mark.parametrize(
    ("last", "text"),
    [(3, say.event(5)), (3, say.ping(4)), (None, say.event(1)), (3, say.resync("fell_behind", 3))],
)
def test_a_hole_is_never_passed(last, text):
    position = Position(last)
    with pytest.raises(ApiError) as lost:
        take(position, text)
    assert lost.value.code in {"events_missing", "fell_behind"}
    assert not lost.value.is_final
    assert position.last == last


@pytest.mark.parametrize(("last", "up_to"), [(3, 3), (3, 2), (None, 7)])
def test_a_ping_that_tells_nothing_new_is_a_sign_of_life_only(last, up_to):
    position = Position(last)
    assert take(position, say.ping(up_to), say.text("hint", {})) == []
    assert position.last == last


@pytest.mark.parametrize("reason", ["not_kept", "beyond_log"])
@pytest.mark.parametrize("seq", [2, 500, 900])
def test_a_resync_comes_with_its_status_which_is_the_new_truth_also_when_it_is_lower(reason, seq):
    position = Position(500)
    assert take(position, say.resync(reason, 500)) == []
    assert take(position, say.status(seq), say.event(seq + 1)) == [
        "Resync", f"InitialStatus{seq}", f"StoredEvent{seq + 1}",
    ]  # fmt: skip
    assert position.last == seq + 1


def test_half_a_resync_of_a_lost_connection_counts_for_nothing():
    position = Position(500)
    take(position, say.resync("not_kept", 500))
    position.connect(say.info())
    assert take(position, say.status(600)) == ["InitialStatus600"]


def test_the_end_is_an_event_a_status_or_known_when_it_connects():
    position = Position(1)
    take(position, say.event(2))
    assert not position.has_ended
    take(position, say.ended(3))
    assert position.has_ended
    position = Position(None)
    take(position, say.status(7, "failed"))
    assert position.has_ended
    for last, status, expected in [
        (3, "completed", True),
        (2, "completed", False),
        (3, "paused", False),
        (None, "stopped", False),
    ]:
        position = Position(last)
        position.connect(say.info(3, status))
        assert position.has_ended is expected


def test_a_status_of_a_later_version_is_no_end():
    position = Position(1)
    data = {"old_status": "running", "new_status": "asleep"}
    assert take(position, say.text("orchestrator_changed", data, 2)) == ["StoredEvent2"]
    assert not position.has_ended
