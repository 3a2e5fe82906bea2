"""The same with a program on pipes: runs the block of argv[2] in argv[1] and tells its lines and its end."""

import asyncio
import os
import sys
from pathlib import Path

from orchestrator.agents.contained_program import ContainedProgram


def tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def main() -> None:
    root, block, instance_id = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    command = ("/bin/bash", "-euo", "pipefail", "-c", block)
    environment = {"PATH": os.environ["PATH"]}
    program = ContainedProgram(f"{instance_id}/1.1/1", root, environment, command)
    async for line in program.lines():
        tell(line)
    tell(await program.close())


asyncio.run(main())
