"""What goes to an agent's program and comes from it: everything, in order."""

import asyncio
import hashlib
import random
import signal
import sys
from pathlib import Path

import pytest

from orchestrator.agents.contained_program import ContainedProgram, Exit, ProgramGone
from orchestrator.agents.program_output import LineTooLong

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

MEBIBYTE = 1024 * 1024

ECHO = """
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
"""

LATE = """
import os, time
while not os.path.exists("go"):
    time.sleep(0.01)
"""


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


async def receive_all(run: ContainedProgram) -> list[bytes]:
    return [line async for line in run.lines()]


def test_every_byte_comes_back_as_it_was(agent, on_loop):
    noise = random.Random(1).randbytes(300_000)
    sent = [b"", b"\r", b" \t\x00\xff\xfe", *(part for part in noise.split(b"\n") if part), b"last"]

    async def body():
        run = agent(ECHO)
        receiving = asyncio.create_task(receive_all(run))
        for line in sent:
            await run.send(line)
        await run.close_stdin()
        assert await receiving == sent
        assert await run.close() == Exit(0)

    on_loop(body())


async def test_a_line_beyond_the_limit_is_an_error_and_the_next_one_is_not(agent):
    run = agent(
        "print('x' * 3_000_000); print('y' * 1_000); print('z' * 1_001); print('end')", line_bytes_max=1_000
    )
    with pytest.raises(LineTooLong, match="more than 1,000 bytes"):
        await run.receive()
    assert await run.receive() == b"y" * 1_000
    with pytest.raises(LineTooLong):
        await run.receive()
    assert await receive_all(run) == [b"end"]
    await run.close()


async def test_a_cancelled_receive_loses_nothing_and_the_lines_go_on(agent):
    run = agent(ECHO)
    lines = run.lines()
    for number in range(50):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(lines)
        await run.send(b"%d" % number)
        assert await anext(lines) == b"%d" % number
    await run.close()


async def test_a_cancelled_send_does_not_tear_a_line(agent, tmp_path):
    run = agent(LATE + ECHO)
    digest = hashlib.sha256(b"x" * MEBIBYTE).digest()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run.send(b"x" * MEBIBYTE)
    (tmp_path / "go").touch()
    receiving = asyncio.create_task(receive_all(run))
    await run.send(b"after")
    await run.close_stdin()
    first, second = await receiving
    assert hashlib.sha256(first).digest() == digest
    assert second == b"after"
    await run.close()


async def test_each_side_sees_that_the_other_has_let_go_of_a_pipe(agent):
    run = agent(
        "import os; os.close(1); os.read(0, 1); os.write(2, b'deaf'); os.close(0); import time; time.sleep(60)"
    )
    assert await receive_all(run) == []
    await run.send(b"now close your stdin")
    with pytest.raises(ProgramGone, match="does not read"):
        await run.send(b"x" * MEBIBYTE)
    assert not run.has_ended
    end = await run.close(grace_seconds=0)
    assert end.exit_code == -signal.SIGINT
    assert end.stderr_tail.startswith("deaf")


async def test_the_end_without_a_newline_is_a_line(agent):
    run = agent("import sys; sys.stdout.write('one\\ntwo')")
    assert await receive_all(run) == [b"one", b"two"]
    assert await run.receive() is None
    await run.close()


async def test_a_program_that_cannot_be_started_says_why(agent, tmp_path):
    run = ContainedProgram("orch-none/1/1", tmp_path, {}, ["/nowhere/agent"])
    assert await receive_all(run) == []
    await run.wait()
    with pytest.raises(ProgramGone):
        await run.send(b"hello")
    assert await run.close() == Exit(None, problem="could not be started: No such file or directory")


async def test_nothing_is_left_open(agent, tmp_path):
    async def one():
        run = agent(ECHO)
        await run.send(b"hello")
        assert await run.receive() == b"hello"
        await run.close()

    await one()
    before = open_files()
    for _ in range(3):
        await one()
    with pytest.raises(NotADirectoryError):
        ContainedProgram("orch-none/1/1", Path("/etc/passwd"), {}, ["/bin/true"])
    assert open_files() == before
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


def ignored_here() -> bytes:
    """As a mask; a shell's `&` has SIGINT and SIGQUIT ignored and nohup SIGHUP, which a program gets back."""
    lines = Path("/proc/self/status").read_bytes().splitlines()
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith(b"SigIgn"))
    given_back = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    return b"%016x" % (mask & ~sum(1 << (number - 1) for number in given_back))


async def test_the_program_has_three_open_files_its_own_session_and_no_signal_blocked(agent, tmp_path):
    run = agent(
        "import os; print(sorted(os.listdir('/proc/self/fd'))[:-1]); print(os.getsid(0) == os.getpid());"
        "print(os.getcwd()); print([l for l in open('/proc/self/status') if l.startswith(('SigIgn', 'SigBlk'))])"
    )
    files, session, folder, signals = await receive_all(run)
    assert files == b"['0', '1', '2']"
    assert session == b"True"
    assert folder == str(tmp_path).encode()
    assert b"SigBlk:\\t0000000000000000" in signals
    # Whoever started the tests may ignore some; Python itself ignores SIGPIPE and SIGXFSZ.
    assert ignored_here() in signals
    await run.close()


async def test_an_argument_with_a_nul_is_refused(agent):
    with pytest.raises(ValueError, match="NUL"):
        agent("a\0b")
