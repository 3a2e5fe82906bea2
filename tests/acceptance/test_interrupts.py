"""Ctrl-C and SIGTERM: obeyed at every moment of the process, and within one task's end of a run."""

from __future__ import annotations

import json
import signal
import time
from itertools import cycle, islice

import pytest
from doors import Project, wait_until
from on_terminal import OnTerminal

GATED = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n  - gate: human\n"
TWO = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n"
SCRIPT = "tasks: {}\n"
STARTS_SECONDS = 1.5
"""What the start of a command takes, roughly: moments beyond its end are its work's."""

SECOND_SIGNAL_SECONDS = (0.0, 0.02, 0.2)
AT_ONCE_SECONDS = 3.0
AT_TASK = 101


def many(tasks: int) -> str:
    return "# P\n\n## Phase 1: one\n\n" + "".join(f"- [ ] 1.{n} task\n" for n in range(1, tasks + 1))


@pytest.fixture
def prepared(project: Project) -> Project:
    """A project with a plan, a script, and a run that has ended."""
    project.plan("p", TWO)
    (project.root / "script.yaml").write_text(SCRIPT)
    project.command("run", "p", "--script", "script.yaml")
    return project


COMMANDS = {
    "demo": (("demo", "--speed", "0"), {0, 130}),
    "a demo at work": (("demo",), {130}),
    "run": (("run", "p", "--script", "script.yaml", "--restart"), {0, 130}),
    "run with a server": (
        ("run", "p", "--script", "script.yaml", "--restart", "--api-server", "--api-port", "0"),
        {0, 130},
    ),
    "serve": (("serve", "--port", "0"), {0, 130}),
    "serve --reload": (("serve", "--port", "0", "--reload"), {0, 130}),
    "events": (("events", "--follow"), {130}),
    "status": (("status",), {0, 130}),
}


def check_interrupted(project: Project, name: str, moments: int) -> None:
    """Interrupt the command at so many moments, with two signals at once or one after the other."""
    arguments, codes = COMMANDS[name]
    if name == "events":  # of a run that goes on
        project.plan("gated", GATED)
        run = project.start("run", "gated", "--script", "script.yaml", "--on-blocked", "wait", "--json")
        wait_until(lambda: "blocked" in run.text)
    numbers, gaps = cycle((signal.SIGINT, signal.SIGTERM)), cycle(SECOND_SIGNAL_SECONDS)
    for moment in range(moments):
        number, gap = next(numbers), next(gaps)
        after_seconds = STARTS_SECONDS * moment / moments
        program = OnTerminal(*arguments, root=project.root)
        program.until_python_runs_our_code()
        time.sleep(after_seconds)
        program.send(number)
        time.sleep(gap)
        program.send(number)
        code = program.end()
        where = f"{name}, {number.name} after {after_seconds:.2f} s and again after {gap} s: {code}\n{program.text}"
        assert code in codes, where
        assert "Traceback" not in program.text, where
        assert "Exception ignored" not in program.text, where
        assert not list(project.root.glob("orchestrator-demo-*")), where


@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_at_any_moment_ends_the_program_without_a_traceback(prepared: Project, name: str) -> None:
    check_interrupted(prepared, name, 5)


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_at_many_moments_ends_the_program_without_a_traceback(prepared: Project, name: str) -> None:
    check_interrupted(prepared, name, 15)


def test_a_signal_while_the_run_ends_shows_the_cursor_again(prepared: Project) -> None:
    program = OnTerminal("demo", root=prepared.root)
    wait_until(lambda: "\x1b[?25l" in program.text)
    for _ in range(4):
        program.send(signal.SIGINT)
        time.sleep(0.01)
    assert program.end() == 130
    assert program.text.rindex("\x1b[?25h") > program.text.rindex("\x1b[?25l")


class Starts:
    """The events of a run's output as they come, counted."""

    def __init__(self, door) -> None:
        self._door = door

    def events(self):
        lines = list(self._door.lines)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def changes(self, status: str):
        return [e for e in self.events() if e["data"].get("new_status") == status]

    def after(self, status: str) -> int:
        """How many attempts have started after the run's step to this status."""
        events = self.events()
        step = next(e["seq"] for e in events if e["data"].get("new_status") == status)
        return sum(e["data"].get("new_status") == "in_progress" for e in events if e["seq"] > step)


def start_many(project: Project, tasks: int, *options: str):
    project.plan("p", many(tasks))
    (project.root / "script.yaml").write_text(SCRIPT)
    door = project.start("run", "p", "--script", "script.yaml", "--parallel", "16", "--json", *options)
    return door, Starts(door)


@pytest.mark.parametrize("tasks", [1_200, pytest.param(20_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("signals", [1, 2])
def test_sigterm_is_obeyed_within_one_tasks_end(project: Project, tasks: int, signals: int) -> None:
    door, starts = start_many(project, tasks)
    wait_until(lambda: len(starts.changes("completed")) >= AT_TASK, 60)
    for _ in range(signals):
        door.kill(signal.SIGTERM)
    sent = time.monotonic()
    assert door.wait() == 130
    assert time.monotonic() - sent < AT_ONCE_SECONDS
    assert starts.after("stopping") == 0
    assert len(starts.changes("in_progress")) < tasks / 2


@pytest.mark.parametrize("tasks", [1_200, pytest.param(20_000, marks=pytest.mark.long)])
def test_a_pause_is_obeyed_within_one_tasks_end(project: Project, tasks: int) -> None:
    door, starts = start_many(project, tasks)
    wait_until(lambda: len(starts.changes("completed")) >= AT_TASK, 60)
    instance_id = starts.events()[0]["instance_id"]
    project.command("pause", instance_id)
    running = len(starts.changes("in_progress")) - len(starts.changes("completed"))
    assert running <= 16
    door.kill(signal.SIGTERM)
    assert door.wait() == 130
    assert starts.after("paused") == 0
    assert len(starts.changes("in_progress")) < tasks


def test_sigterm_is_obeyed_within_one_shell_blocks_end(project: Project) -> None:
    blocks = "".join(f"- [ ] 1.{n} task\n\n  ```sh\n  true\n  ```\n\n" for n in range(1, 201))
    project.plan("p", f"# P\n\n## Phase 1: one\n\n{blocks}")
    door = project.start("run", "p", "--parallel", "8", "--json")
    starts = Starts(door)
    wait_until(lambda: len(starts.changes("completed")) >= 20)
    door.kill(signal.SIGTERM)
    assert door.wait() == 130
    assert starts.after("stopping") == 0
    assert len(starts.changes("in_progress")) < 200


@pytest.mark.long
@pytest.mark.parametrize("moment", list(islice((n / 4 for n in range(100)), 16)))
def test_sigterm_while_a_long_plan_is_read_ends_at_once(project: Project, moment: float) -> None:
    door, _ = start_many(project, 20_000)
    time.sleep(0.3 + moment)
    door.kill(signal.SIGTERM)
    sent = time.monotonic()
    assert door.wait() == 130
    assert time.monotonic() - sent < AT_ONCE_SECONDS
