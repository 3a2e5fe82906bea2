"""What is known of a plan's tasks before a run: from the log of the run before, else from status.json."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.events import AttemptPlace, PlannedTask
from orchestrator.domain.plan_ids import made_up_numbers
from orchestrator.domain.plan_matching import TaskKey
from orchestrator.domain.plan_parts import PlanReading
from orchestrator.domain.run_state import RunState, TaskState, loaded_state
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import PlanFile
from orchestrator.engine.status_reader import StatusReader

OTHER_WORDING: tuple[Literal["similar"], Literal["reworded"]] = ("similar", "reworded")
"""How a remembered task was found, if the plan has it with another wording than the one it was done for."""

Place = TypeVar("Place", bound=AttemptPlace)


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task of the run before: what its log said of it at first, and what has become of it."""

    planned: PlannedTask
    state: TaskState

    @property
    def key(self) -> TaskKey:
        """What it is found again by."""
        planned = self.planned
        return TaskKey(
            id=planned.id,
            phase=planned.phase,
            description=planned.description,
            headings=planned.headings,
            wording=planned.wording,
            has_own_id=planned.has_own_id,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """The tasks of the run before; the last `removed` of them were not in its plan any more.

    `reading` is the plan that the run executed, None where nobody has recorded it.
    """

    tasks: tuple[KnownTask, ...] = ()
    removed: int = 0
    made_up: Mapping[str, int] = field(default_factory=dict)
    reading: PlanReading | None = None


NOTHING_KNOWN = Known()


async def known_before(ports: Ports, reader: StatusReader, file: PlanFile) -> Known:
    """What is known of the plan's tasks now, for those who only look."""
    record = await ports.registry.latest(ports.plan_key(file.path))
    if record is not None:
        with suppress(InstanceNotFound):
            return known_of_run(await reader.state(record.id), record.id)
    return known_of_document((await ports.outputs.read_status(file.name)).document or {})


def known_of_run(state: RunState, instance_id: str) -> Known:
    """What a run left."""
    outline = state.outline
    present = [
        KnownTask(planned, left_by(state.tasks[task_id], instance_id))
        for task_id, planned in outline.tasks.items()
    ]
    removed = [_removed(planned, state) for planned in outline.gone]
    made_up = outline.made_up or made_up_numbers({}, outline.tasks)
    return Known((*present, *removed), len(removed), made_up, outline.reading)


def _removed(planned: PlannedTask, state: RunState) -> KnownTask:
    """What has become of a task that was not in the run's plan, or was there with another wording.

    Once that other wording was done, the repository is as that one asked for.
    """
    left = loaded_state(planned)
    now = state.tasks.get(planned.id) if planned.found in OTHER_WORDING else None
    if now is None or not left.status.is_settled or not now.status.is_settled or now.stale:
        return KnownTask(planned, left)
    if now.done_wording in {None, planned.wording}:
        return KnownTask(planned, left)
    reason = f"{left.status.value} before"
    return KnownTask(
        planned.model_copy(update={"done_description": state.outline.tasks[planned.id].description}),
        replace(left, done_wording=now.done_wording, stale="wording", reason=reason),
    )


def left_by(task: TaskState, instance_id: str) -> TaskState:
    """What has become of a task in that run, as another log must say it: where its artifacts are."""
    return replace(
        task,
        finding_place=_in_run(task.finding_place, instance_id),
        attempt_place=_in_run(task.attempt_place, instance_id),
    )


def _in_run(place: Place | None, instance_id: str) -> Place | None:
    if place is None or place.instance_id is not None:
        return place
    return place.model_copy(update={"instance_id": instance_id})


def known_of_document(document: Mapping[str, Any]) -> Known:
    """What status.json says, of a plan that the database does not know."""
    found = from_document(document)
    return Known(tuple(found), made_up=made_up_numbers({}, (task.planned.id for task in found)))


def from_document(document: Mapping[str, Any]) -> list[KnownTask]:
    """The tasks in status.json; entries that make no sense are left out."""
    found: dict[str, KnownTask] = {}
    tasks = document.get("tasks")
    for entry in tasks if isinstance(tasks, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            continue
        try:
            status = TaskStatus(str(entry.get("status")))
        except ValueError:
            continue
        planned = PlannedTask(
            id=entry["id"],
            phase=_count(entry.get("phase")) or 0,
            description=_text(entry.get("description")) or "",
            wording=(wording := _text(entry.get("wording"))),
        )
        state = TaskState(
            status=status,
            reason="taken over from status.json",
            started_at=_moment(entry.get("startedAt")),
            completed_at=_moment(entry.get("completedAt")),
            duration_ms=_count(entry.get("duration")),
            retry_count=_count(entry.get("retryCount")) or 0,
            last_error=_text(entry.get("lastError")),
            finding=_text(entry.get("findingsPath")),
            done_wording=wording if status.is_settled else None,
        )
        found[entry["id"]] = KnownTask(planned, state)
    return list(found.values())


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _count(number: object) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
