"""A run in the hand: a plan made of a few words, and the steps that the engine would take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from small_plans import plan_of, planned

from orchestrator.domain.commands import Command
from orchestrator.domain.decisions import Decision, decide, settle
from orchestrator.domain.events import (
    EventData,
    PlannedTask,
    StoredEvent,
    microseconds,
)
from orchestrator.domain.ready_tasks import is_ready, ready_tasks
from orchestrator.domain.run_state import RunState, evolve
from orchestrator.domain.steps import AttemptResult, end_attempt, run_step, start_attempt
from orchestrator.domain.task_status import RunStatus, TaskStatus

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Run:
    """A state with its log, and a clock that only the test moves."""

    def __init__(
        self, *tasks: PlannedTask | str, status: RunStatus | None = RunStatus.RUNNING, **fields: Any
    ):
        self.now = NOON
        self.state = RunState()
        self.events: list[tuple[EventData, datetime]] = []
        self.do(plan_of(*tasks, **fields))
        if status is not None:
            self.be(status)

    def do(self, *events: EventData) -> None:
        for event in events:
            self.events.append((event, self.now))
            self.state = evolve(self.state, event, self.now)

    def be(self, status: RunStatus) -> None:
        """Go to that status the shortest way."""
        ways = {RunStatus.STARTING: [], RunStatus.STOPPED: [RunStatus.STOPPING, RunStatus.STOPPED]}
        for step in ways.get(status, [status]):
            self.do(run_step(self.state, step, "test"))

    def set(self, task_id: str, status: TaskStatus) -> None:
        """Take a pending task to that status the shortest way."""
        if status is TaskStatus.SKIPPED:
            self.start(task_id)
            self.set_end(task_id, "skipped", succeeded=False)
        elif status is not TaskStatus.PENDING:
            self.start(task_id)
            if status is TaskStatus.COMPLETED:
                self.end(task_id, succeeded=True)
            elif status is TaskStatus.FAILED:
                while self.state.tasks[task_id].status is not TaskStatus.FAILED:
                    if self.state.tasks[task_id].status is TaskStatus.PENDING:
                        self.start(task_id)
                    self.end(task_id, succeeded=False, error="broken")

    def start(self, task_id: str) -> None:
        self.do(start_attempt(self.state, task_id, "robot"))

    def end(self, task_id: str, **result: Any) -> None:
        self.do(end_attempt(self.state, task_id, AttemptResult(**result), self.now, 5))

    def set_end(self, task_id: str, skip_reason: str, **result: Any) -> None:
        """End an attempt that is to be skipped."""
        self.do(end_attempt(self.state, task_id, AttemptResult(**result), self.now, 5, skip_reason))

    def command(self, command: Command) -> Decision:
        decision = decide(self.state, command)
        self.do(*decision.events)
        return decision

    def settle(self, *, has_attempts: bool = False) -> list[EventData]:
        events = settle(self.state, has_attempts=has_attempts)
        self.do(*events)
        return events

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ready(self) -> list[str]:
        """What could start together; what could start alone is asked for each task, and must agree."""
        ready = ready_tasks(self.state, self.now)
        alone = [task_id for task_id in self.state.tasks if is_ready(self.state, task_id, self.now)]
        claims = self.state.outline.claims
        assert set(ready) <= set(alone)
        assert all(task_id in claims for task_id in alone if task_id not in ready)
        return ready

    def statuses(self) -> dict[str, str]:
        return {task_id: task.status.value for task_id, task in self.state.tasks.items()}

    def log(self) -> list[StoredEvent]:
        return stored(self.events)


def stored(events: Iterable[tuple[EventData, datetime]]) -> list[StoredEvent]:
    return [
        StoredEvent("orch-1", seq, event.type, microseconds(at), event.model_dump_json().encode())
        for seq, (event, at) in enumerate(events, 1)
    ]


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    return Run


@pytest.fixture(scope="session")
def task() -> Callable[..., PlannedTask]:
    return planned
