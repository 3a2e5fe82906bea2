"""`orchestrator pause|resume|shutdown|skip-task|retry-task`: a command through the store, and its receipt."""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.cli.composition import Services, open_services
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.inspect import find_instance
from orchestrator.cli.project import find_root
from orchestrator.domain.commands import COMMAND_ADAPTER, Command, CommandRecord, CommandState
from orchestrator.domain.errors import UsageError

SILENT_SECONDS = 2.0
POLL_SECONDS = 1.0


def send(instance: str, root: Path | None, verb: str, **details: Any) -> ExitCode:
    """Send the command and wait for its receipt: exit 0 when it was applied, 1 when it was not."""
    try:
        command = COMMAND_ADAPTER.validate_python({"command": verb, **details})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{problem['loc'][-1]}: {problem['msg']}") from None
    return asyncio.run(_send(instance, find_root(root), command))


async def _send(instance: str, root: Path, command: Command) -> ExitCode:
    async with open_services(root, create=False) as services:
        await services.undertaker.bury_the_dead()
        target = await find_instance(services, instance)
        record = await services.ports.commands.submit(target.id, command, actor=f"cli:{_user()}")
        record = await _settled(services, record)
    print(record.reason or record.state)
    return ExitCode.COMPLETED if record.state is CommandState.APPLIED else ExitCode.FAILED


async def _settled(services: Services, record: CommandRecord) -> CommandRecord:
    """Wait for the receipt; the orchestrator's death ends the wait too, with a receipt that says so."""
    began, has_spoken = time.monotonic(), False
    async with services.ports.changes.subscribe() as subscription:
        while True:
            record = await services.ports.commands.get(record.instance_id, record.id)
            if record.state is not CommandState.SENT:
                return record
            await subscription.wait(POLL_SECONDS)
            await services.undertaker.bury_the_dead()
            if not has_spoken and time.monotonic() - began > SILENT_SECONDS:
                has_spoken = True
                sys.stderr.write(f"{record.command.command} is on its way; waiting for the orchestrator …\n")


def _user() -> str:
    try:
        return getpass.getuser()
    except OSError:
        return "unknown"
