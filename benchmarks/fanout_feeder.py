"""Where the events of the fan-out come from: `python -m benchmarks.fanout_feeder WHERE`, an order a line.

WHERE is the folder of a log, or the port of a reference server. An order is `RATE TIMES BATCH`: BATCH events
at once, RATE times a second, TIMES times. Each event carries the moment at which it was due. The answer is
the `seq` of the last one. Both kinds of server get the same bytes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.children import answer, orders
from orchestrator.domain.events import NewEvent, StoredEvent, ToolStarted, microseconds
from orchestrator.engine.lease_guard import LeaseGuard, elapsed_seconds
from orchestrator.engine.lease_keeper import keep_lease
from orchestrator.engine.records import NewInstance
from orchestrator.store.open import open_store

INSTANCE = "orch-bench"
WORDS = "x" * 60
"""Makes an envelope of about 270 bytes."""


def event(due_ns: int) -> ToolStarted:
    return ToolStarted(
        task_id="1.1", attempt=1, tool_id="1", tool_name="bash", input_summary=f"{due_ns} {WORDS}"
    )


async def obey(publish: Callable[[list[ToolStarted]], Awaitable[int]]) -> None:
    lines = await orders()
    answer("ready")
    while line := await lines.get():
        rate, times, batch = float(line.split()[0]), *map(int, line.split()[1:])
        begun, last = time.monotonic_ns(), 0
        for number in range(times):
            due = begun + int(number * 1e9 / rate)
            await asyncio.sleep(max(due - time.monotonic_ns(), 0) / 1e9)
            last = await publish([event(due) for _ in range(batch)])
        answer(str(last))


async def to_log(root: str) -> None:
    async with open_store(Path(root)) as ports:
        new = NewInstance(INSTANCE, root, "bench", "docs/plans/bench.md", root, "here", 1, "1")
        lease = await ports.registry.claim(new)
        guard = LeaseGuard(ports.registry, lease, elapsed_seconds())
        keeper = asyncio.create_task(keep_lease(guard, asyncio.get_running_loop().time()))

        async def append(events: list[ToolStarted]) -> int:
            stored = await ports.log.append(lease, [NewEvent(each, datetime.now(UTC)) for each in events])
            return stored[-1].seq

        await obey(append)
        keeper.cancel()


async def to_port(port: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(port))
    seq = 0

    async def send(events: list[ToolStarted]) -> int:
        nonlocal seq
        for each in events:
            seq += 1
            body = each.model_dump_json().encode()
            stored = StoredEvent(INSTANCE, seq, each.type, microseconds(datetime.now(UTC)), body)
            writer.write(stored.envelope() + b"\n")
        return seq

    await obey(send)


if __name__ == "__main__":
    uvloop.run(to_port(sys.argv[1]) if sys.argv[1].isdigit() else to_log(sys.argv[1]))
