"""What reading costs the server: the status of 2,000 tasks, the same unchanged, and doing nothing."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.commands import _is_up
from benchmarks.measure import (
    PYTHON,
    Effort,
    Row,
    Samples,
    api_server,
    cpu_a_request,
    cpu_seconds,
    folder,
    memory_mib,
    process,
    say,
    wait_until,
)
from orchestrator.domain.events import NewEvent, OrchestratorChanged, PlanLoaded, PlannedPhase, PlannedTask
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import NewInstance
from orchestrator.store.open import open_store

TASKS = 2_000
PLAIN, PACKED = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}
PACKED_KB_MAX = 50


async def _fill(root: Path) -> None:
    """A log with one long plan."""
    async with open_store(root) as ports:
        new = NewInstance("orch-bench", ports.project, "p", "docs/plans/p.md", str(root), "here", 1, "1")
        lease = await ports.registry.claim(new)
        tasks = tuple(
            PlannedTask(id=f"1.{n}", phase=1, description=f"Task number {n}, with some words in it", line=n)
            for n in range(1, TASKS + 1)
        )
        loaded = PlanLoaded(
            plan_name="p",
            plan_path="docs/plans/p.md",
            title="P",
            phases=(PlannedPhase(number=1, name="One"),),
            tasks=tasks,
        )
        running = OrchestratorChanged(old_status=RunStatus.STARTING, new_status=RunStatus.RUNNING)
        await ports.log.append(lease, [NewEvent(event, datetime.now(UTC)) for event in (loaded, running)])


def rows(effort: Effort) -> list[Row]:
    rounds, each = effort.count(5, 1), effort.count(600, 60)
    full, packed, unchanged, plain = (Samples() for _ in range(4))
    with folder() as root:
        asyncio.run(_fill(root))
        with api_server(root) as (url, pid), httpx.Client() as client:
            path = f"{url}/api/orchestrators/orch-bench/status"
            first = client.get(path, headers=PLAIN)
            packed_kb = int(client.get(path, headers=PACKED).headers["content-length"]) / 1000
            body = root / "status.json"
            body.write_bytes(first.content)
            with process(PYTHON, "-m", "benchmarks.children", "plain-server", "status", body) as other:
                assert other.stdout is not None
                base = other.stdout.readline().strip()
                wait_until(lambda: _is_up(f"{base}/noop"))
                same = PLAIN | {"If-None-Match": first.headers["etag"]}
                for number in range(rounds):
                    say(f"status, round {number + 1} of {rounds}")
                    full.add(cpu_a_request(client, pid, path, each, PLAIN))
                    packed.add(cpu_a_request(client, pid, path, each, PACKED))
                    unchanged.add(cpu_a_request(client, pid, path, each, same))
                    plain.add(cpu_a_request(client, other.pid, f"{base}/status", max(each // 10, 10), PLAIN))
            seconds = effort.count(20, 2)
            say(f"idle, {seconds} s")
            before = cpu_seconds(pid)
            time.sleep(seconds)
            idle = (cpu_seconds(pid) - before) / seconds * 100
            memory = memory_mib(pid)
    beside = f"FastAPI with `response_model`: {plain.spread()}"
    whole, none = plain.median / full.median, plain.median / unchanged.median
    return [
        Row(
            f"GET status of {TASKS:,} tasks, ms of processor a request",
            f"{full.spread()}: 1/{whole:.0f}",
            beside,
            "≤ 1/20",
            whole >= 20,
        ),
        Row(
            "The same as gzip, kB; ms of processor a request",
            f"{packed_kb:.1f}; {packed.spread()}",
            f"as it is: {len(first.content) / 1000:.0f}",
            f"≤ {PACKED_KB_MAX} kB",
            packed_kb <= PACKED_KB_MAX,
        ),
        Row("The same unchanged (304)", f"{unchanged.spread()}: 1/{none:.0f}", beside, "≤ 1/50", none >= 50),
        Row("The idle server: share of a core", f"{idle:.1f} %", "", "≤ 2 %", idle <= 2),
        Row("The idle server: resident memory", f"{memory:.0f} MiB", ""),
    ]
