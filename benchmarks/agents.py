"""From an agent's line of output to the event in the log, and what a long attempt needs of memory."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from benchmarks.measure import BIN, ENVIRONMENT, PYTHON, Effort, Row, Samples, folder, say

AGENT = Path(__file__).with_name("acp_agent.py")
PAUSE_MS = 5
BIG_BYTES = 3_000_000


def _follow(root: Path, count: int, pause_ms: int, size: int) -> tuple[Samples, float]:
    """How long each call's line took to the log and out of it again, in ms; and the peak of memory in MiB."""
    (root / "docs" / "plans").mkdir(parents=True, exist_ok=True)
    (root / "docs" / "plans" / "one.md").write_text("# One\n\n- [ ] 1.1 Work\n  - agent: bench\n")
    command = [PYTHON, str(AGENT), str(count), str(pause_ms), str(size)]
    (root / "agents.toml").write_text(f"[bench]\ncommand = {json.dumps(command)}\nversion_arguments = []\n")
    options = ["--restart", "--json", "--repeats", "1000000", "--root", root]
    samples, peak = Samples(), 0.0
    with subprocess.Popen(
        [BIN / "orchestrator", "run", "one", *options], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            now = time.monotonic_ns()
            event = json.loads(line)
            if event["type"] == "tool_started":
                written = next(w for w in _words(event["data"]) if w.isdigit() and len(w) > 9)
                samples.add((now - int(written)) / 1e6)
            elif event["type"] == "finding_written":
                peak = _peak_mib(child.pid)
    # The block above has waited for the process.
    assert child.returncode == 0
    assert len(samples.values) == count
    return samples, peak


def _words(data: dict[str, str]) -> list[str]:
    return f"{data['tool_name']} {data['input_summary']}".replace('"', " ").split()


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _bare(count: int, pause_ms: int, size: int) -> Samples:
    """The same lines, read from the same pipe and parsed, with nothing else done."""
    samples = Samples()
    command = [PYTHON, AGENT, "bare", str(count), str(pause_ms), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as child:
        assert child.stdout is not None
        for line in child.stdout:
            now = time.monotonic_ns()
            update = json.loads(line)["params"]["update"]
            if update["sessionUpdate"] == "tool_call":
                samples.add((now - int(update["title"])) / 1e6)
    return samples


def rows(effort: Effort) -> list[Row]:
    rounds, count = effort.count(5, 1), effort.count(200, 20)
    many = effort.count(5_000, 100)
    ours, bare, few_mib, many_mib = Samples(), Samples(), Samples(), Samples()
    with folder() as root:
        for number in range(rounds):
            say(f"agents, round {number + 1} of {rounds}")
            samples, peak = _follow(root, count, PAUSE_MS, 20)
            ours.add(*samples.values)
            few_mib.add(peak)
            bare.add(*_bare(count, PAUSE_MS, 20).values)
        many_mib.add(_follow(root, many, 0, BIG_BYTES)[1])
    return [
        Row(
            "Agent: a line of its output to the event in the log and out of it, ms",
            ours.tail(),
            f"the same lines read bare: {bare.tail()}",
            "p50 ≤ 10",
            ours.median <= 10,
        ),
        Row(
            f"Agent: peak memory of an attempt with {many:,} calls, one of which prints 3 MB, MiB",
            f"{many_mib.median:.0f}: {many_mib.median / few_mib.median:.2f}× as with {count}",
            f"with {count} calls: {few_mib.median:.0f}",
            "≤ 2×",
            many_mib.median <= 2 * few_mib.median,
        ),
    ]
