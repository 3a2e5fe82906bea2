"""Where a command of the command line looks and what it steers: this machine's project, or a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from orchestrator.cli.find_instance import Here
from orchestrator.domain.answers import TranscriptLine
from orchestrator.domain.commands import Command
from orchestrator.domain.events import StoredEvent
from orchestrator.domain.status import OrchestratorInfo, OrchestratorStatus, PlanInfo


class Receipt(NamedTuple):
    """What became of a command, in one sentence."""

    is_applied: bool
    message: str


class Source(Protocol):
    """The orchestrators and plans of one project."""

    @property
    def where(self) -> str:
        """Where the plans are, to follow "There is no plan": `in …` or `at …`."""

    @property
    def chosen_plan(self) -> str | None:
        """What `orchestrator use` chose here; None where nobody knows."""

    @property
    def here(self) -> Here | None:
        """The project and checkout that commands are meant for before others; None where nobody knows."""

    async def orchestrators(self, *, include_ended: bool = True) -> list[OrchestratorInfo]:
        """Newest first."""

    async def status(self, instance_id: str, at_seq: int | None) -> OrchestratorStatus:
        """Now, or as it was right after an event; raises SeqOutOfRange."""

    def events(self, instance_id: str, after: int, *, follow: bool) -> AsyncIterator[StoredEvent]:
        """The events after a position; with `follow` also those to come, until the orchestrator ends."""

    async def transcript(self, instance_id: str, task_id: str, attempt: int | None) -> list[TranscriptLine]:
        """All that the agent of this attempt, else of the latest, said; raises UsageError."""

    async def artifact(self, instance_id: str, task_id: str, attempt: int | None, name: str) -> str:
        """A text that this attempt, else the latest, left; raises UsageError."""

    async def plans(self) -> list[PlanInfo]:
        """Every plan, by name."""

    async def command(self, instance_id: str, command: Command, on_wait: Callable[[], None]) -> Receipt:
        """Send it and wait for its receipt; `on_wait` is called once when that takes long."""


def open_source(root: Path | None, url: str | None) -> AbstractAsyncContextManager[Source]:
    """The server at `url`, else the project at `root`."""
    # Only one of them is loaded: the database for the one, HTTP for the other.
    if url is not None:
        from orchestrator.cli.remote_source import open_remote  # noqa: PLC0415

        return open_remote(url)
    from orchestrator.cli.local_source import open_local  # noqa: PLC0415

    return open_local(root)
