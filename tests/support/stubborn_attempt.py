"""An attempt whose processes hide in sessions and groups of their own and ignore every request to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from orchestrator.agents import processes
from orchestrator.agents.containment import sweep_marked

STUBBORN = """
trap '' INT TERM HUP QUIT
echo $$ >>"$1/pids"
while :; do sleep 0.2; done
"""

BLOCK = """
trap '' INT TERM HUP QUIT
bash stubborn.sh "$PWD" &
setsid bash stubborn.sh "$PWD" &
(setsid nohup bash stubborn.sh "$PWD" >/dev/null 2>&1 & ) &
( ( bash stubborn.sh "$PWD" >/dev/null 2>&1 & ) & )
{extra}
bash stubborn.sh "$PWD"
exit 3
"""

WITHOUT_MARKER = 'env -i PATH="$PATH" setsid bash stubborn.sh "$PWD" >/dev/null 2>&1 &'


class Attempt:
    """A driver (a script of ours, to be killed) at work on the block, with all its processes."""

    def __init__(self, root: Path, instance_id: str, driver: Path, *, extra: str = "") -> None:
        (root / "stubborn.sh").write_text(STUBBORN)
        block = BLOCK.format(extra=extra)
        self.instance_id = instance_id
        self.expected = 6 if extra else 5
        self.pids_file = root / "pids"
        self.output = root / "driver-output"
        with self.output.open("wb") as output:
            self.driver = subprocess.Popen(
                [sys.executable, str(driver), str(root), block, instance_id], stdout=output, stderr=output
            )

    def is_up(self) -> bool:
        return self.pids_file.exists() and len(self.pids_file.read_text().split()) == self.expected

    def find(self) -> None:
        (self.guardian,) = children_of(self.driver.pid)
        (self.worker,) = children_of(self.guardian)
        below = children_of(self.worker)
        (self.shell,) = (pid for pid in below if b"-euo" in Path(f"/proc/{pid}/cmdline").read_bytes())
        self.all = processes.descendants({self.driver.pid})
        assert {int(pid) for pid in self.pids_file.read_text().split()} <= self.all

    def pid_of(self, who: str) -> int:
        """`driver`, `guardian`, `worker` or `shell`."""
        return self.driver.pid if who == "driver" else getattr(self, who)

    def left(self) -> set[int]:
        return (self.all & processes.parents().keys()) | processes.marked(self.instance_id)

    def told(self) -> str:
        return self.output.read_text()

    def clean_up(self) -> None:
        self.driver.kill()
        self.driver.wait()
        sweep_marked(self.instance_id)
        kill(*self.left())


def children_of(pid: int) -> list[int]:
    return [child for child, parent in processes.parents().items() if parent == pid]


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
