"""What follows from a command, or from how things stand. Pure: events come back.

Every decision is a function of the state alone, so each of them can be asked twice; the engine appends
the events and obeys the rest. What follows from an attempt's end stands in `steps`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from orchestrator.domain.blockers import blocker_text
from orchestrator.domain.commands import (
    AnswerApproval,
    ApprovePlan,
    Command,
    CommandState,
    MessageTask,
    Pause,
    Resume,
    RetryTask,
    Shutdown,
    SkipTask,
)
from orchestrator.domain.declined import is_declined
from orchestrator.domain.events import (
    AgentLimited,
    ApprovalSettled,
    ApprovedPart,
    EventData,
    PhaseChanged,
    PlanApproved,
)
from orchestrator.domain.evidence import unchecked_text
from orchestrator.domain.held_tasks import approvable, approve_command
from orchestrator.domain.phase_checks import checks_after
from orchestrator.domain.plan_parts import UnapprovedPart, approval_digest
from orchestrator.domain.ready_tasks import (
    blockers,
    can_start,
    open_gates,
    unapproved_tasks,
    unsettled_phases,
)
from orchestrator.domain.run_state import RunState
from orchestrator.domain.steps import run_step, task_step
from orchestrator.domain.task_status import RunStatus, TaskStatus, TaskTrigger

KEPT_MESSAGE = "Kept: the plan's next run begins with it."
KEPT_ALREADY_MESSAGE = "Approved already; the plan's next run begins with it."


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a command.

    While `outcome` is None the command is not settled: the tasks in `interrupt` are to be ended, and
    then the command is decided again.
    """

    outcome: CommandState | None
    message: str
    code: str | None = None
    events: tuple[EventData, ...] = ()
    interrupt: tuple[str, ...] = ()


def _applied(message: str, *events: EventData, interrupt: tuple[str, ...] = ()) -> Decision:
    return Decision(CommandState.APPLIED, message, events=events, interrupt=interrupt)


def _rejected(code: str, message: str) -> Decision:
    return Decision(CommandState.REJECTED, message, code=code)


def decide(state: RunState, command: Command) -> Decision:  # noqa: PLR0911 - one case a command
    """What the command does to an orchestrator in this state."""
    if state.status.has_ended:
        return _too_late(state, command)
    match command:
        case Pause():
            return _pause(state, command)
        case Resume():
            return _resume(state)
        case Shutdown():
            return _shutdown(state, command)
        case SkipTask():
            return _skip(state, command)
        case RetryTask():
            return _retry(state, command)
        case AnswerApproval():
            return _answer(state, command)
        case MessageTask():
            return _message(state, command)
        case ApprovePlan():
            return _approve(state, command)


def _approve(state: RunState, command: ApprovePlan) -> Decision:
    parts = approvable(state.unapproved)
    if not parts:
        return _rejected("nothing_unapproved", "Nothing in the plan waits for an approval.")
    if command.digest != approval_digest(parts):
        return _rejected(
            "digest_mismatch",
            "What waits for an approval is not what was shown; look at it again: "
            f"{approve_command(state.outline.plan_name)}",
        )
    freed = tuple(task_id for task_id in state.held if not state.tasks[task_id].status.is_settled)
    text = f"Approved: {_listed(freed)} may start." if freed else "Approved."
    return _applied(text, _approval(parts, freed))


def _approval(parts: Iterable[UnapprovedPart], freed: tuple[str, ...]) -> PlanApproved:
    approved = (ApprovedPart(task_id=part.task_id, kind=part.kind, digest=part.digest) for part in parts)
    return PlanApproved(parts=tuple(approved), freed=freed)


def _answer(state: RunState, command: AnswerApproval) -> Decision:
    approval = state.open_approvals.get(command.approval_id)
    if approval is None:
        return _rejected("approval_not_open", f"There is no open question {command.approval_id!r}.")
    if command.allow and not approval.can_allow:
        return _rejected(
            "approval_not_shown",
            f"Question {approval.id} can't be allowed: the agent does not say what it would do. "
            "Deny it, or leave it unanswered.",
        )
    event = ApprovalSettled(
        approval_id=approval.id,
        task_id=approval.task_id,
        attempt=approval.attempt,
        allowed=command.allow,
        reason=command.reason,
    )
    return _applied("Allowed." if command.allow else "Denied.", event)


def _message(state: RunState, command: MessageTask) -> Decision:
    """Not settled until the agent has taken the note or not: that is the engine's to find out."""
    task = state.tasks.get(command.task_id)
    if task is None:
        return _no_such_task(command.task_id)
    if task.status is not TaskStatus.IN_PROGRESS:
        return _rejected(
            "illegal_transition", f"Task {command.task_id} is {task.status}: no agent is at work on it."
        )
    return Decision(None, f"The agent at work on {command.task_id} is being told.")


def conclude_message(agent: str, *, is_taken: bool) -> Decision:
    """The answer to a message, once the agent has taken it or not."""
    if is_taken:
        return _applied(f"Agent {agent} has the message.")
    return _rejected(
        "message_not_taken",
        f"Agent {agent} takes no messages now; skip-task, then retry-task with a note, reach the next one.",
    )


def _too_late(state: RunState, command: Command) -> Decision:
    if isinstance(command, Shutdown):
        return _applied(f"The orchestrator has ended already: it is {state.status}.")
    if isinstance(command, ApprovePlan):
        decision = _approve(state, command)
        is_kept = decision.outcome is CommandState.APPLIED
        return Decision(CommandState.KEPT, KEPT_MESSAGE) if is_kept else decision
    if isinstance(command, SkipTask | RetryTask | MessageTask) and command.task_id not in state.tasks:
        return _no_such_task(command.task_id)
    return _rejected("orchestrator_ended", f"The orchestrator has ended: it is {state.status}.")


def _running(state: RunState) -> tuple[str, ...]:
    return tuple(state.with_status(TaskStatus.IN_PROGRESS))


def _pause(state: RunState, command: Pause) -> Decision:
    if state.status is RunStatus.STOPPING:
        return _rejected("illegal_transition", "The orchestrator is stopping; it cannot be paused.")
    interrupt = _running(state) if command.mode == "now" else ()
    if state.status is RunStatus.PAUSED:
        return _applied("The orchestrator is already paused.", interrupt=interrupt)
    message = "Paused: nothing new starts."
    if interrupt:
        message = f"Paused: {_listed(interrupt)} interrupted and pending again."
    elif running := _running(state):
        message = f"Paused: nothing new starts; {_listed(running)} will finish."
    return _applied(message, run_step(state, RunStatus.PAUSED, "paused by command"), interrupt=interrupt)


def _resume(state: RunState) -> Decision:
    match state.status:
        case RunStatus.PAUSED:
            return _applied("Resumed.", run_step(state, RunStatus.RUNNING, "resumed by command"))
        case RunStatus.BLOCKED:
            return _rejected("blocked", f"Nothing can run. {blocked_reason(state)}")
        case RunStatus.STOPPING:
            return _rejected("illegal_transition", "The orchestrator is stopping; it cannot be resumed.")
        case _ if state.limits:
            lifted = (AgentLimited(agent=agent, until=None, count=0) for agent in state.limits)
            agents = ", ".join(state.limits)
            return _applied(f"Not waiting for the limit of {agents} any longer.", *lifted)
        case _:
            return _applied("The orchestrator is already running.")


def _shutdown(state: RunState, command: Shutdown) -> Decision:
    interrupt = _running(state) if command.force else ()
    if state.status is RunStatus.STOPPING:
        return _applied("The orchestrator is already stopping.", interrupt=interrupt)
    message = "Stopping."
    if running := _running(state):
        verb = "interrupted" if command.force else "will finish first"
        message = f"Stopping: {_listed(running)} {verb}."
    step = run_step(state, RunStatus.STOPPING, "shutdown was asked for")
    return _applied(message, step, interrupt=interrupt)


def _task_problem(state: RunState, command: SkipTask | RetryTask) -> Decision | None:
    task = state.tasks.get(command.task_id)
    if task is None:
        return _no_such_task(command.task_id)
    if command.if_revision is not None and command.if_revision != task.revision:
        return _rejected(
            "revision_mismatch",
            f"Task {command.task_id} is at revision {task.revision}, not {command.if_revision}: "
            f"it has moved on and is {task.status} now.",
        )
    return None


def _no_such_task(task_id: str) -> Decision:
    return _rejected("task_not_found", f"The plan has no task {task_id!r}.")


def _skip(state: RunState, command: SkipTask) -> Decision:
    if problem := _task_problem(state, command):
        return problem
    task_id, status = command.task_id, state.tasks[command.task_id].status
    reason = command.reason or "skipped by command"
    match status:
        case TaskStatus.SKIPPED:
            return _rejected("illegal_transition", f"Task {task_id} is skipped already.")
        case TaskStatus.COMPLETED:
            return _rejected("illegal_transition", f"Task {task_id} is completed; it cannot be skipped.")
        case TaskStatus.IN_PROGRESS:
            return Decision(None, f"Task {task_id} is being ended, then skipped.", interrupt=(task_id,))
        case _:
            event = task_step(state, task_id, TaskTrigger.SKIP, reason=reason)
            return _applied(f"Task {task_id} is skipped.", event)


def conclude_skip(state: RunState, command: SkipTask) -> Decision:
    """The answer to a skip whose task was being ended when it was decided first."""
    task_id, status = command.task_id, state.tasks[command.task_id].status
    if status is TaskStatus.SKIPPED:
        return _applied(f"Task {task_id} was ended and is skipped.")
    if status is TaskStatus.COMPLETED:
        return _rejected("illegal_transition", f"Task {task_id} was completed before it could be ended.")
    # The revision was checked before the task was ended, which has moved it on.
    return _skip(state, command.model_copy(update={"if_revision": None}))


def _retry(state: RunState, command: RetryTask) -> Decision:
    if problem := _task_problem(state, command):
        return problem
    task_id, status = command.task_id, state.tasks[command.task_id].status
    if status is TaskStatus.PENDING and (parts := state.held.get(task_id)):
        return _applied(
            f"Task {task_id} may start, with what was changed in the plan.", _approval(parts, (task_id,))
        )
    if status in {TaskStatus.PENDING, TaskStatus.IN_PROGRESS}:
        return _rejected("illegal_transition", f"Task {task_id} is {status}; there is nothing to retry.")
    if status is TaskStatus.COMPLETED and not command.force:
        return _rejected("illegal_transition", f"Task {task_id} is completed; only `force` runs it again.")
    if state.status is RunStatus.STOPPING:
        return _rejected("illegal_transition", "The orchestrator is stopping; nothing new starts.")
    trigger = TaskTrigger.FORCE_RETRY if command.force else TaskTrigger.RETRY
    reason = f"retry: {command.note}" if command.note else "retry by command"
    events: list[EventData] = [task_step(state, task_id, trigger, reason=reason)]
    for check in checks_after(state, task_id):
        again = f"task {task_id}, which it checks, runs again"
        events.append(task_step(state, check, TaskTrigger.FORCE_RETRY, reason=again))
    if state.status is RunStatus.BLOCKED:
        events.append(run_step(state, RunStatus.RUNNING, f"task {task_id} is retried"))
    return _applied(f"Task {task_id} is pending again, with a fresh limit of attempts.", *events)


def settle(state: RunState, *, has_attempts: bool) -> list[EventData]:
    """What follows from how things stand: another phase, blocked, no longer blocked, or the end.

    `has_attempts` says whether processes of an attempt are still being ended. Whether a blocked run
    waits is the caller's.
    """
    if state.status.has_ended:
        return []
    events: list[EventData] = []
    unsettled = unsettled_phases(state)
    phase = unsettled[0] if unsettled else None
    if phase != state.current_phase:
        events.append(PhaseChanged(old_phase=state.current_phase, new_phase=phase))
    if step := _run_step_due(state, is_done=not unsettled, has_attempts=has_attempts):
        events.append(run_step(state, *step))
    return events


def _run_step_due(
    state: RunState, *, is_done: bool, has_attempts: bool
) -> tuple[RunStatus, str | None] | None:
    running = has_attempts or bool(state.count(TaskStatus.IN_PROGRESS))
    if state.status is RunStatus.STOPPING:
        return None if running else (RunStatus.STOPPED, state.reason)
    if is_done and not running:
        return RunStatus.COMPLETED, "; ".join(filter(None, (_unchecked(state), _proposed(state)))) or None
    if state.status is RunStatus.STARTING:
        return RunStatus.RUNNING, None
    if state.status is RunStatus.RUNNING and not (running or can_start(state)):
        return RunStatus.BLOCKED, blocked_reason(state)
    if state.status is RunStatus.BLOCKED and (running or can_start(state)):
        return RunStatus.RUNNING, "a task can run again"
    return None


def blocked_reason(state: RunState) -> str:
    """What is in the way, by name, and what lifts each."""
    return _in_the_way(
        state,
        failed="retry-task or skip-task lets the run go on",
        declined="add what is missing and retry-task, or skip-task",
        gates="skip-task says that it is done",
        unapproved="shows what and asks",
    )


def given_up_reason(state: RunState) -> str:
    """What is in the way of a run that ends because of it, and what can be done then."""
    why = _in_the_way(
        state,
        failed="start the plan again to try {them} again",
        declined="add what is missing, or skip {them}; start the plan again to try {them} again",
        gates="start the plan with --on-blocked wait, then skip-task says that it is done",
        unapproved="shows what and asks; then start the plan again",
    )
    # Parts that hold tasks of this run are listed by the tasks' names.
    more = (_unchecked(state), None if unapproved_tasks(state) else _proposed(state))
    return " ".join([why, *(f"{_begun(text)}." for text in more if text)])


def _unchecked(state: RunState) -> str | None:
    """What of the completed tasks is done by somebody's word only, or for an earlier wording, if any is."""
    if not (state.unchecked or state.stale):
        return None
    completed = [task for task in state.tasks.values() if task.status is TaskStatus.COMPLETED]
    stale = sum(task.stale is not None for task in completed)
    return unchecked_text(len(completed), state.unchecked, stale) if state.unchecked or stale else None


def _proposed(state: RunState) -> str | None:
    """Where what waits for a person's approval is shown; None where nothing does."""
    if not approvable(state.unapproved):
        return None
    return f"what attempts changed in the plan waits for {approve_command(state.outline.plan_name)}"


def _in_the_way(state: RunState, *, failed: str, declined: str, gates: str, unapproved: str) -> str:
    gate_ids = tuple(open_gates(state))
    parts = _failed_texts(state, failed=failed, declined=declined)
    if gate_ids:
        verb = "waits" if len(gate_ids) == 1 else "wait"
        parts.append(f"{_begun(_listed(gate_ids))} {verb} for a person: {gates}.")
    if held_ids := tuple(unapproved_tasks(state)):
        verb = "waits" if len(held_ids) == 1 else "wait"
        command = approve_command(state.outline.plan_name)
        parts.append(
            f"{_begun(_listed(held_ids))} {verb} for an approval, since an attempt has changed the plan: "
            f"{command} {unapproved}."
        )
    if not parts:
        waiting = ((task_id, reasons) for task_id, reasons in blockers(state).items() if reasons)
        parts.extend(
            f"Task {task_id} waits for {', '.join(map(blocker_text, reasons))}."
            for task_id, reasons in islice(waiting, 1)
        )
    return " ".join(parts) or "No task can start."


def _failed_texts(state: RunState, *, failed: str, declined: str) -> list[str]:
    """What failed, and apart from that what was declined: trying again does not help there."""
    all_ids = tuple(state.with_status(TaskStatus.FAILED))
    declined_ids = tuple(id_ for id_ in all_ids if is_declined(state.tasks[id_].last_error))
    failed_ids = tuple(id_ for id_ in all_ids if id_ not in declined_ids)
    texts = []
    if failed_ids:
        texts.append(f"{_begun(_listed(failed_ids))} failed: {failed.format(them=_them(failed_ids))}.")
    if declined_ids:
        verb = "was declined and needs" if len(declined_ids) == 1 else "were declined and need"
        advice = declined.format(them=_them(declined_ids))
        texts.append(f"{_begun(_listed(declined_ids))} {verb} a person: {advice}.")
    return texts


def _them(task_ids: tuple[str, ...]) -> str:
    return "it" if len(task_ids) == 1 else "them"


def _listed(task_ids: tuple[str, ...]) -> str:
    shown = ", ".join(task_ids[:10])
    more = f" and {len(task_ids) - 10} more" if len(task_ids) > 10 else ""
    return f"{'task' if len(task_ids) == 1 else 'tasks'} {shown}{more}"


def _begun(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[0].upper() + text[1:]
