"""The commands that look and steer, asked of a server: the same output and exit codes as without one."""

from __future__ import annotations

import json
import socket

import pytest
from doors import ENVIRONMENT, WAITING_PLAN, Project, wait_until

pytestmark = pytest.mark.long  # most of it is the start of one program after another

TOKEN = "a-secret-of-enough-characters"
LOOKS = [
    ("list", "--all"),
    ("list", "--all", "--json"),
    ("list",),
    ("status",),
    ("status", "long", "--json"),
    ("status", "orch", "--at-seq", "2"),
    ("events", "--json"),
    ("events", "long", "--after", "3"),
    ("events", "--follow", "--json"),
    ("plans",),
    ("plans", "--json"),
]
REFUSALS = [
    (("status", "nobody"), 2),
    (("events", "nobody"), 2),
    (("status", "--at-seq", "999"), 2),
    (("pause", "nobody"), 2),
    (("pause", "long"), 1),
    (("shutdown", "long"), 1),
    (("skip-task", "long", "1.1"), 1),
]


@pytest.fixture
def ended(project: Project) -> str:
    """A server's URL, and a plan that was run to its end."""
    project.plan("long", WAITING_PLAN)
    (project.root / "go").touch()
    assert project.run("--plan", "long").wait() == 0
    return project.serve().url


def test_what_is_shown_is_the_same_with_a_server_and_without(project: Project, ended: str):
    for arguments in LOOKS:
        assert project.command(*arguments, "--url", ended) == project.command(*arguments), arguments


def test_what_is_refused_is_the_same_with_a_server_and_without(project: Project, ended: str):
    for arguments, code in REFUSALS:
        remote = project.command(*arguments, "--url", ended, code=code)
        assert remote == project.command(*arguments, code=code), arguments


def test_events_are_followed_live_and_across_a_restart_of_the_server(project: Project):
    project.plan("long", WAITING_PLAN)
    server = project.serve()
    url, port = server.url, server.url.rpartition(":")[2]
    run = project.run("--plan", "long")
    instance = project.only_id()
    following = project.start("events", instance, "--follow", "--url", url)
    wait_until(lambda: "▶ 1.1" in following.text)
    server.kill()
    server.wait()
    wait_until(lambda: "Trying again" in following.text)
    (project.root / "go").touch()
    assert run.wait() == 0
    project.open("run_api_server.py", "--port", port)
    assert following.wait() == 0
    told = [line for line in following.lines if "Trying again" not in line and "is back" not in line]
    assert "".join(told) == project.command("events", instance)
    assert "The server is back." in following.text


def test_a_task_is_rejected_in_the_same_words_and_a_plan_or_a_beginning_is_enough(project: Project):
    project.plan("long", WAITING_PLAN)
    url = project.serve().url
    run = project.run("--plan", "long")
    project.only_id()
    wait_until((project.root / "begun").exists)
    for arguments in (
        ("skip-task", "long", "9.9"),
        ("retry-task", "orch", "1.2"),
        ("retry-task", "long", "1.1"),
    ):
        remote = project.command(*arguments, "--url", url, code=1)
        assert remote == project.command(*arguments, code=1), arguments
    assert "paused" in project.command("pause", "long", "--url", url).lower()
    assert "stop" in project.command("shutdown", "long", "--force", "--url", url).lower()
    assert run.wait() == 130


def test_a_server_that_is_not_there_is_one_sentence(project: Project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        for arguments in (("list",), ("status",), ("events", "--follow"), ("plans",), ("pause", "x")):
            said = project.command(*arguments, "--url", url, code=1)
            assert said.startswith(f"orchestrator: The server at {url} cannot be reached")
            assert said.count("\n") == 1


def test_the_url_and_the_token_may_come_from_variables_and_what_is_typed_wins(project: Project, monkeypatch):
    project.plan("long", WAITING_PLAN)
    root = str(project.root)
    monkeypatch.setitem(ENVIRONMENT, "ORCHESTRATOR_API_TOKEN", TOKEN)
    url = project.serve().url
    monkeypatch.delitem(ENVIRONMENT, "ORCHESTRATOR_API_TOKEN")
    token = {"ORCHESTRATOR_API_TOKEN": TOKEN}
    assert json.loads(project.command("plans", "--json", ORCHESTRATOR_URL=url, **token))[0]["name"] == "long"
    assert "set ORCHESTRATOR_API_TOKEN" in project.command("plans", "--url", url, code=2)
    nowhere = {"ORCHESTRATOR_URL": "http://127.0.0.1:1"}
    assert "long" in project.command("plans", "--root", root, **nowhere)
    assert "long" in project.command("plans", "--url", url, ORCHESTRATOR_ROOT="/nowhere", **token)
    for both in (("--url", url, "--root", root), ("--root", root, "--url", url)):
        assert "give one" in project.command("list", *both, code=2)
    assert "give one" in project.command("list", code=2, ORCHESTRATOR_ROOT=root, **nowhere)
    assert "not the URL of a server" in project.command("list", "--url", "127.0.0.1:8000", code=2)
