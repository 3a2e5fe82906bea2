"""A run's state as others see it: the status on the wire, and the document in status.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.domain.blockers import Blocker, UnapprovedBlocker
from orchestrator.domain.commands import ApprovePlan, CommandRecord
from orchestrator.domain.events import PlannedTask, StatusSummary, utc_text
from orchestrator.domain.held_tasks import approvable
from orchestrator.domain.plan_parts import approval_digest
from orchestrator.domain.ready_tasks import (
    agent_limit,
    blockers,
    next_start,
    open_gates,
    unapproved_tasks,
    unsettled_phases,
)
from orchestrator.domain.run_state import RunState, TaskState
from orchestrator.domain.status import (
    KeptCommand,
    ModelUsage,
    OrchestratorStatus,
    PhaseInfo,
    TaskInfo,
    UnapprovedPlan,
    WaitingFor,
)
from orchestrator.domain.task_status import RunStatus, TaskStatus


def summarize(state: RunState) -> StatusSummary:
    """The counts, and the share of tasks that are settled in percent with one decimal."""
    total = len(state.tasks)
    settled = state.count(TaskStatus.COMPLETED, TaskStatus.SKIPPED)
    unsettled = unsettled_phases(state)
    return StatusSummary(
        total_tasks=total,
        **_by_status(state.counts),
        unchecked=state.unchecked,
        stale=state.stale,
        current_phase=unsettled[0] if unsettled else None,
        # Rounded down: 100 is said only when everything is settled.
        progress_percent=(1000 * settled // total) / 10 if total else 0.0,
    )


def _by_status(counts: Mapping[TaskStatus, int]) -> dict[str, int]:
    return {
        "completed": counts[TaskStatus.COMPLETED],
        "pending": counts[TaskStatus.PENDING],
        "in_progress": counts[TaskStatus.IN_PROGRESS],
        "failed": counts[TaskStatus.FAILED],
        "skipped": counts[TaskStatus.SKIPPED],
    }


def orchestrator_status(
    state: RunState, instance_id: str, kept: Sequence[CommandRecord] = ()
) -> OrchestratorStatus:
    """The whole status at the state's `seq`, with the commands that are kept for the plan's next run."""
    summary = summarize(state)
    return OrchestratorStatus(
        instance_id=instance_id,
        plan_name=state.outline.plan_name,
        plan_path=state.outline.plan_path,
        status=state.status,
        summary=summary,
        phases=phase_infos(state, summary.current_phase),
        tasks=task_infos(state, kept),
        started_at=state.started_at,
        ended_at=state.ended_at,
        reason=state.reason,
        seq=state.seq,
        usage=state.usage,
        usage_by_model=tuple(
            ModelUsage(model=model, **usage.model_dump()) for model, usage in state.usage_by_model.items()
        ),
        approvals=tuple(state.open_approvals.values()),
        waiting_for=_waiting_for(state),
        options=state.outline.options,
        unapproved=_unapproved(state, kept),
        kept=tuple(_kept_command(record) for record in kept),
    )


def _unapproved(state: RunState, kept: Sequence[CommandRecord]) -> UnapprovedPlan | None:
    if not (parts := approvable(state.unapproved)):
        return None
    digest = approval_digest(parts)
    approved = {record.command.digest for record in kept if isinstance(record.command, ApprovePlan)}
    return UnapprovedPlan(digest=digest, parts=parts, is_approved=digest in approved)


def _kept_command(record: CommandRecord) -> KeptCommand:
    return KeptCommand(
        id=record.id,
        command=record.command.command,
        task_id=getattr(record.command, "task_id", None),
        actor=record.actor,
        submitted_at=record.submitted_at,
    )


def task_infos(state: RunState, kept: Sequence[CommandRecord] = ()) -> tuple[TaskInfo, ...]:
    """Every task, in the order of the plan; `kept` are the commands that the plan's next run begins with."""
    blocked_by: Mapping[str, Iterable[Blocker]] = blockers(state)
    held = _unapproved(state, kept)
    if held is not None and held.is_approved:
        blocked_by = {task_id: tuple(map(_approved, found)) for task_id, found in blocked_by.items()}
    return tuple(
        _task_info(planned, state.tasks[planned.id], blocked_by.get(planned.id, ()))
        for planned in state.outline.tasks.values()
    )


def _approved(blocker: Blocker) -> Blocker:
    is_held = isinstance(blocker, UnapprovedBlocker)
    return blocker.model_copy(update={"is_approved": True}) if is_held else blocker


def _task_info(planned: PlannedTask, task: TaskState, blocked_by: Iterable[Blocker]) -> TaskInfo:
    return TaskInfo(
        id=planned.id,
        description=planned.description,
        phase=planned.phase,
        status=task.status,
        kind=planned.kind,
        depends_on=planned.depends_on,
        blocked_by=tuple(blocked_by),
        agent=task.agent,
        attempt=task.attempt,
        retry_count=task.retry_count,
        last_error=task.last_error,
        reason=task.reason,
        retry_at=task.retry_at,
        started_at=task.started_at,
        completed_at=task.completed_at,
        duration_ms=task.duration_ms,
        revision=task.revision,
        verified=task.verified,
        remarks=task.remarks,
        stale=task.stale,
        finding=task.finding,
        usage=task.usage,
    )


def phase_infos(state: RunState, current: int | None) -> tuple[PhaseInfo, ...]:
    """Every phase with its counts, in the order of the plan."""
    found = []
    for number, name in state.outline.phases:
        tasks = state.outline.tasks_by_phase[number]
        counts = Counter(state.tasks[task.id].status for task in tasks)
        found.append(
            PhaseInfo(
                number=number,
                name=name,
                total_tasks=len(tasks),
                **_by_status(counts),
                is_current=number == current,
            )
        )
    return tuple(found)


def _waiting_for(state: RunState) -> WaitingFor | None:
    if state.status is RunStatus.PAUSED:
        return WaitingFor(what=state.waits_for or "resume", until=None)
    if state.status is RunStatus.BLOCKED:
        what = "a person" if open_gates(state) else "retry-task or skip-task"
        if unapproved_tasks(state) and not state.count(TaskStatus.FAILED):
            what = "approve-plan"
        return WaitingFor(what=what, until=None)
    if state.status is not RunStatus.RUNNING:
        return None
    if state.open_approvals:
        first = next(iter(state.open_approvals.values()))
        return WaitingFor(what="approval", until=first.expires_at)
    if not state.count(TaskStatus.IN_PROGRESS) and (found := next_start(state)) is not None:
        until, task = found
        limit = agent_limit(state, task)
        return WaitingFor(what=f"limit of {limit.agent}" if limit else "retry", until=until)
    return None


def status_document(
    state: RunState,
    *,
    tasks: list[Mapping[str, Any]],
    runs: list[dict[str, Any]],
    created_at: str,
    now: datetime,
    revision: int,
) -> dict[str, Any]:
    """status.json: camelCase, for the tools that read it.

    `tasks` are the state's, each as `document_task` says it; `runs` are this run's and earlier ones' rows.
    """
    summary = summarize(state)
    return {
        "planPath": state.outline.plan_path,
        "planName": state.outline.plan_name,
        "createdAt": created_at,
        "lastUpdatedAt": utc_text(now),
        "currentPhase": summary.current_phase,
        "tasks": tasks,
        "runs": runs,
        "summary": {
            "totalTasks": summary.total_tasks,
            **_by_status(state.counts),
            "unchecked": summary.unchecked,
        },
        "revision": revision,
        "seq": state.seq,
    }


def document_task(planned: PlannedTask, task: TaskState) -> Mapping[str, Any]:
    """A task in status.json."""
    return {
        "id": planned.id,
        "phase": planned.phase,
        "description": planned.description,
        "status": task.status.value,
        "dependencies": list(planned.depends_on),
        "startedAt": _text(task.started_at),
        "completedAt": _text(task.completed_at),
        "duration": task.duration_ms,
        "error": task.last_error if task.status is TaskStatus.FAILED else None,
        "skipReason": task.reason if task.status is TaskStatus.SKIPPED else None,
        "retryCount": task.retry_count,
        "lastError": task.last_error,
        "findingsPath": task.finding,
        "notes": task.reason,
        "verified": task.verified,
        "remarks": [remark.model_dump(mode="json") for remark in task.remarks],
        "wording": task.done_wording or planned.wording,
    }


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment else None
