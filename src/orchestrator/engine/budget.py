"""What a run and each of its tasks may use before a person is asked."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.money import dollars_of
from orchestrator.domain.run_state import NOTHING_USED, RunState
from orchestrator.domain.status import UsageInfo


@dataclass(frozen=True, slots=True)
class Allowance:
    """Money and tokens; None is without a bound. Where a price is unknown, only the tokens bound it."""

    usd: float | None = None
    tokens: int | None = None

    def excess(self, used: UsageInfo, before: UsageInfo) -> str | None:
        """What is used up, counted from `before`; None while it lasts."""
        spent = (used.cost_usd or 0.0) - (before.cost_usd or 0.0)
        if self.usd is not None and spent >= self.usd:
            return f"{dollars_of(spent, self.usd)} has been spent"
        tokens = used.tokens - before.tokens
        if self.tokens is not None and tokens >= self.tokens:
            return f"{tokens:,} of {self.tokens:,} tokens have been used"
        return None

    def left_usd(self, used: UsageInfo, before: UsageInfo) -> float | None:
        """The money that is left."""
        if self.usd is None:
            return None
        return max(self.usd - (used.cost_usd or 0.0) + (before.cost_usd or 0.0), 0.0)


UNBOUNDED = Allowance()


@dataclass
class Budget:
    """The allowances of one run: they count from its begin, and anew each time that they were used up."""

    run: Allowance = UNBOUNDED
    task: Allowance = UNBOUNDED

    def __post_init__(self) -> None:
        self._run_before = NOTHING_USED
        self._task_before: dict[str, UsageInfo] = {}

    def excess(self, state: RunState) -> str | None:
        """Why the run has to pause, in a sentence; the allowance that was used up is then granted anew."""
        if why := self.run.excess(state.usage, self._run_before):
            self._run_before = state.usage
            return f"The budget of the run is used up: {why}."
        if self.task == UNBOUNDED:
            return None  # nothing to look through the tasks for, each time that one of them uses something
        for task_id, task in state.tasks.items():
            if task.usage is NOTHING_USED:
                continue
            if why := self.task.excess(task.usage, self._task_before.get(task_id, NOTHING_USED)):
                self._task_before[task_id] = task.usage
                return f"The budget of task {task_id} is used up: {why}."
        return None

    def left_usd(self, state: RunState, task_id: str) -> float | None:
        """What an attempt of the task may spend, for agents that stop at it by themselves."""
        task_before = self._task_before.get(task_id, NOTHING_USED)
        left = (
            self.run.left_usd(state.usage, self._run_before),
            self.task.left_usd(state.tasks[task_id].usage, task_before),
        )
        return min((usd for usd in left if usd is not None), default=None)
