"""The worker: the process of a supervisor that runs an attempt's commands and ends what they leave behind.

A command runs on a terminal of its own, whose output the worker hands on; or on pipes that the orchestrator
holds the other ends of. What goes through those the worker never sees, so that nothing here can fill up.
"""

import os
import select
import sys
import time

from orchestrator.agents import host_calls, processes
from orchestrator.agents.host_calls import INTERRUPT, KILL, TERMINATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from orchestrator.agents.terminal_waits import TerminalWatch

INTERRUPT_GRACE_SECONDS = 3.0
TERMINATE_GRACE_SECONDS = 2.0
LEFTOVER_GRACE_SECONDS = 0.5
SWIFT_GRACE_SECONDS = 1.0
KILL_LIMIT_SECONDS = 3.0
KILL_ROUND_SECONDS = 0.02
FLUSH_LIMIT_SECONDS = 1.0
READ_BYTES = 65_536
OUTBOX_BYTES_MAX = 65_536
HEADER_BYTES = 5
FIRST_LOOK_SECONDS = 2.0
"""How long a command runs before it is looked at for the first time: most have ended by then."""
NEVER = float("inf")


class Worker:
    """Runs one command after another and knows no rest while something of them lives."""

    def __init__(self, lifeline: int, pipes: list[int]) -> None:
        self.marker = os.environ.get(processes.ATTEMPT_VARIABLE, "")
        self.lifeline = lifeline
        self.pipes = pipes  # the command's stdin, stdout and stderr; none for a terminal
        self.wake = host_calls.wake_on_child_end()
        self.inbox, self.outbox = bytearray(), bytearray()
        self.is_closing = self.is_orphaned = self.is_unguarded = False
        self.flush_until = NEVER
        self.pid, self.terminal = 0, -1
        self.exit_code: int | None = None
        self.has_children = self.is_terminal_open = self.is_over = False
        self.stage = 0  # the signal that was sent last to end what runs
        self.deadline = NEVER  # when the next stage begins
        self.ended: set[int] = set()
        self.survivors: set[int] = set()
        self.watch: TerminalWatch | None = None
        self.look_at = NEVER  # when to see whether something waits for input
        self.has_output = False  # since it was last looked
        os.set_blocking(1, False)

    def run(self) -> int:
        """Serve until the orchestrator is done or gone; returns this process's exit code."""
        while self.pid or not self.is_closing or (self.outbox and time.monotonic() < self.flush_until):
            self.wait()
            self.reap()
            self.look()
            self.escalate()
            self.settle()
        return 1 if self.survivors else 0

    def wait(self) -> None:
        """Sleep until there is something to do, and move bytes."""
        readable = [self.wake]
        if not self.is_orphaned:
            readable += [0, self.lifeline]
        if self.is_terminal_open and len(self.outbox) < OUTBOX_BYTES_MAX:
            readable.append(self.terminal)
        writable = [1] if self.outbox else []
        ready, writable, _ = select.select(readable, writable, [], self.timeout_seconds())
        if self.wake in ready:
            os.read(self.wake, READ_BYTES)
        if self.lifeline in ready:
            self.is_unguarded = True  # and so the attempt is lost: no word of how it ended
            self.outbox.clear()
            self.abandon()
        if 0 in ready:
            self.receive()
        if self.terminal in ready:
            self.read_terminal()
        if writable:
            self.write()

    def timeout_seconds(self) -> float | None:
        """How long nothing has to be done unless something happens."""
        limit = min(self.deadline, self.flush_until, self.look_at) - time.monotonic()
        if self.stage == KILL and not self.is_over:
            limit = min(limit, KILL_ROUND_SECONDS)
        return None if limit == NEVER else max(limit, 0)

    def receive(self) -> None:
        """Take requests in; the end of stdin is the end of the orchestrator, or of its interest."""
        data = os.read(0, READ_BYTES)
        if not data:
            self.abandon()
        self.inbox += data
        while len(self.inbox) >= HEADER_BYTES:
            end = HEADER_BYTES + int.from_bytes(self.inbox[1:HEADER_BYTES], "big")
            if len(self.inbox) < end:
                return
            kind, content = self.inbox[:1], bytes(self.inbox[HEADER_BYTES:end])
            del self.inbox[:end]
            if kind == b"I":
                self.end_everything(INTERRUPT_GRACE_SECONDS)
            elif kind == b"R" and not self.is_closing:
                self.start(content.split(b"\0"))

    def start(self, arguments: list[bytes]) -> None:
        """Begin a command."""
        try:
            if self.pipes:
                self.pid = host_calls.start_on_pipes(arguments, self.pipes)
            else:
                self.pid, self.terminal = host_calls.start_on_terminal(arguments)
                self.is_terminal_open = True
                self.watch, self.look_at = None, time.monotonic() + FIRST_LOOK_SECONDS
        except OSError as error:
            self.send(b"F", str(error.strerror).encode())
            return
        finally:
            for pipe in self.pipes:
                os.close(pipe)  # so that each side meets the end when the other lets go
        self.exit_code, self.has_children = None, True
        self.stage, self.deadline, self.is_over = 0, NEVER, False
        self.ended, self.survivors = set(), set()

    def send(self, kind: bytes, content: bytes | bytearray) -> None:
        """Put a frame into the outbox."""
        if not self.is_unguarded:
            self.outbox += kind + len(content).to_bytes(4, "big") + content

    def write(self) -> None:
        """Hand the outbox over, as far as the orchestrator takes it."""
        try:
            del self.outbox[: os.write(1, self.outbox)]
        except BlockingIOError:
            return
        except OSError:
            self.outbox.clear()

    def read_terminal(self) -> bool:
        """Take over what the terminal holds; False when there may be more than fits now."""
        data = bytearray()
        room = OUTBOX_BYTES_MAX - len(self.outbox)
        while self.is_terminal_open and len(data) < room:
            try:
                part = os.read(self.terminal, READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                part = b""  # Linux answers EIO when the last process has let go of it
            self.is_terminal_open = bool(part)
            data += part
        if data:
            self.has_output = True
            self.send(b"O", data)
        return len(data) < room

    def look(self) -> None:
        """From time to time, see whether the command waits for input, and report that once."""
        now = time.monotonic()
        if now < self.look_at:
            return
        if self.stage or self.exit_code is not None:
            self.look_at = NEVER
            return
        from orchestrator.agents import terminal_waits  # noqa: PLC0415 (most commands end before)

        if self.watch is None:
            self.watch = terminal_waits.TerminalWatch(self.terminal, os.getpid())
        name = self.watch.look(now, has_output=self.has_output)
        self.has_output = False
        self.look_at = now + terminal_waits.LOOK_SECONDS
        if name is not None:
            self.look_at = NEVER
            self.send(b"W", name.encode())

    def reap(self) -> None:
        """Take leave of ended children, the adopted ones too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.has_children = self.is_group_alive()
                return
            if pid == 0:
                self.has_children = True
                return
            if pid == self.pid:
                self.exit_code = os.waitstatus_to_exitcode(status)

    def is_group_alive(self) -> bool:
        """Where orphans are not adopted, the command's process group is what can still be seen."""
        return sys.platform != "linux" and bool(self.pid) and host_calls.send_signal_to_group(self.pid, 0)

    def end_everything(self, grace_seconds: float) -> None:
        """Begin to end what runs; harmless when that has begun or nothing runs."""
        self.is_closing = True
        if not self.pid or self.is_over:
            self.flush_until = min(self.flush_until, time.monotonic() + FLUSH_LIMIT_SECONDS)
        elif not self.stage:
            self.enter(INTERRUPT, grace_seconds)

    def abandon(self) -> None:
        """End everything without long graces: nobody waits for the result any more."""
        self.is_orphaned = True
        self.end_everything(SWIFT_GRACE_SECONDS)
        if self.stage in (INTERRUPT, TERMINATE):
            self.deadline = min(self.deadline, time.monotonic() + SWIFT_GRACE_SECONDS)

    def escalate(self) -> None:
        """Go from SIGINT over SIGTERM to SIGKILL, each after its grace, until nothing is left."""
        if not self.pid or self.is_over:
            return
        is_late = time.monotonic() >= self.deadline
        has_left_some = self.exit_code is not None and (self.has_children or self.has_strays())
        if not self.stage and has_left_some:
            self.enter(TERMINATE, LEFTOVER_GRACE_SECONDS)
        elif self.stage == INTERRUPT and (has_left_some or is_late):
            self.enter(TERMINATE, SWIFT_GRACE_SECONDS if self.is_orphaned else TERMINATE_GRACE_SECONDS)
        elif self.stage == TERMINATE and is_late:
            self.enter(KILL, KILL_LIMIT_SECONDS)
        elif self.stage == KILL:
            host_calls.send_signal(self.whats_left(), KILL)

    def enter(self, stage: int, grace_seconds: float) -> None:
        """Send the stage's signal: SIGINT where Ctrl-C would, or to an agent alone; the others to all.

        An agent ends its own commands at SIGINT and says how they ended, if they don't die before it.
        """
        self.stage = stage
        self.deadline = time.monotonic() + grace_seconds
        if stage == INTERRUPT and self.pipes:
            host_calls.send_signal({self.pid}, stage)
            return
        if stage == INTERRUPT:
            host_calls.send_signal_to_group(host_calls.foreground_group(self.terminal, self.pid), stage)
            return
        left = self.whats_left()
        self.ended |= left - {self.pid}
        host_calls.send_signal(left, stage)
        if self.is_group_alive():
            host_calls.send_signal_to_group(self.pid, stage)

    def whats_left(self) -> set[int]:
        """What still runs of the attempt, this program apart."""
        return all_below() | all_marked(self.marker)

    def has_all_ended(self) -> bool:
        """Whether nothing of the command is left, or all was tried."""
        if self.stage == KILL and time.monotonic() >= self.deadline:
            self.survivors = self.whats_left()
            return True
        if self.exit_code is None or self.has_children:
            return False
        return not (self.stage and all_marked(self.marker))

    def has_strays(self) -> bool:
        """Whether an agent has left something that is no descendant of ours any more.

        That should not happen; looking costs milliseconds, which matter to a shell block but not to an agent.
        """
        return bool(self.pipes) and bool(all_marked(self.marker))

    def settle(self) -> None:
        """Once all has ended and the output is through, say how it went."""
        if not self.pid:
            return
        if not self.is_over:
            if not self.has_all_ended():
                return
            self.is_over, self.deadline = True, NEVER
            if self.is_closing:
                self.flush_until = time.monotonic() + FLUSH_LIMIT_SECONDS
        if not self.read_terminal() and time.monotonic() < self.flush_until:
            return
        if not self.pipes:
            os.close(self.terminal)
        code = -KILL if self.exit_code is None else self.exit_code
        self.send(b"E", f"{code} {len(self.ended)} {len(self.survivors)}".encode())
        self.pid, self.terminal, self.is_terminal_open = 0, -1, False


def all_below() -> set[int]:
    """Every living descendant of this process."""
    return processes.descendants({os.getpid()})


def all_marked(marker: str) -> set[int]:
    """Every process that carries the attempt's marker, except the worker and the guardian."""
    return processes.marked(marker) - {os.getpid(), os.getppid()} if marker else set()
