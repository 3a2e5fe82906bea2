"""The main loop: obey commands, say what follows, start what is ready, wait. The domain decides.

A turn starts at most one attempt. It prepares the attempt first, which reads files and may take a while, and
then looks at everything that may forbid it: signals, commands, budgets, limits. Short tasks end faster than
others are started, so there is always a free place: a loop that starts attempts until no place is free looks
at nothing else until the plan is at its end. The turn does not wait until the start is durable either; the
attempt does, before its agent is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from orchestrator.domain.commands import Command
from orchestrator.domain.decisions import given_up_reason, settle
from orchestrator.domain.events import AgentLimited, EventData, UsageUpdated, ends_run
from orchestrator.domain.ready_tasks import is_ready, next_start, ready_tasks
from orchestrator.domain.run_state import TaskState, evolve
from orchestrator.domain.steps import (
    BACK_OFF_FIRST_SECONDS,
    AttemptResult,
    end_attempt,
    limit_met,
    run_step,
    start_attempt,
)
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.budget import Budget
from orchestrator.engine.command_handler import CommandHandler
from orchestrator.engine.inbox import Inbox
from orchestrator.engine.journal import Journal
from orchestrator.engine.plan_watch import PlanWatch
from orchestrator.engine.ports import CommandQueue
from orchestrator.engine.task_runner import TaskRunner

IDLE_SECONDS_MAX = 5.0
LIMIT_SECONDS_MAX = 8 * 86_400.0
"""Vendors' longest limits count by the week."""


@dataclass(frozen=True, slots=True)
class SchedulerOptions:
    """`on_blocked` says whether a run in which nothing can start waits for a command or ends as failed.

    `limit_seconds_max` is how long an agent's limit is waited for at most; 0 not at all.
    """

    parallel: int = 1
    on_blocked: Literal["wait", "exit"] = "exit"
    back_off_first_seconds: float = BACK_OFF_FIRST_SECONDS
    limit_seconds_max: float = LIMIT_SECONDS_MAX


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An attempt that has not started, and the task's state for which it was prepared."""

    attempt: Attempt
    task_id: str
    task: TaskState


class Scheduler:
    """Runs the plan of one journal to its end.

    `prepare` makes the next attempt of a task, with what people have said to it; `before_end` runs
    right before the last entry of the log.
    """

    def __init__(
        self,
        journal: Journal,
        commands: CommandQueue,
        runner: TaskRunner,
        prepare: Callable[[str, str | None], Awaitable[Attempt]],
        before_end: Callable[[], Awaitable[None]],
        options: SchedulerOptions,
        now: Callable[[], datetime],
        watch: PlanWatch,
        budget: Budget | None = None,
    ) -> None:
        self._journal = journal
        self._runner = runner
        self._prepare = prepare
        self._before_end = before_end
        self._options = options
        self._now = now
        self._watch = watch
        self._budget = budget or Budget()
        self._has_new_usage = False
        journal.listen(self._note_usage)
        self._attempts: dict[str, Attempt] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._inbox = Inbox(commands, journal.lease.instance_id, self._wake.set)
        self._handler = CommandHandler(journal, self._inbox, self._attempts, self._spawn)

    def wish(self, command: Command) -> None:
        """Obey a command of this process's own user (a signal); it leaves no receipt."""
        self._inbox.request(command)

    def commands_changed(self) -> None:
        """Look into the command queue at the next turn."""
        self._inbox.commands_changed()

    async def run(self) -> RunStatus:
        """Work until the orchestrator has ended; raises LeaseLost or StorageError when it cannot write."""
        try:
            while not self._journal.state.status.has_ended:
                await self._turn()
            return self._journal.state.status
        finally:
            await self._abandon()

    async def _turn(self) -> None:
        self._wake.clear()
        self._notice_failures()
        prepared = await self._prepare_next()
        await self._handler.obey()
        await self._keep_budget()
        await self._lift_limits()
        await self._settle()
        if prepared is not None:
            self._start(prepared)
        elif not self._journal.state.status.has_ended and self._next_ready() is None:
            await self._wait()

    def _note_usage(self, event: EventData) -> None:
        if isinstance(event, UsageUpdated):
            self._has_new_usage = True
            self._wake.set()

    async def _keep_budget(self) -> None:
        """Pause when more was used than was allowed; what runs is interrupted and does not count."""
        if not self._has_new_usage:
            return
        self._has_new_usage = False
        state = self._journal.state
        why = self._budget.excess(state)
        if why is None or state.status not in {RunStatus.RUNNING, RunStatus.BLOCKED}:
            return
        for attempt in list(self._attempts.values()):
            self._spawn(attempt.interrupt("the budget is used up"))
        reason = f"{why} resume grants it once more."
        await self._journal.record(run_step(state, RunStatus.PAUSED, reason, waits_for="budget"))

    async def _lift_limits(self) -> None:
        """Say so when the time of an agent's limit has come: its tasks go on."""
        state, now = self._journal.state, self._now()
        over = [limit for limit in state.limits.values() if limit.until <= now]
        await self._journal.record(
            *(
                AgentLimited(agent=limit.agent, until=None, count=state.limits_met.get(limit.agent, 0))
                for limit in over
            )
        )

    async def _settle(self) -> None:
        while True:
            state = self._journal.state
            events = settle(state, has_attempts=bool(self._attempts))
            if not events and state.status is RunStatus.BLOCKED and self._options.on_blocked == "exit":
                events = [run_step(state, RunStatus.FAILED, given_up_reason(state))]
            if not events:
                return
            if ends_run(events[-1]):
                await self._end(events)
            else:
                await self._journal.record(*events)

    async def _end(self, events: list[EventData]) -> None:
        """Record the last events of the log; with the very last one the log settles what waits as expired."""
        await self._journal.record(*events[:-1])
        await self._before_end()
        await self._journal.record(events[-1])

    async def _prepare_next(self) -> _Prepared | None:
        """The attempt to start next, as things stand; None while there is no place or no task for one."""
        if (task_id := self._next_ready()) is None:
            return None
        task = self._journal.state.tasks[task_id]
        return _Prepared(await self._prepare(task_id, self._handler.note(task_id)), task_id, task)

    def _next_ready(self) -> str | None:
        if not self._has_free_place():
            return None
        # A task whose attempt is still being closed may be pending again already.
        ready = ready_tasks(self._journal.state, self._now(), len(self._attempts) + 1)
        return next((task_id for task_id in ready if task_id not in self._attempts), None)

    def _has_free_place(self) -> bool:
        is_running = self._journal.state.status is RunStatus.RUNNING
        return is_running and len(self._attempts) < self._options.parallel

    def _start(self, prepared: _Prepared) -> None:
        """Start the attempt, unless things have changed since it was prepared."""
        state, task_id, attempt = self._journal.state, prepared.task_id, prepared.attempt
        is_same = state.tasks[task_id] is prepared.task
        if not (is_same and self._has_free_place() and is_ready(state, task_id, self._now())):
            return
        started = self._journal.append(start_attempt(state, task_id, attempt.agent.name))
        self._attempts[task_id] = attempt
        self._watch.begin(task_id, attempt.job.attempt)
        self._spawn(self._work(task_id, attempt, started))

    async def _work(self, task_id: str, attempt: Attempt, started: asyncio.Future[None]) -> None:
        try:
            await asyncio.shield(started)
            result, told = await self._runner.run(attempt)
            # Before the end: nothing starts that this attempt has written into the plan.
            await self._watch.end(task_id, attempt.job.attempt)
            await self._journal.record(*told, *self._ending(task_id, attempt, result))
        finally:
            del self._attempts[task_id]

    def _ending(self, task_id: str, attempt: Attempt, result: AttemptResult) -> list[EventData]:
        """The end of the attempt, with the receipts of the commands that were waiting for it."""
        state, now, seconds = self._journal.state, self._now(), self._options.back_off_first_seconds
        limited: list[EventData] = []
        if result.is_limited and attempt.skip_reason is None:
            result, limit = limit_met(state, task_id, result, now, self._options.limit_seconds_max)
            limited = [limit] if limit else []
        if attempt.checks_tick and not (result.succeeded or result.interrupted):
            result = replace(result, refutes_tick=True)
        event = end_attempt(state, task_id, result, now, seconds, attempt.skip_reason)
        if not self._handler.has_skips(task_id):
            return [*limited, event]
        return [*limited, event, *self._handler.skips_settled(task_id, evolve(state, event, now))]

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(lambda _done: self._wake.set())

    def _notice_failures(self) -> None:
        for task in [task for task in self._working if task.done()]:
            self._working.discard(task)
            task.result()

    async def _wait(self) -> None:
        seconds = IDLE_SECONDS_MAX
        state, now = self._journal.state, self._now()
        due = [limit.until for limit in state.limits.values()]
        if self._has_free_place() and (found := next_start(state)) is not None:
            due.append(found[0])
        for moment in due:
            seconds = min(seconds, max((moment - now).total_seconds(), 0.001))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _abandon(self) -> None:
        """End what still runs: nothing does after a normal end, all of it when the journal is closed."""
        interrupts = (attempt.interrupt("the orchestrator ends") for attempt in self._attempts.values())
        await asyncio.gather(*interrupts, return_exceptions=True)
        await asyncio.gather(*self._working, return_exceptions=True)
