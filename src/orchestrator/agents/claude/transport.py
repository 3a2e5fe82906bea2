"""Claude Code in containment, for claude-agent-sdk: what its `Transport` asks for, without importing it.

The SDK is an optional extra, and it does not check what a transport descends from.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from orchestrator.agents.contained_program import ContainedProgram, ProgramGone
from orchestrator.agents.json_messages import JsonMessages


class ProgramFailed(Exception):
    """The program ended with an exit code other than 0, or could not run."""

    def __init__(self, message: str, exit_code: int | None = None, stderr: str | None = None) -> None:
        super().__init__(message)
        self.exit_code, self.stderr = exit_code, stderr


class ClaudeTransport:
    """Starts the program when the SDK connects; `program` is there from then on, for `interrupt` and `close`.

    `failure` makes the error for an exit code other than 0. Hand in the SDK's `ProcessError`: the SDK turns
    that into its `ResultError` when the agent had told before why it would end so.
    """

    def __init__(
        self,
        start: Callable[[], ContainedProgram],
        failure: Callable[[str, int | None, str], Exception] = ProgramFailed,
    ) -> None:
        self._start = start
        self._failure = failure
        self._is_closed = False
        self.program: ContainedProgram | None = None

    async def connect(self) -> None:
        """Start the program; OSError when its supervisor cannot be started."""
        if self.program is None:
            self.program = self._start()

    async def write(self, data: str) -> None:
        """Send a message, a line; waits while the program does not read. Raises ProgramGone."""
        if self.program is None:
            raise ProgramGone("The agent's program has not been started.")
        await self.program.send(data.removesuffix("\n").encode())

    async def read_messages(self) -> AsyncIterator[dict[str, Any]]:
        """Every message, then the failure if it is one. Nothing is raised once `close` was called."""
        if self.program is None:
            raise ProgramGone("The agent's program has not been started.")
        messages = JsonMessages(self.program)
        while (message := await messages.receive()) is not None:
            yield message
        if self._is_closed:
            return
        end = await self.program.wait()
        if end.exit_code != 0 and not self._is_closed:
            why = end.problem or f"ended with exit code {end.exit_code}"
            raise self._failure(f"The agent's program {why}.", end.exit_code, end.stderr_tail)

    async def close(self) -> None:
        """End the program: its stdin first, then signals; never waits without a limit. Idempotent."""
        self._is_closed = True
        if self.program is not None:
            await self.program.close()

    def is_ready(self) -> bool:
        """Whether the program can be spoken to."""
        return self.program is not None and not self._is_closed and not self.program.has_ended

    async def end_input(self) -> None:
        """Close the program's stdin."""
        if self.program is not None:
            await self.program.close_stdin()
