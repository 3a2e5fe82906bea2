"""Which plans are warned of: agents that may overwrite one another's edits."""

from __future__ import annotations

import pytest
from small_plans import plan_of, planned

from orchestrator.domain.side_by_side import side_by_side_warning
from orchestrator.domain.task_status import TaskStatus


def warned(*tasks, parallel=3, **fields) -> str | None:
    return side_by_side_warning(plan_of(*tasks, parallel=parallel, **fields))


def test_agents_tasks_without_files_are_named() -> None:
    text = warned("1.1", planned("1.2", files=("a.py",)), "1.3")
    assert text is not None
    assert text.startswith("2 tasks declare no `files:` and may run beside other agents' tasks (1.1, 1.3): ")
    assert "--parallel 1" in text


def test_of_many_only_some_are_named() -> None:
    text = warned(*(f"1.{n}" for n in range(1, 9)))
    assert text is not None
    assert "(1.1, 1.2, 1.3, 1.4, 1.5 and 3 more)" in text


@pytest.mark.parametrize(
    "tasks",
    [
        ["1.1"],
        ["1.1", "2.1"],
        ["1.1", planned("1.2", depends_on=("1.1",))],
        ["1.1", planned("1.2", follows=("1.1",)), planned("1.3", depends_on=("1.2",))],
        [planned("1.1", depends_on=("1.2",)), "1.2"],
        ["1.1", planned("1.2", agent="shell"), planned("1.3", agent="scripted")],
        ["1.1", planned("1.2", agent="shell", depends_on=("1.1",)), planned("1.3", depends_on=("1.2",))],
        ["1.1", planned("1.2", runs_after_preceding=True), planned("1.3", runs_after_preceding=True)],
        ["1.1", planned("1.2", gate="human"), planned("1.3", status=TaskStatus.COMPLETED)],
        [planned("1.1", files=("a.py",)), planned("1.2", files=("b.py",))],
    ],
)
def test_nothing_is_said_where_no_two_can_meet(tasks) -> None:
    assert warned(*tasks) is None


@pytest.mark.parametrize(
    "tasks",
    [
        ["1.1", planned("1.2", depends_on=("1.1",)), planned("1.3", depends_on=("1.1",))],
        ["1.1", planned("1.2", agent="shell"), planned("1.3", depends_on=("1.2",))],
        [planned("1.1", files=("a.py",)), "1.2"],
        ["1.1", "1.2", planned("1.3", runs_after_preceding=True)],
    ],
)
def test_branches_that_meet_no_more_are_found(tasks) -> None:
    assert warned(*tasks) is not None
    assert warned(*tasks, parallel=1) is None


def test_parallel_phases_are_looked_at_together() -> None:
    assert warned("1.1", "2.1", parallel_phases=((1, 2),)) is not None
    assert warned("1.1", "2.1", "3.1", parallel_phases=((1, 3),)) is not None


def test_long_plans_cost_little() -> None:
    tasks = [planned(f"1.{n}", runs_after_preceding=n > 10) for n in range(1, 5_000)]
    assert warned(*tasks) is not None
