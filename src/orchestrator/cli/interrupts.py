"""Ctrl-C and SIGTERM, from the first import to the last moment of the process.

Left to itself, Python raises KeyboardInterrupt wherever the main thread happens to be: within an import, a
finaliser, an event loop that is being closed, the interpreter's own shutdown. Nobody catches it there, and a
traceback fills the screen. SIGTERM ends the process with a code that says "killed".

So this program never lets KeyboardInterrupt be raised. `take_signals` puts one handler in place before
anything else is imported, and the handler asks who is in charge:

- Nobody, at first, and in every command that only reads or sends something: the process ends at once, with
  130. It may: whatever was acknowledged is durable, as it is for kill -9.
- A run or a server at work, within `on_interrupt`: its event loop calls it, and it ends in its own way.
- Nobody again, when that has ended: the process ends at once, with the code that `leave_with` was given,
  although servers, threads and the interpreter would still take a while.

What must not be left behind, such as a hidden cursor, is put right `on_leaving`. A folder is removed last, by
a shell that takes this process's place: the threads, which may still write into the folder, end with the
change of the program, and cannot make it again. `end` skips the interpreter's shutdown, in which a signal
would find neither this handler nor any other.

Only what costs nothing is imported here. The moment in which Python itself starts stays open.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import asyncio

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED = 130
PATIENT_SIGNALS_MAX = 3
"""How many signals a run or a server may answer in its own way; the next one ends the process at once."""

REMOVE = 'code=$1; shift; rm -rf -- "$@"; exit "$code"'
"""The shell command that removes the folders in its arguments, and exits with the code in its first one."""


class _Process:
    """What the handler needs to know; a process has one."""

    def __init__(self) -> None:
        self.in_charge: list[Callable[[], None]] = []
        self.clean_ups: list[Callable[[], object]] = []
        self.folders: list[str] = []
        self.code = STOPPED


_process = _Process()


def take_signals() -> None:
    """Handle the signals from now on, until the process has ended."""
    for number in SIGNALS:
        signal.signal(number, _handle)


def _handle(_number: int, _frame: FrameType | None) -> None:
    if _process.in_charge:
        _process.in_charge[-1]()
    else:
        leave(_process.code)


def leave(code: int) -> NoReturn:
    """End the process now: clean up, and nothing else."""
    # Python prints a traceback for a signal that comes while its handler is being taken away.
    sys.unraisablehook = lambda _unraisable: None
    # Another signal would find nothing left to clean up, and end the process in the middle of it.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    while _process.clean_ups:
        with suppress(Exception):
            _process.clean_ups.pop()()
    if _process.folders:
        with suppress(OSError):
            os.execv("/bin/sh", ["sh", "-c", REMOVE, "sh", str(code), *_process.folders])  # noqa: S606 - see above
    os._exit(code)


def leave_with(code: int) -> None:
    """From now on a signal ends the process with this code: what it was started for is done."""
    _process.code = code


def end(code: int) -> NoReturn:
    """End the process after its work; what was printed is flushed, as far as anybody takes it."""
    leave_with(code)
    with suppress(OSError):
        flush()
    leave(code)


def flush() -> None:
    """Hand on what was printed; raises OSError where nobody takes it."""
    for stream in (sys.stderr, sys.stdout):
        if stream is not None:  # they are where the process was started with closed ones
            stream.flush()


@contextmanager
def on_leaving(clean_up: Callable[[], object]) -> Iterator[None]:
    """Clean up when a signal ends the process within the context; otherwise that is the caller's to do."""
    _process.clean_ups.append(clean_up)
    try:
        yield
    finally:
        with suppress(ValueError):
            _process.clean_ups.remove(clean_up)


@contextmanager
def remove_on_leaving(folder: str) -> Iterator[None]:
    """Remove the folder when a signal ends the process within the context; otherwise the caller does it."""
    _process.folders.append(folder)
    try:
        yield
    finally:
        _process.folders.remove(folder)


@contextmanager
def on_signal(signalled: Callable[[int], object]) -> Iterator[None]:
    """Within the context, call `signalled` with 1 at the first signal, 2 at the second, and so on.

    It is called between any two instructions of the main thread. See PATIENT_SIGNALS_MAX.
    """
    numbers = count(1)

    def take() -> None:
        if (number := next(numbers)) > PATIENT_SIGNALS_MAX:
            leave(STOPPED)
        signalled(number)

    before = {number: signal.signal(number, _handle) for number in SIGNALS}
    _process.in_charge.append(take)
    try:
        yield
    finally:
        _process.in_charge.remove(take)
        for number, handler in before.items():
            signal.signal(number, handler)


def on_interrupt(
    interrupted: Callable[[int], None], loop: asyncio.AbstractEventLoop
) -> AbstractContextManager[None]:
    """As `on_signal`, but it is the event loop that calls `interrupted`."""
    return on_signal(lambda number: loop.call_soon_threadsafe(interrupted, number))
