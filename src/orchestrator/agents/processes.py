"""What /proc tells about processes: who descends from whom, and who carries an attempt's marker.

The supervisor imports this module, so it may only import what costs nothing (`__future__` costs).
Without /proc all is empty.
"""

import os

ATTEMPT_VARIABLE = "ORCHESTRATOR_ATTEMPT"
"""The environment variable that marks every process of an attempt: `<instance>/<task>/<attempt>`."""


def parents() -> dict[int, int]:
    """The parent's pid of every living process, by pid; zombies are left out."""
    found = {}
    for pid in _pids():
        stat = read(f"/proc/{pid}/stat")
        fields = stat[stat.rfind(b")") + 2 :].split(None, 2)
        if len(fields) == 3 and fields[0] not in (b"Z", b"X"):
            found[pid] = int(fields[1])
    return found


def descendants(roots: set[int]) -> set[int]:
    """The living children of `roots`, their children and so on, without `roots` themselves."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    open_pids = list(roots)
    while open_pids:
        for pid in children.get(open_pids.pop(), ()):
            if pid not in found:
                found.add(pid)
                open_pids.append(pid)
    return found - roots


def marked(marker: str) -> set[int]:
    """The processes of this user whose marker is `marker` or lies below it (`marker/…`)."""
    whole = f"{ATTEMPT_VARIABLE}={marker}".encode()
    below = whole + b"/"
    user = os.geteuid()
    found = set()
    for pid in _pids():
        variables = read(f"/proc/{pid}/environ")
        if whole not in variables or _owner(pid) != user:
            continue
        if any(entry == whole or entry.startswith(below) for entry in variables.split(b"\0")):
            found.add(pid)
    return found


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (pathlib is slow to import)
    except OSError:
        return []


def _owner(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116 (pathlib is slow to import)
    except OSError:
        return -1


def read(path: str) -> bytes:
    """The file's content; empty when the process is gone or another user's."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (pathlib is slow to import)
            return file.read()
    except OSError:
        return b""
