"""`orchestrator pause|resume|shutdown|skip-task|retry-task`: a command, and its receipt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.find_instance import find_instance
from orchestrator.cli.output import write, write_error
from orchestrator.cli.source import Receipt, open_source
from orchestrator.domain.commands import COMMAND_ADAPTER, Command
from orchestrator.domain.errors import InstanceEnded, UsageError


def send(instance: str, root: Path | None, url: str | None, verb: str, **details: Any) -> ExitCode:
    """Send the command and wait for its receipt: exit 0 when it was applied, 1 when it was not."""
    try:
        command = COMMAND_ADAPTER.validate_python({"command": verb, **details})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{problem['loc'][-1]}: {problem['msg']}") from None
    receipt = asyncio.run(_send(instance, root, url, command))
    write(receipt.message)
    return ExitCode.COMPLETED if receipt.is_applied else ExitCode.FAILED


async def _send(instance: str, root: Path | None, url: str | None, command: Command) -> Receipt:
    def say_that_it_takes_long() -> None:
        write_error(f"{command.command} is on its way; waiting for the orchestrator …")

    async with open_source(root, url) as source:
        target = find_instance(await source.orchestrators(), instance, source.here)
        if target.status.has_ended:
            raise InstanceEnded(f"{target.id} has ended and takes no commands; start the plan again.")
        return await source.command(target.id, command, say_that_it_takes_long)
