"""The two state machines: every cell of both tables, written out by hand a second time."""

from __future__ import annotations

from itertools import product

import pytest

from orchestrator.domain.errors import IllegalTransition
from orchestrator.domain.task_status import (
    RunStatus,
    TaskStatus,
    TaskTrigger,
    check_run_step,
    next_task_status,
)

TASK_TABLE = """
              start        succeed    back_off  fail    interrupt  skip     retry    force_retry
pending       in_progress  -          -         -       -          skipped  -        -
in_progress   -            completed  pending   failed  pending    skipped  -        -
completed     -            -          -         -       -          -        -        pending
failed        -            -          -         -       -          skipped  pending  pending
skipped       -            -          -         -       -          -        pending  pending
"""

RUN_TABLE = """
           starting running paused blocked stopping completed failed stopped crashed
starting   -        x       x      x       x        x         x      -       x
running    -        -       x      x       x        x         x      -       x
paused     -        x       -      -       x        x         -      -       x
blocked    -        x       x      -       x        x         x      -       x
stopping   -        -       -      -       -        -         -      x       x
completed  -        -       -      -       -        -         -      -       -
failed     -        -       -      -       -        -         -      -       -
stopped    -        -       -      -       -        -         -      -       -
crashed    -        -       -      -       -        -         -      -       -
"""


def cells(table: str) -> dict[tuple[str, str], str]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {(row[0], column): cell for row in rows for column, cell in zip(head, row[1:], strict=True)}


def test_the_tables_of_this_file_name_every_status_and_trigger() -> None:
    assert set(cells(TASK_TABLE)) == set(product(TaskStatus, TaskTrigger))
    assert set(cells(RUN_TABLE)) == set(product(RunStatus, RunStatus))


@pytest.mark.parametrize(("cell", "new"), cells(TASK_TABLE).items(), ids=str)
def test_a_task_takes_exactly_the_steps_of_the_table(cell: tuple[str, str], new: str) -> None:
    status, trigger = TaskStatus(cell[0]), TaskTrigger(cell[1])
    if new == "-":
        with pytest.raises(
            IllegalTransition, match=f"cannot {trigger.replace('_', ' ')} a task that is {status}"
        ):
            next_task_status(status, trigger)
    else:
        assert next_task_status(status, trigger) is TaskStatus(new)


@pytest.mark.parametrize(("cell", "mark"), cells(RUN_TABLE).items(), ids=str)
def test_an_orchestrator_takes_exactly_the_steps_of_the_table(cell: tuple[str, str], mark: str) -> None:
    old, new = RunStatus(cell[0]), RunStatus(cell[1])
    if mark == "-":
        with pytest.raises(IllegalTransition, match=f"that is {old} cannot become {new}"):
            check_run_step(old, new)
    else:
        check_run_step(old, new)


def test_an_orchestrator_has_ended_when_no_step_leads_on() -> None:
    ended = {status for status in RunStatus if status.has_ended}
    assert ended == {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.STOPPED, RunStatus.CRASHED}


def test_a_task_is_settled_when_it_is_completed_or_skipped() -> None:
    assert {status for status in TaskStatus if status.is_settled} == {
        TaskStatus.COMPLETED,
        TaskStatus.SKIPPED,
    }
