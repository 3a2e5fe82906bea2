"""Runs that are started over HTTP, or in the background: they need neither the server nor a terminal."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from doors import ENVIRONMENT, WAITING_PLAN, Project, wait_until

import orchestrator


def start(url: str, **body: object) -> httpx.Response:
    return httpx.post(f"{url}/api/orchestrators", json=body, timeout=30)


def environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def test_a_run_that_was_started_over_http_outlives_its_server(project: Project):
    project.plan("slow", WAITING_PLAN)
    server = project.serve("--allow-shell")
    answer = start(server.url, plan="slow")
    assert answer.status_code == 201, answer.text
    run = answer.json()
    assert answer.headers["location"] == f"/api/orchestrators/{run['id']}"
    assert run["log_path"] == f".orchestrator/logs/{run['id']}.log"
    assert os.getsid(run["pid"]) == run["pid"]
    wait_until((project.root / "begun").exists)

    again = start(server.url, plan="slow")
    assert (again.status_code, again.json()["owner"]) == (409, run["id"])

    server.kill()
    server.wait()
    (project.root / "go").touch()
    url = project.serve().url
    info = f"{url}/api/orchestrators/{run['id']}"
    wait_until(lambda: httpx.get(info).json()["status"] == "completed")
    assert (project.root / "ran").read_text() == "1.2\n"
    log = project.root / run["log_path"]
    assert "completed" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_run_survives_the_reload_of_its_server_and_ctrl_c(project: Project):
    project.plan("slow", WAITING_PLAN)
    server = project.serve("--allow-shell", "--reload")
    run = start(server.url, plan="slow").json()
    wait_until((project.root / "begun").exists)
    saved = Path(orchestrator.__file__).parent / "__init__.py"
    saved.touch()
    wait_until(lambda: "Restarting" in server.text)
    wait_until(lambda: httpx.get(f"{server.url}/api/orchestrators/{run['id']}").status_code == 200)
    # As a terminal does with Ctrl-C: the signal goes to the whole group of the server.
    os.killpg(server.process.pid, signal.SIGINT)
    server.wait()
    (project.root / "go").touch()
    wait_until(lambda: json.loads(project.command("list", "--all", "--json"))[0]["status"] == "completed")


def test_a_run_knows_nothing_of_the_servers_token(project: Project, monkeypatch):
    project.plan("slow", WAITING_PLAN)
    token = "not-to-be-found-anywhere"
    monkeypatch.setitem(ENVIRONMENT, "ORCHESTRATOR_API_TOKEN", token)
    server = project.serve()
    answer = httpx.post(
        f"{server.url}/api/orchestrators",
        json={"plan": "slow"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    assert token.encode() in environment(server.process.pid)
    assert token.encode() not in environment(answer.json()["pid"])
    (project.root / "go").touch()
    wait_until((project.root / "ran").exists)
    wait_until(lambda: not Path(f"/proc/{answer.json()['pid']}").exists())


def test_of_runs_that_are_started_at_the_same_instant_one_has_the_plan(project: Project):
    project.plan("slow", WAITING_PLAN)
    url = project.serve("--allow-shell").url
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: start(url, plan="slow"), range(4)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, 409, 409, 409], [answer.text for answer in answers]
    winner = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    assert {answer.json()["owner"] for answer in answers if answer.status_code == 409} == {winner}
    (project.root / "go").touch()
    wait_until((project.root / "ran").exists)
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators/{winner}").json()["status"] == "completed")
    assert (project.root / "begun").read_text() == "begun\n"


def test_nothing_starts_that_may_not(project: Project):
    project.plan("slow", WAITING_PLAN)
    project.plan("bad", "# Bad\n\n## Phase 1: One\n\n- [ ] 1.1 a\n- [ ] 1.1 b\n")
    url = project.serve().url
    refused = start(url, plan="slow")
    assert (refused.status_code, refused.json()["code"]) == (403, "shell_not_allowed")
    wrong = start(url, plan="bad")
    assert (wrong.status_code, wrong.json()["problems"][0]["line"]) == (422, 6)
    assert httpx.get(f"{url}/api/orchestrators").json() == []
    assert not (project.root / ".orchestrator" / "logs").exists()


def test_an_agent_that_is_not_there_is_said(project: Project):
    project.plan("talk", "# Talk\n\n## Phase 1: One\n\n- [ ] 1.1 Say something\n")
    url = project.serve().url
    answer = start(url, plan="talk", agent="nobody")
    assert (answer.status_code, answer.json()["code"]) == (503, "agent_unavailable")
    assert "nobody" in answer.json()["detail"]


def test_a_run_in_the_background_says_its_id_and_where_its_output_goes(project: Project):
    project.plan("slow", WAITING_PLAN)
    (project.root / "go").touch()
    said = json.loads(project.command("run", "slow", "--detach", "--json"))
    wait_until(lambda: json.loads(project.command("status", said["id"], "--json"))["status"] == "completed")
    assert "completed" in (project.root / said["log_path"]).read_text()
    assert "--detach goes with" in project.command("run", "slow", "--detach", "--dry-run", code=2)
    assert "no plan" in project.command("run", "missing", "--detach", code=2).lower()
