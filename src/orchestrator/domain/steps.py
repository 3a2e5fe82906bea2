"""The events of steps in the two state machines, and of an attempt's beginning and end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.declined import is_declined
from orchestrator.domain.events import AgentLimited, OrchestratorChanged, PlannedTask, TaskChanged
from orchestrator.domain.evidence import Remark
from orchestrator.domain.run_state import RunState
from orchestrator.domain.task_status import RunStatus, TaskTrigger, check_run_step, next_task_status

BACK_OFF_FIRST_SECONDS = 5.0
BACK_OFF_MAX_SECONDS = 300.0


def task_step(
    state: RunState,
    task_id: str,
    trigger: TaskTrigger,
    *,
    reason: str | None = None,
    error: str | None = None,
    agent: str | None = None,
    failures: int | None = None,
    retry_at: datetime | None = None,
    duration_ms: int | None = None,
    verified: bool = False,
    remarks: tuple[Remark, ...] = (),
) -> TaskChanged:
    """The event of a step in the task's state machine; raises IllegalTransition for any other."""
    planned, task = state.planned(task_id), state.tasks[task_id]
    fresh = trigger in {TaskTrigger.RETRY, TaskTrigger.FORCE_RETRY}
    kept_failures = 0 if fresh else task.failures
    return TaskChanged(
        task_id=task_id,
        description=planned.description,
        phase=planned.phase,
        old_status=task.status,
        new_status=next_task_status(task.status, trigger),
        attempt=task.attempt + (trigger is TaskTrigger.START),
        revision=task.revision + 1,
        reason=reason,
        error=error,
        agent=agent,
        failures=kept_failures if failures is None else failures,
        retry_at=retry_at,
        duration_ms=duration_ms,
        verified=verified,
        remarks=remarks,
    )


def run_step(
    state: RunState, new: RunStatus, reason: str | None = None, *, waits_for: str | None = None
) -> OrchestratorChanged:
    """The event of a step in the orchestrator's state machine; raises IllegalTransition for any other."""
    check_run_step(state.status, new)
    return OrchestratorChanged(old_status=state.status, new_status=new, reason=reason, waits_for=waits_for)


def start_attempt(state: RunState, task_id: str, agent: str) -> TaskChanged:
    """The event that begins the next attempt of a ready task."""
    return task_step(state, task_id, TaskTrigger.START, agent=agent)


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How an attempt ended. `interrupted` attempts don't count; `error` is one sentence.

    `is_final`: another attempt would end in the same way, so there is none. `is_limited`: the agent's
    vendor refused, until `limit_until` where it said so. `verified`: something other than its agent's word
    says that the work is done.
    """

    succeeded: bool
    interrupted: bool = False
    is_final: bool = False
    is_limited: bool = False
    limit_until: datetime | None = None
    verified: bool = False
    remarks: tuple[Remark, ...] = ()
    refutes_tick: bool = False
    """Whether it only checked what a ticked box says, and found that this is not so."""
    error: str | None = None
    reason: str | None = None
    duration_ms: int = 0


def end_attempt(
    state: RunState,
    task_id: str,
    result: AttemptResult,
    now: datetime,
    back_off_first_seconds: float,
    skip_reason: str | None = None,
) -> TaskChanged:
    """The event that ends the running attempt: done, put off, failed, taken back or skipped.

    `skip_reason` is given where the task is to be skipped unless it was completed first.
    """
    if result.succeeded:
        return task_step(
            state,
            task_id,
            TaskTrigger.SUCCEED,
            reason=result.reason,
            duration_ms=result.duration_ms,
            verified=result.verified,
            remarks=result.remarks,
        )
    if skip_reason is not None:
        return task_step(state, task_id, TaskTrigger.SKIP, reason=skip_reason, duration_ms=result.duration_ms)
    if result.refutes_tick:
        reason = "ticked in the plan, but its check failed"
        agent = state.planned(task_id).agent
        return task_step(
            state, task_id, TaskTrigger.INTERRUPT, reason=reason, error=result.error, agent=agent
        )
    if result.interrupted and not state.planned(task_id).once:
        return task_step(state, task_id, TaskTrigger.INTERRUPT, reason=result.reason or "interrupted")
    return _failed(state, task_id, result, now, back_off_first_seconds)


def _last_attempt(attempt: int, failures: int, planned: PlannedTask) -> str:
    limit = 1 if planned.once else planned.max_attempts
    # Attempts are counted across runs, and failures since the limit was fresh.
    is_plain = attempt == failures <= limit
    return f"attempt {attempt} of {limit}" if is_plain else f"attempt {attempt}; no attempt is left"


def _failed(
    state: RunState, task_id: str, result: AttemptResult, now: datetime, back_off_first_seconds: float
) -> TaskChanged:
    planned, failures = state.planned(task_id), state.tasks[task_id].failures + 1
    trigger, retry_at = TaskTrigger.FAIL, None
    attempt = f"attempt {state.tasks[task_id].attempt}"
    reason = _last_attempt(state.tasks[task_id].attempt, failures, planned)
    if result.interrupted:
        reason = "interrupted, and a task with `once: true` does not run again by itself"
    elif result.is_final:
        again = "it would decline again" if is_declined(result.error) else "another would end in the same way"
        reason = f"{attempt}; {again}"
    elif failures < planned.max_attempts and not planned.once:
        seconds = back_off_seconds(failures, back_off_first_seconds)
        trigger, retry_at = TaskTrigger.BACK_OFF, now + timedelta(seconds=seconds)
        reason = f"{attempt} failed; the next one in {seconds:g} s"
    return task_step(
        state,
        task_id,
        trigger,
        reason=reason,
        error=result.error or result.reason or "failed without a message",
        failures=failures,
        retry_at=retry_at,
        duration_ms=result.duration_ms,
    )


def back_off_seconds(failures: int, first_seconds: float = BACK_OFF_FIRST_SECONDS) -> float:
    """The wait after the n-th failure: it doubles from `first_seconds` up to five minutes."""
    return float(min(first_seconds * 2 ** min(failures - 1, 30), BACK_OFF_MAX_SECONDS))


LIMIT_FIRST_SECONDS = 60.0
LIMIT_MAX_SECONDS = 900.0


def limit_met(
    state: RunState, task_id: str, result: AttemptResult, now: datetime, longest_seconds: float
) -> tuple[AttemptResult, AgentLimited | None]:
    """What follows when an attempt ended at a limit of its agent's vendor.

    The agent waits, and the attempt does not count; where the wait would be longer than `longest_seconds`,
    the attempt has failed. Where nobody said how long, it doubles from a minute to a quarter of an hour.
    """
    agent = state.tasks[task_id].agent or "agent"
    known = state.limits.get(agent)
    # Attempts that were under way when the first of them met the limit meet the same one.
    count = state.limits_met.get(agent, 0) + (known is None)
    guess = timedelta(seconds=min(LIMIT_FIRST_SECONDS * 2 ** min(count - 1, 10), LIMIT_MAX_SECONDS))
    until = max(result.limit_until or (known.until if known else now + guess), now)
    if (until - now).total_seconds() > longest_seconds:
        why = f"{result.error}; that is longer than this run waits ({longest_seconds:g} s)"
        return replace(result, is_limited=False, is_final=True, error=why), None
    event = AgentLimited(agent=agent, until=until, message=result.error or "", count=count, task_id=task_id)
    reason = f"waits for the limit of {agent} until {until:%Y-%m-%d %H:%M:%S} UTC"
    return replace(result, interrupted=True, reason=reason), event
