"""Ids that were made up go with their work, and never to other work."""

from __future__ import annotations

from orchestrator.domain.plan_ids import made_up_numbers, remembered_ids, with_ids
from orchestrator.domain.plan_matching import TaskKey, match
from orchestrator.domain.plan_parser import parse_plan

HEAD = "# T\n\n## Phase 1: Work\n\n"


def keys(plan):
    return [
        TaskKey(t.id, t.phase, t.description, ("Work",), t.description, t.has_own_id) for t in plan.tasks()
    ]


def ids(before: str, after: str, removed: tuple[str, ...] = ()):
    """The ids in the plan that is `after`; `removed` are ids that earlier runs had."""
    known, plan = keys(parse_plan(HEAD + before)), parse_plan(HEAD + after)
    made_up = made_up_numbers({}, (*removed, *(key.id for key in known if not key.has_own_id)))
    found = match(known, keys(plan))
    return remembered_ids(list(plan.tasks()), found.matches, known, made_up)


def test_the_first_run_takes_the_ids_as_they_were_read():
    plan = parse_plan(HEAD + "- [ ] a\n- [ ] 1.2 b\n- [ ] c\n")
    assert ids("", "- [ ] a\n- [ ] 1.2 b\n- [ ] c\n") == [task.id for task in plan.tasks()]


def test_an_id_stays_with_its_work():
    assert ids("- [ ] a\n- [ ] b\n", "- [ ] first\n- [ ] a\n- [ ] b\n") == ["1.3", "1.1", "1.2"]
    assert ids("- [ ] a\n- [ ] b\n", "- [ ] b\n- [ ] a\n") == ["1.2", "1.1"]


def test_an_id_of_what_is_gone_is_not_given_again():
    assert ids("- [ ] a\n- [ ] b\n", "- [ ] x\n- [ ] b\n") == ["1.3", "1.2"]
    assert ids("- [ ] b\n", "- [ ] b\n- [ ] y\n", removed=("1.7",)) == ["1.1", "1.8"]


def test_an_id_that_the_writer_takes_is_the_writers():
    assert ids("- [ ] a\n- [ ] b\n", "- [ ] 1.1 other\n- [ ] a\n- [ ] b\n") == ["1.1", "1.3", "1.2"]


def test_an_id_that_the_writer_has_left_out_stays():
    assert ids("- [ ] 1.4 a\n", "- [ ] x\n- [ ] a\n") == ["1.1", "1.4"]


def test_checks_without_a_number_keep_their_ids():
    before = "- [ ] a\n\n**VERIFY:** look\n"
    assert ids(before, "- [ ] a\n\n**VERIFY:** first\n\n**VERIFY:** look\n") == [
        "1.1",
        "1.verify2",
        "1.verify",
    ]


def test_dependencies_and_notes_follow():
    text = (
        "**Execution Note:** Tasks 1.1-1.2 are [SEQUENTIAL].\n\n"
        "- [ ] first\n- [ ] a\n- [ ] b (depends: 1.2)\n"
    )
    plan = parse_plan(HEAD + text)
    renamed = with_ids(plan, ids("- [ ] a\n- [ ] b\n", text))
    assert [task.id for task in renamed.tasks()] == ["1.3", "1.1", "1.2"]
    assert list(renamed.tasks())[2].depends_on == ("1.1",)
    assert renamed.sequential_groups == (("1.3", "1.1"),)


def test_a_plan_with_its_ids_as_they_were_is_the_same_plan():
    plan = parse_plan(HEAD + "- [ ] a\n")
    assert with_ids(plan, [task.id for task in plan.tasks()]) is plan
