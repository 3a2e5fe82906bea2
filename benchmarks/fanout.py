"""What an event costs that goes to a thousand clients, beside servers that do nothing but that.

The server has one core for itself; the clients, the feeder and everything else share another.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fanout_feeder import INSTANCE
from benchmarks.fanout_load import Crowd
from benchmarks.measure import (
    PYTHON,
    Effort,
    Row,
    Samples,
    api_server,
    folder,
    memory_mib,
    process,
    say,
    tell,
)

CLIENTS, RATE = 1_000, 40
BURST_CLIENTS, BURST = 200, 64
LATENCY_RATE = 10
PATHS = {
    "ws": "/api/orchestrators/{0}/events?after={1}",
    "sse": "/api/orchestrators/{0}/events-sse?after={1}",
}
NAMES = {"bare": "bare asyncio and uvloop", "loop": "`send_json` in a loop"}


@dataclass
class Target:
    """A server, and where its events come from."""

    kind: str
    """`ws` or `sse`."""
    port: int
    pid: int
    feeder: subprocess.Popen[str]
    at: int = 0
    """The `seq` of the last event."""
    cost_us: Samples = field(default_factory=Samples)
    burst_us: Samples = field(default_factory=Samples)
    delays_ms: Samples = field(default_factory=Samples)
    load: Samples = field(default_factory=Samples)

    @contextlib.contextmanager
    def crowd(self, count: int) -> Iterator[Crowd]:
        crowd = Crowd(self.port, PATHS[self.kind].format(INSTANCE, self.at), count, upgrade=self.kind == "ws")
        try:
            self.feed(crowd, 20, 10, 1)
            yield crowd
        finally:
            crowd.close()

    def feed(self, crowd: Crowd, rate: float, times: int, batch: int, *, timed: bool = False) -> float:
        """Have events sent, and read them; returns the processor time for each message, in µs."""
        before = _cpu_ns(self.pid)
        assert self.feeder.stdin is not None
        assert self.feeder.stdout is not None
        self.feeder.stdin.write(f"{rate} {times} {batch}\n")
        self.feeder.stdin.flush()
        crowd.read(times * batch, times / rate + 30, timed=timed)
        used = _cpu_ns(self.pid) - before
        self.at = int(self.feeder.stdout.readline())
        return used / 1000 / (times * batch * len(crowd.counts))


def _cpu_ns(pid: int) -> int:
    """The processor time of all threads, which the scheduler counts without ticks, see proc(5)."""
    used = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            used += int((task / "schedstat").read_text().split()[0])
    return used


@contextlib.contextmanager
def _on(core: int) -> Iterator[None]:
    """What is started meanwhile stays on this core."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def _targets(stack: contextlib.ExitStack, cores: tuple[int, int]) -> dict[str, Target]:
    found = {}
    for name in ("bare-ws", "bare-sse", "loop"):
        with _on(cores[0]):
            server = stack.enter_context(process(PYTHON, "-m", "benchmarks.fanout_servers", name))
        assert server.stdout is not None
        port, events = server.stdout.readline().split()
        feeder = stack.enter_context(process(PYTHON, "-m", "benchmarks.fanout_feeder", events))
        _ready(feeder)
        found[name] = Target("sse" if "sse" in name else "ws", int(port), server.pid, feeder)
    root = stack.enter_context(folder())
    feeder = stack.enter_context(process(PYTHON, "-m", "benchmarks.fanout_feeder", root))
    _ready(feeder)
    at = int(tell(feeder, "1000 1 1"))
    with _on(cores[0]):
        url, pid = stack.enter_context(api_server(root))
    port = int(url.rpartition(":")[2])
    for kind in PATHS:
        found[kind] = Target(kind, port, pid, feeder, at)
    return found


def _ready(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"


def _round(targets: dict[str, Target], effort: Effort) -> None:
    seconds = effort.count(4, 1)
    for name, target in targets.items():
        if name in PATHS:
            # Both are fed from one log.
            target.at = max(targets[kind].at for kind in PATHS)
        with target.crowd(CLIENTS) as crowd:
            target.cost_us.add(target.feed(crowd, RATE, RATE * seconds, 1))
            target.load.add(crowd.share)
            if name != "loop":
                target.feed(crowd, LATENCY_RATE, LATENCY_RATE * seconds, 1, timed=True)
                target.delays_ms.add(*crowd.delays_ms)
        if name != "loop":
            with target.crowd(BURST_CLIENTS) as crowd:
                target.burst_us.add(target.feed(crowd, 4, 4 * seconds, BURST))


def _memory(kind: str, cores: tuple[int, int]) -> tuple[float, float]:
    """What a server has grown by for each of a thousand clients, in KB, and what it has then, in MiB."""
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(folder())
        feeder = stack.enter_context(process(PYTHON, "-m", "benchmarks.fanout_feeder", root))
        _ready(feeder)
        at = int(tell(feeder, "1000 1 1"))
        with _on(cores[0]):
            url, pid = stack.enter_context(api_server(root))
        target = Target(kind, int(url.rpartition(":")[2]), pid, feeder, at)
        with target.crowd(1):
            before = memory_mib(pid)
        with target.crowd(CLIENTS):
            time.sleep(0.5)
            after = memory_mib(pid)
    return (after - before) * 1024 / CLIENTS, after


def rows(effort: Effort) -> list[Row]:
    cores = tuple(sorted(os.sched_getaffinity(0)))[:2]
    if len(cores) < 2:
        raise SystemExit("The fan-out needs two cores: one for the server, one for its clients.")
    kilobytes, resident = {kind: Samples() for kind in PATHS}, {kind: Samples() for kind in PATHS}
    with contextlib.ExitStack() as stack, _on(cores[1]):
        rounds = effort.count(5, 1)
        for number in range(effort.count(3, 1)):
            say(f"memory, round {number + 1}")
            for kind in PATHS:
                grown, whole = _memory(kind, cores)
                kilobytes[kind].add(grown)
                resident[kind].add(whole)
        targets = _targets(stack, cores)
        for number in range(rounds):
            say(f"fan-out, round {number + 1} of {rounds}")
            _round(targets, effort)
    return [
        *_costs(targets),
        *_bursts(targets),
        *_delays(targets),
        *_sizes(kilobytes, resident),
        _load(targets),
    ]


def _label(kind: str) -> str:
    return {"ws": "WebSocket", "sse": "SSE"}[kind]


def _costs(targets: dict[str, Target]) -> Iterator[Row]:
    loop = targets["loop"].cost_us
    for kind in PATHS:
        mine, bare = targets[kind].cost_us, targets[f"bare-{kind}"].cost_us
        times, better = mine.median / bare.median, loop.median / mine.median
        yield Row(
            f"An event to {CLIENTS:,} clients, {RATE} a second, {_label(kind)}: µs of processor a message",
            f"{mine.spread()}: {times:.2f}× bare, {better:.1f}× better than the loop",
            f"{NAMES['bare']}: {bare.spread()}; {NAMES['loop']} (WebSocket): {loop.spread()}",
            "≤ 1.6× bare (1.35× is the wish), ≥ 2.3× better than the loop",
            times <= 1.6 and better >= 2.3,
        )


def _bursts(targets: dict[str, Target]) -> Iterator[Row]:
    for kind in PATHS:
        mine, bare = targets[kind].burst_us, targets[f"bare-{kind}"].burst_us
        times = bare.median / mine.median
        yield Row(
            f"{BURST} events at once to {BURST_CLIENTS} clients, {_label(kind)}: µs of processor a message",
            f"{mine.spread()}: {times:.2f}× as fast as bare",
            f"{NAMES['bare']}: {bare.spread()}",
            "≥ 0.7× bare",
            times >= 0.7,
        )


def _delays(targets: dict[str, Target]) -> Iterator[Row]:
    for kind in PATHS:
        mine, bare = targets[kind].delays_ms, targets[f"bare-{kind}"].delays_ms
        times = mine.at(0.99) / bare.at(0.99)
        yield Row(
            f"Delay from when an event is due, {CLIENTS:,} clients, {LATENCY_RATE} a second, {_label(kind)}: "
            "ms (ours is written to disk first)",
            f"{mine.tail()}: {times:.2f}× bare",
            f"{NAMES['bare']}: {bare.tail()}",
            "p99 ≤ 1.6× bare",
            times <= 1.6,
        )


def _sizes(kilobytes: dict[str, Samples], resident: dict[str, Samples]) -> Iterator[Row]:
    yield Row(
        "Memory of a connection, KB",
        ", ".join(f"{_label(kind)} {kilobytes[kind].median:.0f}" for kind in PATHS),
        "",
        "≤ 30",
        all(kilobytes[kind].median <= 30 for kind in PATHS),
    )
    yield Row(
        f"The server with {CLIENTS:,} connections: resident memory, MiB",
        ", ".join(f"{_label(kind)} {resident[kind].median:.0f}" for kind in PATHS),
        "",
        "≤ 110",
        all(resident[kind].median <= 110 for kind in PATHS),
    )


def _load(targets: dict[str, Target]) -> Row:
    share = max(target.load.median for target in targets.values())
    limit = CLIENTS * RATE / max(share, 0.01)
    return Row(
        "The load generator: share of its core at most, and what it could read",
        f"{share * 100:.0f} %, {limit:,.0f} messages a second",
        f"{CLIENTS * RATE:,} messages a second are sent",
    )
