"""What a run says before its first task."""

from __future__ import annotations

import pytest
from small_plans import plan_of, planned

from orchestrator.cli.event_lines import event_line
from orchestrator.cli.first_lines import PROBLEMS_SHOWN_MAX, first_lines
from orchestrator.domain.events import PlanLoaded, StoredEvent
from orchestrator.domain.task_status import TaskStatus


def begun(agent: str, **changes) -> PlanLoaded:
    return plan_of(planned("1.1", agent=agent), **changes)


@pytest.mark.parametrize(
    ("permissions", "said"),
    [
        ("read-only", "agents may only read"),
        ("ask", "agents may only read by themselves, and must ask for everything else"),
        ("edits", "agents may read and change files, nothing else"),
        ("full", "agents may do everything"),
    ],
)
def test_a_run_says_first_what_its_agents_may_do(permissions, said):
    _, line = first_lines(begun("claude", permissions=permissions))
    assert line.startswith(f"{said} (permissions {permissions}")


def test_the_line_of_the_first_event_says_all_of_it():
    event = begun("claude", permissions="full", problems=("line 3: odd",))
    stored = StoredEvent("orch-1", 1, event.type, 0, event.model_dump_json().encode())
    lines = event_line(stored).splitlines()
    assert lines[0].endswith("● docs/plans/p.md: 1 phase, 1 task; 1 for claude")
    assert lines[1].startswith("    agents may do everything")
    assert lines[2:] == ["    line 3: odd"]


def test_a_run_without_agents_says_nothing_of_what_they_may_do():
    assert len(first_lines(begun("shell", permissions="full"))) == 1
    assert len(first_lines(begun("claude"))) == 1  # the log of an earlier version


def test_a_run_says_who_does_how_many_of_its_tasks():
    event = plan_of(
        planned("1.1", agent="shell"),
        planned("1.2", agent="claude"),
        planned("1.3", agent="claude"),
        planned("1.4", agent="codex", status=TaskStatus.COMPLETED),
        planned("2.1", gate="human"),
        parallel=3,
    )
    (line,) = first_lines(event)
    size, _, who = line.partition("; ")
    assert size == "docs/plans/p.md: 2 phases, 5 tasks, 1 done already, 3 at once"
    assert who == "2 for claude, 1 for shell, 1 for a person"


def test_a_ticked_task_is_to_be_checked_before_it_is_anybodys():
    event = plan_of(
        planned("1.1", agent="claude"),
        planned("1.2", agent="claude", tick_unchecked=True),
        planned("1.3", agent="shell", tick_unchecked=True),
    )
    (line,) = first_lines(event)
    assert line.endswith("3 tasks; 1 for claude, 2 to be checked")


def test_of_many_problems_the_number_of_the_rest_is_said():
    lines = first_lines(plan_of("1.1", problems=tuple(f"line {n}: odd" for n in range(50))))
    assert len(lines) == PROBLEMS_SHOWN_MAX + 2
    assert lines[-1] == "and 30 more: see orchestrator lint"
