"""Each real agent in each scenario, as a task of a plan: the outcome is the one that docs/agents.md says."""

from __future__ import annotations

import json

import pytest
import scenario_table
from doors import Project, marked_processes, wait_until
from fake_model import FakeModel
from real_agents import CLAUDE, CODEX, GEMINI, OPENCODE, QWEN, VIBE, environment

AGENTS = {agent.name: agent for agent in (CLAUDE, CODEX, OPENCODE, GEMINI, QWEN, VIBE)}
LIMITS = ("--max-attempts", "1", "--repeats", "5", "--task-budget-usd", "0.5", "--on-blocked", "exit")
SILENCE_SECONDS = 180
"""Long enough for an agent that starts beside three others on a busy machine; only the silent model needs less."""
ENDED = {"completed", "failed", "stopped", "crashed"}

pytestmark = [pytest.mark.long, pytest.mark.sweep, pytest.mark.timeout(300), pytest.mark.needs_node]


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "project")
    yield project
    for door in project.doors:
        door.kill()
        door.wait()


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        pytest.param(scenario, name, marks=pytest.mark.by_hand if name == VIBE.name else ())
        for scenario, name in scenario_table.TRIED
    ],
)
def test_the_outcome_is_what_the_page_says(project, tmp_path, scenario, name):
    project.plan("one", f"# One\n\n{task_of(scenario, name)}")
    more = {"retries": "1"} if name == "claude" else {}
    silence = str(25 if scenario == "hang" else SILENCE_SECONDS)
    with FakeModel(root=project.root) as model:
        variables = environment(AGENTS[name], tmp_path / "home", model.url, **more)
        run = project.open(
            *("plan_orchestrator.py", "--plan", "one", *LIMITS, "--silence-timeout", silence),
            environment=variables,
        )
        instance = project.only_id()
        # One that follows: a command a look would take the cores that the agent needs.
        following = project.start("events", instance, "--follow", "--json")
        events: list[dict] = []

        def decided() -> dict | None:
            events.extend(map(json.loads, following.lines[len(events) :]))
            return deciding(events)

        told = wait_until(decided, 240)
        if told["type"] != "orchestrator_changed" or told["data"]["new_status"] not in ENDED:
            project.command("shutdown", instance, "--force")
        run.wait()
        following.wait()
        decided()
        assert model.strays == []
    assert not marked_processes(instance)
    no_false_tick(events)
    seen = in_words(told, events)
    if scenario_table.IS_WRITTEN:
        scenario_table.note(scenario, name, seen)
    assert seen == scenario_table.cell(scenario, name), run.text


def task_of(scenario: str, name: str) -> str:
    """The task that puts the agent through the scenario."""
    scenario, _, has_check = scenario.partition("_with_")
    permissions = "read-only" if scenario == "denied" else "full"
    check = "  - verify: `test -s result.txt`\n" if has_check else ""
    return (
        f"- [ ] 1.1 Work [[scenario:{scenario}]]\n  - agent: {name}\n  - permissions: {permissions}\n{check}"
    )


def deciding(events: list[dict]) -> dict | None:
    """The event by which it is plain what comes of it."""
    for event in events:
        if event["type"] == "agent_limited" and event["data"]["until"]:
            return event
        if event["type"] == "orchestrator_changed" and event["data"]["new_status"] in ENDED | {"paused"}:
            return event
    return None


def no_false_tick(events: list[dict]) -> None:
    """Without a check that passed no task is checked, and without a call a completed one says so."""
    changes = [event["data"] for event in events if event["type"] == "task_changed"]
    assert not any(change["verified"] for change in changes)
    has_calls = any(event["type"] == "tool_completed" for event in events)
    for change in changes:
        if change["new_status"] == "completed":
            assert ("no_tool_call" in [remark["kind"] for remark in change["remarks"]]) is not has_calls


def in_words(told: dict, events: list[dict]) -> str:
    if told["type"] == "agent_limited":
        return "waits for the limit"
    if told["data"]["new_status"] == "paused":
        return "the run pauses: budget"
    calls = [event["data"]["status"] for event in events if event["type"] == "tool_completed"]
    counted = ", ".join(f"{calls.count(status)} {status}" for status in dict.fromkeys(calls))
    if told["data"]["new_status"] == "completed":
        return f"completed, unchecked ({counted or 'no call'})"
    failed = next(
        e["data"] for e in events if e["type"] == "task_changed" and e["data"]["new_status"] == "failed"
    )
    return f"failed: {reason(failed['error'])}"


REASONS = {
    "verify failed": "its check",
    "BLOCKED": "declined",
    "declined": "declined",
    "without a word": "nothing was said or done",
    "empty response": "nothing was said or done",
    "refused to go on": "the model refused",
    "safeguards": "the model refused",
    "another model": "no such model",
    "Stuck: the agent said nothing": "stuck, silent",
    "Stuck: the agent made the same call": "stuck, the same call again and again",
    "key": "no valid key",
    "log": "no valid key",
    "401": "no valid key",
    "context": "context full",
    "too long": "context full",
    "INVALID_ARGUMENT": "context full",  # the rest is cut: a key that is not valid says so in words
    "Nothing was done": "nothing was allowed",
    "not allowed": "nothing was allowed",
    "refused": "nothing was allowed",
    "overload": "overloaded",
    "529": "overloaded",
    "could not be reached": "overloaded",
}


def reason(error: str) -> str:
    """The error in a few words, whichever agent it is from."""
    return next(
        (words for part, words in REASONS.items() if part.lower() in error.lower()), json.dumps(error[:60])
    )
