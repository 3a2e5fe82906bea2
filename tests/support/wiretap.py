"""Stands between the Claude SDK and the program inside it, and notes every line that passes.

The SDK hands the program its own process's variables; behind the wiretap it sees those alone that a test gives it.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

OF_THE_SDK = ("CLAUDE_CODE_ENTRYPOINT", "CLAUDE_AGENT_SDK_VERSION")


def place(folder: Path, program: Path, env: Mapping[str, str]) -> tuple[Path, Path]:
    """What the SDK is to start instead of the program, and the file in which the record grows."""
    door, record, variables = folder / "claude", folder / "record.jsonl", folder / "environment.json"
    variables.write_text(json.dumps(dict(env)))
    words = shlex.join(map(str, (sys.executable, Path(__file__).resolve(), record, variables, program)))
    door.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    door.chmod(0o755)
    return door, record


class _Tap:
    def __init__(self, record: IO[str]) -> None:
        self._record = record
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def pass_on(self, to: str, source: IO[bytes], target: IO[bytes]) -> None:
        for line in source:
            with self._lock:
                at = round(time.monotonic() - self._began, 3)
                entry = {"to": to, "at": at, "message": json.loads(line)}
                self._record.write(json.dumps(entry, ensure_ascii=False) + "\n")
                self._record.flush()
            target.write(line)
            target.flush()
        target.close()


def main(record: str, variables: str, *command: str) -> int:
    env = json.loads(Path(variables).read_text())
    env |= {name: os.environ[name] for name in OF_THE_SDK if name in os.environ}
    with Path(record).open("a") as file:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda which, _: process.send_signal(which))
        tap = _Tap(file)
        ways = (("agent", sys.stdin.buffer, process.stdin), ("client", process.stdout, sys.stdout.buffer))
        threads = [threading.Thread(target=tap.pass_on, args=way, daemon=True) for way in ways]
        for thread in threads:
            thread.start()
        code = process.wait()
        threads[1].join()
        sys.stdout = None  # closed by then; Python would flush it once more
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))  # the reader of the input may wait for ever
