"""Another machine's project, or this one's, through its API server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager

from orchestrator.cli.output import write_error
from orchestrator.cli.source import Receipt
from orchestrator.client import ApiClient, ApiError, Resync, StoredEvent, WatchStatus
from orchestrator.domain.answers import CommandResponse, TranscriptLine
from orchestrator.domain.commands import (
    AnswerApproval,
    ApprovePlan,
    Command,
    CommandState,
    MessageTask,
    Pause,
    Resume,
    RetryTask,
    Shutdown,
    SkipTask,
)
from orchestrator.domain.errors import (
    InstanceEnded,
    InstanceNotFound,
    InstancePruned,
    OrchestratorError,
    SeqOutOfRange,
    UsageError,
)
from orchestrator.domain.status import OrchestratorInfo, OrchestratorStatus, PlanInfo

TOKEN_VARIABLE = "ORCHESTRATOR_API_TOKEN"  # noqa: S105 - where it stands, not what it is
PAGE_EVENTS = 1_000
POLL_SECONDS = 1.0
_MEANINGS: Mapping[str, type[OrchestratorError]] = {
    "orchestrator_not_found": InstanceNotFound,
    "orchestrator_pruned": InstancePruned,
    "orchestrator_ended": InstanceEnded,
    "seq_out_of_range": SeqOutOfRange,
    "invalid_request": UsageError,
    "unauthorized": UsageError,
}
"""What a problem's code means without a server, so that the exit codes are the same."""
_REJECTED = frozenset({404, 409, 412})


@asynccontextmanager
async def open_remote(url: str) -> AsyncIterator[RemoteSource]:
    """The server there; what it refuses is told as if it had happened here."""
    token = os.environ.get(TOKEN_VARIABLE) or None
    try:
        async with ApiClient(url, token=token) as client:
            yield RemoteSource(client, url)
    except ApiError as error:
        text = str(error)
        if error.status == 401:
            text = f"{url} asks for {'another' if token else 'a'} token: set {TOKEN_VARIABLE}."
        raise _MEANINGS.get(error.code, OrchestratorError)(text) from error


class RemoteSource:
    """A Source over the API."""

    chosen_plan = None
    here = None

    def __init__(self, client: ApiClient, url: str) -> None:
        self._client = client
        self.where = f"at {url}"

    async def orchestrators(self, *, include_ended: bool = True) -> list[OrchestratorInfo]:
        """Newest first."""
        infos = await self._client.list_orchestrators()
        return [info for info in infos if include_ended or not info.status.has_ended]

    async def status(self, instance_id: str, at_seq: int | None) -> OrchestratorStatus:
        """As the server folds it."""
        return await self._client.get_orchestrator_status(instance_id, at_seq=at_seq)

    async def events(self, instance_id: str, after: int, *, follow: bool) -> AsyncIterator[StoredEvent]:
        """Page by page, or live across lost connections."""
        if not follow:
            while page := await self._client.list_events(instance_id, after=after, limit=PAGE_EVENTS):
                for event in page:
                    yield event
                after = page[-1].seq
            return
        watch = self._client.watch(instance_id, after=after, on_state=_Connection().tell)
        async with aclosing(watch):
            async for item in watch:
                if isinstance(item, Resync):
                    write_error(f"Events after {item.requested} are not there ({item.reason}).")
                elif isinstance(item, StoredEvent) and item.seq > after:
                    yield item

    async def transcript(self, instance_id: str, task_id: str, attempt: int | None) -> list[TranscriptLine]:
        """As the server keeps it; raises UsageError."""
        with _asked_for_what_is_not_there():
            return await self._client.get_transcript(instance_id, task_id, attempt=attempt)

    async def artifact(self, instance_id: str, task_id: str, attempt: int | None, name: str) -> str:
        """As the server keeps it; raises UsageError."""
        with _asked_for_what_is_not_there():
            return (await self._client.get_artifact(instance_id, task_id, name, attempt=attempt)).text

    async def plans(self) -> list[PlanInfo]:
        """Every plan of the server's project."""
        return await self._client.list_plans()

    async def command(self, instance_id: str, command: Command, on_wait: Callable[[], None]) -> Receipt:
        """The receipt; what the orchestrator rejects is one too."""
        try:
            answer = await self._send(instance_id, command)
            if answer.state is CommandState.SENT:
                on_wait()
            while answer.state is CommandState.SENT and answer.command_id is not None:
                await asyncio.sleep(POLL_SECONDS)
                answer = await self._client.get_command(instance_id, answer.command_id)
        except ApiError as error:
            if error.status not in _REJECTED or error.code in _MEANINGS:
                raise
            return Receipt(is_applied=False, message=str(error))
        return Receipt(answer.state in {CommandState.APPLIED, CommandState.KEPT}, answer.message)

    async def _send(  # noqa: PLR0911 - one case a command
        self, instance_id: str, command: Command
    ) -> CommandResponse:
        client = self._client
        match command:
            case Pause():
                return await client.pause_orchestrator(instance_id, mode=command.mode)
            case Resume():
                return await client.resume_orchestrator(instance_id)
            case Shutdown():
                return await client.shutdown_orchestrator(instance_id, force=command.force)
            case SkipTask():
                return await client.skip_task(instance_id, command.task_id, reason=command.reason)
            case RetryTask():
                return await client.retry_task(
                    instance_id, command.task_id, note=command.note, force=command.force
                )
            case AnswerApproval():
                return await client.answer_approval(
                    instance_id, command.approval_id, allow=command.allow, reason=command.reason
                )
            case MessageTask():
                return await client.message_task(instance_id, command.task_id, command.text)
            case ApprovePlan():
                return await client.approve_plan(instance_id, command.digest)


class _Connection:
    """Says once when the server is lost, and once when it is back."""

    def __init__(self) -> None:
        self._is_lost = False

    def tell(self, status: WatchStatus) -> None:
        """A watch's state has changed."""
        if status.state == "reconnecting" and not self._is_lost:
            self._is_lost = True
            write_error(f"{status.error} Trying again …")
        elif self._is_lost and status.state in {"catching_up", "live"}:
            self._is_lost = False
            write_error("The server is back.")


@contextmanager
def _asked_for_what_is_not_there() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        if error.code in {"task_not_found", "transcript_not_found", "artifact_not_found"}:
            raise UsageError(str(error)) from error
        raise
