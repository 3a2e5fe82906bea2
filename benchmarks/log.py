"""The event log beside a plain SQLite table: appends that are on disk, and replay."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import Effort, Row, Samples, folder, say
from orchestrator.domain.events import NewEvent, ToolStarted
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import EventLog
from orchestrator.engine.records import Lease, NewInstance
from orchestrator.store.open import open_store

BATCH = 100
RECORDERS = 16


def tool(number: int) -> ToolStarted:
    text = f"{number} " + "x" * 200
    return ToolStarted(task_id="1.1", attempt=1, tool_id="t", tool_name="bash", input_summary=text)


class RawLog:
    """The least that a log in SQLite can be."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute(
            "CREATE TABLE events "
            "(id TEXT, seq INTEGER, type TEXT, at INTEGER, body TEXT, PRIMARY KEY (id, seq))"
        )
        self.length = 0

    def append(self, count: int) -> None:
        rows = [
            ("orch", self.length + n, "tool_started", time.time_ns(), tool(n).model_dump_json())
            for n in range(1, count + 1)
        ]
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
        self.connection.execute("COMMIT")
        self.length += count

    def replay(self) -> int:
        seen, last = 0, 0
        query = "SELECT seq, type, at, body FROM events WHERE id = ? AND seq > ? ORDER BY seq LIMIT 1000"
        while rows := self.connection.execute(query, ("orch", last)).fetchall():
            seen, last = seen + len(rows), rows[-1][0]
        return seen


class Counted:
    """Notes in which batches a journal appends."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.batches: list[int] = []

    async def append(self, lease: Lease, events: Any, **more: Any) -> Any:
        self.batches.append(len(events))
        return await self._log.append(lease, events, **more)


async def _measure(effort: Effort, url: str | None = None) -> dict[str, Samples]:
    found: dict[str, Samples] = {}
    rounds, count = effort.count(7, 2), effort.count(3_000, 300)
    with folder() as root:
        raw = RawLog(root / "raw.db")
        async with open_store(root, url) as ports:
            new = NewInstance("orch-bench", ports.project, "p", "docs/plans/p.md", str(root), "here", 1, "1")
            lease = await ports.registry.claim(new)
            log = Counted(ports.log)
            journal = Journal(log, lease, lambda: datetime.now(UTC))  # type: ignore[arg-type]  # it only appends

            async def record(numbers: range) -> None:
                for number in numbers:
                    await journal.record(tool(number))

            for number in range(rounds + 1):
                say(f"appends and replay, round {number} of {rounds}")
                rates = {}
                log.batches.clear()
                began = time.perf_counter()
                each = count // RECORDERS
                await asyncio.gather(*(record(range(each)) for _ in range(RECORDERS)))
                rates["journal"] = each * RECORDERS / (time.perf_counter() - began)
                batches = list(log.batches)
                began = time.perf_counter()
                for size in batches:
                    raw.append(size)
                rates["journal raw"] = sum(batches) / (time.perf_counter() - began)
                rates["journal batch"] = sum(batches) / len(batches)
                events = [NewEvent(tool(n), datetime.now(UTC)) for n in range(BATCH)]
                began = time.perf_counter()
                for _ in range(count // BATCH):
                    await ports.log.append(lease, events)
                rates["batch"] = count / (time.perf_counter() - began)
                began = time.perf_counter()
                for _ in range(count // BATCH):
                    raw.append(BATCH)
                rates["batch raw"] = count / (time.perf_counter() - began)
                began = time.perf_counter()
                total = last = 0
                while page := await ports.log.read("orch-bench", after=last):
                    total, last = total + len(page), page[-1].seq
                rates["replay"] = total / (time.perf_counter() - began)
                began = time.perf_counter()
                total = raw.replay()
                rates["replay raw"] = total / (time.perf_counter() - began)
                if number:
                    for name, rate in rates.items():
                        found.setdefault(name, Samples()).add(rate)
    return found


def _row(found: dict[str, Samples], name: str, figure: str, least: float) -> Row:
    ratio = found[name].median / found[f"{name} raw"].median
    return Row(
        figure,
        f"{found[name].spread(',.0f')}: {ratio:.2f}×",
        f"sqlite3: {found[f'{name} raw'].spread(',.0f')}",
        f"≥ {least:g}×",
        ratio >= least,
    )


def rows(effort: Effort) -> list[Row]:
    found = asyncio.run(_measure(effort))
    size = found["journal batch"].median
    return [
        _row(
            found,
            "journal",
            f"Durable appends a second, {RECORDERS} recorders at once, in batches as they come ({size:.0f})",
            0.5,
        ),
        _row(found, "batch", f"Durable appends a second, in batches of {BATCH}", 0.5),
        _row(found, "replay", "Replay, rows a second, in pages of 1,000", 0.3),
    ]
