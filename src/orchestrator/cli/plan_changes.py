"""What a run says of how its plan was edited since the run before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.domain.events import PlanLoaded, PlannedTask
from orchestrator.domain.evidence import CHECK_CHANGED
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.task_status import TaskStatus

TASKS_NAMED_MAX = 10
TEXT_LENGTH_MAX = 60
STALE_HINT = (
    "what is done for an earlier wording stays so: --reworded rerun runs it again, --reworded keep settles it"
)


def change_lines(begun: PlanLoaded) -> list[str]:
    """What became of the tasks of the run before, where anything did; empty for a plan's first run."""
    tasks = begun.tasks
    new = [task for task in tasks if task.found == "new"]
    open_stale = [task for task in tasks if task.stale and task.wording not in task.kept_wordings]
    still_stale = [task for task in open_stale if task.found == "same"]
    renamed = [
        task
        for task in tasks
        if task.found == "same" and task.previous_id not in (None, task.id) and task not in still_stale
    ]
    similar = [task for task in tasks if task.found == "similar"]
    reworded = [task for task in tasks if task.found == "reworded"]
    gone = [task for task in begun.gone if task.found == "gone"]
    lines = [
        *_listed("new", (_named(task) for task in new)),
        *_listed("has another id now", map(_named, renamed)),
        *_listed("reworded", map(_reworded, reworded)),
        *_listed("probably reworded", map(_named, similar)),
        *_listed("no longer in the plan", map(_gone, gone)),
    ]
    if lines:
        as_before = sum(task.found == "same" for task in tasks)
        lines.insert(0, f"the plan was edited since the last run; {as_before} of its tasks are as they were")
    other_check = [task for task in tasks if task.reason == CHECK_CHANGED]
    lines += _listed("unchecked, since their check was changed", map(_named, other_check))
    lines += _listed("still done for an earlier wording", map(_named, still_stale))
    return lines + ([STALE_HINT] if open_stale else [])


def _listed(what: str, tasks: Iterable[str]) -> Iterator[str]:
    """`new: 1.3 Count the files; 2.1 Sum them up`, or nothing."""
    told = list(tasks)
    if told:
        rest = len(told) - TASKS_NAMED_MAX
        yield f"{what}: {'; '.join(told[:TASKS_NAMED_MAX])}{f'; and {rest} more' if rest > 0 else ''}"


def _named(task: PlannedTask) -> str:
    """`1.2 Sum them up`, or `1.1 → 1.2 Sum them up` where its id was another one before."""
    renamed = f"{task.previous_id} → " if task.previous_id not in (None, task.id) else ""
    return f"{renamed}{task.id} {_short(task.description)}"


def _reworded(task: PlannedTask) -> str:
    if task.stale:
        return f"{_named(task)} ({task.status.value} for its earlier wording)"
    return _named(task)


def _gone(task: PlannedTask) -> str:
    # Its own earlier ids are of no interest any more.
    task = task.model_copy(update={"previous_id": None})
    if task.status is TaskStatus.FAILED:
        why = f": {_short(task.last_error)}" if task.last_error else ""
        return f"{_named(task)}, which had failed{why}"
    return f"{_named(task)} ({task.status.value.replace('_', ' ')})"


def _short(text: str) -> str:
    line = safe_line(" ".join(text.split()))
    return line if len(line) <= TEXT_LENGTH_MAX else f"{line[: TEXT_LENGTH_MAX - 1]}…"
