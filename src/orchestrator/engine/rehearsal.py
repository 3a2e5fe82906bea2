"""What a run would do if everything went well: the order of its tasks, without running any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.domain.blockers import Blocker
from orchestrator.domain.events import PlanLoaded
from orchestrator.domain.ready_tasks import blockers, open_gates, ready_tasks
from orchestrator.domain.run_state import RunState, evolve
from orchestrator.domain.steps import AttemptResult, end_attempt, start_attempt

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The tasks that would start together, turn by turn, and the `gates` at which a person is waited for.

    `left` are all that would not start, with what each of them waits for.
    """

    turns: Sequence[Sequence[str]]
    gates: Sequence[str]
    left: Mapping[str, Sequence[Blocker]]


def rehearse(begun: PlanLoaded, parallel: int) -> Rehearsal:
    """What a run that begins so would do."""
    state = evolve(RunState(), begun, _ANY_TIME)
    turns: list[list[str]] = []
    while ready := ready_tasks(state, _ANY_TIME, parallel):
        for task_id in ready:
            state = evolve(state, start_attempt(state, task_id, "rehearsal"), _ANY_TIME)
            done = end_attempt(state, task_id, AttemptResult(succeeded=True), _ANY_TIME, 0)
            state = evolve(state, done, _ANY_TIME)
        turns.append(ready)
    return Rehearsal(turns, open_gates(state), blockers(state))
