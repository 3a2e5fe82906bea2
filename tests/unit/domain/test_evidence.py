"""What makes the success of an attempt doubtful, and how that is said."""

from __future__ import annotations

import pytest

from orchestrator.domain.evidence import (
    AttemptFacts,
    Remark,
    TreeLook,
    evidence_text,
    refusal_text,
    remarks_on,
    unchecked_text,
)

SAME = TreeLook(tree="t", files="f", content="c")


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        (AttemptFacts(calls=None), []),
        (AttemptFacts(calls=1), []),
        (AttemptFacts(calls=0), ["no_tool_call"]),
        (AttemptFacts(calls=2, denied=1), ["calls_denied"]),
        (AttemptFacts(calls=1, before=TreeLook("t"), after=TreeLook("t")), ["nothing_changed"]),
        (AttemptFacts(calls=1, before=TreeLook("t"), after=TreeLook("u")), []),
        (AttemptFacts(calls=1, before=TreeLook("t"), after=TreeLook()), []),
        (AttemptFacts(calls=1, before=TreeLook(), after=TreeLook()), []),
        (AttemptFacts(calls=1, before=SAME, after=SAME), ["nothing_changed"]),
        (
            AttemptFacts(calls=1, files=("a",), before=SAME, after=SAME),
            ["no_declared_file", "nothing_changed"],
        ),
        (
            AttemptFacts(calls=1, files=("a",), before=SAME, after=TreeLook("t", "g", "c")),
            ["nothing_changed"],
        ),
        # A declared file that the repository ignores.
        (AttemptFacts(calls=1, files=("a",), before=SAME, after=TreeLook("t", "g", "d")), []),
        # It is not known whether it holds something else.
        (AttemptFacts(calls=1, files=("a",), before=TreeLook("t"), after=TreeLook("t")), []),
        (
            AttemptFacts(calls=1, files=("a",), before=SAME, after=TreeLook("u", "f", "c")),
            ["no_declared_file"],
        ),
        (AttemptFacts(calls=1, before=SAME, after=SAME, may_change_nothing=True), []),
    ],
)
def test_remarks_are_what_is_known(facts, kinds):
    assert [remark.kind for remark in remarks_on(facts)] == kinds


def test_remarks_say_what_they_are_about():
    facts = AttemptFacts(calls=3, denied=2, files=("a", "b"), before=SAME, after=TreeLook(None, "f", "c"))
    denied, untouched = remarks_on(facts)
    assert denied == Remark(kind="calls_denied", count=2)
    assert untouched.files == ("a", "b")
    assert refusal_text((denied, untouched)) == (
        "Not accepted as done (strict): 2 calls denied, no declared file touched."
    )


def test_evidence_in_words():
    lazy = (Remark(kind="no_tool_call"), Remark(kind="nothing_changed"))
    assert evidence_text(verified=True, remarks=()) == "checked"
    assert evidence_text(verified=False, remarks=()) == "unchecked"
    assert evidence_text(verified=False, remarks=lazy) == "unchecked: no tool call, nothing changed"
    denied = (Remark(kind="calls_denied", count=1),)
    assert evidence_text(verified=True, remarks=denied) == "checked, but 1 call denied"
    ticked = evidence_text(verified=False, remarks=(), reason="ticked in the plan")
    assert ticked == "unchecked: ticked in the plan"


@pytest.mark.parametrize(
    ("completed", "unchecked", "text"),
    [
        (12, 5, "12 tasks completed, 5 of them unchecked"),
        (12, 0, "12 tasks completed"),
        (2, 2, "2 tasks completed, all of them unchecked"),
        (1, 1, "1 task completed, unchecked"),
        (0, 0, "0 tasks completed"),
    ],
)
def test_the_completed_tasks_are_counted(completed, unchecked, text):
    assert unchecked_text(completed, unchecked) == text


@pytest.mark.parametrize(
    ("completed", "unchecked", "stale", "text"),
    [
        (3, 1, 1, "3 tasks completed, 1 of them unchecked, 1 for an earlier wording"),
        (3, 0, 2, "3 tasks completed, 2 of them for an earlier wording"),
        (3, 3, 1, "3 tasks completed, all of them unchecked, 1 of them for an earlier wording"),
        (1, 1, 1, "1 task completed, unchecked, for an earlier wording"),
    ],
)
def test_what_is_done_for_an_earlier_wording_is_counted_apart(completed, unchecked, stale, text):
    assert unchecked_text(completed, unchecked, stale) == text
