"""What a run says and asks about a plan that was edited."""

from __future__ import annotations

import io

import pytest
from small_plans import plan_of, planned

from orchestrator.cli.plan_changes import STALE_HINT, change_lines
from orchestrator.cli.reworded import KEYS, ask_about, nobody_to_ask
from orchestrator.domain.events import PlannedTask
from orchestrator.domain.evidence import CHECK_CHANGED
from orchestrator.domain.task_status import TaskStatus


def stale(task_id: str, was: str, now: str, *, found: str = "reworded") -> PlannedTask:
    fields = {
        "status": TaskStatus.COMPLETED,
        "stale": "wording",
        "found": found,
        "wording": f"{task_id} {now}",
    }
    return planned(task_id, description=now, done_description=was, previous_id=task_id, **fields)


def asked(monkeypatch, capsys, keys: str, *tasks: PlannedTask) -> tuple[dict, list[str]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(keys))
    answers = dict(ask_about(plan_of(*tasks), tasks))
    return answers, capsys.readouterr().out.splitlines()


def test_the_question_comes_after_the_summary_and_names_both_lines(monkeypatch, capsys):
    answers, lines = asked(monkeypatch, capsys, "r\n", stale("1.1", "Count the eggs", "Smash the eggs"))
    assert answers == {"1.1 Smash the eggs": "rerun"}
    assert lines[0].startswith("the plan was edited since the last run")
    asks = lines.index("Task 1.1 is completed for an earlier wording")
    assert lines[asks + 1 : asks + 3] == ["  was: Count the eggs", "  now: Smash the eggs"]
    assert STALE_HINT not in lines


def test_of_a_task_whose_block_was_changed_that_is_said(monkeypatch, capsys):
    _, lines = asked(monkeypatch, capsys, "k\n", stale("1.1", "Count", "Count"))
    (line,) = (line for line in lines if line.startswith("Task 1.1"))
    assert line.endswith("its line is as it was, its block or its details were changed: Count")


def test_after_a_wrong_key_the_keys_are_named_and_a_large_one_is_for_all(monkeypatch, capsys):
    tasks = [stale(f"1.{n}", "Count", "Smash") for n in (1, 2)]
    answers, lines = asked(monkeypatch, capsys, "x\nK\n", *tasks)
    assert lines.count(KEYS) == 1
    assert set(answers.values()) == {"keep"}
    assert len(answers) == 2


def test_without_a_terminal_it_is_said_that_nobody_can_be_asked():
    told = nobody_to_ask([stale("1.1", "a", "b"), stale("1.2", "a", "b")])
    assert "nobody can be asked" in told
    assert told.endswith("What is done stays so: 1.1, 1.2")


@pytest.mark.parametrize(
    ("task", "line"),
    [
        (
            planned("1.2", description="Bake", found="same", previous_id="1.1"),
            "has another id now: 1.1 → 1.2 Bake",
        ),
        (
            planned("1.2", description="Bake", found="similar", previous_id="1.1"),
            "probably reworded: 1.1 → 1.2 Bake",
        ),
        (
            planned("1.1", description="Bake", found="similar", previous_id="1.1"),
            "probably reworded: 1.1 Bake",
        ),
        (planned("1.2", description="Bake", found="reworded", previous_id="1-2"), "reworded: 1-2 → 1.2 Bake"),
    ],
)
def test_a_task_is_in_one_list_with_its_earlier_id_first(task, line):
    said = change_lines(plan_of(task))
    assert [each for each in said if "Bake" in each] == [line]


def test_what_is_still_done_for_an_earlier_wording_is_in_one_list():
    said = change_lines(plan_of(stale("1.1", "a", "Bake", found="same")))
    assert said == ["still done for an earlier wording: 1.1 Bake", STALE_HINT]


def test_what_another_check_has_passed_is_named():
    fields = {"status": TaskStatus.COMPLETED, "found": "same", "previous_id": "1.1", "reason": CHECK_CHANGED}
    said = change_lines(plan_of(planned("1.1", description="Bake", **fields)))
    assert said == ["unchecked, since their check was changed: 1.1 Bake"]
