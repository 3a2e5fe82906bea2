"""Two orchestrators and one plan: who has it, who waits, and what becomes of one that was only asleep."""

from __future__ import annotations

import json
import signal

import pytest
from doors import WAITING_PLAN, Project, marked_processes, wait_until


def newest(project: Project) -> dict[str, object]:
    return json.loads(project.command("list", "--all", "--json"))[0]


def begun(project: Project) -> int:
    path = project.root / "begun"
    return len(path.read_text().split()) if path.exists() else 0


@pytest.mark.long
def test_of_runs_that_start_at_the_same_instant_exactly_one_has_the_plan(project: Project):
    project.plan("long", WAITING_PLAN)
    for turn in range(1, 4):
        runs = [project.run("--plan", "long", "--restart") for _ in range(3)]
        wait_until(lambda runs=runs: sum(run.process.poll() is not None for run in runs) == 2)
        [winner] = [run for run in runs if run.process.poll() is None]
        wait_until(lambda turn=turn: begun(project) == turn)
        for loser in runs:
            if loser is not winner:
                assert loser.wait() == 2
                assert "is working on docs/plans/long.md" in loser.text
                assert str(newest(project)["id"]) in loser.text
        winner.kill(signal.SIGINT)
        wait_until(lambda winner=winner: "Stopping" in winner.text or "stopping" in winner.text)
        winner.kill(signal.SIGINT)
        assert winner.wait() == 130


def test_who_waits_goes_on_when_the_owner_has_ended_with_what_it_has_done(project: Project):
    project.plan("long", WAITING_PLAN)
    owner = project.run("--plan", "long")
    wait_until(lambda: begun(project) == 1)
    waiting = project.run("--plan", "long", "--wait")
    wait_until(lambda: "Waiting: " in waiting.text)
    assert str(newest(project)["id"]) in waiting.text
    (project.root / "go").touch()
    assert owner.wait() == 0
    assert waiting.wait() == 0
    assert waiting.text.count("Waiting: ") == 1
    assert (project.root / "ran").read_text() == "1.2\n"
    assert begun(project) == 1


def test_ctrl_c_ends_the_waiting(project: Project):
    project.plan("long", WAITING_PLAN)
    project.run("--plan", "long")
    wait_until(lambda: begun(project) == 1)
    waiting = project.run("--plan", "long", "--wait")
    wait_until(lambda: "Waiting: " in waiting.text)
    waiting.kill(signal.SIGINT)
    assert waiting.wait() == 130
    assert newest(project)["status"] == "running"


@pytest.mark.long
def test_one_that_was_stopped_past_its_lease_writes_nothing_more_and_ends_itself(project: Project):
    project.plan("long", WAITING_PLAN)
    zombie = project.run("--plan", "long")
    wait_until(lambda: begun(project) == 1)
    first = str(newest(project)["id"])
    zombie.kill(signal.SIGSTOP)
    successor = project.run("--plan", "long", "--wait")
    wait_until(lambda: begun(project) == 2)
    second = str(newest(project)["id"])
    assert second != first
    log = project.events(first)
    assert log[-1]["data"]["new_status"] == "crashed"
    assert "its lease ran out" in log[-1]["data"]["reason"]
    status_path = project.root / "docs/plan-outputs/long/status.json"
    wait_until(lambda: json.loads(status_path.read_text())["runs"][-1]["runId"] == second)
    before = status_path.read_bytes()
    zombie.kill(signal.SIGCONT)
    assert zombie.wait() == 1
    assert "no longer holds the lease" in zombie.text
    assert "Traceback" not in zombie.text
    assert project.events(first) == log
    assert status_path.read_bytes() == before
    wait_until(lambda: not marked_processes(first))
    (project.root / "go").touch()
    assert successor.wait() == 0
    assert (project.root / "ran").read_text() == "1.2\n"
