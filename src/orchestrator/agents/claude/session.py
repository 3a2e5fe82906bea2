"""A process of Claude Code in containment, and the SDK's client that speaks the control protocol with it.

The SDK takes care of the greeting, of questions for permission and of interrupts, which are documented
nowhere but in its source. What the agent tells is kept from it and read here.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from orchestrator.agents.claude.installation import SDK
from orchestrator.agents.claude.messages import KEPT
from orchestrator.agents.claude.transport import ClaudeTransport
from orchestrator.agents.contained_program import ContainedProgram, Exit, ProgramGone
from orchestrator.agents.json_messages import BrokenMessage, JsonMessages
from orchestrator.agents.program_output import LineTooLong
from orchestrator.domain.redaction import Redactor, redact_values
from orchestrator.engine.agent_events import PermissionAsked

POLITE_SECONDS = 2.0
"""How long it may take to end its turn when it is asked to; the signals that follow need some six more."""

HEARD_MAX = 100
"""So many messages wait for a reader; then Claude Code waits."""

Message = Mapping[str, Any]
Decide = Callable[[str, dict[str, Any], Any], Awaitable[Any]]


async def load_sdk() -> Any:
    """The SDK; ImportError where it is not installed. It is imported in a thread: that takes a second."""
    sdk = await asyncio.to_thread(importlib.import_module, SDK)
    # What it calls fatal there, such as the end of the program, is told as an event here.
    logging.getLogger(SDK).setLevel(logging.CRITICAL + 1)
    return sdk


class ClaudeSession:
    """One process from its start to its end. `close` must be awaited, whatever happens before."""

    def __init__(
        self, sdk: Any, start: Callable[[], ContainedProgram], decide: Decide, redact: Redactor
    ) -> None:
        self._ears = _Ears(start, redact)
        # A plan is written for any agent: its slashes are no commands, and its @ no files to be read in.
        options = sdk.ClaudeAgentOptions(can_use_tool=decide, verbatim_prompts=True)
        self._client = sdk.ClaudeSDKClient(options, transport=self._ears)
        self._is_open = self._has_failed = False

    async def open(self) -> None:
        """Start the program and greet it.

        Raises ProgramGone where that fails; OSError or ValueError where the program cannot be started.
        """
        try:
            await self._client.connect()
            self._is_open = True
        except (OSError, ValueError):
            self._has_failed = True
            raise
        except Exception as error:
            self._has_failed = True
            raise ProgramGone(str(error)) from error

    async def send(self, text: str, message_id: str) -> None:
        """Hand it a message of ours, also in the middle of a turn. Raises ProgramGone.

        `message_id`, a UUID, is what it names the message by when a turn has taken it up.
        """
        message = {
            "type": "user",
            "uuid": message_id,
            "message": {"role": "user", "content": text},
            "parent_tool_use_id": None,
        }
        try:
            await self._client.query(_once(message))
        except Exception as error:
            raise ProgramGone(str(error)) from error

    async def tell_reader(self, event: PermissionAsked) -> None:
        """Put an event of ours between its messages."""
        await self._ears.heard.put(event)

    async def receive(self) -> Message | PermissionAsked | None:
        """What it tells next; None at its end."""
        if self._has_failed and self._ears.heard.empty():
            return None
        return await self._ears.heard.get()

    async def interrupt(self) -> None:
        """Ask it to end its turn, then end it; returns when no process is left."""
        program = self._ears.program
        if program is None:
            return
        if self._is_open:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(POLITE_SECONDS):
                    await self._client.interrupt()
                    await self._ears.has_result.wait()
                    await program.close_stdin()
                    await program.wait()
        await program.interrupt()

    async def close(self, grace_seconds: float) -> Exit | None:
        """End it: its stdin first, signals after the grace. Returns how it ended; None if it never began."""
        self._ears.grace_seconds = grace_seconds
        try:
            await self._client.disconnect()
        finally:
            await self._ears.close()
        return await self._ears.program.wait() if self._ears.program else None


class _Ears(ClaudeTransport):
    """Hands the SDK the control messages alone, and keeps the others in `heard`, redacted, then None."""

    def __init__(self, start: Callable[[], ContainedProgram], redact: Redactor) -> None:
        super().__init__(start)
        self._redact = redact
        self.heard: asyncio.Queue[Message | PermissionAsked | None] = asyncio.Queue(HEARD_MAX)
        self.has_result = asyncio.Event()
        self.grace_seconds = 0.0

    async def read_messages(self) -> AsyncIterator[dict[str, Any]]:
        """The control messages, up to the end; then an error, so that nobody waits for an answer."""
        assert self.program is not None
        messages = JsonMessages(self.program, self._redact)
        while True:
            try:
                message = await messages.receive()
            except (BrokenMessage, LineTooLong) as error:
                message = {"type": "broken", "problem": str(error)}
            if message is None:
                break
            if str(message.get("type")).startswith("control_"):
                yield message
                continue
            if message.get("type") == "result":
                self.has_result.set()
            await self.heard.put(redact_values(message, self._redact, KEPT))
        await self.heard.put(None)
        raise ProgramGone("Claude Code has ended.")

    async def close(self) -> None:
        """End the program after the grace that was set."""
        self._is_closed = True
        if self.program is not None:
            await self.program.close(self.grace_seconds)


async def _once(message: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield message
