"""Commands by HTTP and by the command line change an orchestrator of another process."""

from __future__ import annotations

import json

import httpx
import pytest
from doors import Project, wait_until

PLAN = """\
# Waits for files

## Phase 1: One

- [ ] 1.1 Wait for a file

  ```sh
  until test -e go; do sleep 0.05; done
  ```

- [ ] 1.2 Fail unless told

  ```sh
  test -e allowed
  ```

- [ ] 1.3 Wait for ever

  ```sh
  trap '' INT TERM
  while true; do sleep 0.05; done
  ```

- [ ] 1.4 End

  ```sh
  echo the end
  ```
"""


class Steered:
    """One orchestrator, steered by HTTP or by the command line, with a server or without."""

    def __init__(self, project: Project, how: str) -> None:
        self.project, self.how = project, how
        project.plan("waits", PLAN)
        self.url = project.serve().url
        self.run = project.run("--plan", "waits", "--on-blocked", "wait", "--parallel", "4")
        self.id = project.only_id()
        self.base = f"{self.url}/api/orchestrators/{self.id}"
        self.until(lambda s: s["status"] == "running")

    def status(self):
        return httpx.get(f"{self.base}/status").json()

    def task(self, task_id):
        return next(task for task in self.status()["tasks"] if task["id"] == task_id)

    def until(self, condition):
        return wait_until(lambda: condition(self.status()))

    def send(self, verb: str, *arguments: str, ok: bool = True, body=None, query: str = "") -> str:
        if self.how != "http":
            where = ("--url", self.url) if self.how == "cli --url" else ()
            return self.project.command(verb, self.id, *arguments, *where, code=0 if ok else 1)
        answer = httpx.post(f"{self.base}/{verb}{query}", json=body, timeout=20)
        if answer.status_code == 202:
            location = self.url + answer.headers["location"]
            wait_until(lambda: httpx.get(location).json()["state"] != "sent")
            answer = httpx.get(location)
            assert (answer.json()["state"] == "applied") is ok
            return answer.text
        assert answer.status_code == (200 if ok else 409), answer.text
        return answer.text


@pytest.fixture(params=["http", *(pytest.param(how, marks=pytest.mark.long) for how in ("cli", "cli --url"))])
def steered(project: Project, request) -> Steered:
    return Steered(project, request.param)


def test_pause_resume_retry_skip_and_shutdown(steered: Steered):
    steered.until(lambda s: s["tasks"][1]["status"] == "failed")
    steered.send("pause")
    assert steered.status()["status"] == "paused"
    assert "already paused" in steered.send("pause")
    steered.send("resume")
    assert steered.status()["status"] == "running"

    (steered.project.root / "allowed").touch()
    steered.send("retry-task", "1.2", body={"task_id": "1.2"})
    steered.until(lambda s: s["tasks"][1]["status"] == "completed")
    assert "completed" in steered.send("retry-task", "1.2", body={"task_id": "1.2"}, ok=False)

    steered.send("skip-task", "1.3", "--reason", "enough", body={"task_id": "1.3", "reason": "enough"})
    skipped = steered.task("1.3")
    assert (skipped["status"], skipped["reason"]) == ("skipped", "enough")

    steered.send("shutdown", "--force", query="?force=true")
    assert steered.run.wait() == 130
    status = steered.status()
    assert status["status"] == "stopped"
    assert [task["status"] for task in status["tasks"]] == ["pending", "completed", "skipped", "completed"]
    receipts = [e for e in steered.project.events(steered.id) if e["type"] == "command_settled"]
    assert [r["data"]["state"] for r in receipts] == [
        "applied", "applied", "applied", "applied", "rejected", "applied", "applied",
    ]  # fmt: skip


def test_a_blocked_run_names_the_task_and_goes_on_when_it_is_skipped(project: Project):
    project.plan("fails", "# F\n\n## Phase 1: A\n\n- [ ] 1.1 Fail\n\n  ```sh\n  exit 7\n  ```\n\n"
                          "- [ ] 1.2 Then (depends: 1.1)\n\n  ```sh\n  echo then\n  ```\n")  # fmt: skip
    run = project.run("--on-blocked", "wait")
    instance = project.only_id()
    wait_until(lambda: json.loads(project.command("status", "--json"))["status"] == "blocked")
    assert "1.1" in project.command("resume", instance, code=1)
    project.command("skip-task", instance, "1.1")
    assert run.wait() == 0


def test_a_failed_task_ends_the_run_with_exit_code_1_and_running_it_again_tries_it_again(project: Project):
    project.plan("fails", "# F\n\n## Phase 1: A\n\n- [ ] 1.1 Fail\n\n  ```sh\n  test -e ok\n  ```\n")
    first = project.run()
    assert first.wait() == 1
    assert "1.1" in first.text
    (project.root / "ok").touch()
    assert project.run().wait() == 0


def test_ctrl_c_once_lets_the_running_task_finish_and_twice_does_not(project: Project):
    project.plan("waits", PLAN.replace("until test -e go; do sleep 0.05; done", "sleep 1; echo slept"))
    run = project.run("--plan", "waits")
    wait_until(lambda: "▶ 1.1" in run.text)
    run.process.send_signal(2)
    assert run.wait() == 130
    assert "✓ 1.1" in run.text
    assert "▶ 1.2" not in run.text

    again = project.run("--plan", "waits", "--parallel", "4")
    wait_until(lambda: "▶ 1.3" in again.text)
    again.process.send_signal(2)
    wait_until(lambda: "stopping" in again.text)
    again.process.send_signal(2)
    assert again.wait() == 130
    assert "· 1.3" in again.text
