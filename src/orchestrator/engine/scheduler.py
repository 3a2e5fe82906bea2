"""The main loop: obey commands, say what follows, start what is ready, wait. The domain decides.

A turn starts at most one attempt. It prepares the attempt first, which reads files and may take a while, and
then looks at everything that may forbid it: signals, commands, budgets, limits. Short tasks end faster than
others are started, so there is always a free place: a loop that starts attempts until no place is free looks
at nothing else until the plan is at its end. The turn does not wait until the start is durable either; the
attempt does, before its agent is called.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from orchestrator.domain.commands import (
    AnswerApproval,
    Command,
    CommandRecord,
    CommandState,
    MessageTask,
    RetryTask,
    SkipTask,
)
from orchestrator.domain.decisions import (
    Decision,
    conclude_message,
    conclude_skip,
    decide,
    given_up_reason,
    settle,
)
from orchestrator.domain.events import (
    AgentLimited,
    ApprovalSettled,
    CommandSettled,
    EventData,
    UsageUpdated,
    ends_run,
)
from orchestrator.domain.ready_tasks import next_start, ready_tasks
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
from orchestrator.engine.inbox import Inbox
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import CommandQueue
from orchestrator.engine.task_runner import TaskRunner

IDLE_SECONDS_MAX = 5.0
MESSAGES_KEPT_MAX = 20
"""So many of the messages to a task's agents are told to its next attempt, the latest ones."""

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
        budget: Budget | None = None,
    ) -> None:
        self._journal = journal
        self._commands = commands
        self._runner = runner
        self._prepare = prepare
        self._before_end = before_end
        self._options = options
        self._now = now
        self._budget = budget or Budget()
        self._has_new_usage = False
        journal.listen(self._note_usage)
        self._attempts: dict[str, Attempt] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._skips: dict[str, list[tuple[CommandRecord, SkipTask]]] = {}
        self._notes: dict[str, str | None] = {}
        self._messages: dict[str, deque[str]] = {}
        self._wake = asyncio.Event()
        self._inbox = Inbox(commands, journal.lease.instance_id, self._wake.set)
        self.wish = self._inbox.request
        self.commands_changed = self._inbox.commands_changed

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
        await self._obey()
        await self._keep_budget()
        await self._lift_limits()
        await self._settle()
        if prepared is not None:
            self._start(prepared)
        elif not self._journal.state.status.has_ended and self._next_ready() is None:
            await self._wait()

    async def _obey(self) -> None:
        """Do what is asked for, and return when the receipts are durable."""
        await self._inbox.read()
        durable: asyncio.Future[None] | None = None
        while True:
            asked = self._inbox.next()
            if isinstance(asked, CommandRecord):
                durable = self._answer(asked) or durable
            elif asked is not None:
                durable = self._fulfil(asked) or durable
            elif durable is not None:
                await asyncio.shield(durable)
                durable = None
            else:
                return
            # A signal that comes now does not wait for a thousand commands.
            await asyncio.sleep(0)

    def _fulfil(self, request: Command) -> asyncio.Future[None] | None:
        decision = decide(self._journal.state, request)
        self._interrupt(decision, request)
        return self._journal.append(*decision.events) if decision.events else None

    def _answer(self, record: CommandRecord) -> asyncio.Future[None] | None:
        command = record.command
        decision = decide(self._journal.state, command)
        self._interrupt(decision, command)
        if decision.outcome is None and isinstance(command, SkipTask):
            self._skips.setdefault(command.task_id, []).append((record, command))
            return None
        if decision.outcome is None and isinstance(command, MessageTask):
            self._spawn(self._pass_on(record, command))
            return None
        if isinstance(command, AnswerApproval):
            decision = self._signed(decision, record.actor)
        if isinstance(command, RetryTask) and decision.outcome is CommandState.APPLIED:
            self._notes[command.task_id] = command.note
        return self._journal.append(*decision.events, _receipt(record, decision))

    def _signed(self, decision: Decision, actor: str) -> Decision:
        """The answer with who gave it; the agent that waits for it is told."""
        answers = [event for event in decision.events if isinstance(event, ApprovalSettled)]
        for answer in answers:
            if attempt := self._attempts.get(answer.task_id):
                told = attempt.answer(answer.approval_id, allow=answer.allowed, reason=answer.reason)
                self._spawn(told)
        if not answers:
            return decision
        return replace(
            decision, events=tuple(answer.model_copy(update={"actor": actor}) for answer in answers)
        )

    async def _pass_on(self, record: CommandRecord, command: MessageTask) -> None:
        attempt = self._attempts.get(command.task_id)
        is_taken = attempt is not None and await attempt.tell(command.text)
        if is_taken:
            self._messages.setdefault(command.task_id, deque(maxlen=MESSAGES_KEPT_MAX)).append(command.text)
        agent = attempt.agent.name if attempt else "at work"
        if self._journal.state.status.has_ended:
            return  # the log has settled it, as expired, with its last entry
        await self._journal.record(_receipt(record, conclude_message(agent, is_taken=is_taken)))

    def _note(self, task_id: str) -> str | None:
        """What people have said to the next attempt, and to those before it, which may not have heeded it."""
        said = [self._notes.get(task_id), *self._messages.get(task_id, ())]
        return "\n".join(filter(None, said)) or None

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

    def _interrupt(self, decision: Decision, command: Command) -> None:
        for task_id in decision.interrupt:
            attempt = self._attempts.get(task_id)
            if attempt is None:  # its end could not be recorded, which ends the run
                continue
            if isinstance(command, SkipTask):
                attempt.skip_reason = command.reason or "skipped by command"
            self._spawn(attempt.interrupt(f"interrupted by {command.command}"))

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
        return _Prepared(await self._prepare(task_id, self._note(task_id)), task_id, task)

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
        if self._next_ready() != task_id or state.tasks[task_id] is not prepared.task:
            return
        started = self._journal.append(start_attempt(state, task_id, attempt.agent.name))
        self._attempts[task_id] = attempt
        self._spawn(self._work(task_id, attempt, started))

    async def _work(self, task_id: str, attempt: Attempt, started: asyncio.Future[None]) -> None:
        try:
            await asyncio.shield(started)
            result, finding = await self._runner.run(attempt)
            await self._journal.record(finding, *self._ending(task_id, attempt, result))
        finally:
            del self._attempts[task_id]

    def _ending(self, task_id: str, attempt: Attempt, result: AttemptResult) -> list[EventData]:
        """The end of the attempt, with the receipts of the commands that were waiting for it."""
        state, now, seconds = self._journal.state, self._now(), self._options.back_off_first_seconds
        limited: list[EventData] = []
        if result.is_limited and attempt.skip_reason is None:
            result, limit = limit_met(state, task_id, result, now, self._options.limit_seconds_max)
            limited = [limit] if limit else []
        event = end_attempt(state, task_id, result, now, seconds, attempt.skip_reason)
        if not (skips := self._skips.pop(task_id, [])):
            return [*limited, event]
        after = evolve(state, event, now)
        return [
            *limited,
            event,
            *(_receipt(record, conclude_skip(after, command)) for record, command in skips),
        ]

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
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            self._may_have_commands = True

    async def _abandon(self) -> None:
        """End what still runs: nothing does after a normal end, all of it when the journal is closed."""
        interrupts = (attempt.interrupt("the orchestrator ends") for attempt in self._attempts.values())
        await asyncio.gather(*interrupts, return_exceptions=True)
        await asyncio.gather(*self._working, return_exceptions=True)


def _receipt(record: CommandRecord, decision: Decision) -> CommandSettled:
    return CommandSettled(
        command_id=record.id,
        command=record.command.command,
        state=decision.outcome or CommandState.REJECTED,
        reason=decision.message,
        code=decision.code,
        actor=record.actor,
        task_id=getattr(record.command, "task_id", None),
    )
