"""The program in docs/python-client.md, run against a server."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/python-client.md"
SECONDS = 20


async def test_the_program_on_the_page_runs(running, tmp_path):
    run = await running.begin()
    program = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    path = tmp_path / "program.py"
    path.write_text(program.replace("http://127.0.0.1:8000", running.url))
    process = await asyncio.create_subprocess_exec(sys.executable, "-u", path, stdout=asyncio.subprocess.PIPE)

    async with asyncio.timeout(SECONDS):
        begun = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
        await run.work(1)
        await run.end()
        rest = (await process.stdout.read()).decode().splitlines()
        assert await process.wait() == 0
    assert begun == [
        "orch-1 running",
        "sent The orchestrator has not settled the command yet.",
        "at 2 0 of 2",
    ]
    assert rest == ["3 tool_started", "4 command_settled", "5 orchestrator_changed"]
