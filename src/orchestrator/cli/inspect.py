"""`orchestrator list`, `status` and `events`: what the log says, here or at a server."""

from __future__ import annotations

import asyncio
import json as json_module
from datetime import datetime
from pathlib import Path

from orchestrator.cli.event_lines import (
    error_line,
    one_line,
    question_line,
    shown,
    task_evidence,
    task_mark,
)
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.find_instance import find_instance, plan_text
from orchestrator.cli.output import write, write_json
from orchestrator.cli.source import open_source
from orchestrator.cli.usage_text import usage_text
from orchestrator.domain.blockers import blocker_text
from orchestrator.domain.evidence import STALE_TEXT, unchecked_text
from orchestrator.domain.held_tasks import approved_text, unapproved_text
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.status import ApprovalInfo, OrchestratorInfo, OrchestratorStatus, TaskInfo
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.status_reader import refuse_pruned


def list_orchestrators(root: Path | None, url: str | None, *, include_ended: bool, json: bool) -> ExitCode:
    """Print one line an orchestrator, newest first."""
    return asyncio.run(_list(root, url, include_ended=include_ended, json=json))


async def _list(root: Path | None, url: str | None, *, include_ended: bool, json: bool) -> ExitCode:
    async with open_source(root, url) as source:
        infos = await source.orchestrators(include_ended=include_ended)
    if json:
        write_json(json_module.dumps([info.model_dump(mode="json") for info in infos], indent=2))
        return ExitCode.COMPLETED
    if not infos:
        write("No orchestrator is running." if not include_ended else "No orchestrator has run here yet.")
    for info in infos:
        write(safe_line(_info_line(info)))
    return ExitCode.COMPLETED


def _info_line(info: OrchestratorInfo) -> str:
    since = f"{info.started_at.astimezone():%Y-%m-%d %H:%M}"
    notes = [f"{info.unchecked} unchecked"] if info.unchecked else []
    notes += [f"{info.stale} {STALE_TEXT}"] if info.stale else []
    notes += [f"pruned on {info.pruned_at.astimezone():%Y-%m-%d}"] if info.pruned_at else []
    told = f"  ({', '.join(notes)})" if notes else ""
    return f"{info.id}  {info.status:<9} {info.progress_percent:>5.1f} %  {since}  {plan_text(info)}{told}"


def show_status(
    instance: str | None, root: Path | None, url: str | None, *, at_seq: int | None, json: bool
) -> ExitCode:
    """Print the phases and tasks, now or as they were after event `at_seq`."""
    status = asyncio.run(_status(instance, root, url, at_seq))
    if json:
        write_json(status.model_dump_json(indent=2))
    else:
        write("\n".join(map(safe_line, _status_lines(status))))
    return ExitCode.COMPLETED


async def _status(
    instance: str | None, root: Path | None, url: str | None, at_seq: int | None
) -> OrchestratorStatus:
    async with open_source(root, url) as source:
        found = find_instance(await source.orchestrators(), instance, source.here)
        return await source.status(found.id, at_seq)


def _status_lines(status: OrchestratorStatus) -> list[str]:
    summary = status.summary
    done = f"{summary.completed + summary.skipped} of {summary.total_tasks} done"
    if summary.stale:
        done += f", {summary.stale} of them {STALE_TEXT}"
    lines = [
        f"{status.instance_id}  {status.plan_path}",
        f"{status.status}, {done} ({summary.progress_percent} %), at event {status.seq}",
    ]
    if status.reason:
        lines.append(status.reason)
    elif summary.unchecked:
        completed = [task for task in status.tasks if task.status is TaskStatus.COMPLETED]
        stale = sum(task.stale is not None for task in completed)
        lines.append(f"{unchecked_text(len(completed), summary.unchecked, stale)}.")
    lines += _waiting_lines(status)
    lines += _held_lines(status)
    lines += _usage_lines(status)
    tasks = iter(status.tasks)
    for phase in status.phases:
        lines += ["", f"Phase {phase.number}: {phase.name}"]
        for task in (next(tasks) for _ in range(phase.total_tasks)):
            lines.append(_task_line(task))
    return lines


def _held_lines(status: OrchestratorStatus) -> list[str]:
    """What waits for a person's approval, and what the plan's next run begins with."""
    held = status.unapproved
    lines = []
    if held is not None:
        told = (
            approved_text(held.parts) if held.is_approved else unapproved_text(held.parts, status.plan_name)
        )
        lines.append(told)
    others = [one for one in status.kept if not (one.command == "approve-plan" and held and held.is_approved)]
    if others:
        listed = ", ".join(" ".join(filter(None, (one.command, one.task_id))) for one in others)
        lines.append(f"Kept for the plan's next run: {listed}.")
    return lines


def _task_line(task: TaskInfo) -> str:
    mark = task_mark(task.status, verified=task.verified, stale=task.stale)
    line = f"  {mark:<2} {task.id:<8} {one_line(task.description)}"
    if task.stale:
        line += f"  ({task.status.value} {STALE_TEXT})"
    elif task.status is TaskStatus.COMPLETED:
        line += f"  ({task_evidence(task)})"
    if task.blocked_by:
        waits = ", ".join(blocker_text(blocker, _local_time) for blocker in task.blocked_by)
        line += f"  (waits for {waits})"
    if task.last_error:
        when = "  before:" if task.status is TaskStatus.IN_PROGRESS else ""
        line += f"{when}  {error_line(task.last_error)}"
    if used := usage_text(task.usage):
        line += f"  [{used}]"
    return line


def _waiting_lines(status: OrchestratorStatus) -> list[str]:
    lines = []
    if status.waiting_for is not None:
        lines.append(f"Waits for {status.waiting_for.what}{_until(status.waiting_for.until)}.")
    return lines + [_approval_line(approval) for approval in status.approvals]


def _approval_line(approval: ApprovalInfo) -> str:
    head = f"? {approval.id}  task {approval.task_id} asks{_until(approval.expires_at)}"
    return f"{head}: {question_line(approval.question)}"


def _whole_question(approval: ApprovalInfo, status: OrchestratorStatus) -> str:
    """The question with nothing left out: which task, who asks, for which tool, and the whole command."""
    words = next((task.description for task in status.tasks if task.id == approval.task_id), "")
    lines = [f"? {approval.id}  task {approval.task_id}: {one_line(words)}"]
    who = one_line(approval.agent or "The agent")
    tool = f" to use {one_line(approval.tool_name)}" if approval.tool_name else ""
    lines.append(f"  {who} asks{tool}{_until(approval.expires_at)}:")
    text = approval.question if approval.command is None else approval.command
    lines += [f"    {safe_line(line)}" for line in text.splitlines()]
    if approval.command is not None and approval.context:
        lines += [f"  {safe_line(line)}" for line in approval.context.splitlines()]
    if approval.command_artifact:
        lines.append(
            f"  (Cut here; the dashboard shows all of it, and the API as {approval.command_artifact}.)"
        )
    if not approval.can_allow:
        lines.append("  (The agent does not say what it would do, so this can only be denied.)")
    return "\n".join(lines)


def _until(moment: datetime | None) -> str:
    return f" until {_local_time(moment)}" if moment else ""


def _local_time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _usage_lines(status: OrchestratorStatus) -> list[str]:
    if not (used := usage_text(status.usage)):
        return []
    models = [f"  {model.model or 'no model named'}: {usage_text(model)}" for model in status.usage_by_model]
    return [f"Used: {used}", *(models if len(models) > 1 else [])]


def show_approvals(instance: str | None, root: Path | None, url: str | None, *, json: bool) -> ExitCode:
    """Print the open questions, whole, and how they are answered."""
    status = asyncio.run(_status(instance, root, url, None))
    if json:
        write(
            json_module.dumps([approval.model_dump(mode="json") for approval in status.approvals], indent=2)
        )
        return ExitCode.COMPLETED
    if not status.approvals:
        write("No agent is asking anything.")
        return ExitCode.COMPLETED
    for approval in status.approvals:
        write(_whole_question(approval, status))
    first = status.approvals[0]
    answers = "--allow (or --deny)" if first.can_allow else "--deny"
    write(f"Answer: orchestrator answer-approval {status.instance_id} {first.id} {answers}")
    return ExitCode.COMPLETED


def show_events(
    instance: str | None, root: Path | None, url: str | None, *, follow: bool, after: int, json: bool
) -> ExitCode:
    """Print the events after a position; with `follow` also those to come, until the orchestrator ends."""
    return asyncio.run(_show_events(instance, root, url, follow=follow, after=after, json=json))


async def _show_events(
    instance: str | None, root: Path | None, url: str | None, *, follow: bool, after: int, json: bool
) -> ExitCode:
    async with open_source(root, url) as source:
        found = find_instance(await source.orchestrators(), instance, source.here)
        refuse_pruned(found.id, found.pruned_at)
        async for event in source.events(found.id, after, follow=follow):
            line = shown(event, json=json)
            if line is not None:
                write(line, flush=follow)
    return ExitCode.COMPLETED
