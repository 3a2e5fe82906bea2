"""What a run says of how its plan was edited since the run before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestrator.domain.events import PlanLoaded, PlannedTask
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.task_status import TaskStatus

TASKS_NAMED_MAX = 10
TEXT_LENGTH_MAX = 60


def change_lines(begun: PlanLoaded) -> list[str]:
    """What became of the tasks of the run before, where anything did; empty for a plan's first run."""
    tasks = begun.tasks
    new = [task for task in tasks if task.found == "new"]
    renamed = [task for task in tasks if task.previous_id not in (None, task.id)]
    similar = [task for task in tasks if task.found == "similar"]
    reworded = [task for task in tasks if task.found == "reworded"]
    stale = [task for task in tasks if task.stale]
    gone = [task for task in begun.gone if task.found == "gone"]
    lines = [
        *_listed("new", (_named(task) for task in new)),
        *_listed("has another id now", (f"{task.previous_id} is {task.id}" for task in renamed)),
        *_listed("reworded", map(_reworded, reworded)),
        *_listed("probably reworded", (f"{_named(task)}, before {task.previous_id}" for task in similar)),
        *_listed("no longer in the plan", map(_gone, gone)),
    ]
    if lines:
        as_before = sum(task.found == "same" for task in tasks)
        lines.insert(0, f"the plan was edited since the last run; {as_before} of its tasks are as they were")
    return lines + list(_stale_lines(stale))


def _listed(what: str, tasks: Iterable[str]) -> Iterator[str]:
    """`new: 1.3 Count the files; 2.1 Sum them up`, or nothing."""
    told = list(tasks)
    if told:
        rest = len(told) - TASKS_NAMED_MAX
        yield f"{what}: {'; '.join(told[:TASKS_NAMED_MAX])}{f'; and {rest} more' if rest > 0 else ''}"


def _named(task: PlannedTask) -> str:
    return f"{task.id} {_short(task.description)}"


def _reworded(task: PlannedTask) -> str:
    if task.stale:
        return f"{_named(task)} ({task.status.value} for its earlier wording)"
    return _named(task)


def _gone(task: PlannedTask) -> str:
    if task.status is TaskStatus.FAILED:
        why = f": {_short(task.last_error)}" if task.last_error else ""
        return f"{_named(task)}, which had failed{why}"
    return f"{_named(task)} ({task.status.value.replace('_', ' ')})"


def _short(text: str) -> str:
    line = safe_line(" ".join(text.split()))
    return line if len(line) <= TEXT_LENGTH_MAX else f"{line[: TEXT_LENGTH_MAX - 1]}…"


def _stale_lines(stale: Sequence[PlannedTask]) -> Iterator[str]:
    """How to run again what is done for an earlier wording, unless a person has said that it shall stay."""
    unanswered = [task.id for task in stale if task.wording not in task.kept_wordings]
    if unanswered:
        shown = ", ".join(unanswered[:TASKS_NAMED_MAX])
        more = len(unanswered) - TASKS_NAMED_MAX
        shown += f" and {more} more" if more > 0 else ""
        yield (
            f"kept as done, though the instruction was changed since: {shown}; "
            "--reworded rerun runs them again, --reworded keep settles it"
        )
