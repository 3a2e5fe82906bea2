"""Whoever is killed with SIGKILL, no process of the attempt lives on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from stubborn_attempt import WITHOUT_MARKER, children_of, kill

from orchestrator.agents import containment, processes
from orchestrator.agents.containment import ContainedProcesses, Ended, containment_notice, sweep_marked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the promise is for Linux")

LIMIT_SECONDS = 5.0


@pytest.fixture
def attempt(attempt_of):
    """A task's block on a terminal."""
    return partial(attempt_of, "block_driver.py")


def test_nothing_outlives_a_killed_orchestrator(attempt, patience):
    made = attempt(extra=WITHOUT_MARKER)
    kill(made.driver.pid)
    patience(lambda: not made.left(), LIMIT_SECONDS)


@pytest.mark.parametrize("victim", ["worker", "guardian"])
def test_nothing_outlives_a_killed_supervisor_and_the_attempt_is_lost(attempt, patience, victim):
    made = attempt(extra=WITHOUT_MARKER)
    kill(made.pid_of(victim))
    patience(lambda: not made.left(), LIMIT_SECONDS)
    assert made.driver.wait(LIMIT_SECONDS) == 0
    assert "ToolCallCompleted(tool_id='bash-1', outcome='interrupted'" in made.told()
    assert "Finished(outcome='lost'" in made.told()
    assert made.told().count("Finished(") == 1


def test_nothing_outlives_a_supervisor_of_which_both_processes_are_killed(attempt, patience):
    made = attempt()
    kill(made.guardian, made.worker)
    patience(lambda: not made.left(), LIMIT_SECONDS)
    assert made.driver.wait(LIMIT_SECONDS) == 0
    assert "Finished(outcome='lost'" in made.told()


def test_nothing_outlives_a_killed_bash_and_the_attempt_fails(attempt, patience):
    made = attempt(extra=WITHOUT_MARKER)
    kill(made.shell)
    patience(lambda: not made.left(), LIMIT_SECONDS)
    assert made.driver.wait(LIMIT_SECONDS) == 0
    assert "was ended by SIGKILL" in made.told()
    assert "Finished(outcome='failed'" in made.told()


@pytest.mark.parametrize("helper", ["worker", "guardian"])
def test_nothing_outlives_an_orchestrator_killed_with_half_of_its_supervisor(attempt, patience, helper):
    made = attempt(extra=WITHOUT_MARKER)
    kill(made.driver.pid, made.pid_of(helper))
    patience(lambda: not made.left(), LIMIT_SECONDS)


def test_what_outlives_all_of_them_is_ended_by_the_next_runs_sweep(attempt, patience):
    made = attempt()
    kill(made.driver.pid, made.guardian, made.worker)
    patience(lambda: made.shell not in processes.parents(), LIMIT_SECONDS)
    assert made.left()
    started = time.monotonic()
    assert sweep_marked(made.instance_id) >= 4
    assert time.monotonic() - started < LIMIT_SECONDS
    assert not made.left()


def test_a_sweep_also_ends_the_supervisors_that_still_run(attempt):
    made = attempt(extra=WITHOUT_MARKER)
    assert sweep_marked(made.instance_id) > 5
    assert made.driver.wait(LIMIT_SECONDS) == 0
    assert not made.left()


def test_a_supervisor_ignores_what_a_terminal_or_a_service_sends(attempt):
    made = attempt()
    for pid in (made.guardian, made.worker):
        status = Path(f"/proc/{pid}/status").read_text()
        (ignored,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigIgn"))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            assert ignored & 1 << (number - 1)


def test_a_sweep_meets_only_the_instance_it_names(tmp_path, patience):
    name = f"orch-{os.getpid()}"
    victims = {}
    for marker in (f"{name}/1.1/1", f"{name}/1.2/1", f"{name}2/1.1/1", f"x{name}/1.1/1"):
        environment = {"PATH": os.environ["PATH"], processes.ATTEMPT_VARIABLE: marker}
        victims[marker] = subprocess.Popen(["sleep", "60"], env=environment)
    try:
        patience(lambda: all(processes.marked(marker) for marker in victims))
        assert sweep_marked(f"{name}/1.2") == 1
        assert sweep_marked(name) == 1
        assert [victim.poll() for victim in victims.values()] == [
            -signal.SIGTERM,
            -signal.SIGTERM,
            None,
            None,
        ]
    finally:
        for victim in victims.values():
            victim.kill()
            victim.wait()


def test_a_sweep_spares_the_process_that_sweeps_and_its_own():
    marker = f"orch-nested-{os.getpid()}"
    program = f"""
import subprocess
from orchestrator.agents.containment import sweep_marked
child = subprocess.Popen(["sleep", "30"], env={{}})
print(sweep_marked({marker!r}), child.poll())
child.kill()
"""
    environment = {"PATH": os.environ["PATH"], processes.ATTEMPT_VARIABLE: f"{marker}/1/1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, timeout=30, check=True
    )
    assert done.stdout == b"0 None\n"


@pytest.mark.parametrize("prefix", ["", "/"])
def test_a_sweep_of_nobody_in_particular_is_refused(prefix):
    with pytest.raises(ValueError, match="needs an instance"):
        sweep_marked(prefix)


def test_linux_lacks_nothing_and_another_system_says_what_it_lacks(monkeypatch):
    assert containment_notice() is None
    monkeypatch.setattr(containment.sys, "platform", "darwin")
    assert "may outlive the task" in containment_notice()


async def test_a_supervisor_that_does_not_answer_is_ended_with_its_attempt(tmp_path, monkeypatch):
    monkeypatch.setattr(containment, "END_LIMIT_SECONDS", 0.3)
    marker = f"orch-stopped-{os.getpid()}/1/1"
    run = ContainedProcesses(marker, tmp_path, {"PATH": os.environ["PATH"]})
    run.start(["/bin/bash", "-c", "echo up; sleep 60"])
    await run.receive()
    (worker,) = children_of(run._process.pid)
    os.kill(worker, signal.SIGSTOP)
    await asyncio.wait_for(run.interrupt(), 10)
    assert not processes.marked(marker)
    assert await run.receive() is None
    await run.close()


async def test_commands_of_one_attempt_run_one_after_another(tmp_path):
    run = ContainedProcesses("orch-two/1/1", tmp_path, {"PATH": os.environ["PATH"]})
    for code in (0, 3):
        run.start(["/bin/bash", "-c", f"exit {code}"])
        assert await run.receive() == Ended(code, 0, 0)
    await run.close()
    await run.interrupt()
    assert not processes.marked("orch-two")
