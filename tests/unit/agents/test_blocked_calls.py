"""What the line of a `syscall` file means."""

import os

import pytest

from orchestrator.agents.blocked_calls import awaited

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the lines are those of x86-64")
PID = os.getpid()


@pytest.mark.parametrize(
    "line",
    [
        "running\n",
        "",
        "-1 0x7ffd0 0x7f0\n",  # it is blocked, but in no call
        "230 0x0 0x0 0x7ffc 0x0 0x0 0x0 0x7ffd 0x7f0\n",  # it sleeps
        "7 0x7ffd 0x1 0x1388 0x0 0x0 0x0 0x7ffd 0x7f0\n",  # a poll of five seconds
        "270 0x3 0x7ffd 0x0 0x0 0x7ffc 0x0 0x7ffd 0x7f0\n",  # a pselect with a time limit
        "232 0x3 0x7ffd 0x10 0x3e8 0x0 0x0 0x7ffd 0x7f0\n",  # an epoll of one second
        "7 0x1 0x1 0xffffffff 0x0 0x0 0x0 0x7ffd 0x7f0\n",  # its memory cannot be read
        "9999 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffd 0x7f0\n",
    ],
)
def test_anything_but_an_endless_wait_for_files_is_unknown(line):
    assert awaited(PID, line.encode()) is None


def test_a_read_waits_for_its_file():
    found = awaited(PID, b"0 0x3 0x7ffd464baca7 0x1 0x0 0x0 0x0 0x7ffd 0x7f0\n")
    assert found is not None
    assert (found.readable, found.every) == ({3}, {3})


def test_a_lock_and_a_signal_wait_for_no_file():
    for line in (
        b"202 0x19a58a70 0x189 0x0 0x0 0x0 0x0 0x7f 0x7f\n",
        b"128 0x7f 0x7f 0x0 0x8 0x0 0x0 0x7f 0x7f\n",
    ):
        found = awaited(PID, line)
        assert found is not None
        assert found.every == set()


def test_a_select_without_sets_waits_for_no_file():
    found = awaited(PID, b"23 0x0 0x0 0x0 0x0 0x0 0x0 0x7f 0x7f\n")
    assert found is not None
    assert found.every == set()
