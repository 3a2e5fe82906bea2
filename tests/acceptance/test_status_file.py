"""status.json, edited by hand while a run is on."""

from __future__ import annotations

import json
from pathlib import Path

from doors import Project, wait_until

PLAN = """\
# Edited

## Phase 1: One

- [ ] 1.1 Waits for a file

  ```sh
  until test -e go; do sleep 0.05; done
  ```

- [ ] 1.2 To be skipped

  ```sh
  echo 1.2 >> ran
  ```

- [ ] 1.3 Fails at first

  ```sh
  echo 1.3 >> ran; test -e mended
  ```
"""


def read(path: Path) -> dict[str, str]:
    try:
        return {task["id"]: task["status"] for task in json.loads(path.read_text())["tasks"]}
    except (FileNotFoundError, ValueError):
        return {}


def edit(path: Path, task_id: str, status: str) -> None:
    document = json.loads(path.read_text())
    for task in document["tasks"]:
        if task["id"] == task_id:
            task["status"] = status
    path.write_text(json.dumps(document))


def test_an_edit_skips_another_retries_and_completed_is_refused(project: Project):
    project.plan("edited", PLAN)
    path = project.root / "docs/plan-outputs/edited/status.json"
    run = project.run("--plan", "edited", "--on-blocked", "wait")
    wait_until(lambda: read(path).get("1.1") == "in_progress")
    edit(path, "1.2", "skipped")
    wait_until(lambda: "skip-task" in run.text)
    edit(path, "1.3", "completed")
    wait_until(lambda: read(path).get("1.3") == "pending")
    path.write_text("{ oops")
    wait_until(lambda: read(path).get("1.2") == "skipped")
    assert path.with_name("status.json.rejected").read_text() == "{ oops"
    (project.root / "go").touch()
    wait_until(lambda: read(path).get("1.3") == "failed")
    (project.root / "mended").touch()
    edit(path, "1.3", "pending")
    assert run.wait() == 0
    assert (project.root / "ran").read_text().split() == ["1.3", "1.3"]
    events = project.events(project.only_id())
    receipts = [event["data"] for event in events if event["type"] == "command_settled"]
    assert [(r["actor"], r["command"], r["state"]) for r in receipts] == [
        ("file", "skip-task", "applied"),
        ("file", "retry-task", "applied"),
    ]
    told = [event["data"]["reason"] for event in events if event["type"] == "plan_changed"]
    assert "task 1.3 was made completed, but the log says pending" in told[0]
    assert "set aside as status.json.rejected" in told[1]
