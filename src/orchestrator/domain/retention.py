"""Which runs may be pruned: their logs, transcripts and prompts go, and a line in the history stays.

A run is pruned only if it ended long enough ago *and* is not among the last runs of its plan. Never pruned,
whatever is asked for, are runs that have not ended and the latest of a plan, which says what is done.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.events import PlannedTask

OLDER_THAN_DEFAULT = timedelta(days=90)
KEEP_DEFAULT = 20

_AGE = re.compile(r"(?P<count>[0-9]{1,5}) ?(?P<unit>[wdhm])", re.IGNORECASE)
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
}


@dataclass(frozen=True, slots=True)
class Retention:
    """What to keep of each plan: runs that ended within `older_than`, and its last `keep` runs."""

    older_than: timedelta = OLDER_THAN_DEFAULT
    keep: int = KEEP_DEFAULT


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as the choice needs it; `plan` is the same for all runs of one plan.

    `has_begun`: its log has an entry, so that the next run goes on from it.
    """

    id: str
    plan: Hashable
    has_begun: bool
    ended_at: datetime | None
    is_pruned: bool = False


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """One attempt, by the run, the task and the number under which its artifacts are kept."""

    instance_id: str
    task_id: str
    attempt: int


def read_age(text: str) -> timedelta | None:
    """`90d`, `2w`, `12h` or `30m` as a duration; None for anything else."""
    if text.strip() == "0":
        return timedelta()
    match = _AGE.fullmatch(text.strip())
    return int(match["count"]) * _UNITS[match["unit"].lower()] if match else None


def prunable(newest_first: Iterable[PastRun], retention: Retention, now: datetime) -> list[str]:
    """The ids of the runs to prune, newest first. Runs that were pruned before are not counted or named."""
    seen: Counter[Hashable] = Counter()
    begun: set[Hashable] = set()
    chosen = []
    for run in newest_first:
        if run.is_pruned:
            continue
        is_latest = not seen[run.plan] or (run.has_begun and run.plan not in begun)
        seen[run.plan] += 1
        if run.has_begun:
            begun.add(run.plan)
        is_old = run.ended_at is not None and now - run.ended_at >= retention.older_than
        if is_old and not is_latest and seen[run.plan] > retention.keep:
            chosen.append(run.id)
    return chosen


def referred_to(tasks: Iterable[PlannedTask]) -> set[AttemptKey]:
    """The attempts of earlier runs that a run's first event names: what they left stays while it does."""
    places = [place for task in tasks for place in (task.finding_place, task.attempt_place) if place]
    return {
        AttemptKey(place.instance_id, place.task_id, place.attempt)
        for place in places
        if place.instance_id is not None
    }
