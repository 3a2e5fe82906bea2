"""A small orchestrator to be killed: runs the block of argv[2] in argv[1] and tells each event on stdout."""

import asyncio
import sys
from pathlib import Path

from orchestrator.agents.shell import ShellAgent
from orchestrator.domain.plan import CodeBlock, Span, Task, TaskId
from orchestrator.engine.records import Job


async def main() -> None:
    root, block, instance_id = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    task = Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0))
    job = Job(instance_id, "plan", task, 1, root, "", (CodeBlock("bash", block, 1),))
    async for event in ShellAgent().run(job).events():
        sys.stdout.write(f"{event}\n")
        sys.stdout.flush()


asyncio.run(main())
