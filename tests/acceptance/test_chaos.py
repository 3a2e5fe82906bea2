"""Twenty times kill -9, at random moments, while three readers look on; on both databases."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator

import doors
import httpx
import pytest
from doors import CHECKOUT, Project, marked_processes, wait_until
from httpx_sse import connect_sse
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

KILLS = 20
TASKS = 40
ENDED = {"completed", "failed", "stopped", "crashed"}
PLAN = "# Long\n\n## Phase 1: One\n" + "".join(
    f"\n- [ ] 1.{n} Task {n}\n\n  ```sh\n  echo 1.{n} >> ran; sleep 0.3\n  ```\n" for n in range(1, TASKS + 1)
)
Entries = list[tuple[int, str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, monkeypatch) -> None:
    if request.param == "postgresql":
        monkeypatch.setitem(
            doors.ENVIRONMENT, "ORCHESTRATOR_DATABASE_URL", request.getfixturevalue("postgres_url")
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Reader:
    """Follows every orchestrator there is, one after another, and takes up again where it was cut off."""

    def __init__(self, project: Project, port: int) -> None:
        self.project = project
        self.port = port
        self.seen: dict[str, Entries] = {}
        self.done: set[str] = set()
        self.stopping = threading.Event()
        self.fault: Exception | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                for instance_id in self._waiting():
                    self._follow(instance_id)
                self.stopping.wait(0.1)
        except Exception as error:  # noqa: BLE001 - the test fails with it
            self.fault = error

    def _waiting(self) -> list[str]:
        try:
            known = httpx.get(f"http://127.0.0.1:{self.port}/api/orchestrators").json()
        except (httpx.HTTPError, ValueError):
            return []
        return [info["id"] for info in reversed(known) if info["id"] not in self.done]

    def _follow(self, instance_id: str) -> None:
        seen = self.seen.setdefault(instance_id, [])
        for event in self.entries(instance_id, seen[-1][0] if seen else 0):
            if event.get("seq") is not None:
                seen.append((event["seq"], event["type"]))
            if event["type"] == "orchestrator_changed" and event["data"]["new_status"] in ENDED:
                self.done.add(instance_id)
                return
            if self.stopping.is_set():
                return

    def entries(self, instance_id: str, after: int) -> Iterator[dict[str, object]]:
        raise NotImplementedError


class WebSocketReader(Reader):
    def entries(self, instance_id, after):
        path = f"/api/orchestrators/{instance_id}/events?after={after}"
        try:
            with connect(f"ws://127.0.0.1:{self.port}{path}", open_timeout=5) as client:
                while True:
                    yield json.loads(client.recv(timeout=5))
        except (OSError, WebSocketException, TimeoutError):
            return


class SseReader(Reader):
    def entries(self, instance_id, after):
        path = f"/api/orchestrators/{instance_id}/events-sse"
        headers = {"Last-Event-ID": str(after)}
        try:
            with (
                httpx.Client(timeout=5) as client,
                connect_sse(client, "GET", f"http://127.0.0.1:{self.port}{path}", headers=headers) as source,
            ):
                for message in source.iter_sse():
                    yield json.loads(message.data)
        except httpx.HTTPError:
            return


class CommandLineReader(Reader):
    def entries(self, instance_id, after):
        command = ["events", instance_id, "--follow", "--json", "--after", str(after)]
        process = subprocess.Popen(
            [CHECKOUT / ".venv" / "bin" / "orchestrator", *command],
            cwd=self.project.root,
            stdout=subprocess.PIPE,
            text=True,
            env=doors.ENVIRONMENT,
        )
        try:
            yield from map(json.loads, process.stdout)
        finally:
            process.kill()
            process.communicate()


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("database")
def test_twenty_random_deaths_lose_nothing_repeat_nothing_and_leave_nothing(project: Project):
    seed = int(os.environ.get("CHAOS_SEED", time.time_ns() % 1_000_000))
    print(f"CHAOS_SEED={seed}")  # noqa: T201 - shown when it fails, so that it can be repeated
    dice = random.Random(seed)
    project.plan("long", PLAN)
    port = free_port()

    def serve():
        server = project.open("run_api_server.py", "--port", str(port))
        assert server.url
        return server

    def run():
        return project.run("--plan", "long", "--parallel", "2")

    server, worker = serve(), run()
    readers = [kind(project, port) for kind in (WebSocketReader, SseReader, CommandLineReader)]
    for _ in range(KILLS):
        threading.Event().wait(dice.uniform(0.05, 1.6))
        if dice.random() < 0.3:
            server.kill()
            server.wait()
            server = serve()
        else:
            worker.kill()
            worker.wait()
            worker = run()
    assert worker.wait(120) == 0, worker.text

    ids = [info["id"] for info in json.loads(project.command("list", "--all", "--json"))]
    wait_until(lambda: all(reader.fault or reader.done >= set(ids) for reader in readers), 60)
    for reader in readers:
        reader.stopping.set()
        assert reader.fault is None
    completed: Counter[str] = Counter()
    for instance_id in reversed(ids):  # oldest first
        log = project.events(instance_id)
        entries = [(event["seq"], event["type"]) for event in log]
        assert [seq for seq, _ in entries] == list(range(1, len(log) + 1))
        for reader in readers:
            assert reader.seen[instance_id] == entries, (type(reader).__name__, instance_id)
        for event in log:
            if event["type"] == "task_changed":
                data = event["data"]
                assert completed[data["task_id"]] == 0, "it ran again after it was completed"
                completed[data["task_id"]] += data["new_status"] == "completed"
        assert marked_processes(instance_id) == []
    assert completed == {f"1.{n}": 1 for n in range(1, TASKS + 1)}
    started = Counter((project.root / "ran").read_text().split())
    assert set(started) == set(completed)
    status = json.loads(project.command("status", ids[0], "--json"))
    assert status["summary"]["completed"] == TASKS
