"""Ctrl-C and SIGTERM as calls in the event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_interrupt(interrupted: Callable[[int], None]) -> Iterator[None]:
    """Within the context, call `interrupted` with 1 at the first signal, 2 at the second, and so on."""
    loop = asyncio.get_running_loop()
    numbers = count(1)
    for number in SIGNALS:
        loop.add_signal_handler(number, lambda: interrupted(next(numbers)))
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
