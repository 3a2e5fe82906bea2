"""This machine's project, through its store: no server is needed."""

from __future__ import annotations

import getpass
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from orchestrator.cli.composition import Services, open_services
from orchestrator.cli.find_instance import Here
from orchestrator.cli.project import chosen_plan, find_root
from orchestrator.cli.source import Receipt
from orchestrator.domain.answers import TranscriptLine
from orchestrator.domain.commands import ApprovePlan, Command, CommandRecord, CommandState
from orchestrator.domain.decisions import decide
from orchestrator.domain.errors import UsageError
from orchestrator.domain.events import StoredEvent
from orchestrator.domain.status import OrchestratorInfo, OrchestratorStatus, PlanInfo
from orchestrator.engine.attempt_places import artifacts_of
from orchestrator.engine.follow import follow as follow_log
from orchestrator.engine.follow import stored
from orchestrator.engine.status_reader import orchestrator_info
from orchestrator.engine.transcript import artifact_content, no_transcript, read_transcript

SILENT_SECONDS = 2.0
POLL_SECONDS = 1.0


@asynccontextmanager
async def open_local(root: Path | None) -> AsyncIterator[LocalSource]:
    """The project at `root`, else the nearest upwards."""
    folder = find_root(root)
    async with open_services(folder, create=False) as services:
        yield LocalSource(services, folder)


class LocalSource:
    """A Source over the project's database and files."""

    def __init__(self, services: Services, root: Path) -> None:
        self._services = services
        self._root = root
        self.where = f"in {root / 'docs/plans'}"

    @property
    def chosen_plan(self) -> str | None:
        """What `orchestrator use` chose."""
        return chosen_plan(self._root)

    @property
    def here(self) -> Here:
        """The project and checkout of the root."""
        return self._services.ports.project, self._services.ports.checkout or None

    async def orchestrators(self, *, include_ended: bool = True) -> list[OrchestratorInfo]:
        """Newest first; those that died without a word are found out first."""
        await self._services.undertaker.bury_the_dead()
        records = await self._services.ports.registry.list(live_only=not include_ended)
        return [orchestrator_info(record) for record in records]

    async def status(self, instance_id: str, at_seq: int | None) -> OrchestratorStatus:
        """Folded from the log; raises SeqOutOfRange."""
        return await self._services.reader.status(instance_id, at_seq)

    def events(self, instance_id: str, after: int, *, follow: bool) -> AsyncIterator[StoredEvent]:
        """Entries of the log, as soon as they are durable."""
        ports = self._services.ports
        if follow:
            return follow_log(ports.log, ports.changes, instance_id, after)
        return stored(ports.log, instance_id, after)

    async def transcript(self, instance_id: str, task_id: str, attempt: int | None) -> list[TranscriptLine]:
        """As it is kept with the log; raises UsageError."""
        place = await self._place(instance_id, task_id, attempt)
        pieces = [piece async for piece in read_transcript(self._services.ports.artifacts, *place)]
        if not pieces:
            raise UsageError(no_transcript(task_id, place[-1]))
        return [TranscriptLine.model_validate_json(line) for line in b"".join(pieces).splitlines()]

    async def artifact(self, instance_id: str, task_id: str, attempt: int | None, name: str) -> str:
        """As it is kept with the log; raises UsageError."""
        place = await self._place(instance_id, task_id, attempt)
        kept = await self._services.ports.artifacts.get(*place, name)
        if kept is None:
            raise UsageError(f"Attempt {place[-1]} of task {task_id} left no {name}.")
        return artifact_content(kept).text

    async def _place(self, instance_id: str, task_id: str, attempt: int | None) -> tuple[str, str, int]:
        """Where the artifacts are of the attempt that is asked for, else of the latest."""
        place = await artifacts_of(self._services.reader, instance_id, task_id, attempt)
        if place is None:
            raise UsageError(f"The plan has no task {task_id!r}.")
        return place

    async def plans(self) -> list[PlanInfo]:
        """Every plan in docs/plans."""
        return await self._services.catalog.plans()

    async def command(self, instance_id: str, command: Command, on_wait: Callable[[], None]) -> Receipt:
        """The receipt; raises InstanceEnded."""
        if isinstance(command, ApprovePlan):
            decision = decide(await self._services.reader.state(instance_id), command)
            if decision.outcome is CommandState.REJECTED:
                return Receipt(is_applied=False, message=decision.message)
        queue = self._services.ports.commands
        record = await queue.submit(instance_id, command, actor=f"cli:{_user()}")
        if record.state is CommandState.SENT:
            record = await self._settled(record, on_wait)
        is_done = record.state in {CommandState.APPLIED, CommandState.KEPT}
        return Receipt(is_done, record.reason or record.state)

    async def _settled(self, record: CommandRecord, on_wait: Callable[[], None]) -> CommandRecord:
        """Wait for the receipt; the orchestrator's death ends the wait too, with a receipt that says so."""
        began, has_spoken = time.monotonic(), False
        async with self._services.ports.changes.subscribe() as subscription:
            while True:
                record = await self._services.ports.commands.get(record.instance_id, record.id)
                if record.state is not CommandState.SENT:
                    return record
                await subscription.wait(POLL_SECONDS)
                await self._services.undertaker.bury_the_dead()
                if not has_spoken and time.monotonic() - began > SILENT_SECONDS:
                    has_spoken = True
                    on_wait()


def _user() -> str:
    try:
        return getpass.getuser()
    except OSError:
        return "unknown"
