"""Which runs may be pruned, and how an age is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.events import AttemptPlace, FindingPlace, PlannedTask
from orchestrator.domain.retention import AttemptKey, PastRun, Retention, prunable, read_age, referred_to

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def run(name, days=100.0, plan="a", *, begun=True, pruned=False):
    """A run that ended so many days ago; None: it has not ended."""
    ended_at = None if days is None else NOW - days * DAY
    return PastRun(name, plan, begun, ended_at, pruned)


def chosen(*newest_first, older_than=90 * DAY, keep=0):
    return prunable(newest_first, Retention(older_than, keep), NOW)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90d", 90 * DAY),
        ("2w", 14 * DAY),
        ("12h", DAY / 2),
        ("30m", timedelta(minutes=30)),
        ("0", timedelta()),
        ("0d", timedelta()),
        (" 3 D ", 3 * DAY),
        ("99999w", timedelta(weeks=99_999)),
    ],
)
def test_an_age_is_read(text, age):
    assert read_age(text) == age


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "1y", "1d 2h", "999999d", "٣d", "1d\n2"])
def test_what_is_no_age_is_none(text):
    assert read_age(text) is None


def test_by_default_a_run_must_be_both_older_than_90_days_and_not_among_the_last_20():
    assert Retention() == Retention(90 * DAY, 20)
    runs = [run(f"r{n}", days=89.9 + n * 0.1) for n in range(30)]
    assert prunable(runs, Retention(), NOW) == [f"r{n}" for n in range(20, 30)]
    young = [run(f"r{n}", days=10) for n in range(30)]
    assert prunable(young, Retention(), NOW) == []
    assert prunable(runs[:20], Retention(), NOW) == []


def test_exactly_so_old_is_old_enough():
    assert chosen(run("c"), run("b", days=90), run("a", days=89.999)) == ["b"]


def test_each_plan_is_counted_by_itself():
    runs = [run("b2", plan="b"), run("a2"), run("b1", plan="b"), run("a1"), run("a0")]
    assert chosen(*runs, keep=2) == ["a0"]


@pytest.mark.parametrize("keep", [0, 1])
def test_the_latest_of_a_plan_stays_whatever_is_asked_for(keep):
    assert chosen(run("b"), run("a"), older_than=timedelta(), keep=keep) == ["a"]
    assert chosen(run("only"), older_than=timedelta(), keep=keep) == []


def test_the_latest_with_a_log_stays_even_where_later_ones_never_began():
    runs = [run("d", begun=False), run("c", begun=False), run("b"), run("a")]
    assert chosen(*runs) == ["c", "a"]


def test_one_that_has_not_ended_stays():
    assert chosen(run("c"), run("b", days=None), run("a")) == ["a"]


def test_runs_that_were_pruned_are_neither_counted_nor_named():
    runs = [run("e"), run("d", pruned=True), run("c", pruned=True), run("b"), run("a")]
    assert chosen(*runs, keep=2) == ["a"]


RUNS = st.lists(
    st.builds(
        PastRun,
        id=st.uuids().map(str),
        plan=st.sampled_from("abc"),
        has_begun=st.booleans(),
        ended_at=st.none() | st.integers(0, 200).map(lambda days: NOW - days * DAY),
        is_pruned=st.booleans(),
    ),
    max_size=40,
    unique_by=lambda one: one.id,
)


@given(RUNS, st.integers(0, 200), st.integers(0, 10))
def test_what_is_chosen_is_old_and_followed_and_enough_stay(runs, days, keep):
    picked = set(prunable(runs, Retention(days * DAY, keep), NOW))
    for plan in "abc":
        mine = [one for one in runs if one.plan == plan and not one.is_pruned]
        staying = [one for one in mine if one.id not in picked]
        assert len(staying) >= min(keep, len(mine))
        begun = [one for one in mine if one.has_begun]
        assert all(one[:1] == [] or one[0] in staying for one in (mine, begun))
    for one in runs:
        if one.id in picked:
            assert not one.is_pruned
            assert one.ended_at is not None
            assert NOW - one.ended_at >= days * DAY


def test_what_a_run_refers_to_are_attempts_of_other_runs():
    finding = FindingPlace(instance_id="r1", task_id="1.1", attempt=2, size_bytes=1, written_at=NOW)
    tasks = [
        PlannedTask(
            id="2.1",
            phase=1,
            description="moved",
            finding_place=finding,
            attempt_place=AttemptPlace(instance_id="r2", task_id="1.1", attempt=3),
        ),
        PlannedTask(
            id="1.2",
            phase=1,
            description="its own",
            finding_place=finding.model_copy(update={"instance_id": None}),
        ),
        PlannedTask(id="1.3", phase=1, description="never ran"),
    ]
    assert referred_to(tasks) == {AttemptKey("r1", "1.1", 2), AttemptKey("r2", "1.1", 3)}
