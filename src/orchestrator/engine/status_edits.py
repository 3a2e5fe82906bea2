"""Takes over what someone has changed in status.json by hand, as far as a command could have done it.

The file is a copy, so an edit is compared with what the log says of the moment at which the file was
written: the `seq` in it. What skip-task and retry-task could do becomes a command of the actor `file`, with a
receipt like any other; everything else is refused, reported, and written over.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.domain.commands import TEXT_LENGTH_MAX, RetryTask, SkipTask
from orchestrator.domain.errors import InstanceEnded, InstanceNotFound, SeqOutOfRange
from orchestrator.domain.events import PlanChanged, PlanLoaded
from orchestrator.domain.redaction import redact_known
from orchestrator.domain.run_state import RunState
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import CommandQueue, PlanOutputs
from orchestrator.engine.status_reader import StatusReader

ACTOR = "file"
FILE = "status.json"
COMMANDS_MAX = 200
REFUSALS_SHOWN_MAX = 10

Taken = Literal["nothing", "settling", "an edit"]
"""What a look at the file has found; `settling`: someone is writing it at this moment."""

_S = TaskStatus
_SKIPPABLE = frozenset({_S.PENDING, _S.FAILED, _S.IN_PROGRESS})
_RETRIABLE = frozenset({_S.FAILED, _S.SKIPPED})


@dataclass(frozen=True, slots=True)
class Edits:
    """What an edited status.json asks for, and what in it is refused, as sentences without a full stop."""

    commands: tuple[SkipTask | RetryTask, ...] = ()
    refused: tuple[str, ...] = ()


def edits_of(
    document: Mapping[str, Any],
    base: Mapping[str, TaskStatus],
    now: Mapping[str, TaskStatus] | None = None,
) -> Edits:
    """What the document changes in the statuses of the tasks; `base` are those that it was written with.

    What agrees with how things stand `now` asks for nothing either.
    """
    now = now or base
    commands: list[SkipTask | RetryTask] = []
    refused: list[str] = []
    seen: set[str] = set()
    for entry in document["tasks"]:
        task_id, status = str(entry["id"]), str(entry["status"])
        if task_id in seen:
            refused.append(f"task {task_id[:80]} stands there twice")
        elif task_id not in base:
            refused.append(f"there is no task {task_id[:80]}")
        elif status not in {base[task_id], now.get(task_id)}:
            command = _command(entry, task_id, base[task_id], status)
            if command is None:
                refused.append(f"task {task_id} was made {status[:40]}, but the log says {base[task_id]}")
            elif len(commands) == COMMANDS_MAX:
                refused.append(f"task {task_id} is more than the {COMMANDS_MAX} that are taken at once")
            else:
                commands.append(command)
        seen.add(task_id)
    refused += [f"task {task_id} was removed" for task_id in base if task_id not in seen]
    return Edits(tuple(commands), tuple(refused))


def _command(
    entry: Mapping[str, Any], task_id: str, old: TaskStatus, new: str
) -> SkipTask | RetryTask | None:
    if new == _S.SKIPPED and old in _SKIPPABLE:
        given = entry.get("skipReason")
        reason = given if isinstance(given, str) and given.strip() else f"skipped in {FILE}"
        return SkipTask(task_id=task_id, reason=redact_known(reason)[:TEXT_LENGTH_MAX])
    if new == _S.PENDING and old in _RETRIABLE:
        return RetryTask(task_id=task_id)
    return None


def statuses_of(state: RunState) -> dict[str, TaskStatus]:
    """The status of every task."""
    return {task_id: task.status for task_id, task in state.tasks.items()}


def _valid_statuses(document: Mapping[str, Any]) -> dict[str, TaskStatus]:
    known = {status.value: status for status in TaskStatus}
    return {str(e["id"]): known[e["status"]] for e in document["tasks"] if e["status"] in known}


class StatusEdits:
    """Looks at one run's status.json, and takes over what others have made of it."""

    def __init__(
        self,
        journal: Journal,
        commands: CommandQueue,
        outputs: PlanOutputs,
        reader: StatusReader,
        plan_name: str,
    ) -> None:
        self._journal = journal
        self._commands = commands
        self._outputs = outputs
        self._reader = reader
        self._plan_name = plan_name
        self._last_edited: tuple[object, object] | None = None
        self._last_wishes: dict[str, TaskStatus] = {}

    async def take(self) -> Taken:
        """Take over an edit, if there is one. Raises StorageError where file or database cannot be read."""
        found = await self._outputs.edited_status(self._plan_name)
        if found is None:
            return "nothing"
        if found.is_settling:
            return "settling"
        if found.document is None:
            await self._report(found.rejected or f"{FILE} was removed; it is written again.")
        else:
            await self.take_over(found.document)
        return "an edit"

    async def take_over(self, document: Mapping[str, Any], before: PlanLoaded | None = None) -> None:
        """Do what the document asks for, and report what is refused.

        With `before` it was written in the run before the one that begins so, and has that run's ids.
        """
        now = statuses_of(self._journal.state)
        ids: Mapping[str, str] = {}
        if before is not None:
            ids = {task.previous_id: task.id for task in before.tasks if task.previous_id is not None}
            entries = [e | {"id": ids[str(e["id"])]} for e in document["tasks"] if str(e["id"]) in ids]
            document = {**document, "tasks": entries}
        if edits_of(document, now) == Edits():
            return
        base = await self._base(document)
        if before is not None:
            base = {ids[task_id]: status for task_id, status in base.items() if task_id in ids}
        edits = edits_of(document, base, now)
        instance_id = self._journal.lease.instance_id
        for command in edits.commands:
            with suppress(InstanceEnded):
                await self._commands.submit(instance_id, command, actor=ACTOR)
        if edits.refused:
            shown = "; ".join(edits.refused[:REFUSALS_SHOWN_MAX])
            more = len(edits.refused) - REFUSALS_SHOWN_MAX
            rest = f"; and {more} more" if more > 0 else ""
            await self._report(f"An edit of {FILE} is refused and written over: {shown}{rest}.")

    async def _base(self, document: Mapping[str, Any]) -> dict[str, TaskStatus]:
        """The statuses at the moment that the document was written, as far as it says which that was.

        Someone who edits twice before the file was written again means the second edit against the first.
        """
        runs = document.get("runs")
        last = runs[-1] if isinstance(runs, list) and runs else None
        writer = last.get("runId") if isinstance(last, dict) else None
        seq = document.get("seq")
        base = statuses_of(self._journal.state)
        if isinstance(writer, str) and isinstance(seq, int) and not isinstance(seq, bool):
            with suppress(InstanceNotFound, SeqOutOfRange):
                base = statuses_of(await self._reader.state(writer, seq))
        if (writer, seq) == self._last_edited:
            base |= {task_id: status for task_id, status in self._last_wishes.items() if task_id in base}
        self._last_edited = (writer, seq)
        self._last_wishes = _valid_statuses(document)
        return base

    async def _report(self, reason: str) -> None:
        await self._journal.record(PlanChanged(reason=reason))
