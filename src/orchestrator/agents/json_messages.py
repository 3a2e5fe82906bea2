"""JSON objects to and from a program, one a line: what ACP agents, Codex and Claude Code speak."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.agents.contained_program import ContainedProgram
from orchestrator.domain.redaction import Redact, redact_known

SHOWN_CHARACTERS_MAX = 200


class BrokenMessage(ValueError):
    """A line that began like a JSON object is none."""


class JsonMessages:
    """A program's messages."""

    def __init__(self, program: ContainedProgram, redact: Redact = redact_known) -> None:
        self._program = program
        self._redact = redact

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send it; waits while the program does not read. Raises ProgramGone."""
        await self._program.send(json.dumps(message, separators=(",", ":")).encode())

    async def receive(self) -> dict[str, Any] | None:
        """The next message, None at the end; may be cancelled without loss.

        Lines that are no objects are passed over: agents let slip a log line on stdout now and then. So is an
        object that the agent's end has cut off. Raises BrokenMessage and LineTooLong; the next message can be
        received after either.
        """
        while (line := await self._program.receive()) is not None:
            text = line.decode(errors="replace").strip()
            if not text.startswith("{"):
                continue
            try:
                message: dict[str, Any] = json.loads(text)
            except (ValueError, RecursionError) as error:
                if self._program.is_at_end:
                    break
                raise BrokenMessage(
                    f"The agent wrote what is no JSON ({error}): {self._redact(text)[:SHOWN_CHARACTERS_MAX]}"
                ) from error
            return message
        return None

    async def close(self) -> None:
        """End the program, after its usual grace where that has not happened yet. Idempotent."""
        await self._program.close()
