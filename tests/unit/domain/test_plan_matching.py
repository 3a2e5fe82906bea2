"""Which task of an edited plan is which task of the run before."""

from __future__ import annotations

import time

import pytest

from orchestrator.domain.plan_matching import SIMILAR_MAX, TaskKey, match


def own(task_id: str, text: str, *, phase: int = 1, under: str = "Work", line: str | None = None) -> TaskKey:
    return TaskKey(task_id, phase, line or text, (under,), text)


def made_up(task_id: str, text: str, **fields) -> TaskKey:
    key = own(task_id, text, **fields)
    return TaskKey(key.id, key.phase, key.description, key.headings, key.wording, has_own_id=False)


def found(known, plan, removed=0):
    """For each task of the plan how it was found, and the id that it had."""
    matching = match(known, plan, removed)
    return [(m.kind, None if m.known is None else known[m.known].id) for m in matching.matches]


def test_an_inserted_task_moves_what_follows():
    known = [made_up("1.1", "a"), made_up("1.2", "b")]
    plan = [made_up("1.1", "first"), made_up("1.2", "a"), made_up("1.3", "b")]
    assert found(known, plan) == [("new", None), ("same", "1.1"), ("same", "1.2")]


def test_ids_given_anew_by_hand_follow_the_wording():
    known = [own("1.1", "a"), own("1.2", "b")]
    plan = [own("1.1", "first"), own("1.2", "a"), own("1.3", "b")]
    assert found(known, plan) == [("new", None), ("same", "1.1"), ("same", "1.2")]


def test_two_texts_that_were_swapped_are_swapped():
    assert found([own("1.1", "a"), own("1.2", "b")], [own("1.1", "b"), own("1.2", "a")]) == [
        ("same", "1.2"),
        ("same", "1.1"),
    ]


def test_the_same_id_with_another_text_is_reworded():
    assert found([own("1.1", "make c")], [own("1.1", "delete all")]) == [("reworded", "1.1")]


def test_an_id_that_was_made_up_says_nothing():
    assert found([made_up("1.1", "make c")], [made_up("1.1", "delete all")]) == [("new", None)]
    assert found([made_up("1.1", "make c")], [own("1.1", "delete all")]) == [("new", None)]


def test_ids_that_were_written_down_since():
    known = [made_up("1.1", "a"), made_up("1.2", "b")]
    assert found(known, [own("1.1", "b"), own("1.2", "a")]) == [("same", "1.2"), ("same", "1.1")]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (3, 3, [("same", "1.1"), ("same", "1.2"), ("same", "1.3")]),
        (3, 2, [("new", None), ("new", None)]),
        (2, 3, [("new", None), ("new", None), ("new", None)]),
    ],
)
def test_equal_texts_are_taken_in_order_unless_their_number_changed(before, now, expected):
    known = [made_up(f"1.{n + 1}", "same text") for n in range(before)]
    plan = [made_up(f"1.{n + 1}", "same text") for n in range(now)]
    assert found(known, plan) == expected


def test_equal_texts_with_ids_of_their_own_are_no_question():
    known = [own(f"1.{n}", "same text") for n in (1, 2, 3)]
    assert found(known, [known[0], known[2]]) == [("same", "1.1"), ("same", "1.3")]


def test_equal_texts_stay_in_their_phases_when_one_is_put_before_them():
    known = [
        made_up("1.1", "write tests", phase=1, under="A"),
        made_up("2.1", "write tests", phase=2, under="B"),
    ]
    plan = [
        made_up("1.1", "write tests", phase=1, under="New"),
        made_up("2.1", "write tests", phase=2, under="A"),
        made_up("3.1", "write tests", phase=3, under="B"),
    ]
    assert found(known, plan) == [("new", None), ("same", "1.1"), ("same", "2.1")]


def test_a_renamed_heading_and_a_move_to_another_phase():
    known = [made_up("1.1", "a", under="Work"), made_up("1.2", "b", under="Work")]
    plan = [made_up("1.1", "b", under="Labour"), made_up("2.1", "a", phase=2, under="Later")]
    assert found(known, plan) == [("same", "1.2"), ("same", "1.1")]


def test_a_guess_carries_history_only_and_says_so():
    known = [made_up("1.1", "write the tests of the parser now")]
    (guess,) = match(known, [made_up("1.1", "write the tests of the parser soon")]).matches
    assert (guess.kind, guess.known, guess.same_line) == ("similar", 0, False)
    (guess,) = match([made_up("1.1", "old", line="a")], [made_up("1.1", "new", line="a")]).matches
    assert (guess.kind, guess.same_line) == ("similar", True)


def test_short_lines_are_not_similar():
    assert found([made_up("1.1", "make a")], [made_up("1.1", "make z")]) == [("new", None)]


def test_what_was_removed_comes_back_by_its_wording_alone():
    known = [own("1.1", "a"), own("1.2", "b"), own("1.3", "c")]
    assert found(known, [own("1.1", "a"), own("1.9", "b")], removed=2) == [("same", "1.1"), ("same", "1.2")]
    assert found(known, [own("1.1", "a"), own("1.2", "x")], removed=2) == [("same", "1.1"), ("new", None)]


def test_what_is_gone():
    known = [own("1.1", "a"), own("1.2", "b")]
    assert match(known, [own("1.2", "b")]).gone == (0,)


def test_lines_are_compared_where_wordings_were_not_recorded():
    known = [TaskKey("1.1", 1, "Make **a**"), TaskKey("1.2", 1, "Make b")]
    plan = [own("1.1", "digest", line="Make a."), own("1.2", "digest 2", line="Remove b")]
    assert found(known, plan) == [("same", "1.1"), ("reworded", "1.2")]


def test_ids_are_compared_without_case_and_kind_of_separator():
    assert found([own("A-1", "a")], [own("a.1", "b")]) == [("reworded", "A-1")]


@pytest.mark.parametrize("edit", ["shift", "reword"])
def test_a_long_plan_is_matched_in_time(edit):
    size = 20_000
    known = [made_up(f"1.{n}", f"do the thing with number {n} well") for n in range(size)]
    words = "do the thing with number" if edit == "shift" else "make the thing with number"
    plan = [made_up(f"1.{n}", f"{words} {n + 1} well") for n in range(size)]
    began = time.process_time()
    matching = match(known, plan)
    assert time.process_time() - began < 10
    kinds = [found.kind for found in matching.matches]
    assert kinds.count("same") == (size - 1 if edit == "shift" else 0)
    assert kinds.count("similar") <= SIMILAR_MAX
