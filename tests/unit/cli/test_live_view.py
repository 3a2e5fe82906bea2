"""What a person sees of a run on a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from orchestrator.cli.live_view import TASKS_SHOWN_MAX, LiveView
from orchestrator.domain.events import (
    AgentLimited,
    AgentMessage,
    ApprovalRequested,
    PlanLoaded,
    PlannedPhase,
    PlannedTask,
    ToolStarted,
    UsageUpdated,
)
from orchestrator.domain.run_state import RunState, evolve
from orchestrator.domain.steps import AttemptResult, end_attempt, start_attempt

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def begun(count: int = 2) -> RunState:
    tasks = tuple(PlannedTask(id=f"1.{n}", phase=1, description=f"Do {n}") for n in range(1, count + 1))
    phases = (PlannedPhase(number=1, name="All"),)
    event = PlanLoaded(plan_name="p", plan_path="p.md", title="The title", phases=phases, tasks=tasks)
    return evolve(RunState(), event, NOW)


def seen(view: LiveView) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(view)
    return console.file.getvalue()


def test_before_the_run_there_is_a_sign_of_life():
    assert "starting" in seen(LiveView(lambda: None, lambda: NOW, "foot"))


def test_a_running_task_shows_its_tool_its_time_and_its_last_line():
    state = begun()
    state = evolve(state, start_attempt(state, "1.1", "shell"), NOW)
    tool = ToolStarted(task_id="1.1", attempt=1, tool_id="t1", tool_name="bash", input_summary="make it\nnow")
    state = evolve(state, tool, NOW)
    view = LiveView(lambda: state, lambda: NOW + timedelta(seconds=65), "foot")
    view.hear(AgentMessage(task_id="1.1", attempt=1, text="one\ntwo\n", tool_id="t1"))
    text = seen(view)
    assert "The title" in text
    assert "▶  1.1" in text
    assert "1:05" in text
    assert "bash: make it" in text
    assert "two" in text
    assert "one" not in text
    assert "foot" in text


def test_what_an_agent_asks_what_it_waits_for_and_what_was_used_is_shown():
    state = begun()
    state = evolve(state, start_attempt(state, "1.1", "scripted"), NOW)
    asked = ApprovalRequested(
        approval_id="1.1-1-1",
        task_id="1.1",
        attempt=1,
        question="May I?\nPlease",
        expires_at=NOW + timedelta(minutes=15),
    )
    used = UsageUpdated(task_id="1.1", attempt=1, input_tokens=1_500)
    limited = AgentLimited(agent="claude", until=NOW + timedelta(hours=2), message="full")
    for event in (asked, used, limited):
        state = evolve(state, event, NOW)
    text = seen(LiveView(lambda: state, lambda: NOW + timedelta(minutes=1), "foot"))
    assert "asks, as 1.1-1-1: May I?" in text
    assert " 1.1-1-1 --allow (or --deny); denied in 14:00" in text
    assert "1,500 tokens, cost unknown" in text
    assert "claude waits for a limit, 1:59:00 more" in text
    over = seen(LiveView(lambda: state, lambda: NOW + timedelta(hours=3), "foot"))
    assert "waits for a limit" not in over


def test_a_failure_shows_its_error():
    state = begun()
    state = evolve(state, start_attempt(state, "1.1", "shell"), NOW)
    result = AttemptResult(succeeded=False, error="exit code 7")
    state = evolve(state, end_attempt(state, "1.1", result, NOW, 5), NOW)
    assert "exit code 7" in seen(LiveView(lambda: state, lambda: NOW, "foot"))


def test_of_a_long_plan_as_much_is_shown_as_fits():
    lines = seen(LiveView(lambda: begun(500), lambda: NOW, "foot")).splitlines()
    assert len(lines) < TASKS_SHOWN_MAX + 10
    assert any("…" in line for line in lines)
