"""One plan with a task each for Claude Code, Codex, opencode and the shell; and what is left when they are killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest
import websockets
from doors import Project, marked_processes, wait_until
from fake_model import FakeModel
from real_agents import CLAUDE, CODEX, OPENCODE, together

from orchestrator.agents import processes

PLAN = """\
# All together

## Phase 1: Work

- [ ] 1.1 Claude works [[scenario:three_tools]]
  - agent: claude
  - permissions: full
- [ ] 1.2 Codex works [[scenario:three_tools]]
  - agent: codex
- [ ] 1.3 opencode works [[scenario:three_tools]]
  - agent: opencode
- [ ] 1.4 The shell looks at it

  ```sh
  wc -l notes.txt
  ```
"""
AGENT_TASKS = ("1.1", "1.2", "1.3")
GATE = "# Gate\n\n- [ ] 1.1 Wait [[scenario:gate]]\n  - agent: codex\n"
ROUNDS = 12
GONE_SECONDS = 5.0

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
def model():
    with FakeModel() as model:
        yield model


@pytest.fixture
def variables(model, tmp_path) -> dict[str, str]:
    return together((CLAUDE, CODEX, OPENCODE), tmp_path / "home", model.url)


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "project")
    yield project
    for door in project.doors:
        door.kill()
        door.wait()


async def watched(url: str, instance: str) -> list[dict]:
    """Every event up to the end, as a WebSocket brings them."""
    events = []
    address = f"{url}/api/orchestrators/{instance}/events?after=0".replace("http", "ws", 1)
    async with asyncio.timeout(240), websockets.connect(address, max_queue=None) as socket:
        while True:
            events.append(json.loads(await socket.recv()))
            if events[-1]["type"] == "orchestrator_changed" and events[-1]["data"]["new_status"] in {
                "completed",
                "failed",
            }:
                return events


def test_a_plan_with_a_task_for_each_of_them_completes(project, variables, model):
    project.plan("all", PLAN)
    url = project.serve().url
    run = project.open("plan_orchestrator.py", "--plan", "all", environment=variables)
    instance = project.only_id()
    events = asyncio.run(watched(url, instance))
    assert run.wait() == 0, run.text
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))

    # Every tool call has its start and its end, in order.
    for task in (*AGENT_TASKS, "1.4"):
        calls = [
            (event["type"], event["data"])
            for event in events
            if event["type"] in {"tool_started", "tool_completed"} and event["data"]["task_id"] == task
        ]
        started = [data["tool_id"] for kind, data in calls if kind == "tool_started"]
        ended = [data["tool_id"] for kind, data in calls if kind == "tool_completed"]
        assert started == ended, task
        assert len(started) == (1 if task == "1.4" else 3), task
        assert all(data["status"] == "ok" for kind, data in calls if kind == "tool_completed"), calls

    # Findings hold what the agents said last; what they used adds up.
    for task in AGENT_TASKS:
        finding = project.root / "docs/plan-outputs/all/findings" / f"{task.replace('.', '-')}.md"
        assert "All three steps are done." in finding.read_text()
    status = json.loads(project.command("status", instance, "--json"))
    used = [task["usage"] for task in status["tasks"]]
    for name in ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"):
        assert status["usage"][name] == sum(one[name] for one in used)
    costs = [one["cost_usd"] for one in used if one["cost_usd"] is not None]
    assert status["usage"]["cost_usd"] == pytest.approx(sum(costs))
    assert all(used[number]["input_tokens"] > 0 for number in range(3))
    # Claude Code and opencode know their prices, Codex does not: that is said, and not taken for nothing.
    assert [one["cost_usd"] is None for one in used[:3]] == [False, True, False]
    assert status["usage"]["is_cost_complete"] is False
    assert model.strays == []


def parts(instance: str) -> dict[str, list[int]]:
    """The processes of the attempt, by what they are."""
    found: dict[str, list[int]] = {"supervisor": [], "agent": []}
    for pid in processes.marked(instance):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            program = Path(f"/proc/{pid}/exe").readlink().name
        except OSError:
            continue
        if "orchestrator.agents.supervisor" in line:
            found["supervisor"].append(pid)
        elif program == "codex":
            found["agent"].append(pid)
    return found


@pytest.mark.sweep
def test_killed_at_any_moment_nothing_is_left_and_nothing_is_recorded_twice(project, variables):
    go = project.root / "go"
    for number in range(ROUNDS):
        victim = ("orchestrator", "supervisor", "agent")[number % 3]
        name = f"gate{number}"
        project.plan(name, GATE)
        go.unlink(missing_ok=True)
        arguments = ("--plan", name, "--back-off", "0.1")
        run = project.open("plan_orchestrator.py", *arguments, environment=variables)
        first = wait_until(lambda name=name: newest(project, name))
        wait_until(lambda first=first: any(e["type"] == "tool_started" for e in project.events(first)))
        wait_until(lambda first=first: all(parts(first).values()))
        pids = {**parts(first), "orchestrator": [run.process.pid]}[victim]
        before = set(processes.marked(first))
        os.kill(pids[number % len(pids)], signal.SIGKILL)
        killed = time.monotonic()
        wait_until(lambda before=before: not any(map(is_running, before)), GONE_SECONDS)
        assert time.monotonic() - killed < GONE_SECONDS
        go.touch()
        if victim == "orchestrator":
            run.wait()
            run = project.open("plan_orchestrator.py", *arguments, environment=variables)
        assert run.wait() == 0, (victim, run.text)
        check(project, name, victim)
        assert not marked_processes(first)


def newest(project: Project, plan: str) -> str | None:
    rows = json.loads(project.command("list", "--all", "--json"))
    return next((row["id"] for row in rows if row["plan_name"] == plan), None)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def check(project: Project, plan: str, victim: str) -> None:
    """The task was completed once in all the plan's logs, and each call in them has one end."""
    rows = json.loads(project.command("list", "--all", "--json"))
    logs = [project.events(row["id"]) for row in rows if row["plan_name"] == plan]
    assert len(logs) == (2 if victim == "orchestrator" else 1)
    completed = [
        event
        for log in logs
        for event in log
        if event["type"] == "task_changed" and event["data"]["new_status"] == "completed"
    ]
    assert len(completed) == 1, victim
    for log in logs:
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        started = [call(event) for event in log if event["type"] == "tool_started"]
        ended = [call(event) for event in log if event["type"] == "tool_completed"]
        assert sorted(started) == sorted(ended), victim
        assert len(set(started)) == len(started), victim


def call(event: dict) -> tuple[str, int, str]:
    data = event["data"]
    return data["task_id"], data["attempt"], data["tool_id"]
