"""What runs in processes of its own: `python -m benchmarks.children KIND …`. Each line on stdin is an order.

Stamps are of CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.domain.events import ToolStarted
from orchestrator.engine.journal import Journal
from orchestrator.engine.lease_guard import LeaseGuard, elapsed_seconds
from orchestrator.engine.lease_keeper import keep_lease
from orchestrator.engine.records import NewInstance
from orchestrator.store.open import open_store

if TYPE_CHECKING:
    from fastapi import FastAPI

PAUSE_SECONDS = 0.01
PAYLOAD = "x" * 200


def answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def orders() -> asyncio.Queue[str]:
    """The lines of stdin, as they come."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    asyncio.get_running_loop().add_reader(
        sys.stdin.fileno(), lambda: queue.put_nowait(sys.stdin.readline().strip())
    )
    return queue


async def engine(root: str, url: str = "") -> None:
    """An orchestrator's pen: records so many tool calls, each with the moment at which it was heard of."""
    lines = await orders()
    async with open_store(Path(root), url or None) as ports:
        new = NewInstance("orch-bench", root, "bench", "docs/plans/bench.md", root, "here", 1, "1")
        lease = await ports.registry.claim(new)
        journal = Journal(ports.log, lease, lambda: datetime.now(UTC))
        guard = LeaseGuard(ports.registry, lease, elapsed_seconds())
        keeper = asyncio.create_task(keep_lease(guard, asyncio.get_running_loop().time()))
        answer("ready")
        while line := await lines.get():
            for number in range(int(line)):
                stamp = f"{time.monotonic_ns()} {PAYLOAD}"
                event = ToolStarted(
                    task_id="1.1", attempt=1, tool_id=str(number), tool_name="bash", input_summary=stamp
                )
                await journal.record(event)
                await asyncio.sleep(PAUSE_SECONDS)
            answer("done")
        keeper.cancel()


def raw_writer(path: str, port: str) -> None:
    """The same by hand: one row, one commit; with a port also a datagram."""
    connection = sqlite3.connect(path, isolation_level=None)
    bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.execute("PRAGMA synchronous=FULL")
    answer("ready")
    while line := sys.stdin.readline().strip():
        for _ in range(int(line)):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO events (body) VALUES (?)", (f"{time.monotonic_ns()} {PAYLOAD}",))
            connection.execute("COMMIT")
            if int(port):
                bell.sendto(b"!", ("127.0.0.1", int(port)))
            time.sleep(PAUSE_SECONDS)
        answer("done")


async def nats_writer(url: str) -> None:
    """The same over NATS JetStream: published, and acknowledged as stored."""
    import nats

    lines = await orders()
    client = await nats.connect(url)
    stream = client.jetstream()
    answer("ready")
    while line := await lines.get():
        for _ in range(int(line)):
            await stream.publish("events.bench", f"{time.monotonic_ns()} {PAYLOAD}".encode())
            await asyncio.sleep(PAUSE_SECONDS)
        answer("done")


def plain_server(kind: str, body: str) -> None:
    """FastAPI as it is usually written: `noop` for commands, `status` and `lists` for models as answers."""
    import uvicorn
    from fastapi import FastAPI

    from orchestrator.domain.status import OrchestratorStatus

    app = FastAPI()
    if kind == "status":
        # As it comes out of a database: FastAPI validates it and writes it out.
        status = json.loads(Path(body).read_bytes())

        @app.get("/status", response_model=OrchestratorStatus)
        async def get_status() -> dict[str, object]:
            return status

    if kind == "lists":
        _answer_lists(app, Path(body))

    @app.post("/noop")
    async def noop() -> dict[str, str]:
        return {"state": "applied"}

    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    answer(f"http://127.0.0.1:{sock.getsockname()[1]}")
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run([sock])


def _answer_lists(app: FastAPI, folder: Path) -> None:
    """Each of the answers in the folder as bytes that are ready, and as what a database would give."""
    from fastapi import Response

    from orchestrator.domain.status import OrchestratorInfo, PlanInfo

    models = {"plans": PlanInfo, "orchestrators": OrchestratorInfo, "events": dict[str, object]}

    def add(name: str, model: Any) -> None:
        ready = (folder / f"{name}.json").read_bytes()
        values = json.loads(ready)

        @app.get(f"/prepared/{name}")
        async def prepared() -> Response:
            return Response(ready, media_type="application/json")

        @app.get(f"/model/{name}", response_model=list[model])
        async def modelled() -> list[dict[str, object]]:
            return values

    for name, model in models.items():
        add(name, model)


KINDS = {
    "engine": lambda *a: asyncio.run(engine(*a)),
    "raw-writer": raw_writer,
    "nats-writer": lambda *a: asyncio.run(nats_writer(*a)),
    "plain-server": plain_server,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]](*sys.argv[2:])
