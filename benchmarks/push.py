"""From an agent's tool call in one process to a client in another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import nats
import websockets

from benchmarks.measure import (
    BIN,
    PYTHON,
    Effort,
    Row,
    Samples,
    api_server,
    folder,
    process,
    say,
    tell,
    wait_until,
)

POLL_SECONDS = 0.002
CHILDREN = ("-m", "benchmarks.children")


def milliseconds_since(text: str) -> float:
    return (time.monotonic_ns() - int(text.partition(" ")[0])) / 1e6


class RawReader:
    """Reads a table of a plain SQLite file, woken by polling `data_version` or by a datagram."""

    def __init__(self, path: Path, bell: socket.socket | None) -> None:
        self.samples = Samples()
        self._path = path
        self._bell = bell
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        connection = sqlite3.connect(self._path)
        last, version = 0, -1
        while not self.stopping.is_set():
            if self._bell is not None:
                with contextlib.suppress(TimeoutError):
                    self._bell.recv(16)
            else:
                time.sleep(POLL_SECONDS)
                now = connection.execute("PRAGMA data_version").fetchone()[0]
                if now == version:
                    continue
                version = now
            for number, body in connection.execute("SELECT id, body FROM events WHERE id > ?", (last,)):
                self.samples.add(milliseconds_since(body))
                last = number

    def close(self) -> None:
        self.stopping.set()
        self._thread.join()


@contextlib.contextmanager
def raw(path: Path, *, rings: bool) -> Iterator[tuple[subprocess.Popen[str], Samples]]:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, body TEXT)")
    connection.commit()
    bell = None
    if rings:
        bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bell.bind(("127.0.0.1", 0))
        bell.settimeout(0.1)
    port = bell.getsockname()[1] if bell else 0
    with process(PYTHON, *CHILDREN, "raw-writer", path, str(port)) as child:
        assert child.stdout is not None
        child.stdout.readline()
        reader = RawReader(path, bell)
        yield child, reader.samples
        reader.close()


@contextlib.asynccontextmanager
async def jetstream(root: Path) -> AsyncIterator[tuple[subprocess.Popen[str], Samples]]:
    """A NATS server that syncs every message to disk, a publisher, and an ordered consumer here."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = root / "nats.conf"
    config.write_text(
        f'host: 127.0.0.1\nport: {port}\njetstream {{ store_dir: "{root}/js", sync_interval: always }}\n'
    )
    samples = Samples()
    with process(BIN / "nats-server", "-c", config):
        await asyncio.to_thread(wait_until, lambda: _answers(port))
        client = await nats.connect(f"nats://127.0.0.1:{port}")
        stream = client.jetstream()
        await stream.add_stream(name="events", subjects=["events.*"])

        async def received(message) -> None:  # noqa: ANN001 - nats.aio.msg.Msg
            samples.add(milliseconds_since(message.data.decode()))

        await stream.subscribe("events.bench", ordered_consumer=True, cb=received)
        with process(PYTHON, *CHILDREN, "nats-writer", f"nats://127.0.0.1:{port}") as child:
            assert child.stdout is not None
            await asyncio.to_thread(child.stdout.readline)
            yield child, samples
        await client.close()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.asynccontextmanager
async def ours(root: Path) -> AsyncIterator[tuple[subprocess.Popen[str], Samples]]:
    """An engine process, a server process, and a WebSocket client here."""
    samples = Samples()

    async def listen(client: websockets.ClientConnection) -> None:
        async for message in client:
            event = json.loads(message)
            if event["type"] == "tool_started":
                samples.add(milliseconds_since(event["data"]["input_summary"]))

    with process(PYTHON, *CHILDREN, "engine", root) as child:
        assert child.stdout is not None
        await asyncio.to_thread(child.stdout.readline)
        with api_server(root) as (url, _):
            path = f"{url.replace('http', 'ws')}/api/orchestrators/orch-bench/events?after=0"
            async with websockets.connect(path, max_queue=None) as client:
                listening = asyncio.create_task(listen(client))
                yield child, samples
                listening.cancel()


async def _measure(effort: Effort) -> dict[str, Samples]:
    rounds, each = effort.count(6, 2), effort.count(100, 20)
    async with contextlib.AsyncExitStack() as stack:
        root = stack.enter_context(folder())
        for name in ("ours", "nats"):
            (root / name).mkdir()
        kinds: dict[str, tuple[subprocess.Popen[str], Samples]] = {
            "ours": await stack.enter_async_context(ours(root / "ours")),
            "poll": stack.enter_context(raw(root / "poll.db", rings=False)),
            "bell": stack.enter_context(raw(root / "bell.db", rings=True)),
            "nats": await stack.enter_async_context(jetstream(root / "nats")),
        }
        for number in range(rounds + 1):
            say(f"push, round {number} of {rounds}")
            for child, samples in kinds.values():
                before = len(samples.values)
                await asyncio.to_thread(tell, child, str(each))
                await _until(lambda s=samples, b=before: len(s.values) >= b + each)
                if number == 0:
                    samples.values.clear()
        return {name: samples for name, (_, samples) in kinds.items()}


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def rows(effort: Effort) -> list[Row]:
    found = asyncio.run(_measure(effort))
    mine, stream = found["ours"], found["nats"]
    beside = (
        f"JetStream, sync always: {stream.tail()}; sqlite3 and a doorbell: {found['bell'].tail()}; "
        f"sqlite3, `data_version` every 2 ms: {found['poll'].tail()}"
    )
    return [
        Row(
            "Push: tool call to WebSocket client of another process, ms",
            mine.tail(),
            beside,
            "p50 ≤ 5, p99 ≤ 20",
            mine.median <= 5 and mine.at(0.99) <= 20,
        ),
        Row(
            "Push, as a multiple of JetStream's p50",
            f"{mine.median / stream.median:.1f}×",
            "1×",
            "≤ 2× (a wish)",
            mine.median <= 2 * stream.median,
        ),
    ]
