"""A WebSocket, an SSE and a page reader get every event once and in order, wherever they are cut."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from pathlib import Path

import browser
import httpx
import pytest
from doors import CHECKOUT, Project, wait_until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PLAN = "# Busy\n\n## Phase 1: All\n\n" + "\n".join(
    f"- [ ] 1.{n} Talk\n\n  ```sh\n  for i in 1 2 3 4 5 6; do echo {n} $i; sleep 0.05; done\n  ```\n"
    for n in range(1, 13)
)
READ_SECONDS = 60.0


def is_end(event) -> bool:
    return event["type"] == "orchestrator_changed" and event["data"]["new_status"] in {"completed", "failed"}


class Reader:
    """Reads with a cursor; is cut after a few events at a time, and comes back."""

    def __init__(self, url: str, instance_id: str, seed: int) -> None:
        self.base = f"{url}/api/orchestrators/{instance_id}"
        self.random = random.Random(seed)
        self.events: list[dict] = []
        self.cuts = 0

    @property
    def cursor(self) -> int:
        return self.events[-1]["seq"] if self.events else 0

    def take(self, event) -> bool:
        """True when there is more to come."""
        if "seq" in event:
            self.events.append(event)
        return not is_end(event)

    async def read(self) -> None:
        limit = time.monotonic() + READ_SECONDS
        while not (self.events and is_end(self.events[-1])):
            assert time.monotonic() < limit
            await self.connection(self.random.randint(1, 15))
            self.cuts += 1


class SocketReader(Reader):
    async def connection(self, count: int) -> None:
        address = f"{self.base}/events?after={self.cursor}".replace("http", "ws", 1)
        try:
            async with connect(address) as socket:
                for _ in range(count):
                    if not self.take(json.loads(await socket.recv())):
                        break
                socket.transport.abort()  # a cable that is pulled says no good-bye
        except (OSError, ConnectionClosed):
            await asyncio.sleep(0.05)
        except InvalidStatus as refusal:
            if refusal.response.status_code != 503:  # said while the server is being restarted
                raise
            await asyncio.sleep(0.05)


class SseReader(Reader):
    async def connection(self, count: int) -> None:
        headers = {"Last-Event-ID": str(self.cursor)}
        try:
            async with (
                httpx.AsyncClient(timeout=READ_SECONDS) as client,
                client.stream("GET", f"{self.base}/events-sse", headers=headers) as answer,
            ):
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        count -= 1
                        if not self.take(json.loads(line[6:])) or count <= 0:
                            return
        except httpx.TransportError:
            await asyncio.sleep(0.05)


class PageReader(Reader):
    async def connection(self, count: int) -> None:
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(
                    f"{self.base}/events", params={"after": self.cursor, "limit": count}
                )
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            return
        if answer.status_code == 503:
            return
        for event in answer.json():
            self.take(event)
        if not answer.json():
            await asyncio.sleep(0.02)


async def read_all(readers: list[Reader]) -> None:
    await asyncio.gather(*(reader.read() for reader in readers))


def test_every_reader_gets_the_whole_log_across_any_number_of_cuts(project: Project):
    project.plan("busy", PLAN)
    url = project.serve().url
    run = project.run("--plan", "busy", "--parallel", "3")
    instance = project.only_id()
    readers = [
        kind(url, instance, seed)
        for seed, kind in enumerate((SocketReader, SseReader, PageReader, SocketReader, SseReader))
    ]
    asyncio.run(read_all(readers))
    assert run.wait() == 0
    log = project.events(instance)
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
    for reader in readers:
        assert reader.events == log
        assert reader.cuts > 5


def test_saving_a_source_file_restarts_the_server_and_its_clients_go_on(project: Project):
    project.plan("busy", PLAN)
    server = project.serve("--reload")
    url = server.url
    run = project.run("--plan", "busy")
    instance = project.only_id()
    reader = SocketReader(url, instance, 1)

    async def read_across_restart() -> None:
        reading = asyncio.create_task(reader.read())
        source = CHECKOUT / "src/orchestrator/api/metrics.py"
        now = time.time()
        await asyncio.to_thread(os.utime, source, (now, now))
        await reading

    asyncio.run(read_across_restart())
    assert run.wait() == 0
    wait_until(lambda: "Restarting" in server.text)
    assert reader.events == project.events(instance)
    assert httpx.get(f"{url}/health").json()["status"] == "healthy"
    server.kill(15)
    assert server.wait() == 0


@pytest.mark.needs_chromium
@pytest.mark.parametrize(
    ("path", "text"), [("/docs", "listOrchestrators"), ("/redoc", "Plan Orchestrator API")]
)
def test_the_documentation_renders_from_this_server_alone(project: Project, tmp_path: Path, path, text):
    """Chromium may reach nothing but this server: its resolver knows no other name."""
    import subprocess

    url = project.serve().url
    program = browser.executable()
    assert program
    done = subprocess.run(
        [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000", "--dump-dom", url + path],
        capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip
    assert text in done.stdout
