from __future__ import annotations

import pytest
import stream_texts as say

from orchestrator.cli.event_lines import shown
from orchestrator.client.messages import InitialStatus, Ping, Resync, message_of
from orchestrator.client.streams import event_data
from orchestrator.domain.events import StoredEvent
from orchestrator.domain.run_state import RunState, fold


@pytest.mark.parametrize(
    "data",
    [
        {"old_phase": None, "new_phase": 2},
        {"text": 'é\u2028"\\\n\x01😀', "numbers": [1, 2.5, 1e16, 25.0], "more": {"a": None, "b": True}},
    ],
)
def test_an_entry_has_the_bytes_of_the_servers_envelope(data):
    envelope = say.text("agent_message", data, 7)
    event = message_of(envelope)
    assert isinstance(event, StoredEvent)
    assert event.envelope().decode() == envelope
    assert (event.seq, event.timestamp) == (7, say.NOW)


def test_a_type_of_a_later_version_is_an_entry_that_can_be_shown_and_folded():
    event = message_of(say.text("task_sang", {"song": "la"}, 9))
    assert isinstance(event, StoredEvent)
    assert shown(event, json=False).endswith("task_sang")
    assert fold([event], RunState(seq=8)).seq == 9


def test_frames_are_values_and_those_of_a_later_version_are_none():
    status = message_of(say.status(4))
    assert isinstance(status, InitialStatus)
    assert (status.seq, status.status.plan_name) == (4, "demo")
    assert message_of(say.resync("not_kept", 2, 5)) == Resync(say.NOW, "not_kept", 2, 5)
    assert message_of(say.ping(3)) == Ping(3)
    assert message_of(say.text("hint", {})) is None


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"type": "ping"}', say.text("initial_status", {}, 1)])
def test_nonsense_is_a_value_error(nonsense):
    with pytest.raises(ValueError, match=r"."):
        message_of(nonsense)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
async def test_the_data_of_sse_is_found_whatever_its_lines_end_with_and_wherever_it_is_cut(end, size):
    lines = [
        "id: 1",
        "event: x",
        'data: {"a":"é\u2028\x85"}',
        "",
        ": hm",
        "",
        "data:1",
        "data: 2",
        "id",
        "",
        "x",
    ]
    raw = end.join(lines).encode()

    async def chunks():
        for start in range(0, len(raw), size):
            yield raw[start : start + size]

    found = [data.decode() async for data in event_data(chunks())]
    assert found == ['{"a":"é\u2028\x85"}', "1\n2"]
