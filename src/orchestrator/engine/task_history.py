"""What a task has behind it when a run begins: from the run before, else from its box in the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from orchestrator.domain.events import PlannedTask
from orchestrator.domain.plan import Task
from orchestrator.domain.plan_matching import Match, Reworded
from orchestrator.domain.plan_parts import PlanReading, TaskParts
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.known_tasks import OTHER_WORDING, Known, KnownTask

GONE_MAX = 500
"""How many tasks that are no longer in the plan are remembered, with what they have behind them."""

KEPT_WORDINGS_MAX = 20
UNKNOWN_WORDING = "unknown"
"""The wording of what was done, where nobody has recorded it, but it was another one than the plan's."""

TICK_UNCHECKED = "ticked in the plan; its check comes first"

_NOT_DONE: dict[str, Any] = {
    "status": TaskStatus.PENDING,
    "started_at": None,
    "completed_at": None,
    "duration_ms": None,
    "verified": False,
    "remarks": (),
    "stale": None,
    "done_wording": None,
}


def not_done(planned: PlannedTask, reason: str) -> PlannedTask:
    """The task as one that is still to be done, whatever an earlier run made of it."""
    return planned.model_copy(update=_NOT_DONE | {"reason": reason, "revision": planned.revision + 1})


def history(
    task: Task,
    planned: PlannedTask,
    match: Match,
    before: KnownTask | None,
    answer: Callable[[str], Reworded | None],
) -> dict[str, Any]:
    """The fields of `planned` that say what the task has behind it.

    `before` is the known task that it was matched with; `answer` what was chosen for a wording of now.
    """
    ticked = _ticked(task, planned) if task.checked else {}
    if before is None:
        return {"found": match.kind, **ticked}
    carried = _carried(before, planned) | {"found": match.kind, "previous_id": before.planned.id}
    revision = before.state.revision + 1
    if match.kind == "similar":
        # A guess: it says nothing of whether this was done.
        reason = f"reworded: this may have been task {before.planned.id} ({before.state.status.value})"
        return carried | _NOT_DONE | {"reason": reason, "revision": revision} | ticked
    if ticked and _is_by_tick(before, ticked, carried["status"]):
        return carried | ticked
    if not _is_done_otherwise(before, planned, carried["status"], match):
        is_stale_no_more = before.state.stale is not None
        return carried | {"stale": None, "revision": carried["revision"] + is_stale_no_more}
    chosen = answer(planned.wording or "")
    if chosen == "rerun":
        reason = "its instruction was changed since it was done"
        return carried | _NOT_DONE | {"reason": reason, "revision": revision}
    return carried | _stale(before, planned, is_chosen=chosen == "keep")


def is_check_changed(
    now: TaskParts, planned: PlannedTask, before: KnownTask, reading: PlanReading | None
) -> bool:
    """Whether the completed task was checked, but by another check than the one that it has now.

    `reading` is the plan that the run before executed. A check that was taken out leaves what it has shown.
    """
    was = None if reading is None else reading.by_id.get(before.planned.id)
    if was is None or not planned.verified or planned.status is not TaskStatus.COMPLETED or planned.stale:
        return False
    return now.digest("verify") not in {"", was.digest("verify")}


def handed_on_task(known: KnownTask) -> Mapping[str, Any]:
    """The same for a run that died before it had read the plan: nothing was changed in between."""
    return _carried(known, known.planned) | {"found": "same", "previous_id": known.planned.id}


def gone_tasks(
    known: Known, gone: Sequence[int], planned: Sequence[PlannedTask], matches: Sequence[Match]
) -> tuple[PlannedTask, ...]:
    """What no task of the plan stands for any more, as it was left; what the last plan had comes first.

    These are the known tasks at the places `gone`, which the plan does not have, and what had been done for a
    wording that is not the plan's now, though its task is: should that wording come back, it is done. Its
    `found` is `similar` or `reworded`, as its task was found with the other wording.
    """
    present = len(known.tasks) - known.removed
    found = [
        known.tasks[match.known] for match in matches if match.known is not None and match.known >= present
    ]
    ids_found_again = {before.planned.id for before in found}
    remembered: dict[tuple[str, object], PlannedTask] = {}

    def remember(task: PlannedTask | None, how: Literal["similar", "reworded", "gone"] | None) -> None:
        if task is not None:
            key = (task.id, task.wording or (task.description, len(remembered)))
            remembered.setdefault(key, task.model_copy(update={"found": how}))

    for before in (known.tasks[place] for place in gone if place < present):
        left = before.planned.model_copy(update=_as_left(before))
        # Where an edit was taken back, this was a wording in between of a task that the plan still has.
        remember(left, "similar" if before.planned.id in ids_found_again else "gone")
        remember(_done_before(before) if before.state.stale else None, "reworded")
    for task, match in zip(planned, matches, strict=True):
        # Also a task that is kept for another wording: without its id it is found by the wording alone.
        if match.known is not None and (task.stale or not task.status.is_settled):
            remember(
                _done_before(known.tasks[match.known]), "similar" if match.kind == "similar" else "reworded"
            )
    for before in (known.tasks[place] for place in gone if place >= present):
        how = before.planned.found if before.planned.found in OTHER_WORDING else None
        remember(before.planned.model_copy(update=_as_left(before)), how)
    return tuple(islice(remembered.values(), GONE_MAX))


def _done_before(before: KnownTask) -> PlannedTask | None:
    """A task as it was when it was done, with the wording that it was done for; None if that is not known."""
    wording = before.state.done_wording
    if not before.state.status.is_settled or wording in {None, UNKNOWN_WORDING}:
        return None
    as_done = {
        "wording": wording,
        "description": _done_description(before),
        "stale": None,
        "done_description": None,
    }
    return before.planned.model_copy(update=_as_left(before) | as_done)


def _done_description(before: KnownTask) -> str:
    """The line of the task that was done."""
    earlier = before.planned.done_description if before.state.stale else None
    return earlier or before.planned.description


def _ticked(task: Task, planned: PlannedTask) -> dict[str, Any]:
    """A tick counts, unless the task has a check that can say so: that comes first then."""
    if task.verify and not task.gate:
        return _NOT_DONE | {"reason": TICK_UNCHECKED, "tick_unchecked": True}
    return {
        "status": TaskStatus.COMPLETED,
        "reason": "ticked in the plan",
        "verified": False,
        "remarks": (),
        "done_wording": planned.wording,
        "stale": None,
    }


def _is_by_tick(before: KnownTask, ticked: Mapping[str, Any], status: TaskStatus) -> bool:
    """Whether only the writer's tick, which still stands, has made it done, or is still to be checked."""
    if before.state.tick_unchecked:
        return True
    is_by_hand = status is TaskStatus.COMPLETED and not before.state.attempt
    return is_by_hand and "tick_unchecked" not in ticked


def _is_done_otherwise(before: KnownTask, planned: PlannedTask, status: TaskStatus, match: Match) -> bool:
    """Whether the task is done, but for another wording than the plan's."""
    if not status.is_settled:
        return False
    if before.state.done_wording is None:
        # Not recorded in status.json: there the lines alone were compared, if it had them.
        return match.kind == "reworded" and bool(before.planned.description)
    return planned.wording != before.state.done_wording


def _stale(before: KnownTask, planned: PlannedTask, *, is_chosen: bool) -> dict[str, Any]:
    """It stays done, and what for is said; what a person has chosen for this wording is remembered."""
    wording, kept = planned.wording or "", before.planned.kept_wordings
    if is_chosen and wording not in kept:
        kept = (*kept, wording)[-KEPT_WORDINGS_MAX:]
    return {
        "stale": "wording",
        "done_wording": before.state.done_wording or UNKNOWN_WORDING,
        "done_description": _done_description(before),
        "kept_wordings": kept,
        "reason": f"{before.state.status.value} for an earlier wording",
        "revision": before.state.revision + (before.state.stale is None),
    }


def _carried(known: KnownTask, planned: PlannedTask) -> dict[str, Any]:
    """What a new run keeps of an earlier one: settled tasks stay so, failed ones get a fresh limit."""
    left = _as_left(known)
    status = known.state.status
    if status is TaskStatus.IN_PROGRESS:
        left["status"] = TaskStatus.FAILED if planned.once else TaskStatus.PENDING
        left["reason"] = "interrupted when the run before ended"
    elif status is TaskStatus.FAILED and not planned.once:
        left["status"], left["reason"] = TaskStatus.PENDING, "failed in the run before"
    elif status.is_settled and left["done_wording"] is None:
        left["done_wording"] = planned.wording
    left["revision"] += left["status"] is not status
    return left | {"kept_wordings": known.planned.kept_wordings}


def _as_left(known: KnownTask) -> dict[str, Any]:
    """What the run before has made of a task."""
    state = known.state
    return {
        "status": state.status,
        "reason": state.reason,
        "attempt": state.attempt,
        "retry_count": state.retry_count,
        "revision": state.revision,
        "last_error": state.last_error,
        "started_at": state.started_at,
        "completed_at": state.completed_at,
        "duration_ms": state.duration_ms,
        "verified": state.verified,
        "remarks": state.remarks,
        "finding": state.finding,
        "finding_place": state.finding_place,
        "attempt_place": state.attempt_place,
        "stale": state.stale,
        "done_wording": state.done_wording,
    }
