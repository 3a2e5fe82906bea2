"""An agent's program on pipes: whoever is killed with SIGKILL, no process of the attempt lives on."""

import asyncio
import os
import signal
import sys
import time
from functools import partial

import pytest
from stubborn_attempt import BLOCK, STUBBORN, WITHOUT_MARKER, children_of, kill

from orchestrator.agents import containment, processes
from orchestrator.agents.contained_program import ContainedProgram, Exit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the promise is for Linux")

LIMIT_SECONDS = 5.0

COMMAND = """
import pathlib, signal, time
signal.signal(signal.SIGINT, lambda *_: pathlib.Path("hit").touch())
print("up", flush=True)
while True:
    time.sleep(0.01)
"""

AGENT_THAT_CLEANS_UP = f"""
import signal, subprocess, sys, time
command = subprocess.Popen([sys.executable, "-I", "-S", "-c", {COMMAND!r}])
def clean_up(*_):
    time.sleep(0.1)
    command.kill()
    command.wait()
    print("cleaned", flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, clean_up)
while True:
    time.sleep(0.01)
"""


@pytest.fixture
def attempt(attempt_of):
    """An agent's program that is a shell with hidden children."""
    return partial(attempt_of, "program_driver.py")


@pytest.fixture
async def program(tmp_path):
    """Start bash as an agent's program."""
    started = []
    marker = f"orch-program-{os.getpid()}-{time.monotonic_ns()}"

    def start(block: str, *arguments: str) -> ContainedProgram:
        command = ("/bin/bash", "-c", block, *arguments)
        made = ContainedProgram(f"{marker}/1.1/1", tmp_path, {"PATH": os.environ["PATH"]}, command)
        started.append(made)
        return made

    start.marker = marker
    yield start
    for made in started:
        await made.close(grace_seconds=0)
    assert not processes.marked(marker)


@pytest.mark.parametrize(
    "victims",
    [("driver",), ("worker", "driver"), ("guardian", "driver"), ("shell", "driver")],
    ids=" and ".join,
)
def test_nothing_outlives_a_killed_orchestrator(attempt, patience, victims):
    made = attempt(extra=WITHOUT_MARKER)
    kill(*map(made.pid_of, victims))
    patience(lambda: not made.left(), LIMIT_SECONDS)


@pytest.mark.parametrize("victims", [("worker",), ("guardian",)], ids=" and ".join)
def test_nothing_outlives_a_killed_supervisor_and_the_program_is_lost(attempt, patience, victims):
    made = attempt(extra=WITHOUT_MARKER)
    kill(*map(made.pid_of, victims))
    patience(lambda: not made.left(), LIMIT_SECONDS)
    assert made.driver.wait(LIMIT_SECONDS) == 0
    assert "Exit(exit_code=None" in made.told()
    assert "was lost" in made.told()


def test_nothing_outlives_a_supervisor_of_which_both_processes_are_killed(attempt, patience):
    made = attempt()
    kill(made.guardian, made.worker)
    patience(lambda: not made.left(), LIMIT_SECONDS)
    assert made.driver.wait(LIMIT_SECONDS) == 0
    assert "was lost" in made.told()


def test_nothing_outlives_a_killed_agent(attempt, patience):
    made = attempt(extra=WITHOUT_MARKER)
    kill(made.shell)
    patience(lambda: not made.left(), LIMIT_SECONDS)
    assert made.driver.wait(LIMIT_SECONDS) == 0
    assert "Exit(exit_code=-9" in made.told()
    assert "survivors=0" in made.told()


async def test_an_interrupt_ends_what_ignores_every_request(program, tmp_path, patience_async):
    (tmp_path / "stubborn.sh").write_text(STUBBORN)
    run = program(BLOCK.format(extra=WITHOUT_MARKER))
    pids_file = tmp_path / "pids"
    await patience_async(lambda: pids_file.exists() and len(pids_file.read_text().split()) == 6)
    supervisor = run._processes._process.pid
    assert len(processes.descendants({supervisor})) >= 8
    await run.interrupt()
    assert not {int(pid) for pid in pids_file.read_text().split()} & processes.parents().keys()
    assert supervisor not in processes.parents()
    end = await run.close()
    assert end.exit_code in {-9, 3}  # 3 where the shell's child was killed a moment before it
    assert (end.survivors, end.problem) == (0, None)
    assert end.leftovers >= 6


async def test_an_interrupt_reaches_the_agent_alone_first(program, tmp_path):
    run = program('exec "$0" -I -S -c "$1"', sys.executable, AGENT_THAT_CLEANS_UP)
    assert await run.receive() == b"up"
    await asyncio.gather(run.interrupt(), run.interrupt())
    assert [line async for line in run.lines()] == [b"cleaned"]
    assert await run.close() == Exit(0)
    assert not (tmp_path / "hit").exists()
    await run.interrupt()


async def test_an_agent_that_dies_leaves_no_children(program):
    run = program("setsid bash -c 'trap \"\" INT TERM HUP; echo up; sleep 60' & read -r; exit 7")
    assert await run.receive() == b"up"
    await run.send(b"go on")
    end = await asyncio.wait_for(run.wait(), LIMIT_SECONDS)
    assert (end.exit_code, end.survivors) == (7, 0)
    assert end.leftovers >= 1
    assert run.exit_code == 7
    assert not processes.marked(program.marker)


async def test_an_agent_that_ends_with_its_stdin_is_not_signalled(program):
    run = program("trap 'echo signalled' INT TERM; while read -r line; do echo $line; done; echo bye; exit 4")
    await run.send(b"hello")
    await run.close_stdin()
    assert [line async for line in run.lines()] == [b"hello", b"bye"]
    assert await run.close() == Exit(4)


async def test_closing_ends_an_agent_that_waits_for_a_reader_and_does_not_mind_its_stdin(program):
    run = program("yes a-line-that-nobody-reads & wait; sleep 60")
    end = await asyncio.wait_for(run.close(grace_seconds=0.1), LIMIT_SECONDS)
    assert end.survivors == 0
    assert await run.receive() is None
    assert await run.close() == end


async def test_closing_lets_an_agent_say_all_it_has_to_say_though_nobody_listens(program):
    run = program("trap 'exit 9' INT TERM; while read -r _; do :; done; seq 200000; seq 200000 >&2; exit 5")
    end = await asyncio.wait_for(run.close(grace_seconds=10), LIMIT_SECONDS)
    assert (end.exit_code, end.leftovers, end.survivors) == (5, 0, 0)
    assert end.stderr_tail.endswith("\n200000")
    assert await run.receive() is None


async def test_a_cancelled_close_lets_everything_end(program, patience_async):
    run = program("trap '' INT TERM; echo up; while :; do sleep 1; done")
    assert await run.receive() == b"up"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run.close(grace_seconds=60)
    await patience_async(lambda: not processes.marked(program.marker), LIMIT_SECONDS)


async def test_a_supervisor_that_does_not_answer_is_ended_with_its_agent(program, monkeypatch):
    monkeypatch.setattr(containment, "END_LIMIT_SECONDS", 0.3)
    run = program("echo up; sleep 60")
    assert await run.receive() == b"up"
    (worker,) = children_of(run._processes._process.pid)
    os.kill(worker, signal.SIGSTOP)
    await asyncio.wait_for(run.interrupt(), 10)
    assert "was lost" in (await run.close()).problem
