"""Which process of a command waits for somebody to type on the command's terminal, where nobody is.

The terminal controls no session, and stdin is at its end, so most programs that would ask fail at once. Some
read the terminal all the same: pagers and editors take their stderr for the keyboard, others open it by its
name. Such a program waits for ever. Linux shows it: `/proc/PID/syscall` has the number and the arguments of
the call that a thread is blocked in, and `/proc/PID/fd` what its descriptors are.

A process *waits for input* while all of this holds:

- one of its threads is blocked without a time limit in a read of the terminal, or in a poll, select or epoll
  of it and of nothing else that somebody outside the process could move;
- its other threads wait for that process itself: for a lock, a signal or one of its own pipes. A server with
  a thread that listens for keys waits for its clients as well, and is left alone;
- no child wakes it by ending: a program that shows the progress of a build may listen for keys meanwhile;
- none of its threads has run since it was first seen so: the kernel counts how often each of them gave up its
  processor, so a program that wakes up now and then to draw is never taken for one that waits.

While any process of the command prints or works, nothing is said to wait: the time counts from then on. Where
the kernel does not say what a process is blocked in (macOS, gVisor, a set-user-id program, a processor that
`blocked_calls` does not know), nothing is found, and the command's time limit has the last word. Terminals
that the command itself drives (`script`, `tmux`, `expect`) do not count: the program at their other end may
type.

The supervisor imports this module after its first seconds, so it may only import what costs nothing.
"""

import os

from orchestrator.agents import processes
from orchestrator.agents.blocked_calls import awaited

WAIT_SECONDS = 10.0
"""How long a process must have waited before it is reported."""

LOOK_SECONDS = 2.0
"""How often to look: each look reads a few files of each process of the command."""

_BUSY_SHARE = 0.05
"""The share of one processor from which on the command counts as at work."""

_TERMINAL, _ITSELF, _OTHER = "terminal", "itself", "other"
_CONTROLLING_TERMINAL = (5, 0)
"""Major and minor number of `/dev/tty`."""

_GET_TERMINAL_NUMBER = 0x80045430
"""TIOCGPTN, see ioctl_tty(2)."""

_CHILD_ENDED = 1 << 16
"""SIGCHLD in the masks of /proc/PID/status."""

_OWN_FILES = ("anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[signalfd]")


class TerminalWatch:
    """Looks, again and again, at the processes of one command on one terminal.

    `terminal` is our end of that; the command's processes are the descendants of the process `root`.
    """

    def __init__(self, terminal: int, root: int) -> None:
        self._terminal = _terminal_device(terminal)
        self._root = root
        self._ticks_per_second = os.sysconf("SC_CLK_TCK")
        self._seen: dict[int, tuple[object, float]] = {}
        self._ticks = 0
        self._looked_at = 0.0

    def look(self, now: float, *, has_output: bool) -> str | None:
        """The name of a program that has waited for WAIT_SECONDS; None while there is none.

        `now` are seconds of a clock that only runs forwards; `has_output` says that the command has printed
        something since the last look.
        """
        if self._terminal is None:
            return None
        children = _tree(self._root)
        if self._is_busy(now, children) or has_output:
            self._seen.clear()
        found = {}
        for pid, own_children in children.items():
            if pid == self._root or (own_children and _hears_of_children(pid)):
                continue
            if (state := self._wait(pid)) is None:
                continue
            before, since = self._seen.get(pid, (None, now))
            since = since if state == before else now
            if now - since >= WAIT_SECONDS:
                return _name(pid)
            found[pid] = (state, since)
        self._seen = found
        return None

    @property
    def waiting(self) -> set[int]:
        """The processes that waited for input at the last look, however long."""
        return set(self._seen)

    def _is_busy(self, now: float, pids: dict[int, list[int]]) -> bool:
        """Whether the command has used more than a little of a processor since the last look."""
        ticks = sum(map(_ticks, pids.keys() - {self._root}))
        used, passed = ticks - self._ticks, now - self._looked_at
        self._ticks, self._looked_at = ticks, now
        return used > _BUSY_SHARE * passed * self._ticks_per_second

    def _wait(self, pid: int) -> object:
        """What each thread of the process is blocked in, comparable; None unless it waits for input."""
        threads = []
        kinds = set()
        for thread in _numbers(f"/proc/{pid}/task"):
            call = processes.read(f"/proc/{pid}/task/{thread}/syscall")
            kinds.add(self._kind(pid, call))
            if not call or _OTHER in kinds:
                return None
            threads.append((thread, call, _switches(pid, thread)))
        return threads if _TERMINAL in kinds else None

    def _kind(self, pid: int, call: bytes) -> str:
        """What a thread that is blocked in this call waits for."""
        waits_for = awaited(pid, call)
        if waits_for is None:
            return _OTHER
        try:
            kinds = {file: self._kind_of_file(pid, file) for file in waits_for.every}
        except (OSError, IndexError):  # gone meanwhile
            return _OTHER
        if _OTHER in kinds.values():
            return _OTHER
        return _TERMINAL if _TERMINAL in {kinds[file] for file in waits_for.readable} else _ITSELF

    def _kind_of_file(self, pid: int, file: int) -> str:
        path = f"/proc/{pid}/fd/{file}"
        target = os.readlink(path)  # noqa: PTH115 (pathlib is slow to import)
        if target in _OWN_FILES or (target.startswith("pipe:") and _holds_both_ends(pid, target)):
            return _ITSELF
        device = os.stat(path)  # noqa: PTH116 (pathlib is slow to import)
        numbers = (os.major(device.st_rdev), os.minor(device.st_rdev))
        if numbers == _CONTROLLING_TERMINAL:
            return _TERMINAL if _controlling_terminal(pid) == self._terminal else _OTHER
        return _TERMINAL if numbers == self._terminal and target.startswith("/dev/pts/") else _OTHER


def _terminal_device(terminal: int) -> tuple[int, int] | None:
    """Major and minor number of the terminal's device; None where they cannot be found out."""
    try:
        import fcntl  # noqa: PLC0415 (only where it is of use)

        number = int.from_bytes(fcntl.ioctl(terminal, _GET_TERMINAL_NUMBER, bytes(4)), "little")
        device = os.stat(f"/dev/pts/{number}").st_rdev  # noqa: PTH116 (pathlib is slow to import)
    except (ImportError, OSError):
        return None
    return os.major(device), os.minor(device)


def _controlling_terminal(pid: int) -> tuple[int, int]:
    """Major and minor number, as field 7 of /proc/PID/stat has them, see proc(5)."""
    number = int(_stat(pid)[4])
    return (number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00)


def _tree(root: int) -> dict[int, list[int]]:
    """The root and everything below it, each with its living children."""
    children: dict[int, list[int]] = {}
    for pid, parent in processes.parents().items():
        children.setdefault(parent, []).append(pid)
    found: dict[int, list[int]] = {}
    open_pids = [root]
    while open_pids:
        pid = open_pids.pop()
        found[pid] = children.get(pid, [])
        open_pids += found[pid]
    return found


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat behind the name, see proc(5)."""
    stat = processes.read(f"/proc/{pid}/stat")
    return stat[stat.rfind(b")") + 2 :].split()


def _ticks(pid: int) -> int:
    """The processor time of the process and of its children that have ended, in clock ticks."""
    return sum(map(int, _stat(pid)[11:15]))


def _hears_of_children(pid: int) -> bool:
    """Whether the end of a child is a signal to this process, by which its waiting may end."""
    caught = processes.read(f"/proc/{pid}/status").partition(b"SigCgt:")[2].split(None, 1)
    return bool(caught) and bool(int(caught[0], 16) & _CHILD_ENDED)


def _switches(pid: int, thread: str) -> bytes:
    """How often the thread has given up its processor."""
    status = processes.read(f"/proc/{pid}/task/{thread}/status")
    return status.partition(b"voluntary_ctxt_switches:")[2].partition(b"\n")[0]


def _name(pid: int) -> str:
    return processes.read(f"/proc/{pid}/comm").decode(errors="replace").strip()


def _numbers(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208 (pathlib is slow to import)
    except OSError:
        return []


def _holds_both_ends(pid: int, pipe: str) -> bool:
    """Whether the process could write into the pipe that it waits for: then it is its own alarm clock."""
    modes = set()
    for file in _numbers(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{file}") == pipe:  # noqa: PTH115 (pathlib is slow to import)
                info = processes.read(f"/proc/{pid}/fdinfo/{file}")
                modes.add(int(info.partition(b"flags:")[2].split(None, 1)[0], 8) & os.O_ACCMODE)
        except (OSError, IndexError):
            continue
    return os.O_RDWR in modes or {os.O_RDONLY, os.O_WRONLY} <= modes
