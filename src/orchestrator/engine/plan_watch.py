"""Looks at the plan's file before and after each attempt, and records what became of it meanwhile.

The run goes on with the plan as it was loaded, whatever happens to the file. What is recorded is for the next
run and for people: what may have been written by an attempt waits for an approval (`plan_parts` says why and
what).

Between two looks any number of attempts may have been at work, one after another or side by side; each of
them may have written the difference. Who was at work is noted before the file is read, so that a change that
comes while it is being read is found by the next look with the same names. A file that cannot be read changes
nothing, but the names stay: what is there when it can be read again may be theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.events import COMMAND_LENGTH_MAX, PlanChanged, clip
from orchestrator.domain.held_tasks import attempts_text, ticks_text, unapproved_text, with_unapproved
from orchestrator.domain.plan import Plan, Task, TaskId
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.plan_parts import (
    AttemptName,
    Difference,
    PlanReading,
    ReadingChange,
    UnapprovedPart,
    differences,
    part_text,
    reading_of,
    wording_digest,
)
from orchestrator.domain.redaction import Redactor
from orchestrator.domain.run_state import RunState
from orchestrator.engine.identified_plan import identify
from orchestrator.engine.journal import Journal
from orchestrator.engine.known_tasks import known_of_run
from orchestrator.engine.records import PlanFile

TEXTS_LENGTH_MAX = 400_000
"""How much of the texts of one change is recorded at most."""

_GOES_ON = "this run goes on with the plan as it was loaded"


class PlanWatch:
    """What happens to the file of one run's plan; `reread` gives it as it is now."""

    def __init__(
        self,
        journal: Journal,
        plan: Plan,
        file: PlanFile,
        reread: Callable[[], Awaitable[PlanFile]],
        redact: Redactor,
    ) -> None:
        self._journal = journal
        self._file = file
        self._reread = reread
        self._redact = redact
        self._plan = plan
        self._seen: bytes | None = file.data
        self._at_work: set[AttemptName] = set()
        self._suspects: set[AttemptName] = set()
        self._lock = asyncio.Lock()

    def task_now(self, loaded: Task) -> Task:
        """The task as the file had it when it was last read; as it was loaded where that is another one."""
        now = self._plan.task_by_id.get(loaded.id)
        is_same = now is not None and wording_digest(now.description) == wording_digest(loaded.description)
        return now if now is not None and is_same and not self._plan.errors else loaded

    def begin(self, task_id: str, attempt: int) -> None:
        """An attempt is at work from now on."""
        name = AttemptName(task_id=task_id, attempt=attempt)
        self._at_work.add(name)
        self._suspects.add(name)

    async def end(self, task_id: str, attempt: int) -> None:
        """An attempt has ended, with all its processes; look what it has left."""
        self._at_work.discard(AttemptName(task_id=task_id, attempt=attempt))
        await self.look()

    async def look(self) -> None:
        """Record what has become of the file since the last look."""
        async with self._lock:
            suspects, self._suspects = self._suspects, set(self._at_work)
            try:
                data = (await self._reread()).data
            except OrchestratorError as error:
                self._suspects |= suspects
                # Said once, and once more when there is somebody to be named for the next run.
                if self._seen is not None or (suspects and not self._journal.state.suspects):
                    self._seen = None
                    reason = f"{_begun(_GOES_ON)}. {error}"
                    await self._journal.record(PlanChanged(reason=reason, attempts=_in_order(suspects)))
                return
            if data == self._seen:
                return
            self._seen = data
            plan = await asyncio.to_thread(lambda: self._identified(data))
            await self._compare(plan, data, _in_order(suspects))

    def _identified(self, data: bytes) -> Plan:
        """The plan with the ids that this run has for its tasks."""
        known = known_of_run(self._journal.state, self._journal.lease.instance_id)
        return identify(parse_plan(decode_plan(data)), known, self._redact).plan

    async def _compare(self, plan: Plan, data: bytes, names: tuple[AttemptName, ...]) -> None:
        old, new = reading_of(self._plan), reading_of(plan)
        parts = unapproved_parts(old, new, names, self._plan, plan, self._redact) if names else ()
        self._plan = plan
        await self._journal.record(
            PlanChanged(
                reason=self._said(data, names, parts),
                old_sha256=old.sha256,
                new_sha256=new.sha256,
                attempts=names,
                reading=ReadingChange.between(old, new),
                unapproved=parts,
            )
        )

    def _said(
        self, data: bytes, names: tuple[AttemptName, ...] = (), parts: tuple[UnapprovedPart, ...] = ()
    ) -> str:
        if data == self._file.data:
            return f"{self._file.path} is again as this run has loaded it."
        meanwhile = f" during {attempts_text(names)}" if names else ""
        changed = f"{self._file.path} was changed{meanwhile}; {_GOES_ON}."
        more = (ticks_text(parts), unapproved_text(parts, self._file.name))
        return " ".join(filter(None, (changed, *more)))


def carried_unapproved(before: RunState, plan: Plan, redact: Redactor) -> tuple[UnapprovedPart, ...]:
    """What waits for an approval when a run begins: what waited before, and what was written since.

    An attempt that was at work when its run crashed has had nobody who looked behind it.
    """
    if before.reading is None or not before.suspects:
        return before.unapproved
    found = unapproved_parts(before.reading, reading_of(plan), before.suspects, None, plan, redact)
    return with_unapproved(before.unapproved, found)


def unapproved_parts(
    old: PlanReading,
    new: PlanReading,
    attempts: tuple[AttemptName, ...],
    old_plan: Plan | None,
    new_plan: Plan,
    redact: Redactor,
) -> tuple[UnapprovedPart, ...]:
    """What is different and may be of these attempts' making, with as much of its texts as there is room for.

    Texts are redacted before they are cut. Without the old plan nobody knows how they were before.
    """
    found: list[UnapprovedPart] = []
    room = TEXTS_LENGTH_MAX
    for one in differences(old, new):
        texts = [redact(text) for text in _texts(one, old_plan, new_plan)]
        length_max = min(COMMAND_LENGTH_MAX, max(room, 0) // 2)
        shown = [clip(text, length_max) for text in texts]
        room -= sum(map(len, shown))
        found.append(
            UnapprovedPart(
                task_id=one.task.id,
                description=redact(new_plan.task_by_id[TaskId(one.task.id)].description),
                wording=one.task.wording,
                kind=one.kind,
                digest=one.task.digest(one.kind),
                before=None if old_plan is None else shown[0],
                after=shown[1],
                is_cut=shown != texts,
                attempts=attempts,
            )
        )
    return tuple(found)


def _texts(one: Difference, old_plan: Plan | None, new_plan: Plan) -> tuple[str, str]:
    before = None
    if one.before is not None and old_plan is not None:
        before = old_plan.task_by_id.get(TaskId(one.before.id))
    return part_text(before, one.kind), part_text(new_plan.task_by_id[TaskId(one.task.id)], one.kind)


def _in_order(names: set[AttemptName]) -> tuple[AttemptName, ...]:
    return tuple(sorted(names, key=lambda name: (name.task_id, name.attempt)))


def _begun(text: str) -> str:
    return text[0].upper() + text[1:]
