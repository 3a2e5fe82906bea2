"""Terminal output becomes plain, bounded text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.terminal_text import BoundedText, LiveOutput, TerminalText
from orchestrator.domain.events import MESSAGE_LENGTH_MAX


def plain(*pieces: bytes) -> str:
    terminal = TerminalText()
    return "".join(terminal.feed(piece) for piece in pieces) + terminal.feed(b"", is_last=True)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (b"one\r\ntwo\n", "one\ntwo\n"),
        (b"\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[m", "red green"),
        (b"\x1b]0;a title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b(Btext\x1b=\x1b7", "text"),
        (b"\x1b[2K\x1b[1Gline", "line"),
        (b"10%\r20%\r100%\ndone\n", "100%\ndone\n"),
        (b"wait\r", "wait"),
        (b"odd\r\r\nend", "odd\nend"),
        (b"tab\tbell\x07 nul\x00 back\x08", "tab\tbell nul back"),
        (b"broken \xff byte", "broken � byte"),
        ("grüße ✓".encode(), "grüße ✓"),
    ],
)
def test_what_a_terminal_shows_becomes_plain_text(shown, text):
    assert plain(shown) == text


@given(
    st.lists(
        st.sampled_from(
            ["a", "\n", "é", "✓", "\x1b[31m", "\x1b]0;t\x07", "\x1b]8;;u\x1b\\", "\x1b(B", "\x1b[0m", "\r\n"]
        ),
        max_size=12,
    ),
    st.data(),
)
def test_where_the_pieces_are_cut_makes_no_difference(parts, data):
    whole = "".join(parts).encode()
    cut = data.draw(st.integers(0, len(whole)))
    cut_again = data.draw(st.integers(cut, len(whole)))
    assert plain(whole[:cut], whole[cut:cut_again], whole[cut_again:]) == plain(whole)
    assert "\x1b" not in plain(whole)


def test_states_of_a_line_that_come_apart_are_kept_apart():
    assert plain(b"10%\r20%\r", b"30%\r40%\r", b"done\r\n") == "20%\n40%\ndone\n"


def test_an_escape_sequence_that_never_ends_does_not_hold_the_text_back():
    terminal = TerminalText()
    text = "".join(terminal.feed(b"\x1b]0;" + b"x" * 1000 if not n else b"x" * 1000) for n in range(10))
    assert len(text) >= 4_000


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", [b"x", b"\x1b]", b"\x1b[", b"x\r", b"\x1b", b"\r"])
def test_long_lines_of_anything_take_no_long_time(piece):
    plain(*[piece * 100_000] * 5)


def test_text_within_its_bound_is_kept_as_it_is():
    text = BoundedText(10)
    for part in ("abc", "defg", "hij"):
        text.add(part)
    assert text.text == "abcdefghij"
    assert len(text) == 10


def test_of_long_text_head_and_tail_are_kept_and_the_gap_is_told():
    text = BoundedText(10)
    for n in range(100):
        text.add(f"{n:03}")
    assert text.text == "00000\n… 290 characters left out …\n98099"
    assert text.tail == "98099"
    assert len(text) == 300


def test_chunks_come_four_a_second_at_most():
    live = LiveOutput()
    taken = []
    now = 100.0
    while now < 110.0:
        live.add("line\n", now)
        if chunk := live.take(now):
            taken.append(now)
            assert "line" in chunk
        now += 0.01
    assert len(taken) <= 41
    assert min(later - earlier for earlier, later in pairwise(taken)) >= 0.249


def test_output_that_comes_together_is_one_chunk():
    live = LiveOutput()
    live.add("one\n", 5.0)
    assert live.take(5.0) == ""
    assert 0 < live.delay_seconds(5.0) < 0.1
    live.add("two\n", 5.01)
    assert live.take(5.06) == "one\ntwo\n"
    assert live.delay_seconds(5.06) is None
    assert live.take(9.0) == ""


def test_a_chunk_is_bounded_and_the_last_one_says_that_no_more_is_shown():
    live = LiveOutput()
    chunks = []
    for n in range(200):
        live.add("x" * 100_000, float(n))
        chunks.append(live.take(n + 0.5))
    shown = [chunk for chunk in chunks if chunk]
    assert max(map(len, shown)) <= MESSAGE_LENGTH_MAX
    assert sum(map(len, shown)) <= 262_144 + 200
    assert shown[-1].endswith(LiveOutput.LAST_WORDS)
    assert sum(LiveOutput.LAST_WORDS in chunk for chunk in shown) == 1
    assert live.delay_seconds(1_000.0) is None
