"""What a plan would have executed, as digests: two readings of its file are compared part by part.

An agent can write into the plan's file as it can write into any other. What it writes there is a proposal: a
shell block, a check, an agent, permissions or a gate that appeared or changed while an attempt was at work
are `UnapprovedPart`s, and a task that has one of them starts only when a person has approved it. A person who
edits the file in the meantime cannot be told apart from the agent, so that edit waits too; one who edits it
while no attempt is at work is believed.

**Values, not places.** An unapproved part is remembered by its digest, with the id and the wording of its
task, and is found again by either. It is remembered until it is approved, also while the file does not have
it: an agent may commit its change, and somebody may merge that a week later.

**The log is redacted**, so its texts cannot be compared with the file's: digests are taken of the texts as
they are. The digests cover what is in force: a task has the front matter's check, and changing that one
changes every task's.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from orchestrator.domain.plan import Plan, Task
from orchestrator.domain.task_agents import task_agent

PartKind = Literal["block", "verify", "agent", "permissions", "gate", "tick"]
"""A task's shell blocks, its checks, who does it, what its agent may do, its gate, and its ticked box."""

PART_KINDS: tuple[PartKind, ...] = get_args(PartKind)
DIGEST_LENGTH = 32


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_serialization_defaults_required=True)


class PlanPart(_Value):
    """One part that is not empty."""

    kind: PartKind
    digest: str


class TaskParts(_Value):
    """A task of a reading: its id, the digest of its wording, its parts."""

    id: str
    wording: str
    parts: tuple[PlanPart, ...] = ()

    def digest(self, kind: PartKind) -> str:
        """The digest of this part; empty where the task has no such part."""
        return next((part.digest for part in self.parts if part.kind == kind), "")


class PlanReading(_Value):
    """The plan's file as it was read once. `defaults` are what the front matter gives every task."""

    sha256: str
    defaults: tuple[PlanPart, ...] = ()
    tasks: tuple[TaskParts, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, TaskParts]:
        """The tasks by id."""
        return {task.id: task for task in self.tasks}

    @cached_property
    def by_wording(self) -> Mapping[str, TaskParts]:
        """The tasks whose wording no other one has."""
        counts = Counter(task.wording for task in self.tasks)
        return {task.wording: task for task in self.tasks if counts[task.wording] == 1}

    def counterpart(self, task: TaskParts, other: PlanReading) -> TaskParts | None:
        """The task here that is the same as one of another reading.

        The one with its id and wording, else with its wording alone, else with its id alone, if the wording
        of that one is gone: tasks without ids in the plan get new numbers when one comes before them.
        """
        same_id = self.by_id.get(task.id)
        if same_id is not None and same_id.wording == task.wording:
            return same_id
        if (same_wording := self.by_wording.get(task.wording)) is not None:
            return same_wording
        return None if same_id is None or same_id.wording in other.by_wording else same_id


class ReadingChange(_Value):
    """What leads from one reading to the next: the new and different tasks, and the ids that are gone."""

    sha256: str
    defaults: tuple[PlanPart, ...] = ()
    tasks: tuple[TaskParts, ...] = ()
    gone: tuple[str, ...] = ()

    @classmethod
    def between(cls, old: PlanReading, new: PlanReading) -> ReadingChange:
        """The change from `old` to `new`."""
        return cls(
            sha256=new.sha256,
            defaults=new.defaults,
            tasks=tuple(task for task in new.tasks if old.by_id.get(task.id) != task),
            gone=tuple(task.id for task in old.tasks if task.id not in new.by_id),
        )

    def applied_to(self, old: PlanReading) -> PlanReading:
        """The reading after this change; new tasks come last."""
        gone = set(self.gone)
        rows = {task.id: task for task in old.tasks if task.id not in gone}
        rows |= {task.id: task for task in self.tasks}
        return PlanReading(sha256=self.sha256, defaults=self.defaults, tasks=tuple(rows.values()))


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of `task` that is new or different; `before` is the task in the older reading, if it had one."""

    task: TaskParts
    before: TaskParts | None
    kind: PartKind


class AttemptName(_Value):
    """An attempt that was at work."""

    task_id: str
    attempt: int


class UnapprovedPart(_Value):
    """A part of a task that appeared or changed in the plan's file during `attempts`, and waits for a person.

    `before` and `after` are its texts, redacted; empty where there was none, null where nobody knows, and
    with `is_cut` not the whole. `digest` is that of the text as it is in the file; it is empty where the part
    is gone.
    """

    task_id: str
    description: str
    wording: str
    kind: PartKind
    digest: str
    before: str | None
    after: str | None
    is_cut: bool = False
    attempts: tuple[AttemptName, ...] = ()

    def is_in(self, task: TaskParts) -> bool:
        """Whether the task, as it was read, has this part."""
        is_same_task = self.task_id == task.id or self.wording == task.wording
        return is_same_task and self.digest == task.digest(self.kind)

    def replaces(self, other: UnapprovedPart) -> bool:
        """Whether both are the same part with the same content."""
        return (self.task_id, self.kind, self.digest) == (other.task_id, other.kind, other.digest)


def reading_of(plan: Plan) -> PlanReading:
    """The digests of all that this plan would have executed."""
    defaults = plan.defaults
    return PlanReading(
        sha256=hashlib.sha256(plan.text.encode("utf-8", "surrogatepass")).hexdigest(),
        defaults=_parts(
            {
                "verify": _listed(defaults.verify),
                "agent": defaults.agent or "",
                "permissions": defaults.permissions or "",
                "gate": defaults.gate or "",
            }
        ),
        tasks=tuple(
            TaskParts(id=task.id, wording=wording_digest(task.description), parts=_parts(_values(task)))
            for task in plan.task_by_id.values()
        ),
    )


def wording_digest(text: str) -> str:
    """The same for texts that differ in blanks, case and punctuation only."""
    return _digest("".join(filter(str.isalnum, text.casefold())))


def differences(old: PlanReading, new: PlanReading) -> Iterator[Difference]:
    """The parts of the newer reading that are not those of the same task in the older one.

    Of a task that is new, those that are not the older front matter's. A tick counts only where the task's
    wording is new: what becomes of a known task is in the log, whatever its box says.
    """
    for task in new.tasks:
        before = old.counterpart(task, new)
        known = before or TaskParts(id="", wording="", parts=old.defaults)
        for kind in PART_KINDS:
            if kind == "tick" and before is not None and before.wording == task.wording:
                continue
            if task.digest(kind) != known.digest(kind):
                yield Difference(task, before, kind)


def part_text(task: Task | None, kind: PartKind) -> str:
    """The part as a person reads it; empty for a task that has none."""
    if task is None:
        return ""
    match kind:
        case "block":
            return "\n".join(block.text.rstrip("\n") for block in task.shell_blocks)
        case "verify":
            return "\n".join(task.verify)
        case _:
            return _values(task)[kind]


def approval_digest(parts: Iterable[UnapprovedPart]) -> str:
    """What a person's yes is bound to: exactly these parts with exactly this content."""
    rows = sorted((part.task_id, part.wording, part.kind, part.digest) for part in parts)
    return _digest(json.dumps(rows))


def _values(task: Task) -> dict[PartKind, str]:
    blocks = [block.text for block in task.shell_blocks]
    return {
        "block": _listed(blocks),
        "verify": _listed(task.verify),
        "agent": task_agent(task) or "",
        "permissions": task.permissions or "",
        "gate": task.gate or "",
        "tick": "x" if task.checked else "",
    }


def _listed(texts: Iterable[str]) -> str:
    """The texts as one, from which they could be told apart again; empty for none."""
    known = list(texts)
    return json.dumps(known) if known else ""


def _parts(values: Mapping[PartKind, str]) -> tuple[PlanPart, ...]:
    return tuple(PlanPart(kind=kind, digest=_digest(value)) for kind, value in values.items() if value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
