"""Agents that ask, are told, meet limits, cost money and get nowhere: what a person sees and can do, and what follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from doors import Door, Project, wait_until

pytestmark = pytest.mark.long  # most of it is the start of one program after another


class Worked:
    """A plan whose tasks are played by the scripted agent, with the server that shows it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.url = project.serve().url

    def begin(self, tasks: dict[str, list[dict[str, Any]]], *arguments: str) -> Door:
        """A run of a plan with these tasks and their steps; it becomes the one that is asked about."""
        lines = "\n".join(f"- [ ] {task_id} Task {task_id}" for task_id in tasks)
        self.project.plan("work", f"# Work\n\n## Phase 1: One\n\n{lines}\n")
        script = self.project.root / "script.json"
        script.write_text(json.dumps({"tasks": tasks}))
        return self.again(*arguments)

    def again(self, *arguments: str) -> Door:
        known = {info["id"] for info in self.all()}
        chosen = ("--plan", "work", "--script", str(self.script), "--back-off", "0", *arguments)
        run = self.project.run(*chosen)
        self.id = wait_until(lambda: next((i["id"] for i in self.all() if i["id"] not in known), None))
        self.base = f"{self.url}/api/orchestrators/{self.id}"
        return run

    @property
    def script(self) -> Path:
        return self.project.root / "script.json"

    def all(self) -> list[dict[str, Any]]:
        return httpx.get(f"{self.url}/api/orchestrators").json()

    def status(self) -> dict[str, Any]:
        return httpx.get(f"{self.base}/status").json()

    def until(self, condition) -> Any:
        return wait_until(lambda: condition(self.status()))

    def waiting_for(self, what: str) -> dict[str, Any]:
        """The status as soon as it says that the run waits for this."""

        def waits() -> dict[str, Any] | None:
            status = self.status()
            return status if (status["waiting_for"] or {}).get("what") == what else None

        return wait_until(waits)

    def events(self, *types: str) -> list[dict[str, Any]]:
        query = {"after": 0, "limit": 1000, "types": ",".join(types)}
        return [event["data"] for event in httpx.get(f"{self.base}/events", params=query).json()]

    def asked(self) -> dict[str, Any]:
        """The one open question."""
        found = wait_until(lambda: httpx.get(f"{self.base}/approvals").json())
        assert len(found) == 1
        return found[0]


@pytest.fixture
def worked(project: Project) -> Worked:
    return Worked(project)


def test_questions_are_answered_over_http_on_the_command_line_and_by_time(worked: Worked):
    steps = [{"ask": "rm -rf build"}, {"ask": "npm publish"}, {"ask": "git push"}, {"finish": "done"}]
    run = worked.begin({"1.1": steps}, "--approval-timeout", "120")
    command = worked.project.command
    first = worked.asked()
    assert (first["id"], first["question"], first["tool_id"]) == ("1.1-1-1", "rm -rf build", "call-1")
    assert (first["agent"], first["tool_name"], first["command"]) == ("scripted", "Bash", "rm -rf build")
    assert worked.status()["approvals"] == [first]
    assert worked.waiting_for("approval")["waiting_for"]["until"] == first["expires_at"]
    told = wait_until(lambda: "answer with" in run.text and run.text)
    assert "? 1.1 asks, as 1.1-1-1: rm -rf build" in told
    how = f"orchestrator answer-approval {worked.id} 1.1-1-1 --allow (or --deny); denied at "
    assert f"    answer with: {how}" in told
    answer = httpx.post(f"{worked.base}/approvals/1.1-1-1", json={"allow": True, "reason": "go"})
    assert (answer.status_code, answer.json()["message"]) == (200, "Allowed.")
    late = httpx.post(f"{worked.base}/approvals/1.1-1-1", json={"allow": False})
    assert (late.status_code, late.json()["code"]) == (409, "approval_not_open")

    wait_until(lambda: worked.asked()["id"] == "1.1-1-2")
    listed = command("approvals", "work").splitlines()
    assert listed[0] == "? 1.1-1-2  task 1.1: Task 1.1"
    assert listed[1].startswith("  scripted asks to use Bash until ")
    assert listed[2] == "    npm publish"
    assert "npm publish" in command("status", worked.id)
    for both in ((), ("--allow", "--deny")):
        assert "--allow, --deny: give one" in command("answer-approval", "work", "1.1-1-2", *both, code=2)
    assert "Denied." in command("answer-approval", "work", "1.1-1-2", "--deny", "--reason", "no")
    there = ("--url", worked.url)
    wait_until(lambda: worked.asked()["id"] == "1.1-1-3")
    assert json.loads(command("approvals", "--json", *there))[0]["question"] == "git push"
    assert "Allowed." in command("answer-approval", "work", "1.1-1-3", "--allow", *there)
    assert run.wait() == 0
    settled = worked.events("approval_settled")
    assert [one["allowed"] for one in settled] == [True, False, True]
    assert [one["reason"] for one in settled] == ["go", "no", None]
    assert settled[0]["actor"] == settled[2]["actor"] == "api"
    assert settled[1]["actor"].startswith("cli:")
    assert [one["status"] for one in worked.events("tool_completed")] == ["ok", "denied", "ok"]
    assert "No agent is asking anything." in command("approvals", "work")

    unanswered = worked.begin({"1.1": steps[:1]}, "--approval-timeout", "0.3", "--restart")
    assert unanswered.wait() == 1  # all that it wanted was denied
    [settled_by_time] = worked.events("approval_settled")
    assert (settled_by_time["allowed"], settled_by_time["actor"]) == (False, "orchestrator")
    assert settled_by_time["reason"] == "nobody answered within 0.3 s"


def test_an_agent_gets_messages_and_all_that_it_said_can_be_read(worked: Worked):
    log = {"tool": "cat", "output": "line\n" * 4_000}
    run = worked.begin({"1.1": [{"ask": "make"}, {"say": "Working"}, log, {"usage": {"output_tokens": 7}}]})
    command = worked.project.command
    worked.asked()
    answer = httpx.post(f"{worked.base}/tasks/1.1/message", json={"text": "use ninja"})
    assert (answer.status_code, answer.json()["message"]) == (200, "Agent scripted has the message.")
    assert "has the message" in command("message-task", "work", "1.1", "and be quick")
    assert "has the message" in command("message-task", "work", "1.1", "thanks", "--url", worked.url)
    assert "no task '9.9'" in command("message-task", "work", "9.9", "hello", code=1)
    httpx.post(f"{worked.base}/approvals/1.1-1-1", json={"allow": True})
    assert run.wait() == 0
    said = [one["text"] for one in worked.events("agent_message")]
    assert said == ["Noted: use ninja", "Noted: and be quick", "Noted: thanks", "Working"]
    late = httpx.post(f"{worked.base}/tasks/1.1/message", json={"text": "too late"})
    assert (late.status_code, late.json()["code"]) == (409, "orchestrator_ended")

    path = f"{worked.base}/tasks/1.1/transcript"
    lines = [json.loads(line) for line in httpx.get(path).text.splitlines()]
    assert [line["text"] for line in lines if line["type"] == "Text"] == said
    assert lines[-1]["type"] == "Finished"
    printed = command("transcript", "work", "1.1")
    assert "PermissionAsked Bash: make" in printed
    assert "output_tokens 7" in printed
    there = command("transcript", "work", "1.1", "--json", "--attempt", "1", "--url", worked.url)
    assert [json.loads(line)["type"] for line in there.splitlines()] == [line["type"] for line in lines]
    [name] = [line["artifact"] for line in lines if "artifact" in line]
    assert [call["output_artifact"] for call in worked.events("tool_completed")] == [None, name]
    for where in ((), ("--url", worked.url)):
        assert command("transcript", "work", "1.1", "--artifact", name, *where).count("line\n") == 4_000
        assert "left no x.txt" in command("transcript", "work", "1.1", "--artifact", "x.txt", *where, code=2)
        assert "has no transcript" in command("transcript", "work", "1.1", "--attempt", "2", *where, code=2)
        assert "no task '7'" in command("transcript", "work", "7", *where, code=2)


def limited(seconds: float | None) -> list[dict[str, Any]]:
    numbers = {} if seconds is None else {"seconds": seconds}
    return [{"limit": {"message": "the week is used up", **numbers}}]


def test_a_limit_is_waited_for_also_by_the_next_run_and_then_the_plan_goes_on(worked: Worked):
    attempts = {"attempts": [limited(12), [{"finish": "good"}]]}
    first = worked.begin({"1.1": attempts}, "--max-attempts", "1")
    waiting = worked.waiting_for("limit of scripted")
    until = waiting["waiting_for"]["until"]
    [task] = waiting["tasks"]
    assert (task["status"], task["retry_count"]) == ("pending", 0)
    assert task["blocked_by"] == [{"kind": "rate_limit", "agent": "scripted", "until": until}]
    assert "Waits for limit of scripted until" in worked.project.command("status", "work")
    assert "scripted waits for a limit until" in first.text
    assert "the week is used up" in first.text
    first.kill()
    first.wait()
    second = worked.again("--max-attempts", "1")
    assert worked.waiting_for("limit of scripted")["waiting_for"]["until"] == until
    assert second.wait() == 0
    [over] = worked.events("agent_limited")
    assert (over["agent"], over["until"]) == ("scripted", None)
    [task] = worked.status()["tasks"]
    assert (task["status"], task["attempt"]) == ("completed", 2)


def test_resume_does_not_wait_for_a_limit_and_some_limits_are_not_waited_for(worked: Worked):
    attempts = {"attempts": [limited(3600), [{"finish": "good"}]]}
    run = worked.begin({"1.1": attempts})
    worked.waiting_for("limit of scripted")
    said = worked.project.command("resume", "work")
    assert said == "Not waiting for the limit of scripted any longer.\n"
    assert run.wait() == 0

    for choice in ("--no-wait", "--longest-wait=60"):
        refused = worked.begin({"1.1": limited(3600)}, "--restart", "--max-attempts", "3", choice)
        assert refused.wait() == 1
        [task] = worked.status()["tasks"]
        assert task["attempt"] == 1
        assert "longer than this run waits" in task["last_error"]


def test_a_run_pauses_when_its_budget_is_used_up_and_resume_grants_it_once_more(worked: Worked):
    one = {"usage": {"model": "demo", "input_tokens": 600, "output_tokens": 400, "cost_usd": 0.3}}
    unpriced = {"usage": {"output_tokens": 50}}
    tasks = {"1.1": [one, unpriced, one, {"hang": True}], "1.2": [{"finish": "good"}]}
    run = worked.begin(tasks, "--budget-usd", "0.5", "--task-budget-tokens", "1000000")
    status = worked.waiting_for("budget")
    assert status["status"] == "paused"
    assert status["reason"] == (
        "The budget of the run is used up: $0.60 of $0.50 has been spent. resume grants it once more."
    )
    assert worked.events("orchestrator_changed")[-1]["waits_for"] == "budget"
    task = worked.until(lambda s: s["tasks"][0]["status"] == "pending" and s["tasks"][0])
    usage = worked.status()["usage"]
    assert (usage["cost_usd"], usage["is_cost_complete"]) == (0.6, False)
    assert task["usage"] == usage
    models = {model["model"]: model["cost_usd"] for model in worked.status()["usage_by_model"]}
    assert models == {"demo": 0.6, None: None}
    shown = worked.project.command("status", "work")
    assert "Used: 2,050 tokens, at least $0.60" in shown
    assert "no model named: 50 tokens, cost unknown" in shown

    worked.script.write_text(json.dumps({"tasks": {"1.1": [one]}}))
    worked.project.command("resume", "work")
    worked.until(lambda s: s["status"] == "paused" and s["usage"]["cost_usd"] > 1)
    worked.project.command("shutdown", "work")
    assert run.wait() == 130


def test_agents_that_get_nowhere_are_ended(worked: Worked):
    tasks = {
        "1.1": [{"hang": True}],
        "1.2": [{"tool": "Read", "seconds": 60}],
        "1.3": [*[{"tool": "Bash", "input": "make"}] * 5, {"hang": True}],
    }
    limits = ("--silence-timeout", "0.6", "--tool-timeout", "0.5", "--repeats", "5")
    assert worked.begin(tasks, *limits, "--max-attempts", "1", "--parallel", "3").wait() == 1
    status = worked.status()
    assert [task["last_error"] for task in status["tasks"]] == [
        "Stuck: the agent said nothing for 0.6 s.",
        "Stuck: a call of Read took longer than 0.5 s.",
        "Stuck: the agent made the same call of Bash 5 times in a row.",
    ]
    assert {task["status"] for task in status["tasks"]} == {"failed"}


def test_what_is_started_over_http_keeps_to_its_budget(project: Project):
    usage = {"usage": {"input_tokens": 500, "output_tokens": 500}}
    (project.root / "script.json").write_text(json.dumps({"default": [usage, {"hang": True}]}))
    project.plan("work", "# Work\n\n## Phase 1: One\n\n- [ ] 1.1 Spend\n")
    # The scripted agent is for tests: only a variable of the server's can give it a script.
    server = project.open(
        "run_api_server.py", "--port", "0",
        environment={"ORCHESTRATOR_SCRIPT": str(project.root / "script.json")},
    )  # fmt: skip
    body = {"plan": "work", "budget_tokens": 1000, "budget_usd": 5, "permissions": "edits"}
    answer = httpx.post(f"{server.url}/api/orchestrators", json=body, timeout=30)
    assert answer.status_code == 201, answer.text
    base = f"{server.url}/api/orchestrators/{answer.json()['id']}"
    waits = wait_until(lambda: httpx.get(f"{base}/status").json()["waiting_for"])
    assert waits == {"what": "budget", "until": None}
    assert httpx.post(f"{base}/shutdown?force=true", timeout=20).status_code in {200, 202}
    wait_until(lambda: httpx.get(base).json()["status"] == "stopped")


def test_what_agents_there_are_and_what_they_would_be_told(worked: Worked):
    command = worked.project.command
    names = {agent["name"]: agent for agent in json.loads(command("agents", "--json"))}
    assert names["shell"]["is_ready"]
    assert names["shell"]["abilities"].keys() == {
        "permissions",
        "resume",
        "messages",
        "cost",
        "budget",
        "calls",
    }
    assert "✓ shell" in command("agents")
    plan = "# Work\n\n## Phase 1: One\n\n- [ ] 1.1 Look\n- [ ] 1.2 Write (depends: 1.1)\n"
    worked.begin(
        {"1.1": [{"finish": "Found **it**"}], "1.2": [{"fail": "no disk"}]}, "--max-attempts", "1"
    ).wait()
    worked.project.plan("work", plan)
    told = command("prompt", "work", "1.2")
    assert "Your task, 1.2: Write" in told
    assert "Found **it**" in told
    assert "The attempt before failed: no disk" in told
    sent = command("prompt", "work", "1.2", "--attempt", "1")
    assert "Your task, 1.2:" in sent
    assert "The attempt before failed" not in sent
    told = command("prompt", "work", "1.2", "--attempt", "2", code=2)
    assert "There was no attempt 2 of task 1.2: 1 attempt so far." in told
    assert "no task '3.3'. Its tasks are: 1.1, 1.2" in command("prompt", "work", "3.3", code=2)
