from orchestrator.agents.spoken_text import HOLD_SECONDS, LAST_MESSAGE_LENGTH_MAX, PIECE_LENGTH, SpokenText
from orchestrator.engine.agent_events import Text


def test_tokens_become_one_piece_once_it_is_due():
    spoken = SpokenText()
    assert [*spoken.add("one ", None, 0.0), *spoken.add("two", None, 0.5)] == []
    assert spoken.delay_seconds(0.5) == HOLD_SECONDS - 0.5
    assert list(spoken.take(0.9)) == []
    assert list(spoken.take(HOLD_SECONDS)) == [Text("one two")]
    assert spoken.delay_seconds(2.0) is None


def test_a_long_text_comes_in_pieces_and_nothing_of_it_is_lost():
    spoken = SpokenText()
    text = "".join(map(str, range(10_000)))
    pieces = [*spoken.add(text, None, 0.0), *spoken.take(0.0, at_once=True)]
    assert "".join(piece.text for piece in pieces) == text
    assert max(len(piece.text) for piece in pieces) <= PIECE_LENGTH


def test_the_last_message_is_what_came_after_the_last_call():
    spoken = SpokenText()
    list(spoken.add("I look.", None, 0.0))
    assert list(spoken.end_message(0.0)) == [Text("I look.")]
    assert spoken.last_message == "I look."  # until something else is said
    list(spoken.add("All ", None, 1.0))
    list(spoken.add("done.", None, 2.0))
    assert spoken.last_message == "All done."


def test_another_message_id_is_another_message():
    spoken = SpokenText()
    list(spoken.add("first", "m1", 0.0))
    assert list(spoken.add("second", "m2", 0.0)) == [Text("first")]
    assert spoken.last_message == "second"


def test_the_last_message_is_bounded_and_has_whole_characters():
    spoken = SpokenText()
    list(spoken.add("x" * 3_000_000 + "\ud83d", None, 0.0))
    assert len(spoken.last_message) <= LAST_MESSAGE_LENGTH_MAX + 100
    spoken.last_message.encode()
