"""How a process that a signal ends leaves no folder behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

WRITES_ON = """
import sys, threading, time
from pathlib import Path
from orchestrator.cli.interrupts import remove_on_leaving, take_signals

def write_on():
    while True:
        deep = folder / "a" / "b"
        deep.mkdir(parents=True, exist_ok=True)
        try:
            (deep / "file").write_text("again")
        except OSError:
            pass

take_signals()
folder = Path(sys.argv[1])
with remove_on_leaving(str(folder)):
    for _ in range(3):
        threading.Thread(target=write_on, daemon=True).start()
    while not (folder / "a" / "b" / "file").exists():
        time.sleep(0.001)
    print("writes", flush=True)
    while True:
        time.sleep(0.01)  # a wait without an end would not notice a signal that comes just before it
"""


def test_a_folder_is_removed_although_threads_still_write_into_it(tmp_path: Path) -> None:
    folder = tmp_path / "with blanks and 'quotes'"
    process = subprocess.Popen([sys.executable, "-c", WRITES_ON, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == "writes\n"
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(30) == 130
        finally:
            process.kill()
    assert not folder.exists()


def test_what_python_cannot_raise_while_the_process_is_left_is_not_printed():
    """As it does for a signal that comes in the very moment in which its handler is taken away."""
    program = """
from orchestrator.cli import interrupts
class Broken:
    def __del__(self):
        raise OSError("Signal 2 ignored due to race condition")
with interrupts.on_leaving(lambda: Broken() and None):
    interrupts.leave(7)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (7, "")
