"""A plan as it was read, with the ids that earlier runs know its tasks by."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestrator.domain.plan import Plan
from orchestrator.domain.plan_ids import remembered_ids, with_ids
from orchestrator.domain.plan_matching import NEW, Match, TaskKey, match
from orchestrator.domain.redaction import Redact
from orchestrator.domain.task_wording import headings_of, wording
from orchestrator.engine.known_tasks import Known


@dataclass(frozen=True, slots=True)
class IdentifiedPlan:
    """A match and a key for each task, in the plan's order; `gone` are places among the known tasks."""

    plan: Plan
    keys: tuple[TaskKey, ...]
    matches: tuple[Match, ...]
    gone: tuple[int, ...]

    def with_nothing_known(self) -> IdentifiedPlan:
        """The same with its ids, and with every task as one that no run has seen."""
        return replace(self, matches=(NEW,) * len(self.matches), gone=())


def identify(plan: Plan, known: Known, redact: Redact) -> IdentifiedPlan:
    """Find the plan's tasks among the known ones, and give them their ids."""
    tasks = list(plan.tasks())
    keys = tuple(
        TaskKey(
            id=task.id,
            phase=task.phase,
            description=redact(task.description),
            headings=headings,
            wording=wording(task, redact),
            has_own_id=task.has_own_id,
        )
        for task, headings in zip(tasks, headings_of(plan, redact), strict=True)
    )
    before = [each.key for each in known.tasks]
    found = match(before, keys, known.removed)
    ids = remembered_ids(tasks, found.matches, before, known.made_up)
    return IdentifiedPlan(with_ids(plan, ids), keys, found.matches, found.gone)
