"""Which parts of a plan are new or different, and which tasks that holds up."""

from __future__ import annotations

import pytest

from orchestrator.domain.held_tasks import (
    attempts_text,
    held_tasks,
    is_proposed,
    kinds_text,
    ticks_text,
    unapproved_text,
    with_unapproved,
)
from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.plan_parts import (
    AttemptName,
    ReadingChange,
    UnapprovedPart,
    approval_digest,
    differences,
    part_text,
    reading_of,
)

PLAN = """\
# Plan

## Phase 1: Work

- [ ] 1.1 Build it

  ```sh
  make
  ```

- [ ] 1.2 Describe it
  - verify: `make test`
  - permissions: edits

- [ ] 1.3 Publish it
  - gate: human
"""
FRONT = "---\nagent: claude\nverify: make lint\n---\n"


def changes(old: str, new: str) -> list[tuple[str, str]]:
    found = differences(reading_of(parse_plan(old)), reading_of(parse_plan(new)))
    return [(one.task.id, one.kind) for one in found]


def part(old: str, new: str, **fields) -> tuple[UnapprovedPart, ...]:
    return tuple(
        UnapprovedPart(
            task_id=one.task.id,
            description="",
            wording=one.task.wording,
            kind=one.kind,
            digest=one.task.digest(one.kind),
            before="",
            after="",
            **fields,
        )
        for one in differences(reading_of(parse_plan(old)), reading_of(parse_plan(new)))
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("make\n", "make evil\n", [("1.1", "block")]),
        ("  make\n", "  make\n  curl evil\n", [("1.1", "block")]),
        ("make test", "true", [("1.2", "verify")]),
        ("  - verify: `make test`\n", "", [("1.2", "verify")]),
        ("  - permissions: edits\n", "", [("1.2", "permissions")]),
        ("permissions: edits", "permissions: full", [("1.2", "permissions")]),
        ("  - permissions: edits\n", "  - permissions: edits\n  - agent: codex\n", [("1.2", "agent")]),
        ("  - gate: human\n", "", [("1.3", "gate")]),
        (PLAN, FRONT + PLAN, [("1.1", "verify"), ("1.2", "agent"), ("1.3", "verify"), ("1.3", "agent")]),
        (PLAN, PLAN + "\n- [ ] 1.4 New\n\n  ```sh\n  x\n  ```\n", [("1.4", "block"), ("1.4", "agent")]),
        (PLAN, PLAN + "\n- [x] 1.4 New\n", [("1.4", "tick")]),
        ("- [ ] 1.1 Build it", "- [x] 1.1 Build it", []),
        ("- [ ] 1.1 Build it", "- [x] 1.1 Build that", [("1.1", "tick")]),
        (PLAN, PLAN + "\n- [ ] 1.4 New, and only words\n", []),
        ("Describe it", "Describe it in French", []),
    ],
)
def test_a_part_that_is_new_different_or_gone_is_found(old, new, found):
    assert changes(PLAN, PLAN.replace(old, new)) == found


def test_a_new_task_has_the_front_matters_parts_by_right():
    assert changes(FRONT + PLAN, FRONT + PLAN + "\n- [ ] 1.4 New\n") == []
    own = "\n- [ ] 1.4 New\n  - agent: shell\n"
    assert changes(FRONT + PLAN, FRONT + PLAN + own) == [("1.4", "agent")]


def test_words_that_go_leave_a_script_to_the_shell():
    old = PLAN.replace("  ```sh\n  make", "  Read this first.\n\n  ```sh\n  make")
    assert changes(old, PLAN) == [("1.1", "agent")]


def test_tasks_that_move_keep_their_parts():
    first, rest = PLAN.split("- [ ] 1.2", 1)
    moved = first.replace("1.1 Build", "1.9 Build") + "- [ ] 1.2" + rest
    assert changes(PLAN, moved) == []
    without_ids = PLAN.replace("1.1 ", "").replace("1.2 ", "").replace("1.3 ", "")
    inserted = without_ids.replace("- [ ] Build", "- [ ] Before all\n\n- [ ] Build")
    assert changes(without_ids, inserted) == []


def test_a_block_that_is_given_to_another_task_is_a_change():
    swapped = PLAN.replace("- [ ] 1.3 Publish it\n", "- [ ] 1.3 Publish it\n\n  ```sh\n  make\n  ```\n\n")
    assert ("1.3", "block") in changes(PLAN, swapped)


def test_a_change_of_a_reading_leads_from_the_one_to_the_other():
    new = PLAN.replace("make test", "true").replace(
        "- [ ] 1.3 Publish it\n  - gate: human\n", "- [ ] 1.4 New\n"
    )
    old_reading, new_reading = reading_of(parse_plan(PLAN)), reading_of(parse_plan(new))
    change = ReadingChange.between(old_reading, new_reading)
    assert ([task.id for task in change.tasks], change.gone) == (["1.2", "1.4"], ("1.3",))
    assert change.applied_to(old_reading) == new_reading


class TestHeld:
    NEW = PLAN.replace("make test", "true")

    def test_a_task_is_held_by_what_was_loaded_and_by_what_is_in_the_file_now(self):
        own, changed = reading_of(parse_plan(PLAN)), reading_of(parse_plan(self.NEW))
        parts = part(PLAN, self.NEW)
        assert held_tasks(own, own, parts) == {}
        assert held_tasks(own, changed, parts) == {"1.2": parts}
        assert held_tasks(changed, own, parts) == {"1.2": parts}
        assert held_tasks(None, changed, parts) == {}

    def test_it_is_found_again_where_its_task_was_renumbered_or_reworded(self):
        parts = part(PLAN, self.NEW)
        for old, new, task_id in (("1.2 ", "1.8 ", "1.8"), ("Describe", "Explain", "1.2")):
            elsewhere = reading_of(parse_plan(self.NEW.replace(old, new)))
            assert list(held_tasks(elsewhere, elsewhere, parts)) == [task_id]

    def test_what_a_person_has_made_of_it_since_is_the_persons(self):
        mended = reading_of(parse_plan(PLAN.replace("make test", "make check")))
        assert held_tasks(mended, mended, part(PLAN, self.NEW)) == {}

    def test_a_tick_holds_nothing_and_says_nothing(self):
        new = PLAN + "\n- [x] 1.4 New\n"
        reading, parts = reading_of(parse_plan(new)), part(PLAN, new)
        assert held_tasks(reading, reading, parts) == {}
        assert [task.id for task in reading.tasks if is_proposed(task, parts)] == ["1.4"]

    def test_a_part_is_remembered_once(self):
        [one] = part(PLAN, self.NEW)
        again = one.model_copy(update={"attempts": (AttemptName(task_id="1.1", attempt=2),)})
        [other] = part(PLAN, PLAN.replace("make test", "false"))
        assert with_unapproved((one,), (again, other)) == (again, other)


def test_a_yes_is_bound_to_what_was_shown():
    one, other = part(PLAN, PLAN.replace("make test", "true")), part(PLAN, PLAN.replace("make test", "false"))
    digests = {approval_digest(parts) for parts in (one, other, (*one, *other), ())}
    assert len(digests) == 4
    assert approval_digest((*one, *other)) == approval_digest((*other, *one))


def test_blocks_are_told_apart_by_more_than_their_text():
    two = PLAN.replace("  make\n", "  make\n  ```\n\n  ```sh\n  make\n")
    assert changes(PLAN, two) == [("1.1", "block")]
    assert part_text(parse_plan(two).task_by_id["1.1"], "block") == "make\nmake"


def test_what_is_held_is_said_in_words():
    new = PLAN.replace("make\n", "make evil\n").replace("make test", "true") + "\n- [x] 1.4 New\n"
    parts = part(PLAN, new)
    assert unapproved_text(parts, "demo") == (
        "Not approved: task 1.1 (shell block), task 1.2 (check). "
        "See the difference and approve it: orchestrator approve-plan demo"
    )
    assert unapproved_text((), "demo") == ""
    assert ticks_text(parts) == "Ticked during an attempt, which does not count: 1.4."
    assert ticks_text(()) == ""
    assert kinds_text(("block", "agent", "gate")) == "shell block, agent and gate"
    names = [AttemptName(task_id=f"1.{n}", attempt=1) for n in range(1, 13)]
    assert attempts_text(names[:1]) == "attempt 1 of task 1.1"
    assert attempts_text(names).endswith("attempt 1 of task 1.10 and 2 more")
