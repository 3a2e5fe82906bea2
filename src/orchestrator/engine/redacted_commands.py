"""The queue of commands with a guard before it: no command is kept with a secret in it."""

from __future__ import annotations

from orchestrator.domain.commands import Command, CommandRecord
from orchestrator.domain.redacted_models import redacted
from orchestrator.domain.redaction import Redact
from orchestrator.engine.ports import CommandQueue
from orchestrator.engine.records import PlanKey


class RedactedCommands:
    """The CommandQueue port. A note for an agent loses its secrets too: they belong in its environment."""

    def __init__(self, queue: CommandQueue, redact: Redact) -> None:
        self._queue = queue
        self._redact = redact

    async def submit(
        self, instance_id: str, command: Command, *, actor: str, key: str | None = None
    ) -> CommandRecord:
        """Queue the command without its secrets; the same command with the same key is still the same."""
        return await self._queue.submit(
            instance_id, redacted(command, self._redact), actor=self._redact(actor), key=key
        )

    async def open(self, instance_id: str) -> list[CommandRecord]:
        """The commands that have no receipt yet, oldest first."""
        return await self._queue.open(instance_id)

    async def kept(self, plan: PlanKey) -> list[CommandRecord]:
        """The commands that wait for the plan's next run, oldest first."""
        return await self._queue.kept(plan)

    async def get(self, instance_id: str, command_id: str) -> CommandRecord:
        """Raises CommandNotFound."""
        return await self._queue.get(instance_id, command_id)
