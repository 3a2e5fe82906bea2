"""What a run is asked for from outside: requests of this process's own user, and commands in the queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from orchestrator.domain.commands import Command, CommandRecord
from orchestrator.engine.ports import CommandQueue


class Inbox:
    """Gives each request and each open command once.

    Requests come from signals: they leave no receipt, and go before the commands that still wait.
    `wake` is called when there may be something to read.
    """

    def __init__(self, commands: CommandQueue, instance_id: str, wake: Callable[[], None]) -> None:
        self._commands = commands
        self._instance_id = instance_id
        self._wake = wake
        self._requests: deque[Command] = deque()
        self._found: deque[CommandRecord] = deque()
        self._taken: set[str] = set()
        self._may_have_commands = True

    def request(self, command: Command) -> None:
        """Ask for something in the name of this process's own user."""
        self._requests.append(command)
        self._wake()

    def commands_changed(self) -> None:
        """Look into the command queue at the next `read`."""
        self._may_have_commands = True
        self._wake()

    async def read(self) -> None:
        """Find the open commands that were not given before; what comes meanwhile is for the next `read`."""
        if not self._may_have_commands:
            return
        self._may_have_commands = False
        found = await self._commands.open(self._instance_id)
        # One that was taken stays open in the store until its receipt is durable: it is answered once.
        self._taken &= {record.id for record in found}
        self._found.extend(record for record in found if record.id not in self._taken)
        self._taken |= {record.id for record in found}

    def next(self) -> Command | CommandRecord | None:
        """The next request, else the next command that was found; None when nothing is left."""
        if self._requests:
            return self._requests.popleft()
        return self._found.popleft() if self._found else None
