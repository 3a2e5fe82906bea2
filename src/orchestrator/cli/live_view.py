"""The run on a terminal: phases, tasks, the present tool calls, the time; redrawn a few times a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator.cli.event_lines import (
    answer_line,
    input_line,
    last_line,
    one_line,
    question_line,
    run_colour,
    task_evidence,
    task_mark,
)
from orchestrator.cli.usage_text import usage_text
from orchestrator.domain.events import AgentMessage, EventData, TaskChanged
from orchestrator.domain.evidence import STALE_TEXT
from orchestrator.domain.held_tasks import approve_command, kinds_of, kinds_text
from orchestrator.domain.projection import summarize
from orchestrator.domain.run_state import RunState
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.status import ApprovalInfo
from orchestrator.domain.task_status import TaskStatus

REFRESHES_PER_SECOND = 8
TASKS_SHOWN_MAX = 24
LINES_MAX = 60
_COLOURS = {
    TaskStatus.PENDING: "dim",
    TaskStatus.IN_PROGRESS: "cyan",
    TaskStatus.COMPLETED: "green",
    TaskStatus.FAILED: "red",
    TaskStatus.SKIPPED: "yellow",
}


class LiveView:
    """Draws a run's state; `rich.live.Live` asks for it again and again."""

    def __init__(
        self,
        state: Callable[[], RunState | None],
        now: Callable[[], datetime],
        footer: str,
        *,
        tells_findings: bool = True,
    ) -> None:
        self._tells_findings = tells_findings
        self._state = state
        self._now = now
        self._footer = footer
        self._said: dict[str, str] = {}

    def hear(self, event: EventData) -> None:
        """Keep the last line that a running task has put out."""
        if isinstance(event, AgentMessage) and (line := last_line(event.text)):
            self._said[event.task_id] = line
        elif isinstance(event, TaskChanged):
            self._said.pop(event.task_id, None)

    def __rich__(self) -> RenderableType:
        """The present picture."""
        state = self._state()
        if state is None or not state.outline.tasks:
            return Text("starting …", style="dim")
        return Group(self._head(state), Text(), *self._phases(state), Text(), self._foot(state))

    def _foot(self, state: RunState) -> RenderableType:
        findings = [task.finding for task in state.tasks.values() if task.finding]
        if state.status.has_ended and not self._tells_findings:
            return Text()
        if state.status.has_ended and findings:
            return Text(f"Findings are in {findings[0].rpartition('/')[0]}", style="dim")
        return Text(self._footer, style="dim")

    def _head(self, state: RunState) -> RenderableType:
        summary = summarize(state)
        head = Table.grid(padding=(0, 2))
        elapsed = _clock((state.ended_at or self._now()), state.started_at)
        head.add_row(
            _line(Text(one_line(state.outline.title or state.outline.plan_name), style="bold")),
            Text(state.status.value, style=run_colour(state.status)),
            ProgressBar(total=100, completed=summary.progress_percent, width=24),
            Text(f"{summary.completed + summary.skipped}/{summary.total_tasks}"),
            Text(elapsed),
        )
        lines = [Text(safe_line(state.reason), style="yellow")] if state.reason else []
        lines += [Text(said, style="yellow") for said in self._limits(state)]
        if state.held and not state.status.has_ended:
            lines.append(Text(f"Approve: {approve_command(state.outline.plan_name)}", style="yellow"))
        if used := usage_text(state.usage):
            lines.append(Text(used, style="dim"))
        return Group(head, *lines) if lines else head

    def _limits(self, state: RunState) -> list[str]:
        """Which agents may not start for how long; nothing once the run has ended."""
        now = self._now()
        waits = [(limit.agent, (limit.until - now).total_seconds()) for limit in state.limits.values()]
        if state.status.has_ended:
            return []
        return [
            f"{agent} waits for a limit, {_span(seconds)} more" for agent, seconds in waits if seconds > 0
        ]

    def _phases(self, state: RunState) -> list[RenderableType]:
        shown: list[RenderableType] = []
        is_long = len(state.tasks) > TASKS_SHOWN_MAX
        left = TASKS_SHOWN_MAX
        for number, name in state.outline.phases:
            tasks = state.outline.tasks_by_phase.get(number, ())
            # Of a long plan, what is done folds away first, so that what is going on stays in sight.
            open_tasks = [t for t in tasks if not is_long or not state.tasks[t.id].status.is_settled]
            settled = sum(state.tasks[task.id].status.is_settled for task in tasks)
            style = "bold" if number == state.current_phase else "dim"
            shown.append(
                _line(Text(f"Phase {number}: {one_line(name)}  {settled}/{len(tasks)}", style=style))
            )
            shown.extend(self._task(state, task.id, task.description) for task in open_tasks[:left])
            if len(open_tasks) > left:
                shown.append(Text(f"  … {len(open_tasks) - left} more", style="dim"))
            left = max(left - len(open_tasks), 0)
        return shown if len(shown) <= LINES_MAX else [*shown[:LINES_MAX], Text("…", style="dim")]

    def _task(self, state: RunState, task_id: str, description: str) -> RenderableType:
        task = state.tasks[task_id]
        colour = "yellow" if task.is_unchecked else _COLOURS[task.status]
        mark = task_mark(task.status, verified=task.verified, stale=task.stale)
        line = _line(Text(f"  {mark:<2} {task_id:<8} ", style=colour))
        line.append(one_line(description))
        if task.status is TaskStatus.IN_PROGRESS:
            line.append(f"  {_clock(self._now(), task.started_at)}", style="cyan")
        elif task.duration_ms is not None:
            line.append(f"  {task.duration_ms / 1000:.1f} s", style="dim")
        if task.attempt > 1:
            line.append(f"  attempt {task.attempt}", style="yellow")
        if task.stale:
            line.append(f"  {STALE_TEXT}", style="yellow")
        elif task.status is TaskStatus.COMPLETED:
            is_plain = task.verified and not task.remarks
            line.append(f"  {task_evidence(task)}", style="green" if is_plain else "yellow")
        if task.status is TaskStatus.FAILED or task.retry_at is not None:
            line.append(f"  {one_line(task.last_error or '')}", style="red")
        if task.retry_at is not None:
            wait_seconds = max((task.retry_at - self._now()).total_seconds(), 0)
            line.append(f"  again in {wait_seconds:.0f} s", style="yellow")
        if parts := state.held.get(task_id) if task.status is TaskStatus.PENDING else None:
            line.append(f"  {kinds_text(kinds_of(parts))} not approved", style="yellow")
        for text, style in self._goings_on(state, task_id):
            line.append(text, style=style)
        return line

    def _goings_on(self, state: RunState, task_id: str) -> Iterator[tuple[str, str]]:
        """What the task's agent is at, asks and has said last, with how it looks."""
        for tool in state.open_tools.values():
            if tool.task_id == task_id:
                seconds = (self._now() - tool.started_at).total_seconds()
                yield f"\n      {one_line(tool.tool_name)}: {input_line(tool.input_summary)}", "dim cyan"
                yield f"  {seconds:.0f} s", "dim"
        for asked in state.open_approvals.values():
            if asked.task_id == task_id:
                yield f"\n      asks, as {asked.id}: {question_line(asked.question)}", "bold yellow"
                yield f"\n      {_how_to_answer(state, asked, self._now())}", "yellow"
        if said := self._said.get(task_id):
            yield f"\n      {said}", "dim"


def _how_to_answer(state: RunState, asked: ApprovalInfo, now: datetime) -> str:
    until = f"denied in {_clock(asked.expires_at, now)}" if asked.expires_at else None
    return answer_line(state.outline.plan_name, asked.id, can_allow=asked.can_allow, until=until)


def _line(text: Text) -> Text:
    """The text cut off at the right edge instead of wrapped."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _clock(now: datetime, since: datetime | None) -> str:
    return _span((now - since).total_seconds() if since else 0)


def _span(length_seconds: float) -> str:
    minutes, seconds = divmod(max(int(length_seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
