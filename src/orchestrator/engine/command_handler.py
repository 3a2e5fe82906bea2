"""Does what a run is asked for: each command is decided by the domain, carried out, and given its receipt.

A command whose effect takes a while keeps its receipt back until then: a skip of a running task until its
attempt has ended, a message until the agent has taken it or not.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from orchestrator.domain.commands import (
    AnswerApproval,
    Command,
    CommandRecord,
    CommandState,
    MessageTask,
    RetryTask,
    SkipTask,
)
from orchestrator.domain.decisions import Decision, conclude_message, conclude_skip, decide
from orchestrator.domain.events import ApprovalSettled, CommandSettled
from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.plan_parts import UnapprovedPart
from orchestrator.domain.redacted_models import is_marked
from orchestrator.domain.run_state import RunState, with_unapproved_parts
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.inbox import Inbox
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import CommandQueue

REDACTED_MESSAGE = (
    f"It held a secret, which was replaced by {MARK}; the agent reads that too. "
    "Give an agent its keys through its environment."
)

MESSAGES_KEPT_MAX = 20
"""How many of the messages to a task's agents, the latest ones, its next attempt is sent."""


class CommandHandler:
    """Obeys what comes into the inbox. `attempts` are those under way; `spawn` does work beside the loop."""

    def __init__(
        self,
        journal: Journal,
        inbox: Inbox,
        attempts: Mapping[str, Attempt],
        spawn: Callable[[Awaitable[None]], None],
    ) -> None:
        self._journal = journal
        self._inbox = inbox
        self._attempts = attempts
        self._spawn = spawn
        self._skips: dict[str, list[tuple[CommandRecord, SkipTask]]] = {}
        self._notes: dict[str, str | None] = {}
        self._messages: dict[str, deque[str]] = {}

    async def obey(self) -> None:
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
        return self._journal.append(*decision.events, receipt(record, decision))

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
        await self._journal.record(receipt(record, conclude_message(agent, is_taken=is_taken)))

    def note(self, task_id: str) -> str | None:
        """What people have said to the next attempt, and to those before it, which may not have heeded it."""
        said = [self._notes.get(task_id), *self._messages.get(task_id, ())]
        return "\n".join(filter(None, said)) or None

    def has_skips(self, task_id: str) -> bool:
        """Whether skips wait for the end of the task's attempt."""
        return task_id in self._skips

    def skips_settled(self, task_id: str, after: RunState) -> list[CommandSettled]:
        """The receipts of the skips that waited for the attempt whose end led to the state `after`."""
        return [
            receipt(record, conclude_skip(after, command)) for record, command in self._skips.pop(task_id, [])
        ]

    def _interrupt(self, decision: Decision, command: Command) -> None:
        for task_id in decision.interrupt:
            attempt = self._attempts.get(task_id)
            if attempt is None:  # its end could not be recorded, which ends the run
                continue
            if isinstance(command, SkipTask):
                attempt.skip_reason = command.reason or "skipped by command"
            self._spawn(attempt.interrupt(f"interrupted by {command.command}"))


async def settle_kept(journal: Journal, commands: CommandQueue, carried: tuple[UnapprovedPart, ...]) -> None:
    """Do first what people have asked for since the run before this one ended.

    They saw what was `carried` from it. Where that was approved, this run has begun without it.
    """
    for record in await commands.kept(journal.lease.plan_key):
        decision = decide(with_unapproved_parts(journal.state, carried), record.command)
        if decision.outcome is CommandState.APPLIED:
            carried = ()
        await journal.record(*decision.events, receipt(record, decision))


def receipt(record: CommandRecord, decision: Decision) -> CommandSettled:
    """The command's receipt, as the log has it; it says so where the command was kept without a secret."""
    reason = f"{decision.message} {REDACTED_MESSAGE}" if is_marked(record.command) else decision.message
    return CommandSettled(
        command_id=record.id,
        command=record.command.command,
        state=decision.outcome or CommandState.REJECTED,
        reason=reason,
        code=decision.code,
        actor=record.actor,
        task_id=getattr(record.command, "task_id", None),
    )
