"""What this host knows of its own processes: who still lives, and what the dead have left behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from orchestrator.agents.containment import sweep_marked
from orchestrator.engine.recovery import Fate

_STATE, _START_TIME = 0, 19
"""Places in /proc/<pid>/stat behind the name, see proc(5): field 3 (state) and 22 (start time in ticks)."""


class LocalProcesses:
    """The processes of this host."""

    @property
    def host(self) -> str:
        """This host's name."""
        return socket.gethostname()

    def start_time(self, pid: int) -> str:
        """When the process started, as a text that no other process of this pid has; empty if it is dead.

        What stands before the last `/` says among which processes a pid is the same one: the boot of the
        machine, and the namespace (that of a container, see pid_namespaces(7)).
        """
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except FileNotFoundError:
            return "" if Path("/proc/self/stat").exists() else _alive_without_proc(pid)
        except OSError:
            return ""
        fields = stat[stat.rfind(b")") + 2 :].split()
        if fields[_STATE] in {b"Z", b"X"}:
            return ""
        return f"{_scope()}/{fields[_START_TIME].decode()}"

    def fate(self, host: str, pid: int, started: str) -> Fate:
        """What has become of a process; `unknown` where its pid may not mean the same as here."""
        if host != self.host or started.rpartition("/")[0] != _scope():
            return "unknown"
        return "alive" if started and self.start_time(pid) == started else "dead"

    def sweep(self, instance_id: str) -> int:
        """End what the orchestrator's attempts have left behind; blocks for some seconds at most."""
        return sweep_marked(instance_id)


def _scope() -> str:
    """The boot and the pid namespace; empty where there is no /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _alive_without_proc(pid: int) -> str:
    """Where there is no /proc (macOS), the pid alone must do."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
