"""An agent that writes into the plan's file: nothing of it runs before a person has approved it."""

from __future__ import annotations

import httpx
from doors import Project, wait_until
from on_terminal import OnTerminal

PLAN = """\
# Built

## Phase 1: Work

- [ ] 1.1 Edit the plan

  ```sh
  python3 edit.py
  ```

- [ ] 1.2 Build

  ```sh
  echo mine > built.txt
  ```

- [ ] 1.3 Check
  - verify: `test -f built.txt`

  ```sh
  echo checked
  ```
"""
EDIT = r"""
from pathlib import Path
plan = Path("docs/plans/built.md")
text = plan.read_text().replace("echo mine", "echo theirs \x1b[31m").replace("test -f built.txt", "true")
new = Path("docs/plans/new.md")
new.write_text(text + "\n- [ ] 1.4 More\n\n  ```sh\n  touch evil\n  ```\n\n- [x] 1.5 Done, says the agent\n")
new.replace(plan)
"""


def begin(project: Project) -> None:
    (project.root / "edit.py").write_text(EDIT)
    project.plan("built", PLAN)


def test_a_person_sees_what_an_agent_has_written_and_only_that_is_run(project: Project):
    begin(project)
    said = project.command("run", "built", code=1)
    assert "Not approved: task 1.2 (shell block), task 1.3 (check), task 1.4 (shell block and agent)" in said
    assert "orchestrator approve-plan built" in said
    assert not (project.root / "built.txt").exists()
    terminal = OnTerminal("approve-plan", "built", root=project.root)
    wait_until(lambda: "[y/N]" in terminal.text)
    assert "    -echo mine > built.txt\r\n    +echo theirs" in terminal.text
    assert "    -test -f built.txt\r\n    +true" in terminal.text
    assert "\x1b[31m" not in terminal.text
    terminal.type("y\n")
    assert (terminal.end(), "Kept: the plan's next run begins with it." in terminal.text) == (0, True)
    status = project.command("status", "built")
    assert "Approved since: task 1.2 (shell block), task 1.3 (check), task 1.4" in status
    assert "Build  (waits for the plan's next run: the change of its shell block is approved)" in status
    assert "Not approved" not in status
    begun = project.command("run", "built", "--agent", "shell", code=1)  # 1.5 has nothing to run
    assert (project.root / "built.txt").read_text().startswith("theirs")
    assert (project.root / "evil").exists()
    assert "rejected" not in begun


def test_a_run_that_is_on_goes_on_with_what_was_approved_over_http(project: Project):
    begin(project)
    server = project.serve()
    run = project.run("--plan", "built", "--on-blocked", "wait")
    base = f"{server.url}/api/orchestrators/{project.only_id()}"

    def blocked() -> dict | None:
        status = httpx.get(f"{base}/status").json()
        return status if status["status"] == "blocked" else None

    status = wait_until(blocked)
    held = {task["id"]: task["blocked_by"] for task in status["tasks"] if task["blocked_by"]}
    assert held == {
        "1.2": [{"kind": "unapproved", "parts": ["block"], "is_approved": False}],
        "1.3": [{"kind": "unapproved", "parts": ["verify"], "is_approved": False}],
    }
    refused = httpx.post(f"{base}/approve-plan", json={"digest": "0" * 32})
    assert (refused.status_code, refused.json()["code"]) == (409, "digest_mismatch")
    applied = httpx.post(f"{base}/approve-plan", json={"digest": status["unapproved"]["digest"]})
    assert (applied.status_code, applied.json()["state"]) == (200, "applied")
    assert run.wait() == 0
    assert (project.root / "built.txt").read_text().startswith("theirs")
    assert not (project.root / "evil").exists()
