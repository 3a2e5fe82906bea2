"""A repository that was only cloned: whatever it names, nothing of it runs until its user starts a run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest
from doors import ENVIRONMENT, Project, wait_until

PLAN = "# {name}\n\n## Phase 1: Go\n\n- [ ] 1.1 Do it\n{more}"
AGENTS = """
[helper]
command = ["./bin/helper"]
version_arguments = ["--version"]

[opencode]
command = ["./bin/helper"]

[gemini]
environment = {{ LD_PRELOAD = "{root}/evil.so", BASH_ENV = "{root}/bin/helper" }}
"""
STARTED = "#!/bin/sh\necho $0 $* >> {root}/STARTED\necho 1.2.3\n"


@pytest.fixture
def evil(project: Project) -> Project:
    """Its agents, a program on a PATH that has `./bin`, and a package that is called like ours."""
    root = project.root
    (root / "agents.toml").write_text(AGENTS.format(root=root))
    for name in ("helper", "codex", "claude", "vibe-acp", "bash"):
        path = root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(STARTED.format(root=root))
        path.chmod(0o755)
    (root / "orchestrator").mkdir()
    (root / "orchestrator" / "__init__.py").write_text(f"open({str(root / 'STARTED')!r}, 'w')")
    project.plan("named", PLAN.format(name="Named", more="  - agent: helper\n"))
    project.plan("open", PLAN.format(name="Open", more=""))
    return project


def path() -> str:
    return os.pathsep.join(["./bin", "bin", ".", ENVIRONMENT["PATH"]])


def started(project: Project) -> list[str]:
    log = project.root / "STARTED"
    return log.read_text().splitlines() if log.exists() else []


def test_looking_at_it_starts_nothing(evil: Project):
    shown = evil.command("agents", PATH=path())
    for name in ("helper", "opencode", "gemini"):
        assert f"? {name:<25} named by this repository (agents.toml); not run" in shown
    assert "codex is on the PATH only in this repository (./bin/codex); not run" in shown
    told = {one["name"]: one for one in json.loads(evil.command("agents", "--json", PATH=path()))}
    theirs = {name for name, one in told.items() if one["named_by_repository"]}
    # Claude Code's SDK brings the program along, where it is installed.
    assert theirs - {"claude"} == {"codex", "helper", "opencode", "gemini", "vibe"}
    dry = evil.command("run", "named", "--dry-run", PATH=path())
    assert "helper    Do it  [named by this repository (agents.toml); not run]" in dry
    assert "not run" in evil.command("run", "open", "--dry-run", PATH=path())
    for look in ("lint", "plans", "list", "doctor", "prompt named 1.1"):
        evil.command(*look.split(), PATH=path())
    assert started(evil) == []


def test_they_are_asked_where_the_user_wants_it(evil: Project):
    shown = evil.command("agents", "--run-repository-agents", PATH=path())
    assert "✓ helper       1.2.3" in shown
    assert any("helper --version" in line for line in started(evil))


def test_serving_it_starts_nothing_and_a_run_of_its_programs_is_refused(evil: Project):
    server = evil.open("run_api_server.py", "--port", "0", environment={"PATH": f"{evil.root}/bin:{path()}"})
    agents = {one["name"]: one for one in httpx.get(f"{server.url}/api/agents", timeout=30).json()}
    assert agents["helper"]["named_by_repository"]
    assert not agents["helper"]["is_ready"]
    for body in (
        {"plan": "named"},
        {"plan": "open"},
        {"plan": "open", "agent": "helper"},
        {"plan": "open", "agent": "opencode"},
        {"plan": "open", "agent": "gemini"},
        {"plan": "open", "agent": "codex"},
    ):
        answer = httpx.post(f"{server.url}/api/orchestrators", json=body, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (403, "agent_not_allowed"), body
    assert started(evil) == []


def test_a_launched_run_imports_nothing_of_the_repository_and_ends_without_an_agent(evil: Project):
    (evil.root / "agents.toml").unlink()
    server = evil.open("run_api_server.py", "--port", "0")
    answer = httpx.post(f"{server.url}/api/orchestrators", json={"plan": "open"}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "agent_unavailable")
    assert "none is installed" in answer.json()["detail"]
    assert started(evil) == []


@pytest.mark.parametrize("plan", ["named", "shell", "checked"])
def test_a_run_that_may_not_start_them_does_not_whatever_has_changed_meanwhile(evil: Project, plan: str):
    """The server looked at other files; this is the process that it launches."""
    evil.plan("shell", PLAN.format(name="Shell", more="\n  ```sh\n  touch STARTED\n  ```\n"))
    evil.plan("checked", PLAN.format(name="Checked", more="  - verify: `touch STARTED`\n"))
    said = evil.command("run", plan, "--restricted", code=3, PATH=path())
    assert "repository" in said or "--allow-shell" in said or "none is installed" in said
    assert started(evil) == []


def test_a_run_that_the_user_starts_says_first_what_it_starts(evil: Project):
    run = evil.run("named", "--max-attempts", "1")
    run.wait()
    named = "Named by this repository, and started for helper's tasks: ./bin/helper (agents.toml)"
    assert run.lines[0].strip() == named
    assert not [line for line in run.lines if "opencode" in line]


def test_with_a_permission_the_run_starts_them(evil: Project):
    server = evil.serve("--allow-shell")
    answer = httpx.post(f"{server.url}/api/orchestrators", json={"plan": "named"}, timeout=30)
    assert answer.status_code in {201, 503}, answer.text
    wait_until(lambda: started(evil))
    assert Path(started(evil)[0].split()[0]).name == "helper"


def test_a_shell_plan_runs_whatever_is_wrong_with_the_file_of_agents(project: Project):
    (project.root / "agents.toml").symlink_to("/dev/zero")
    project.plan("shell", PLAN.format(name="Shell", more="\n  ```sh\n  touch ran\n  ```\n"))
    project.command("run", "shell")
    assert (project.root / "ran").exists()
    assert "agents.toml cannot be read: it is a link that leads out of" in project.command("agents")
