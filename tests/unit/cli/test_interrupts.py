"""Who is asked when a signal comes; the processes' side is an acceptance test."""

from __future__ import annotations

import asyncio
import signal

import pytest

from orchestrator.cli import interrupts
from orchestrator.cli.interrupts import leave_with, on_interrupt, on_leaving, on_signal


class Left(BaseException):
    """The process has ended."""


@pytest.fixture
def left(monkeypatch):
    """The exit codes with which the process ended."""
    codes = []

    def leave(code):
        codes.append(code)
        raise Left

    monkeypatch.setattr(interrupts, "_process", interrupts._Process())
    monkeypatch.setattr(interrupts.os, "_exit", leave)
    return codes


def come() -> None:
    interrupts._handle(signal.SIGINT, None)


def test_while_nobody_is_in_charge_the_process_ends_and_cleans_up(left):
    cleaned = []

    def fail():
        raise OSError("no")

    with (
        on_leaving(lambda: cleaned.append("outer")),
        on_leaving(fail),
        on_leaving(lambda: cleaned.append("inner")),
        pytest.raises(Left),
    ):
        come()
    assert (left, cleaned) == ([130], ["inner", "outer"])


def test_what_is_cleaned_up_already_is_left_alone(left):
    cleaned = []
    with on_leaving(lambda: cleaned.append("gone")):
        pass
    with pytest.raises(Left):
        come()
    assert cleaned == []


def test_who_is_in_charge_hears_each_signal_and_its_patience_has_an_end(left):
    heard = []
    with on_signal(heard.append):
        for _ in range(3):
            come()
        assert left == []
        with pytest.raises(Left):
            come()
    assert (heard, left) == ([1, 2, 3], [130])


def test_the_innermost_is_in_charge_and_then_the_outer_again(left):
    heard = []
    with on_signal(lambda number: heard.append(("outer", number))):
        with on_signal(lambda number: heard.append(("inner", number))):
            come()
        come()
    assert heard == [("inner", 1), ("outer", 1)]


def test_after_the_work_the_process_ends_with_the_code_of_the_work(left):
    with on_signal(lambda _number: None):
        leave_with(1)
    with pytest.raises(Left):
        come()
    assert left == [1]


async def test_the_event_loop_is_told_and_the_handlers_are_given_back(left):
    before = signal.getsignal(signal.SIGTERM)
    heard = asyncio.Queue()
    with on_interrupt(heard.put_nowait, asyncio.get_running_loop()):
        signal.raise_signal(signal.SIGTERM)
        assert await asyncio.wait_for(heard.get(), 5) == 1
    assert signal.getsignal(signal.SIGTERM) is before
    assert left == []
