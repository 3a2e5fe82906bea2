"""An event as one line for people."""

from __future__ import annotations

from datetime import datetime

from orchestrator.cli.first_lines import first_lines
from orchestrator.domain.events import (
    AgentLimited,
    AgentStarted,
    ApprovalRequested,
    ApprovalSettled,
    CommandSettled,
    EventData,
    FindingWritten,
    OrchestratorChanged,
    PhaseChanged,
    PlanApproved,
    PlanChanged,
    PlanLoaded,
    Stale,
    StoredEvent,
    TaskChanged,
    ToolCompleted,
    ToolStarted,
)
from orchestrator.domain.evidence import CHECK_CHANGED, evidence_text
from orchestrator.domain.run_state import TaskState
from orchestrator.domain.safe_text import safe_json, safe_line
from orchestrator.domain.status import TaskInfo
from orchestrator.domain.task_status import RunStatus, TaskStatus

TEXT_LENGTH_MAX = 100
ERROR_LENGTH_MAX = 300
QUESTION_LENGTH_MAX = 300
_MARKS = {
    TaskStatus.PENDING: "·",
    TaskStatus.IN_PROGRESS: "▶",
    TaskStatus.COMPLETED: "✓",
    TaskStatus.FAILED: "✗",
    TaskStatus.SKIPPED: "»",
}
STALE_MARK = "≈"
UNCHECKED_MARK = "✓?"


def task_mark(status: TaskStatus, *, verified: bool, stale: Stale | None = None) -> str:
    """The sign of a task's status, one or two characters; `✓` alone is a completed task that is checked.

    What is done for an earlier wording has no tick.
    """
    if stale:
        return STALE_MARK
    return UNCHECKED_MARK if status is TaskStatus.COMPLETED and not verified else _MARKS[status]


def task_evidence(task: TaskState | TaskInfo) -> str:
    """How a completed task is known to be done: `checked`, or `unchecked` and what makes it doubtful."""
    # Where no attempt of ours did it, the reason says why it counts as done.
    reason = task.reason if not task.attempt or task.reason == CHECK_CHANGED else None
    return evidence_text(verified=task.verified, remarks=task.remarks, reason=reason)


def shown(event: StoredEvent, *, json: bool) -> str | None:
    """The line that stands for an event: its envelope as JSON, or `event_line`."""
    return safe_json(event.envelope().decode()) if json else event_line(event)


def event_line(event: StoredEvent) -> str | None:
    """`12:03:04 ✓ 1.1 Count the files`, in local time; None for what a reader of lines can do without."""
    try:
        text = _text(event.data)
        if isinstance(event.data, ApprovalRequested):
            text = [str(text), _how_to_answer(event.data, event.instance_id)]
    except KeyError:
        text = event.type
    if text is None:
        return None
    # Only what is known of a plan at its beginning takes several lines.
    lines = map(safe_line, text) if isinstance(text, list) else [safe_line(text)]
    return f"{event.timestamp.astimezone():%H:%M:%S} " + "\n    ".join(lines)


def _text(data: EventData) -> str | list[str] | None:  # noqa: PLR0911 - one case an event
    match data:
        case PlanLoaded():
            head, *more = first_lines(data)
            return [f"● {head}", *more]
        case OrchestratorChanged():
            return f"● {data.new_status}" + _because(data.reason)
        case PhaseChanged(new_phase=int()):
            return f"  phase {data.new_phase}"
        case TaskChanged():
            return f"{task_mark(data.new_status, verified=data.verified)} {data.task_id} {_task_text(data)}"
        case ToolStarted():
            return f"    {data.task_id} {data.tool_name}: {input_line(data.input_summary)}"
        case ToolCompleted() if not data.success:
            said = _because(last_line(data.output_summary))
            return f"    {data.task_id} {data.tool_name} {data.status}{said}"
        case CommandSettled():
            return f"● {data.command} by {data.actor} {data.state}" + _because(data.reason)
        case FindingWritten():
            return f"    {data.task_id} finding: {data.file_path}"
        case PlanChanged() | PlanApproved():
            return _plan_text(data)
        case _:
            return _agent_text(data)


def _plan_text(data: PlanChanged | PlanApproved) -> str:
    if isinstance(data, PlanChanged):
        return f"● {data.reason}"
    freed = f": {', '.join(data.freed)} may start" if data.freed else ""
    return f"● the plan's change is approved{freed}"


def _agent_text(data: EventData) -> str | None:
    match data:
        case AgentStarted():
            return f"    {data.task_id} " + " ".join(filter(None, (data.agent, data.version, data.model)))
        case AgentLimited(until=None):
            return f"● {data.agent} may start again"
        case AgentLimited(until=datetime() as until):
            said = f" ({one_line(data.message)})" if data.message else ""
            return f"● {data.agent} waits for a limit until {until.astimezone():%H:%M:%S}{said}"
        case ApprovalRequested():
            unclear = "" if data.can_allow else " (it does not say what it would do: deny only)"
            return f"? {data.task_id} asks, as {data.approval_id}: {question_line(data.question)}{unclear}"
        case ApprovalSettled():
            verb = "allowed" if data.allowed else "denied"
            return f"    {data.task_id} {data.approval_id} {verb} by {data.actor}" + _because(data.reason)
        case _:
            return None


def _how_to_answer(data: ApprovalRequested, instance: str) -> str:
    until = f"denied at {data.expires_at.astimezone():%H:%M:%S}" if data.expires_at else None
    return answer_line(instance, data.approval_id, can_allow=data.can_allow, until=until)


def answer_line(instance: str, approval_id: str, *, can_allow: bool, until: str | None) -> str:
    """What a person types to answer a question; `until` says when it is too late for that."""
    answers = "--allow (or --deny)" if can_allow else "--deny"
    late = f"; {until}" if until else ""
    return f"answer with: orchestrator answer-approval {instance} {approval_id} {answers}{late}"


def _task_text(data: TaskChanged) -> str:
    text = one_line(data.description)
    if data.new_status is TaskStatus.IN_PROGRESS and data.attempt > 1:
        return f"{text} (attempt {data.attempt})"
    if data.new_status is TaskStatus.COMPLETED:
        seconds = f" ({data.duration_ms / 1000:.1f} s)" if data.duration_ms is not None else ""
        return f"{text}{seconds} {evidence_text(verified=data.verified, remarks=data.remarks)}"
    if data.error:
        return text + _because(_inside(error_line(data.error))) + (f" ({data.reason})" if data.reason else "")
    return text + _because(data.reason)


def _inside(sentence: str) -> str:
    """The sentence as it goes on behind a colon."""
    return f"the {sentence[4:]}" if sentence.startswith("The ") else sentence


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def one_line(text: str, length_max: int = TEXT_LENGTH_MAX) -> str:
    """The text's first line that says anything, cut to what fits."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    first = safe_line(first)
    return first if len(first) <= length_max else f"{first[: length_max - 1]}…"


def input_line(text: str) -> str:
    """As `one_line`, with a mark where more lines follow: a command goes on behind its first line."""
    first = one_line(text)
    has_more = sum(1 for line in text.splitlines() if line.strip()) > 1
    return f"{first} …" if has_more and not first.endswith("…") else first


def error_line(text: str) -> str:
    """Why something failed, as a line; what to do about it often comes last."""
    return one_line(text, ERROR_LENGTH_MAX).rstrip(".")


def question_line(text: str) -> str:
    """All lines of a question as one: what is asked about must not hide behind the first."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    whole = " ⏎ ".join(line for line in lines if line)
    shown = safe_line(whole)
    if len(shown) <= QUESTION_LENGTH_MAX:
        return shown
    return f"{shown[:QUESTION_LENGTH_MAX]}… (the whole: orchestrator approvals)"


def last_line(text: str) -> str:
    """The text's last line that says anything, cut to what fits."""
    return one_line("\n".join(reversed(text.splitlines())))


def run_colour(status: RunStatus) -> str:
    """The colour of an orchestrator's status, as the rich library names colours."""
    match status:
        case RunStatus.COMPLETED:
            return "green"
        case RunStatus.FAILED | RunStatus.CRASHED | RunStatus.BLOCKED:
            return "red"
        case RunStatus.PAUSED | RunStatus.STOPPING | RunStatus.STOPPED:
            return "yellow"
        case _:
            return "cyan"
