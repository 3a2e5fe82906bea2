"""What cannot be done is said in a sentence, with the right exit code, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import acp_double
import httpx
import pytest
from doors import CHECKOUT, LIMIT_SECONDS, WAITING_PLAN, Project, wait_until

QUICK = "# Quick\n\n## Phase 1: A\n\n- [ ] 1.1 Do\n\n  ```sh\n  echo did\n  ```\n"
LONG = "# Long\n\n## Phase 1: A\n\n" + "\n".join(
    f"- [ ] 1.{n} Do\n\n  ```sh\n  sleep 0.3; echo did\n  ```\n" for n in range(1, 7)
)


def refused(project: Project, *arguments: str, code: int) -> str:
    door = project.run(*arguments)
    assert door.wait() == code, door.text
    assert "Traceback" not in door.text
    return door.text


def test_a_port_in_use_is_said_before_anything_runs(project: Project):
    project.plan("quick", QUICK)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(project, "--api-server", "--api-port", port, code=2)
        server = project.open("run_api_server.py", "--port", port)
        assert server.wait() == 2
        assert port in server.text
    assert project.command("list", "--all") == "No orchestrator has run here yet.\n"


def test_an_address_for_others_needs_a_token(project: Project):
    project.plan("quick", QUICK)
    server = project.open("run_api_server.py", "--host", "0.0.0.0", "--port", "0")
    assert server.wait() == 2
    assert "token" in server.text.lower()
    assert (
        "token"
        in refused(project, "--api-server", "--api-host", "0.0.0.0", "--api-port", "0", code=2).lower()
    )


def test_a_page_that_a_run_refuses_is_named_beside_the_run_with_the_flag_that_allows_it(project: Project):
    project.plan("long", WAITING_PLAN)
    run = project.run("--api-server", "--api-port", "0", "--allow-origin", "http://localhost:3001")

    def answer(origin: str) -> int:
        return httpx.get(f"{run.url}/api/orchestrators", headers={"Origin": origin}).status_code

    assert (answer("http://localhost:3001"), answer("http://localhost:3000")) == (200, 403)
    wait_until(lambda: "add --allow-origin http://localhost:3000 to" in run.text)
    (project.root / "go").touch()
    assert run.wait() == 0


def test_a_task_without_any_agent_is_exit_3_before_the_first_task(project: Project):
    project.plan("needs", f"{QUICK}\n- [ ] 1.2 Think about it\n")
    assert "1.2" in refused(project, code=3)
    assert not (project.root / "docs/plan-outputs/needs/findings").exists()
    assert "claude" in refused(project, "--agent", "claude", code=3)


def test_an_agent_that_nothing_makes_ask_is_given_nothing_that_it_may_not_do(project: Project):
    double = Path(acp_double.__file__)
    project.plan("wild", "# Wild\n\n## Phase 1: A\n\n- [ ] 1.1 Do [[play:acts]]\n  - agent: wild\n")
    (project.root / "agents.toml").write_text(f'[wild]\ncommand = ["{sys.executable}", "{double}"]\n')
    shown = project.command("run", "wild", "--dry-run", "--permissions", "ask", code=3)
    assert "Agent wild cannot be held to permissions ask" in shown
    for permissions in ("read-only", "ask", "edits"):
        said = refused(project, "--permissions", permissions, code=3)
        assert f"Task 1.1 in line 5: Agent wild cannot be held to permissions {permissions}" in said
    assert not (project.root / "made.txt").exists()
    url = project.serve("--allow-shell").url
    asked = {"plan": "wild", "permissions": "read-only"}
    answer = httpx.post(f"{url}/api/orchestrators", json=asked, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "agent_unavailable")
    assert "cannot be held to" in answer.json()["detail"]
    assert project.command("list", "--all") == "No orchestrator has run here yet.\n"
    assert project.run("--permissions", "full").wait() == 0
    assert (project.root / "made.txt").exists()


SILENT = """import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    answers = {
        "initialize": {"protocolVersion": 1},
        "session/new": {"sessionId": "s"},
        "session/prompt": {"stopReason": "end_turn"},
    }
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answers[asked["method"]]}), flush=True)
"""


def test_an_agent_that_does_and_says_nothing_has_not_done_its_task(project: Project):
    project.plan(
        "silent", "# Silent\n\n## Phase 1: A\n\n- [ ] 1.1 Do it\n- [ ] 1.2 Then this (depends: 1.1)\n"
    )
    (project.root / "silent.py").write_text(SILENT)
    (project.root / "agents.toml").write_text(
        f'[silent]\ncommand = ["{sys.executable}", "silent.py"]\nversion_arguments = []\n'
    )
    said = refused(project, "--agent", "silent", "--max-attempts", "1", code=1)
    assert "✗ 1.1 Do it: Agent silent ended its turn without a word" in said
    assert "✓" not in said
    assert "▶ 1.2" not in said


def test_a_look_ahead_leaves_nothing_behind_and_ends_as_the_run_would(project: Project):
    project.plan("quick", QUICK)
    project.plan("needs", f"{QUICK}\n- [ ] 1.2 Think about it (depends: 1.1)\n")
    project.plan("unknown", f"{QUICK}\n- [ ] 1.2 Think about it\n  - agent: claud\n")
    assert "1 task; 1 for shell" in project.command("run", "quick", "--dry-run")
    lines = project.command("run", "needs", "--dry-run", code=3).splitlines()
    assert lines[0].endswith("; 1 for the run's agent, 1 for shell")
    assert "agents may do everything (permissions full" in lines[1]
    assert [line.split()[:3] for line in lines[2:4]] == [["1", "1.1", "shell"], ["2", "1.2", "nobody"]]
    assert lines[4].startswith("Task 1.2 in line 11 needs an agent")
    assert lines[5:] == ["The run would not start: there is no agent for some of its tasks."]
    assert "did you mean “claude”?" in project.command("run", "unknown", "--dry-run", code=3)
    assert "did you mean “claude”?" in project.command("lint", "unknown", code=1)
    assert project.command("list") == "No orchestrator is running.\n"
    project.command("plans")
    assert not (project.root / "docs/plan-outputs").exists()


def test_two_plans_at_once_are_refused(project: Project):
    project.plan("quick", QUICK)
    assert "other" in refused(project, "quick", "--plan", "other", code=2)


def test_an_output_that_takes_nothing_does_not_end_the_run(project: Project):
    project.plan("quick", QUICK)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [CHECKOUT / ".venv/bin/orchestrator", "run"],
            cwd=project.root, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "output is lost" in done.stderr


def test_a_run_that_waits_for_a_person_says_how_to_go_on(project: Project):
    project.plan("gate", f"{QUICK}\n- [ ] 1.2 Sign it (depends: 1.1)\n  - gate: human\n")
    text = refused(project, code=1)
    assert "--on-blocked wait" in text
    run = project.run("--on-blocked", "wait")
    wait_until(lambda: "blocked" in run.text)
    assert "skipped" in project.command("skip-task", "gate", "1.2")
    assert run.wait() == 0


def test_a_plan_with_errors_does_not_run(project: Project):
    project.plan("bad", f"{QUICK}\n- [ ] 1.1 Twice\n- [ ] 1.3 More (depends: 9.9)\n")
    text = refused(project, code=2)
    assert "line 11" in text
    assert "9.9" in text


def test_a_plan_in_which_no_task_was_found_does_not_run(project: Project):
    project.plan("letters", "# Letters\n\n## Phase 1: A\n\n### 1A. Dig\n\n### 1B. Pour\n")
    for arguments in ((), ("--dry-run",), ("--agent", "claude")):
        text = refused(project, *arguments, code=2)
        assert "no task was found" in text
        assert "2 headings such as `### 1A. Dig`" in text
    assert project.command("list", "--all") == "No orchestrator has run here yet.\n"
    project.command("lint", "letters", code=1)
    (plan,) = json.loads(project.command("plans", "--json"))
    assert (plan["total_tasks"], plan["has_status"]) == (0, False)


def test_snippets_in_an_agent_s_instruction_are_not_run(project: Project):
    steps = "- [ ] Step 1: Look\n\n```bash\ntouch looked\n```\n\n- [ ] Step 2: Commit\n\n```bash\ntouch made\n```\n"
    project.plan("steps", f"# Steps\n\n### Task 1: Greet\n\n{steps}")
    assert "1.1" in refused(project, code=3)  # no agent is installed, and the shell does not stand in for one
    script = project.root / "script.yaml"
    script.write_text("default:\n  - {say: done}\n")
    run = project.run("--agent", "scripted", "--script", str(script))
    assert run.wait() == 0, run.text
    assert not (project.root / "looked").exists()
    assert not (project.root / "made").exists()


def test_lint_has_its_own_exit_codes(project: Project):
    project.plan("quick", QUICK)
    project.plan("bad", f"{QUICK}\n- [ ] 1.1 Twice\n")
    report = json.loads(project.command("lint", "quick", "--format", "json"))
    assert (report["plan"], report["problems"]) == ("quick", [])
    assert report["phases"][0]["tasks"][0]["id"] == "1.1"
    assert "error[duplicate_id]" in project.command("lint", "docs/plans/bad.md", code=1)
    project.command("lint", "nothing-of-this-name", code=2)
    project.command("lint", "/nowhere/at/all.md", code=2)


def test_without_a_plan_the_list_is_shown_and_use_chooses(project: Project):
    assert "no plan" in refused(project, code=2)
    project.plan("one", QUICK)
    project.plan("two", QUICK)
    text = refused(project, code=2)
    assert "one" in text
    assert "two" in text
    project.command("use", "two")
    assert "two.md" in refused(project, code=0)
    project.command("use", "three", code=2)


@pytest.mark.parametrize("name", ["..", "../../etc/passwd", "%2e%2e", "x" * 300, "٣", "a\\b", "docs", ""])
def test_names_that_are_no_plans_are_refused(project: Project, name: str):
    project.plan("quick", QUICK)
    project.command("lint", name, code=2)
    project.command("status", name or "nothing", code=2)


def test_unknown_ids_and_tasks_are_said(project: Project):
    project.plan("quick", QUICK)
    assert project.run().wait() == 0
    instance = project.only_id()
    assert instance in project.command("pause", "orch-unknown", code=2)
    assert "ended" in project.command("pause", instance, code=1)
    project.command("status", instance, "--at-seq", "9999", code=2)


def test_a_plan_that_vanishes_while_it_runs_ends_well_and_says_so(project: Project):
    path = project.plan("long", LONG)
    run = project.run("--api-server", "--api-port", "0", "--keep-serving")
    url = run.url
    wait_until(lambda: "▶ 1.1" in run.text)
    path.unlink()
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators").json()[0]["status"] == "completed")
    assert httpx.get(f"{url}/api/plans/long/status").status_code == 404
    assert httpx.get(f"{url}/api/plans").json() == []
    changed = [e for e in project.events(project.only_id()) if e["type"] == "plan_changed"]
    assert len(changed) == 1


def test_a_root_that_cannot_be_written_is_said(project: Project):
    plan = project.plan("quick", QUICK)
    done = subprocess.run(
        [CHECKOUT / ".venv/bin/orchestrator", "run", plan, "--root", "/proc"],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "/proc" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


@pytest.mark.needs_root
def test_a_full_disk_ends_the_run_with_a_sentence_and_the_log_stays_whole(small_disk: Path):
    project = Project(small_disk)
    project.plan("long", LONG)
    run = project.run()
    wait_until(lambda: "▶ 1.2" in run.text)
    filler = small_disk / "filler"
    fill(filler)
    assert run.wait() == 1
    assert "Traceback" not in run.text
    filler.unlink()
    again = project.run()
    assert again.wait() == 0, again.text
    for instance in json.loads(project.command("list", "--all", "--json")):
        events = project.events(instance["id"])
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_lint_reads_every_plan_and_speaks_sarif(project: Project):
    project.plan("bad", "## Phase 1: A\n\n- [ ] 1.1 a\n- [ ] 1.1 b\n")
    project.plan("good", "## Phase 1: A\n\n- [ ] 1.1 a\n")
    text = project.command("lint", code=1)
    assert "docs/plans/bad.md:4:3: error[duplicate_id]" in text
    assert "docs/plans/good.md: 1 phase, 1 task" in text
    assert "bad" not in project.command("lint", "good")
    assert [
        report["plan"]
        for report in json.loads(project.command("lint", "good", "bad", "--format", "json", code=1))
    ] == [
        "good",
        "bad",
    ]
    [run] = json.loads(project.command("lint", "--format", "sarif", code=1))["runs"]
    [result] = [result for result in run["results"] if result["level"] == "error"]
    assert {other["ruleId"] for other in run["results"] if other is not result} == {"no_check"}
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "docs/plans/bad.md"
    assert place["region"] == {"startLine": 4, "startColumn": 3}
    assert "no plan" in project.command("lint", "missing", code=2).lower()


def test_doctor_says_what_is_wrong_and_changes_nothing(project: Project):
    project.plan("good", "## Phase 1: A\n\n- [ ] 1.1 a\n")
    text = project.command("doctor")
    assert "✗" not in text
    assert not (project.root / ".orchestrator").exists()
    project.plan("bad", "## Phase 1: A\n\n- [ ] 1.1 a\n- [ ] 1.1 b\n")
    (project.root / ".orchestrator").mkdir()
    (project.root / ".orchestrator" / "orchestrator.db").write_bytes(b"no database" * 1000)
    found = json.loads(project.command("doctor", "--json", code=1))
    problems = {finding["about"]: finding["text"] for finding in found if finding["verdict"] == "problem"}
    assert "docs/plans/bad.md: 1 error; see orchestrator lint bad" in problems["plans"]
    assert "damaged" in problems["database"]
