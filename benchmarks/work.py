"""What the orchestrator itself costs a task: scripted ones, and shell blocks beside a bare loop."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from datetime import datetime
from pathlib import Path

from benchmarks.measure import BIN, ENVIRONMENT, Effort, Row, Samples, folder, say

TASKS_A_PHASE = 50


def _plan(count: int, body: str) -> str:
    lines = ["# Many\n"]
    for number in range(count):
        phase, place = divmod(number, TASKS_A_PHASE)
        if not place:
            lines.append(f"\n## Phase {phase + 1}: Part\n\n")
        lines.append(f"- [ ] {phase + 1}.{place + 1} Task\n{body}")
    return "".join(lines)


def _run(root: Path, count: int, body: str, *options: str) -> float:
    """Milliseconds a task, from the first to the last entry of the log."""
    (root / "docs" / "plans").mkdir(parents=True, exist_ok=True)
    (root / "docs" / "plans" / "many.md").write_text(_plan(count, body))
    command = [BIN / "orchestrator", "run", "many", "--restart", "--json", "--root", root, *options]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=True)
    lines = done.stdout.splitlines()
    first, last = (datetime.fromisoformat(json.loads(line)["timestamp"]) for line in (lines[0], lines[-1]))
    return (last - first).total_seconds() * 1000 / count


def _bare(count: int) -> float:
    """The same commands, one after another, with nothing around them."""

    async def loop() -> None:
        for _ in range(count):
            child = await asyncio.create_subprocess_exec(
                "bash", "-c", "true", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
            )
            await child.communicate()

    began = time.perf_counter()
    asyncio.run(loop())
    return (time.perf_counter() - began) * 1000 / count


def rows(effort: Effort) -> list[Row]:
    few, many, shells = effort.count(500, 20), effort.count(5_000, 100), effort.count(500, 20)
    rounds = effort.count(3, 1)
    small, large, shell, bare = Samples(), Samples(), Samples(), Samples()
    with folder() as root:
        script = root / "script.yaml"
        script.write_text("default:\n  - {finish: done}\n")
        for number in range(rounds):
            say(f"tasks, round {number + 1} of {rounds}")
            small.add(_run(root, few, "", "--script", str(script)))
            shell.add(_run(root, shells, "\n  ```sh\n  true\n  ```\n\n"))
            bare.add(_bare(shells))
            if number < effort.count(2, 1):
                large.add(_run(root, many, "", "--script", str(script)))
    above = shell.median - bare.median
    return [
        Row(
            f"{few} scripted tasks that do nothing, ms a task", small.spread(), "", "≤ 10", small.median <= 10
        ),
        Row(
            f"{many:,} scripted tasks, ms a task",
            f"{large.spread()}: {large.median / small.median:.2f}× as at {few}",
            "",
            "≤ 10, the same as at 500",
            large.median <= 10 and large.median <= 1.25 * small.median,
        ),
        Row(
            f"{shells} shell tasks that do nothing, ms a task",
            f"{shell.spread()}: {above:.1f} above",
            f"a bare loop: {bare.spread()}",
            "≤ 15 above",
            above <= 15,
        ),
    ]
