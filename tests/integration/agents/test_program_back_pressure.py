"""The agent waits for us and we for the agent, and nobody's memory grows."""

import asyncio
import gc
import os
import random
import sys
import warnings
from pathlib import Path

import pytest
from stubborn_attempt import children_of

from orchestrator.agents.contained_program import ContainedProgram, Exit, ProgramGone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

MEBIBYTE = 1024 * 1024

ECHO = """
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
"""

FLOOD = """
import os, sys
count, size = int(sys.argv[1]), int(sys.argv[2])
for number in range(count):
    line = b"%d " % number + b"x" * size + b"\\n"
    while line:
        line = line[os.write(1, line):]
    with open("written", "a") as file:
        file.write(".")
"""

COMPLAIN = """
import sys
for number in range(100_000):
    sys.stderr.write(f"{number} " + "e" * 94 + "\\n")
sys.stderr.write("the last word\\n")
sys.stderr.flush()
print("done", flush=True)
"""

DEAF = "import time; print('up', flush=True); time.sleep(60)"


def memory(pid: int | str = "self") -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kibibytes,) = (int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return kibibytes * 1024


def is_asleep(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def pid_of_agent(run: ContainedProgram) -> int:
    (worker,) = children_of(run._processes._process.pid)
    (agent,) = children_of(worker)
    return agent


def stays_blocked(pid: int, progress: Path):
    """A condition: the process sleeps and gets no further, seen twenty times on end."""
    seen = [0, -1]

    def condition() -> bool:
        size = progress.stat().st_size if progress.exists() else 0
        is_still = is_asleep(pid) and size == seen[1]
        seen[:] = [seen[0] + 1 if is_still else 0, size]
        return seen[0] >= 20

    return condition


def test_a_line_of_three_megabytes_goes_both_ways_and_its_sender_waits(agent, on_loop, patience_async):
    line = random.Random(2).randbytes(3 * MEBIBYTE).replace(b"\n", b"-")

    async def body():
        run = agent(ECHO)
        await run.send(b"up")
        assert await run.receive() == b"up"
        sending = asyncio.create_task(run.send(line))
        await patience_async(lambda: is_asleep(pid_of_agent(run)))
        assert await run.receive() == line
        await sending
        await run.close()

    on_loop(body())


def test_a_sender_waits_while_the_agent_does_not_read_and_learns_of_its_end(
    agent, on_loop, tmp_path, patience_async
):
    async def body():
        run = agent(DEAF)
        await run.receive()
        sending = [asyncio.create_task(run.send(b"x" * MEBIBYTE)) for _ in range(3)]
        await patience_async(stays_blocked(pid_of_agent(run), tmp_path / "no progress"))
        assert not any(task.done() for task in sending)
        assert len(run._stdin._kept) <= MEBIBYTE
        os.kill(pid_of_agent(run), 9)
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ProgramGone] * 3
        assert (await run.close()).exit_code == -9

    on_loop(body())


def test_a_slow_reader_slows_the_agent_and_memory_stays_bounded(agent, on_loop, tmp_path, patience_async):
    async def body():
        run = agent(FLOOD, 5_000, 10_000)
        assert (await run.receive()).startswith(b"0 ")
        await patience_async(stays_blocked(pid_of_agent(run), tmp_path / "written"))
        assert len((tmp_path / "written").read_bytes()) < 50
        supervisor = run._processes._process.pid
        before = memory()
        grown, numbers = 0, [0]
        async for line in run.lines():
            numbers.append(int(line.split()[0]))
            if numbers[-1] % 500 == 0:
                helpers = [memory(supervisor), *map(memory, children_of(supervisor))]
                assert max(helpers) < 24 * MEBIBYTE
                grown = max(grown, memory() - before)
        assert numbers == list(range(5_000))
        assert grown < 8 * MEBIBYTE
        assert await run.close() == Exit(0)

    with warnings.catch_warnings():
        # What earlier tests have left is not this one's to tell.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    on_loop(body())


def test_long_lines_one_after_another_take_the_memory_of_few(agent, on_loop):
    async def body():
        run = agent(FLOOD, 20, 3 * MEBIBYTE)
        before, count = memory(), 0
        async for line in run.lines():
            assert len(line) > 3 * MEBIBYTE
            assert memory() - before < 24 * MEBIBYTE
            count += 1
        assert count == 20
        await run.close()

    on_loop(body())


def test_a_flood_on_stderr_does_not_block_and_its_tail_is_kept(agent, on_loop):
    async def body():
        run = agent(COMPLAIN)
        before = memory()
        assert await run.receive() == b"done"
        end = await run.close()
        assert end.exit_code == 0
        assert end.stderr_tail.endswith("\nthe last word")
        assert end.stderr_tail.split()[0].isdigit()
        assert 10_000 < len(end.stderr_tail) <= 16_384
        assert memory() - before < 8 * MEBIBYTE

    on_loop(body())
