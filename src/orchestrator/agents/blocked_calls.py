"""What a blocked thread waits for, as `/proc/PID/syscall` shows it: the number of its call and six arguments.

Only calls without a time limit count, and only on processors whose numbers are known here.
The supervisor imports this module, so it may only import what costs nothing.
"""

import os

from orchestrator.agents import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_COMMON = {441: "epoll_pwait2", 449: "own"}
_GENERIC = {63: "read", 65: "read", 73: "ppoll", 72: "select", 22: "epoll", 98: "own", 137: "own"}
_X86_64 = {
    0: "read",
    19: "read",
    7: "poll",
    271: "ppoll",
    23: "select",
    270: "select",
    232: "epoll",
    281: "epoll",
}
_CALLS = {
    "x86_64": {**_X86_64, 202: "own", 128: "own", **_COMMON},
    "aarch64": {**_GENERIC, **_COMMON},
    "riscv64": {**_GENERIC, **_COMMON},
}.get(os.uname().machine, {})
"""System calls by number; `own` are locks and signals, which the process itself has to move."""

_INT_SIZE, _POLLFD_SIZE, _POLLIN = 4, 8, 1
_FDS_MAX = 1024


class Awaited:
    """The descriptors that a call waits for, those `readable` that it would read among `every` one of them.

    Both are empty where the thread waits for another thread or a signal.
    """

    def __init__(self, readable: set[int], every: set[int]) -> None:
        self.readable = readable
        self.every = every


def awaited(pid: int, call: bytes) -> Awaited | None:
    """What a thread of the process waits for, from the line in its `syscall` file; None where unknown."""
    try:
        number, *arguments = (int(part, 0) for part in call.split())
        read = _READERS.get(_CALLS.get(number, ""))
        return read(pid, arguments) if read else None
    except (ValueError, IndexError, OSError):  # it runs, or has gone
        return None


def _own(_pid: int, _arguments: list[int]) -> Awaited:
    return Awaited(set(), set())


def _read(_pid: int, arguments: list[int]) -> Awaited:
    return Awaited({arguments[0]}, {arguments[0]})


def _poll(pid: int, arguments: list[int]) -> Awaited | None:
    return _polled(pid, *arguments[:2]) if _is_negative(arguments[2]) else None


def _ppoll(pid: int, arguments: list[int]) -> Awaited | None:
    return _polled(pid, *arguments[:2]) if arguments[2] == 0 else None


def _polled(pid: int, address: int, count: int) -> Awaited:
    """From the array of `struct pollfd`."""
    readable, every = set(), set()
    data = _memory(pid, address, _POLLFD_SIZE * min(count, _FDS_MAX))
    for start in range(0, len(data), _POLLFD_SIZE):
        file = int.from_bytes(data[start : start + _INT_SIZE], "little", signed=True)
        if file >= 0:
            every.add(file)
            if data[start + _INT_SIZE] & _POLLIN:
                readable.add(file)
    return Awaited(readable, every)


def _select(pid: int, arguments: list[int]) -> Awaited | None:
    """From the three bit sets of a select or a pselect; the time limit comes behind them."""
    count, *addresses, limit = arguments[:5]
    if limit:
        return None
    sets = []
    for address in addresses:
        length = (min(count, _FDS_MAX) + 7) // 8 if address else 0
        bits = int.from_bytes(_memory(pid, address, length), "little") if length else 0
        sets.append({file for file in range(count) if bits >> file & 1})
    return Awaited(sets[0], set().union(*sets))


def _epoll(pid: int, arguments: list[int]) -> Awaited | None:
    return _watched(pid, arguments[0]) if _is_negative(arguments[3]) else None


def _epoll_pwait2(pid: int, arguments: list[int]) -> Awaited | None:
    return _watched(pid, arguments[0]) if arguments[3] == 0 else None


def _watched(pid: int, file: int) -> Awaited:
    """From what the kernel says of an epoll descriptor, see proc(5) on fdinfo."""
    readable, every = set(), set()
    for line in processes.read(f"/proc/{pid}/fdinfo/{file}").splitlines():
        words = line.split()
        if words[:1] == [b"tfd:"]:
            every.add(int(words[1]))
            if int(words[3], 16) & _POLLIN:
                readable.add(int(words[1]))
    return Awaited(readable, every)


def _is_negative(argument: int) -> bool:
    """Whether the C `int` in this argument is below zero, which means without a time limit."""
    return bool(argument & 0x8000_0000)


def _memory(pid: int, address: int, length: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 (pathlib is slow to import)
        memory.seek(address)
        return memory.read(length)


_READERS: "dict[str, Callable[[int, list[int]], Awaited | None]]" = {
    "own": _own,
    "read": _read,
    "poll": _poll,
    "ppoll": _ppoll,
    "select": _select,
    "epoll": _epoll,
    "epoll_pwait2": _epoll_pwait2,
}
