"""Real programs on a real terminal: which of them wait for somebody to type, and which are at work."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from orchestrator.agents import processes
from orchestrator.agents.terminal_waits import WAIT_SECONDS, TerminalWatch

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/syscall").exists(), reason="this kernel does not say what a process waits for"
)

LIMIT_SECONDS = 20.0
KEYS = "import os, select, signal, socket, sys, threading, time\n"
WAITING = {
    "a pager": "seq 1000 > long; exec less long",
    "a pager below a program that waits for it": "seq 1000 > long; less long; true",
    "a pager at the end of a pipe": "seq 1000 | less",
    "a pager that replaced the shell of a server": "seq 1000 > long; sleep 60 & exec less long",
    "another pager": "seq 1000 > long; exec more long",
    "bash": 'read -r name < "$TERMINAL"',
    "read": "exec cat 0<&2",
    "select": f"exec {sys.executable} -c 'import select; select.select([2], [], [])'",
    "poll": f"exec {sys.executable} -c 'import select; p = select.poll(); p.register(2, 1); p.poll()'",
    "epoll": f"exec {sys.executable} -c 'import select; p = select.epoll(); p.register(2, 1); p.poll()'",
    "an event loop with alarm clocks of its own": f"exec {sys.executable} -c 'import os, select; "
    "p = select.epoll(); [p.register(n, 1) for n in (2, os.pipe()[0], os.eventfd(0))]; p.poll()'",
    "a thread that the others wait for": f"exec {sys.executable} -c 'import os, threading; "
    "t = threading.Thread(target=os.read, args=(2, 1)); t.start(); t.join()'",
}
AT_WORK = {
    "a program that sleeps": "time.sleep(60)",
    "a reader of a pipe": "p = os.popen('sleep 60'); os.read(p.fileno(), 1)",
    "a server": "s = socket.create_server(('127.0.0.1', 0)); s.accept()",
    "a server that listens for keys in a thread": """\
        threading.Thread(target=os.read, args=(2, 1)).start()
        s = socket.create_server(('127.0.0.1', 0)); s.accept()""",
    "a server that listens for keys in its event loop": """\
        s = socket.create_server(('127.0.0.1', 0)); select.select([2, s], [], [])""",
    "a prompt that goes on by itself": "select.select([2], [], [], 60)",
    "a progress bar that listens for keys": """\
        signal.signal(signal.SIGCHLD, print)
        os.posix_spawn('/bin/sleep', ['sleep', '60'], {}); os.read(2, 1)""",
    "a program on a terminal of its own": """\
        import pty
        if pty.fork()[0]: time.sleep(60)
        os.read(0, 1)""",
}


@pytest.fixture
def started(tmp_path):
    """Start a command on a terminal, its stdin at its end; returns it and what watches it."""
    made = []

    def start(*command):
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            cwd=tmp_path,
            env={**os.environ, "TERM": "dumb", "LESS": "", "TERMINAL": os.ttyname(theirs)},
        )
        os.close(theirs)
        made.append((process, ours))
        return ours, TerminalWatch(ours, os.getpid())

    yield start
    for process, ours in made:
        os.killpg(process.pid, 9)
        process.wait()
        os.close(ours)


@pytest.mark.parametrize("block", WAITING.values(), ids=WAITING)
def test_a_program_that_waits_for_keys_is_found_once_it_has_waited_long_enough(started, patience, block):
    if not all(shutil.which(name) for name in ("less", "more")):
        pytest.skip("needs less and more")
    _, watch = started("bash", "-c", block)

    def is_waiting():
        assert watch.look(0.0, has_output=False) is None
        return watch.waiting

    patience(is_waiting, LIMIT_SECONDS)
    assert watch.look(WAIT_SECONDS - 1, has_output=False) is None
    assert watch.look(WAIT_SECONDS, has_output=False) is not None


def test_the_program_is_named(started, patience):
    _, watch = started("bash", "-c", "seq 1000 > long; less long; true")
    patience(lambda: watch.look(0.0, has_output=False) or watch.waiting, LIMIT_SECONDS)
    assert watch.look(WAIT_SECONDS, has_output=False) == "less"


@pytest.mark.parametrize("program", AT_WORK.values(), ids=AT_WORK)
def test_a_program_that_is_at_work_is_left_alone(started, patience, program):
    text = f"{KEYS}print('ready', flush=True)\n{textwrap.dedent(program)}"
    ours, watch = started(sys.executable, "-c", text)
    assert os.read(ours, 100).startswith(b"ready")
    patience(lambda: sleeps(watch), LIMIT_SECONDS)
    for seconds in (0.0, WAIT_SECONDS, 3 * WAIT_SECONDS):
        assert watch.look(seconds, has_output=False) is None
    assert not watch.waiting


def sleeps(watch):
    """Whether every process of the command is asleep."""
    states = []
    for pid in processes.descendants({os.getpid()}):
        states += [
            line.split()[1]
            for task in Path(f"/proc/{pid}/task").iterdir()
            for line in (task / "status").read_text().splitlines()
            if line.startswith("State:")
        ]
    return states and set(states) == {"S"}


def test_what_is_printed_or_worked_beside_it_counts_as_work(started, patience):
    """Another part of the command may be all that matters, and may be what the program would be fed by."""
    _, watch = started("bash", "-c", "seq 1000 > long; less long & until test -e go; do :; done; wait")
    patience(lambda: watch.look(0.0, has_output=True) or watch.waiting, LIMIT_SECONDS)
    busy = max(processes.descendants({os.getpid()}), key=used_ticks)
    for number in range(3):
        before = used_ticks(busy)
        patience(lambda before=before: used_ticks(busy) > before + 40, LIMIT_SECONDS)
        assert watch.look(WAIT_SECONDS / 2 * (number + 1), has_output=False) is None


def used_ticks(pid):
    stat = Path(f"/proc/{pid}/stat").read_text()
    return sum(map(int, stat[stat.rfind(")") + 2 :].split()[11:13]))


def test_output_starts_the_time_again(started, patience):
    _, watch = started("bash", "-c", "exec cat 0<&2")
    patience(lambda: watch.look(0.0, has_output=False) or watch.waiting, LIMIT_SECONDS)
    assert watch.look(WAIT_SECONDS, has_output=True) is None
    assert watch.look(2 * WAIT_SECONDS - 1, has_output=False) is None
    assert watch.look(2 * WAIT_SECONDS, has_output=False) == "cat"


def test_a_program_that_has_run_meanwhile_has_not_waited(started, patience):
    ours, watch = started("bash", "-c", "exec cat 0<&2 > read")
    patience(lambda: watch.look(0.0, has_output=False) or watch.waiting, LIMIT_SECONDS)
    os.write(ours, b"a line\n")
    patience(lambda: watch.look(1.0, has_output=False) or watch.waiting, LIMIT_SECONDS)
    patience(lambda: Path(f"/proc/{next(iter(watch.waiting))}/cwd/read").read_text(), LIMIT_SECONDS)
    patience(lambda: watch.look(1.0, has_output=False) or watch.waiting, LIMIT_SECONDS)
    assert watch.look(WAIT_SECONDS, has_output=False) is None
    assert watch.look(WAIT_SECONDS + 1, has_output=False) == "cat"
