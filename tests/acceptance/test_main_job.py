"""The main job, as the README tells it: a plan runs, and the API shows it live."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
from pathlib import Path

import httpx
from doors import CHECKOUT, WAITING_PLAN, Project, wait_until

PLAN = """\
# Two phases

## Phase 1: One

- [ ] 1.1 Say hello

  ```sh
  echo hello
  ```

- [ ] 1.2 Count (depends: 1.1)
  - verify: `test -e counted`

  ```sh
  touch counted
  ```

## Phase 2: Two

- [ ] 2.1 End

  ```sh
  echo the end
  ```
"""


def test_tasks_that_declare_the_same_file_take_turns(project: Project):
    add = 'before=$(cat README.md); sleep 0.3; printf "%s {n}" "$before" > README.md'
    task = f"- [ ] 1.{{n}} Add to it\n  - files: README.md\n\n  ```sh\n  {add}\n  ```\n\n"
    project.plan("turns", "# Turns\n\n## Phase 1: A\n\n" + "".join(task.format(n=n) for n in (1, 2, 3)))
    (project.root / "README.md").write_text("begun")
    run = project.run("--parallel", "3")
    assert run.wait() == 0, run.text
    assert (project.root / "README.md").read_text() == "begun 1 2 3"


def test_agents_that_may_overwrite_one_another_are_told_of_before_they_start(project: Project):
    project.plan("beside", "# Beside\n\n## Phase 1: A\n\n- [ ] 1.1 One\n- [ ] 1.2 Other\n")
    for arguments, is_said in ((("--parallel", "2"), True), ((), False)):
        shown = project.command("run", "--dry-run", *arguments, code=3)
        assert ("can overwrite one another's edits" in shown) is is_said
    plan = project.root / "docs/plans/beside.md"
    plan.write_text(f"---\nparallel: 2\n---\n{plan.read_text()}")
    assert "warning[parallel_without_files]" in project.command("lint", str(plan))


def test_a_run_with_the_api_beside_it_completes_and_serves_what_it_did(project: Project):
    project.plan("only-one", PLAN)
    door = project.run("--api-server", "--api-port", "0", "--keep-serving")
    url = door.url
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json()[0]["status"] == "completed")
    instance = httpx.get(f"{url}/api/orchestrators").json()[0]
    status = httpx.get(f"{url}/api/orchestrators/{instance['id']}/status").json()
    assert [task["status"] for task in status["tasks"]] == ["completed"] * 3
    assert [task["verified"] for task in status["tasks"]] == [True, True, True]
    assert "hello" in httpx.get(f"{url}/api/plans/only-one/findings/1.1").json()["content"]
    door.process.send_signal(2)
    assert door.wait() == 0
    document = json.loads((project.root / "docs/plan-outputs/only-one/status.json").read_text())
    assert document["summary"]["completed"] == 3
    assert document["runs"][0]["completedAt"]


def test_a_run_without_anything_left_ends_at_once_and_restart_starts_over(project: Project):
    project.plan("only-one", PLAN)
    assert project.run().wait() == 0
    again = project.run()
    assert again.wait() == 0
    assert "3 done already" in again.text
    assert "▶" not in again.text
    over = project.run("--restart")
    assert over.wait() == 0
    assert over.text.count("▶") == 3


def is_end(event) -> bool:
    return event["data"]["new_status"] == "completed"


def test_a_server_alone_shows_the_runs_of_other_processes_live(project: Project):
    project.plan("only-one", PLAN)
    url = project.serve().url
    run = project.run("--plan", "only-one")
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json())
    instance = httpx.get(f"{url}/api/orchestrators").json()[0]
    seen = []

    def read() -> None:
        with httpx.stream("GET", f"{url}/api/orchestrators/{instance['id']}/events-sse?after=0") as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    seen.append(json.loads(line[6:]))
                    if seen[-1]["type"] == "orchestrator_changed" and is_end(seen[-1]):
                        return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert run.wait() == 0
    reader.join(10)
    assert seen == project.events(instance["id"])
    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))


def test_the_example_plan_of_this_repository_is_the_only_one_and_runs_to_its_end(tmp_path):
    plans = list((CHECKOUT / "docs" / "plans").glob("**/*.md"))
    assert len(plans) == 1
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(CHECKOUT), str(clone)], check=True)
    (clone / ".venv").symlink_to(CHECKOUT / ".venv")
    (clone / "docs" / "plans" / plans[0].name).write_bytes(plans[0].read_bytes())
    done = subprocess.run(
        [CHECKOUT / ".venv/bin/orchestrator", "run"],
        cwd=clone, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    findings = clone / "docs" / "plan-outputs" / plans[0].stem / "findings"
    assert len(list(findings.glob("*.md"))) == 8
    assert subprocess.check_output(["git", "status", "--porcelain", "docs/plan-outputs"], cwd=clone) == b""


def test_the_demo_retries_its_failing_task_and_completes(project: Project):
    out = project.command("demo", "--speed", "0")
    assert "2.1 Stir the batter (attempt 2)" in out
    assert "● completed" in out


def test_the_plan_in_the_readme_runs_to_its_end(project: Project):
    readme = (CHECKOUT / "README.md").read_text()
    project.plan("pack", re.search(r"````markdown\n(.*?)````", readme, re.DOTALL)[1])
    project.command("lint", "pack")
    project.command("run", "pack", "--dry-run")
    out = project.command("run", "pack")
    assert out.count("✓") == 4
    assert (project.root / "notes.tar.gz").exists()


def test_json_output_is_the_log(project: Project):
    project.plan("only-one", PLAN)
    out = project.command("run", "--json")
    events = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert events == project.events(project.only_id())


def test_the_port_of_a_run_is_open_until_its_process_is_gone(project: Project):
    project.plan("slow", WAITING_PLAN)
    run = project.start("run", "slow", "--api-server", "--api-port", "0")
    port = int(run.url.rpartition(":")[2])
    (project.root / "go").touch()

    def is_refused() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) != 0

    wait_until(is_refused)
    # The kernel frees a process's memory, where its command line is, before it closes what the process had open.
    assert Path(f"/proc/{run.process.pid}/cmdline").read_bytes() == b""
    assert run.wait() == 0, run.text
