"""The supervisor: a small program between the orchestrator and an attempt's commands; nothing outlives it.

`containment` starts one for each attempt. It is two processes. The *worker* runs commands and ends what they
leave behind. The *guardian*, its parent, only waits: when the worker is killed, the guardian inherits all
that ran below it and ends it; when the guardian is killed, the worker ends everything.

The command line names three open files, or none: a command's stdin, stdout and stderr. Without them each
command runs on a terminal of its own; with them one command runs on them.

Frames, both ways: one byte of kind, four bytes of length (big-endian), content.
stdin: `R` run this command (arguments joined by NUL) · `I` end everything · end of file: the same, swiftly.
stdout: `O` output of the terminal · `E` the command and all that it started have ended: exit code (negative:
signal), how many processes had to be ended, how many could not be · `F` it could not be started: why · `W` a
program of it, whose name this is, waits for input on the terminal (once for each command).
The end of stderr says that both processes are gone.
"""

import os
import sys
import time

from orchestrator.agents import host_calls, processes
from orchestrator.agents.host_calls import KILL
from orchestrator.agents.worker import KILL_LIMIT_SECONDS, KILL_ROUND_SECONDS, Worker, all_below, all_marked

OWN_ARGUMENTS = 2
"""What stands in the command line before the open files: the program and where the package lies."""


def guard(worker: int) -> int:
    """Wait for the worker; where it did not end well, end what it left. Returns this process's exit code."""
    _, status = os.waitpid(worker, 0)
    if status == 0:
        return 0
    marker = os.environ.get(processes.ATTEMPT_VARIABLE, "")
    limit = time.monotonic() + KILL_LIMIT_SECONDS
    while time.monotonic() < limit:
        left = all_below() | all_marked(marker)
        host_calls.send_signal(left, KILL)
        if not left:
            break
        time.sleep(KILL_ROUND_SECONDS)
    return 1


def main() -> None:
    """Split into guardian and worker. Never returns."""
    pipes = [int(argument) for argument in sys.argv[OWN_ARGUMENTS:]]
    for pipe in pipes:
        os.set_inheritable(pipe, False)
    host_calls.ignore_requests_to_end()
    lifeline, held_by_guardian = os.pipe()
    # Before the fork: Linux notes in every process below that a guardian is above, in the same word in which
    # the worker would be noting its own request at that moment, and one of the two could be lost.
    host_calls.adopt_orphans()
    worker = os.fork()
    code = 1
    try:
        if worker:
            for file in (0, 1, lifeline, *pipes):
                os.close(file)
            code = guard(worker)
        else:
            os.close(held_by_guardian)
            host_calls.adopt_orphans()
            code = Worker(lifeline, pipes).run()
    except BaseException:  # noqa: BLE001 (whatever it is: said on stderr, and the other process cleans up)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)
