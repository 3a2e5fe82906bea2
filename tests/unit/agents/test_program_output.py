import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.program_output import LineSplitter, LineTooLong, Tail
from orchestrator.domain.redaction import redact_known


def split(pieces, line_bytes_max=1_000):
    """All lines, None for one that was too long, and the rest."""
    splitter, lines = LineSplitter(line_bytes_max), []

    def take():
        try:
            line = splitter.next_line()
        except LineTooLong:
            lines.append(None)
            return True
        if line is not None:
            lines.append(line)
        return line is not None

    for piece in pieces:
        splitter.feed(piece)
        while take():
            pass
    return lines, splitter.rest()


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=8))
def test_where_the_pieces_are_cut_changes_nothing(data, cuts):
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    *lines, rest = data.split(b"\n")
    assert split(pieces) == (lines, rest or None)


@given(st.lists(st.integers(0, 9)), st.integers(1, 12))
def test_each_line_beyond_the_limit_is_told_once_and_the_others_are_whole(sizes, piece_bytes):
    data = b"".join(b"x" * size + b"\n" for size in sizes)
    pieces = [data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)]
    expected = [b"x" * size if size <= 5 else None for size in sizes]
    assert split(pieces, line_bytes_max=5) == (expected, None)


def test_a_long_line_is_not_held_and_its_cut_off_end_is_no_line():
    splitter = LineSplitter(10)
    splitter.feed(b"x" * 11)
    with pytest.raises(LineTooLong, match="more than 10 bytes"):
        splitter.next_line()
    for _ in range(1_000):
        splitter.feed(b"x" * 100)
        assert splitter.next_line() is None
        assert len(splitter._held) == 0
    assert splitter.rest() is None


def test_a_long_line_in_many_pieces_is_searched_once():
    splitter = LineSplitter(1_000_000)
    for number in range(1, 11):
        splitter.feed(b"x" * 1_000)
        assert splitter.next_line() is None
        assert splitter._searched == number * 1_000
    splitter.feed(b"\nshort\n")
    assert splitter.next_line() == b"x" * 10_000
    assert splitter.next_line() == b"short"


def test_a_tail_begins_with_a_whole_line_where_it_was_cut():
    tail = Tail(20, redact_known)
    assert tail.text == ""
    tail.add(b"first line\n")
    assert tail.text == "first line"
    tail.add(b"second\nthird\nlast\n")
    assert tail.text == "second\nthird\nlast"
    tail.add(b"x" * 50)
    assert tail.text == "x" * 20


def test_a_tail_replaces_what_is_no_text():
    tail = Tail(20, redact_known)
    tail.add(b"caf\xff")
    assert tail.text == "caf�"
