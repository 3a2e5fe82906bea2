"""Turns what an agent reports into events of the log, bounded, and counts it in the attempt.

It must be redacted before: a secret that is cut in two is not found any more.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from orchestrator.domain.events import (
    COMMAND_LENGTH_MAX,
    MESSAGE_LENGTH_MAX,
    SUMMARY_LENGTH_MAX,
    AgentMessage,
    AgentStarted,
    ApprovalRequested,
    ApprovalSettled,
    EventData,
    ToolCompleted,
    ToolStarted,
    UsageUpdated,
    clip,
)
from orchestrator.domain.wording import has_words
from orchestrator.engine.agent_events import (
    AgentEvent,
    Finished,
    Log,
    PermissionAsked,
    Retrying,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    ToolOutcome,
    UsageDelta,
)
from orchestrator.engine.attempt import Attempt, OpenCall

DENIED_TOLD_MAX = 5
DENIED_LENGTH_MAX = 120
"""How many denied calls the error of an attempt names, and the characters of each."""

NAME_LENGTH_MAX = 200


def recorded(  # noqa: PLR0911 - one case an event
    attempt: Attempt, event: AgentEvent, artifact: str | None, now: datetime
) -> EventData | None:
    """The event to record for what an agent reported, if any.

    `artifact` is where the whole text is kept, when the event is too short for it.
    """
    task_id, number = attempt.job.task.id, attempt.job.attempt
    match event:
        case Text(text):
            attempt.spoken += len(text.strip()) if has_words(text) else 0
            return AgentMessage(task_id=task_id, attempt=number, text=clip(text, MESSAGE_LENGTH_MAX))
        case Retrying():
            text = f"The agent tries again: {event.why}"
            return AgentMessage(task_id=task_id, attempt=number, text=clip(text, MESSAGE_LENGTH_MAX))
        case ToolCallOutput(tool_id, text) if text:
            return AgentMessage(
                task_id=task_id,
                attempt=number,
                text=clip(text, MESSAGE_LENGTH_MAX),
                tool_id=_name(tool_id),
            )
        case ToolCallStarted():
            attempt.calls += 1
            attempt.open_tools[event.tool_id] = OpenCall(event.tool_name, event.input, time.monotonic())
            return ToolStarted(
                task_id=task_id,
                attempt=number,
                tool_id=clip(event.tool_id, NAME_LENGTH_MAX),
                tool_name=clip(event.tool_name, NAME_LENGTH_MAX),
                input_summary=clip(event.input, SUMMARY_LENGTH_MAX),
                input_artifact=artifact,
                parent_tool_id=_name(event.parent_tool_id),
            )
        case ToolCallCompleted() if event.tool_id in attempt.open_tools:
            return call_completed(attempt, event.tool_id, event.outcome, event.output, artifact)
        case PermissionAsked():
            return _asked(attempt, event, artifact, now)
        case Started() if event.session_id or event.model:
            return AgentStarted(
                task_id=task_id,
                attempt=number,
                agent=event.agent,
                version=event.version,
                model=_name(event.model),
                session_id=_name(event.session_id),
            )
        case UsageDelta():
            attempt.tokens += event.tokens
            return UsageUpdated(
                task_id=task_id,
                attempt=number,
                model=_name(event.model),
                input_tokens=event.input_tokens,
                output_tokens=event.output_tokens,
                cache_read_tokens=event.cache_read_tokens,
                cache_write_tokens=event.cache_write_tokens,
                cost_usd=event.cost_usd,
            )
        case Started() | ToolCallOutput() | ToolCallCompleted() | Log() | Finished():
            return None


def _asked(
    attempt: Attempt, event: PermissionAsked, artifact: str | None, now: datetime
) -> ApprovalRequested:
    task_id, number = attempt.job.task.id, attempt.job.attempt
    is_whole = artifact is not None or len(event.command or "") <= COMMAND_LENGTH_MAX
    attempt.asked += 1
    approval_id = f"{task_id}-{number}-{attempt.asked}"
    return ApprovalRequested(
        approval_id=approval_id,
        task_id=task_id,
        attempt=number,
        question=clip(event.question, SUMMARY_LENGTH_MAX),
        tool_id=_name(event.tool_id),
        agent=attempt.agent.name,
        tool_name=_name(event.tool_name),
        command=None if event.command is None else clip(event.command, COMMAND_LENGTH_MAX),
        command_artifact=artifact,
        context=None if event.context is None else clip(event.context, SUMMARY_LENGTH_MAX),
        can_allow=event.can_allow and is_whole,
        expires_at=now + timedelta(seconds=attempt.limits.approval_seconds),
    )


def call_completed(
    attempt: Attempt, tool_id: str, status: ToolOutcome, output: str, artifact: str | None = None
) -> ToolCompleted:
    """The end of an open call."""
    call = attempt.open_tools.pop(tool_id)
    attempt.denied += status == "denied"
    if status == "denied" and len(attempt.denied_calls) < DENIED_TOLD_MAX:
        given = " ".join(call.input.split())
        attempt.denied_calls.append(clip(f"{call.tool_name} ({given})", DENIED_LENGTH_MAX))
    attempt.went_well += status == "ok"
    return ToolCompleted(
        task_id=attempt.job.task.id,
        attempt=attempt.job.attempt,
        tool_id=clip(tool_id, NAME_LENGTH_MAX),
        tool_name=clip(call.tool_name, NAME_LENGTH_MAX),
        status=status,
        success=status == "ok",
        duration_ms=int((time.monotonic() - call.began) * 1000),
        output_summary=clip(output, SUMMARY_LENGTH_MAX),
        output_artifact=artifact,
    )


def question_denied(attempt: Attempt, approval_id: str, reason: str) -> ApprovalSettled:
    """The answer to a question that nobody has answered."""
    return ApprovalSettled(
        approval_id=approval_id,
        task_id=attempt.job.task.id,
        attempt=attempt.job.attempt,
        allowed=False,
        reason=reason,
        actor="orchestrator",
    )


def _name(text: str | None) -> str | None:
    return None if text is None else clip(text, NAME_LENGTH_MAX)
