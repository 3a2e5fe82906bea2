"""The program on a terminal of its own, and what it puts there."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

from doors import ENVIRONMENT, wait_until

SIZE = struct.pack("HHHH", 16, 80, 0, 0)


class OnTerminal:
    """`orchestrator <arguments>` on a terminal of 80 columns and 16 lines."""

    def __init__(self, *arguments: str, root: Path) -> None:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, SIZE)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=root,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env={**ENVIRONMENT, "TMPDIR": str(root)},
            start_new_session=True,
        )
        os.close(inner)
        self._pieces: list[bytes] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._terminal, 65_536)
            except OSError:  # nobody holds the other side any more
                return
            self._pieces.append(piece)

    @property
    def text(self) -> str:
        return b"".join(self._pieces).decode(errors="replace")

    def until_python_runs_our_code(self) -> None:
        """Wait until SIGTERM is caught: what comes before is the interpreter's own start."""
        status, bit = Path(f"/proc/{self.process.pid}/status"), 1 << (signal.SIGTERM - 1)

        def catches() -> bool:
            caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
            return bool(int(caught.split()[1], 16) & bit)

        wait_until(catches)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def send(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def end(self, seconds: float = 30.0) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            code = self.process.wait(seconds)
        finally:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        os.close(self._terminal)
        return code
