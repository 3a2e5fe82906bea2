"""`kill -9` of an orchestrator: it is seen, nothing of it is left, and the next run goes on."""

from __future__ import annotations

import json

import httpx
import pytest
from doors import Project, marked_processes, wait_until

PLAN = """\
# Long

## Phase 1: One

- [ ] 1.1 Quick

  ```sh
  echo 1.1 >> ran
  ```

- [ ] 1.2 Hard to kill

  ```sh
  echo 1.2 >> ran
  test -e go && exit 0
  trap '' INT TERM HUP
  setsid sh -c "trap '' INT TERM HUP; while true; do sleep 0.1; done" &
  while true; do sleep 0.1; done
  ```

- [ ] 1.3 Last

  ```sh
  echo 1.3 >> ran
  ```
"""


def test_a_killed_orchestrator_is_shown_as_crashed_and_its_work_is_taken_over(project: Project):
    project.plan("long", PLAN)
    url = project.serve().url
    run = project.run("--plan", "long")
    wait_until(lambda: "▶ 1.2" in run.text)
    instance = project.only_id()
    wait_until(lambda: len(marked_processes(instance)) >= 4)
    run.kill()
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators/{instance}").json()["status"] == "crashed", 5)
    wait_until(lambda: not marked_processes(instance), 5)
    status = httpx.get(f"{url}/api/orchestrators/{instance}/status").json()
    assert [task["status"] for task in status["tasks"]] == ["completed", "pending", "pending"]
    assert httpx.post(f"{url}/api/orchestrators/{instance}/pause").status_code == 503

    (project.root / "go").touch()
    again = project.run("--plan", "long")
    assert again.wait() == 0
    assert (project.root / "ran").read_text().split() == ["1.1", "1.2", "1.2", "1.3"]
    newest = httpx.get(f"{url}/api/orchestrators").json()[0]
    assert newest["id"] != instance
    first = project.events(newest["id"])[0]
    assert first["type"] == "plan_loaded"
    assert first["data"]["predecessor"] == instance


def test_without_a_server_the_next_run_closes_the_dead_ones_log(project: Project):
    project.plan("long", PLAN)
    run = project.run("--plan", "long")
    wait_until(lambda: "▶ 1.2" in run.text)
    instance = project.only_id()
    run.kill()
    run.wait()
    (project.root / "go").touch()
    assert project.run("--plan", "long").wait() == 0
    last = project.events(instance)[-1]
    assert (last["type"], last["data"]["new_status"]) == ("orchestrator_changed", "crashed")
    assert not marked_processes(instance)


def test_a_plan_with_a_living_owner_is_refused_with_the_owners_id(project: Project):
    project.plan("long", PLAN)
    run = project.run("--plan", "long")
    wait_until(lambda: "▶ 1.2" in run.text)
    second = project.run("--plan", "long")
    assert second.wait() == 2
    assert project.only_id() in second.text
    patient = project.run("--plan", "long", "--wait")
    wait_until(lambda: "Waiting" in patient.text)
    (project.root / "go").touch()
    project.command("shutdown", project.only_id(), "--force")
    assert run.wait() == 130
    assert patient.wait() == 0


@pytest.mark.parametrize("kind", ["truncated", "foreign"])
def test_a_status_json_that_is_none_is_set_aside_and_said(project: Project, kind: str):
    project.plan("quick", "# Q\n\n## Phase 1: A\n\n- [ ] 1.1 Do\n\n  ```sh\n  echo did\n  ```\n")
    outputs = project.root / "docs/plan-outputs/quick"
    outputs.mkdir(parents=True)
    text = '{"tasks": [' if kind == "truncated" else '["something", "else"]'
    (outputs / "status.json").write_text(text)
    assert project.run().wait() == 0
    assert (outputs / "status.json.rejected").read_text() == text
    assert json.loads((outputs / "status.json").read_text())["summary"]["completed"] == 1
    assert "status.json.rejected" in project.events(project.only_id())[0]["data"]["problems"][0]
