"""Two servers and three orchestrators of three projects on one PostgreSQL."""

from __future__ import annotations

import json

import doors
import httpx
import pytest
from doors import Project, wait_until
from websockets.sync.client import connect

PLAN = """\
# Work

## Phase 1: One

- [ ] 1.1 Waits for a file

  ```sh
  until test -e go; do sleep 0.05; done
  ```

- [ ] 1.2 Last

  ```sh
  echo 1.2 >> ran
  ```

- [ ] 1.3 Left out

  ```sh
  echo 1.3 >> ran
  ```
"""
# What changes by itself from one moment to the next.
PASSING = {"last_heartbeat", "is_stale"}


@pytest.fixture
def projects(tmp_path, postgres_url, monkeypatch):
    monkeypatch.setitem(doors.ENVIRONMENT, "ORCHESTRATOR_DATABASE_URL", postgres_url)
    made = []
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        made.append(Project(tmp_path / name))
        made[-1].plan(f"plan-{name}", PLAN)
    yield made
    for project in made:
        for door in project.doors:
            door.kill()
            door.wait()


def shown(url: str) -> list[dict[str, object]]:
    found = httpx.get(f"{url}/api/orchestrators").json()
    return [{key: value for key, value in info.items() if key not in PASSING} for info in found]


def receive(client, count: int) -> list[dict[str, object]]:
    return [json.loads(client.recv(timeout=20)) for _ in range(count)]


@pytest.mark.long
def test_both_servers_show_the_same_steer_all_and_stand_in_for_each_other(projects):
    servers = [projects[0].serve(), projects[1].serve()]
    urls = [server.url for server in servers]
    runs = [project.run("--plan", f"plan-{name}") for project, name in zip(projects, "abc", strict=True)]
    wait_until(lambda: all("▶ 1.1" in run.text for run in runs))
    wait_until(lambda: shown(urls[0]) == shown(urls[1]) and len(shown(urls[0])) == 3)
    ids = {info["plan_name"]: info["id"] for info in shown(urls[0])}
    assert {info["worktree_path"] for info in shown(urls[0])} == {str(project.root) for project in projects}
    assert len({info["project"] for info in shown(urls[0])}) == 3
    for instance_id in ids.values():
        one, other = (f"{url}/api/orchestrators/{instance_id}/status" for url in urls)
        wait_until(lambda one=one, other=other: httpx.get(one).json() == httpx.get(other).json())

    # Through either server, and from the command line of any project, commands reach all three.
    for number, instance_id in enumerate(ids.values()):
        for url in urls:
            answer = httpx.post(f"{url}/api/orchestrators/{instance_id}/pause")
            assert answer.status_code == 200, answer.text
        other = urls[number % 2]
        assert httpx.post(f"{other}/api/orchestrators/{instance_id}/resume").json()["message"] == "Resumed."
        skip = httpx.post(f"{other}/api/orchestrators/{instance_id}/skip-task", json={"task_id": "1.3"})
        assert skip.status_code == 200, skip.text
    assert "already running" in projects[2].command("resume", ids["plan-a"])

    # A client of one server goes on at the other with its cursor.
    path = f"/api/orchestrators/{ids['plan-c']}/events"
    with connect(f"{urls[0].replace('http', 'ws')}{path}?after=0") as client:
        first = receive(client, 4)
        servers[0].kill()
        servers[0].wait()
    for project in projects:
        (project.root / "go").touch()
    assert [run.wait() for run in runs] == [0, 0, 0]
    log = projects[2].events(ids["plan-c"])
    with connect(f"{urls[1].replace('http', 'ws')}{path}?after={first[-1]['seq']}") as client:
        rest = receive(client, len(log) - len(first))
    assert [event["seq"] for event in (*first, *rest)] == list(range(1, len(log) + 1))
    assert [*first, *rest] == log
    for project in projects:
        assert (project.root / "ran").read_text() == "1.2\n"
        assert not (project.root / ".orchestrator" / "orchestrator.db").exists()
