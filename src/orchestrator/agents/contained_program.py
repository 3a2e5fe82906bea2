"""An agent's program on pipes, contained: lines to it, lines from it, and no process left at its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.agents.containment import ContainedProcesses, Ended, Message, NotStarted
from orchestrator.agents.pipes import PipeReader, PipeWriter
from orchestrator.agents.program_output import LineSplitter, LineTooLong, Tail
from orchestrator.domain.redaction import RedactedStream, Redactor, redact_known

LINE_BYTES_MAX = 16 * 1024 * 1024
STDERR_BYTES_MAX = 16_384
CLOSE_GRACE_SECONDS = 5.0
"""How long a program may take to end after the end of its stdin: Claude Code writes its session file then."""


class ProgramGone(ConnectionError):
    """Nothing can be sent to the program any more: it has ended, or its stdin is closed."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a program ended.

    `exit_code` is negative for the signal that ended it, and None where there is none: `problem` says why.
    `leftovers` processes of it had to be ended after it, `survivors` could not be.
    """

    exit_code: int | None
    leftovers: int = 0
    survivors: int = 0
    stderr_tail: str = ""
    problem: str | None = None


class ContainedProgram:
    """A program that speaks in lines, run by a supervisor that lets no process of it live on.

    It is started when this is built (in a running event loop; OSError when its supervisor cannot be);
    `command[0]` is a path. Once it was built, `close` must be awaited. Nothing of what the program writes is
    held here beyond one line: when nobody receives, it waits. Its stderr is read always, its tail is kept,
    and `on_stderr` is called with each line of it; both without secrets.
    """

    def __init__(
        self,
        marker: str,
        root: Path,
        environment: Mapping[str, str],
        command: Sequence[str],
        *,
        line_bytes_max: int = LINE_BYTES_MAX,
        on_stderr: Callable[[str], None] | None = None,
        redact: Redactor = redact_known,
    ) -> None:
        if any("\0" in argument for argument in command):
            raise ValueError("an argument of a command cannot hold a NUL character")
        stdin, our_stdin, our_stdout, stdout, our_stderr, stderr = _three_pipes()
        self._stdin = PipeWriter(os.fdopen(our_stdin, "wb", buffering=0))
        self._stdout = PipeReader(os.fdopen(our_stdout, "rb", buffering=0))
        self._stderr = PipeReader(os.fdopen(our_stderr, "rb", buffering=0))
        theirs = (stdin, stdout, stderr)
        try:
            self._processes = ContainedProcesses(marker, root, environment, theirs)
        except BaseException:
            for pipe in (self._stdin, self._stdout, self._stderr):
                pipe.close()
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        self._splitter, self._tail = LineSplitter(line_bytes_max), Tail(STDERR_BYTES_MAX, redact)
        self._on_stderr = on_stderr
        self._redact = redact
        self._sending = asyncio.Lock()
        self._is_closing = self._is_at_end = False
        self._message: Message | None = None
        self._processes.start(command)
        loop = asyncio.get_running_loop()
        self._life = loop.create_task(self._live())
        self._listening = loop.create_task(self._keep_stderr())

    @property
    def exit_code(self) -> int | None:
        """The program's exit code, once it and all that it started have ended; negative for a signal."""
        return self._message.exit_code if isinstance(self._message, Ended) else None

    @property
    def has_ended(self) -> bool:
        """Whether the program and all that it started are gone."""
        return self._life.done()

    @property
    def stderr_tail(self) -> str:
        """The last that the program wrote to its stderr."""
        return self._tail.text

    @property
    def is_at_end(self) -> bool:
        """Whether the program's stdout has ended."""
        return self._is_at_end

    async def send(self, line: bytes) -> None:
        """Write the line and a newline; waits while the program does not read.

        Raises ProgramGone. When this is cancelled, the line is sent whole or not at all.
        """
        async with self._sending:
            await self._stdin.drained()  # of what a cancelled call has left
            self._stdin.put(line + b"\n")
            await self._stdin.drained()
            # The supervisor may let go of the pipe a moment after it has said that the program is gone.
            if self._stdin.is_closed or self.has_ended:
                raise ProgramGone(self._why_gone())

    async def close_stdin(self) -> None:
        """Let the program see the end of its stdin once it has read what was sent; most agents end then."""
        async with self._sending:
            await self._stdin.drained()
            self._stdin.close()

    async def receive(self) -> bytes | None:
        """The next line, without its newline; None at the end of stdout, or once `close` was called.

        May be cancelled without loss. Raises LineTooLong, after which the next line can be received. What
        stands behind the last newline is a line too.
        """
        while not self._is_closing:
            if (line := self._splitter.next_line()) is not None:
                return line
            if self._is_at_end:
                return self._splitter.rest()
            data = await self._stdout.read()
            self._splitter.feed(data)
            self._is_at_end = not data
        return None

    def lines(self) -> AsyncIterator[bytes]:
        """What `receive` gives, up to the end. One reader at a time."""
        return Lines(self)

    async def wait(self) -> Exit:
        """Wait until the program has ended by itself, and all that it has left behind was ended."""
        await asyncio.wait({self._life, self._listening})
        return self._exit()

    async def interrupt(self) -> None:
        """End the program: SIGINT to it alone, then SIGTERM and SIGKILL to all that it started.

        Returns when no process is left. Idempotent. What the program still says can be received.
        """
        await self._processes.interrupt()
        await asyncio.wait({self._life})

    async def close(self, grace_seconds: float = CLOSE_GRACE_SECONDS) -> Exit:
        """Close its stdin, give the program the grace to end, and interrupt it else; what it writes is lost.

        Returns when no process is left, and how it ended. Idempotent. When this is cancelled, the supervisor
        ends everything swiftly.
        """
        self._is_closing = True
        ends = asyncio.gather(self.close_stdin(), self._read_to_the_end())
        try:
            await asyncio.wait({self._life}, timeout=grace_seconds)
            if not self._life.done():
                await self.interrupt()
            await ends
            return await self.wait()
        finally:
            self._processes.hang_up()
            self._stdout.close()

    async def _live(self) -> None:
        """Wait for the end of it all, and tell those who wait for the program."""
        try:
            self._message = await self._processes.receive()
            await self._processes.close()
        finally:
            self._stdin.give_up()
            self._stdin.close()
            self._stdout.finish()
            self._stderr.finish()

    async def _keep_stderr(self) -> None:
        lines, clean = LineSplitter(STDERR_BYTES_MAX), RedactedStream(self._redact)
        try:
            while data := await self._stderr.read():
                self._tail.add(data)
                if self._on_stderr is None:
                    continue
                lines.feed(clean.feed_bytes(data))
                with contextlib.suppress(LineTooLong):  # it is passed over
                    while (line := lines.next_line()) is not None:
                        self._on_stderr(line.decode(errors="replace"))
        finally:
            self._stderr.close()

    async def _read_to_the_end(self) -> None:
        """A program that waits for a reader would not see the end of its stdin."""
        while await self._stdout.read():
            pass

    def _exit(self) -> Exit:
        match self._message:
            case Ended(exit_code, leftovers, survivors):
                return Exit(exit_code, leftovers, survivors, self.stderr_tail)
            case NotStarted(reason):
                return Exit(None, problem=f"could not be started: {reason}")
            case _:
                said = f": {self._processes.complaint}" if self._processes.complaint else ""
                problem = f"was lost: its supervisor was killed, and what ran was ended{said}"
                return Exit(None, stderr_tail=self.stderr_tail, problem=problem)

    def _why_gone(self) -> str:
        if self.has_ended:
            return "The agent's program has ended."
        return "The agent's program does not read its stdin any more."


def _three_pipes() -> list[int]:
    """The reading and the writing ends of three pipes; all three, or OSError."""
    made: list[int] = []
    try:
        for _ in range(3):
            made += os.pipe()
    except OSError:
        for descriptor in made:
            os.close(descriptor)
        raise
    return made


class Lines:
    """The lines of a program, for `async for`; unlike a generator it goes on after a cancelled step."""

    def __init__(self, program: ContainedProgram) -> None:
        self._program = program

    def __aiter__(self) -> Lines:
        """The lines are their own iterator."""
        return self

    async def __anext__(self) -> bytes:
        """The next line."""
        if (line := await self._program.receive()) is None:
            raise StopAsyncIteration
        return line
