"""The verbs of the API as methods: each is named as its operation in openapi.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Self, TypeVar, get_args

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from orchestrator.client import answer_types
from orchestrator.client.messages import ENTRIES, entry_of
from orchestrator.client.server import Server, path_of
from orchestrator.client.streams import OrchestratorFeed, Transport
from orchestrator.client.watch import Watch, WatchStatus
from orchestrator.domain.answers import (
    AgentInfo,
    ArtifactContent,
    CommandResponse,
    FindingContent,
    Health,
    PlanDocument,
    StartedOrchestrator,
    TranscriptLine,
)
from orchestrator.domain.errors import UsageError
from orchestrator.domain.events import StoredEvent
from orchestrator.domain.plan import Permissions
from orchestrator.domain.plan_matching import Reworded
from orchestrator.domain.requests import (
    AnswerApprovalRequest,
    ApprovePlanRequest,
    MessageTaskRequest,
    RetryTaskRequest,
    SkipTaskRequest,
    StartRequest,
)
from orchestrator.domain.status import (
    ApprovalInfo,
    FindingInfo,
    OrchestratorInfo,
    OrchestratorStatus,
    PlanInfo,
    PlanStatus,
    TaskInfo,
)

TIMEOUT_SECONDS = 10.0
START_TIMEOUT_SECONDS = 30.0
"""A start is answered when the new process has its plan, for which the server gives it 20 seconds."""
EVENTS_DEFAULT = 100

Revision = int | Literal["*"]
_Answer = TypeVar("_Answer")
_Body = TypeVar("_Body", bound=BaseModel)


class ApiClient:
    """A server's API; close it, or use it as a context.

    Every method raises ApiError when the server refuses or cannot be reached, and UsageError for what
    no server could answer. `http_transport` replaces the connections of HTTP, for tests and proxies.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        http_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._server = Server(
            base_url,
            token=token,
            headers=headers,
            timeout_seconds=timeout_seconds,
            http_transport=http_transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; those of watches are closed by the watches."""
        await self._server.http.aclose()

    async def health(self) -> Health:
        """How the server is, also when it is unhealthy."""
        return await self._server.ask("GET", "/health", answer_types.HEALTH, also_answers=frozenset({503}))

    async def list_orchestrators(self) -> list[OrchestratorInfo]:
        """All orchestrators, newest first."""
        return await self._get(answer_types.INFOS, "orchestrators")

    async def get_orchestrator(self, orchestrator_id: str) -> OrchestratorInfo:
        """One orchestrator: where it runs, whether it is alive, and how far it is."""
        return await self._get(answer_types.INFO, "orchestrators", orchestrator_id)

    async def get_orchestrator_status(
        self, orchestrator_id: str, *, at_seq: int | None = None
    ) -> OrchestratorStatus:
        """The whole status now, or as it was right after event `at_seq`."""
        return await self._get(answer_types.STATUS, "orchestrators", orchestrator_id, "status", at_seq=at_seq)

    async def list_events(
        self,
        orchestrator_id: str,
        *,
        after: int = 0,
        limit: int = EVENTS_DEFAULT,
        types: Iterable[str] | None = None,
    ) -> list[StoredEvent]:
        """The events after a position, at most `limit` (1,000 are a page's most); empty at the log's end."""
        chosen = ",".join(types or ()) or None
        page = await self._get(
            ENTRIES, "orchestrators", orchestrator_id, "events", after=after, limit=limit, types=chosen
        )
        return [entry_of(entry) for entry in page]

    def watch(
        self,
        orchestrator_id: str,
        *,
        after: int | None = None,
        on_state: Callable[[WatchStatus], None] | None = None,
        transport: Transport = "websocket",
    ) -> Watch:
        """Every event from now on, or from behind `after`, across lost connections, until it has ended."""
        if transport not in get_args(Transport):
            raise UsageError(f"transport: {transport!r} is none; {' and '.join(get_args(Transport))} are.")
        feed = OrchestratorFeed(self._server, orchestrator_id, transport)
        return Watch(feed, after=after, on_state=on_state)

    async def start_orchestrator(
        self,
        plan: str,
        *,
        agent: str | None = None,
        parallel: int | None = None,
        max_attempts: int | None = None,
        timeout_seconds: float | None = None,
        restart: bool = False,
        permissions: Permissions | None = None,
        budget_usd: float | None = None,
        budget_tokens: int | None = None,
        task_budget_usd: float | None = None,
        task_budget_tokens: int | None = None,
        back_off_seconds: float | None = None,
        longest_wait_seconds: float | None = None,
        silence_seconds: float | None = None,
        tool_seconds: float | None = None,
        repeats_max: int | None = None,
        approval_seconds: float | None = None,
        strict: bool | None = None,
        reworded: Reworded | None = None,
    ) -> StartedOrchestrator:
        """Work through a plan, by name or path in docs/plans, in a process that outlives the server.

        What is left out is as the plan says, else as the program's defaults are.
        """
        body = _body(
            StartRequest,
            plan=plan,
            agent=agent,
            parallel=parallel,
            max_attempts=max_attempts,
            timeout_seconds=timeout_seconds,
            restart=restart,
            permissions=permissions,
            budget_usd=budget_usd,
            budget_tokens=budget_tokens,
            task_budget_usd=task_budget_usd,
            task_budget_tokens=task_budget_tokens,
            back_off_seconds=back_off_seconds,
            longest_wait_seconds=longest_wait_seconds,
            silence_seconds=silence_seconds,
            tool_seconds=tool_seconds,
            repeats_max=repeats_max,
            approval_seconds=approval_seconds,
            strict=strict,
            reworded=reworded,
        )
        path = path_of("api", "orchestrators")
        return await self._server.ask(
            "POST", path, answer_types.STARTED, body=body, timeout_seconds=START_TIMEOUT_SECONDS
        )

    async def pause_orchestrator(
        self,
        orchestrator_id: str,
        *,
        mode: Literal["drain", "now"] = "drain",
        idempotency_key: str | None = None,
    ) -> CommandResponse:
        """Start nothing new; running tasks finish, with mode `now` they are interrupted."""
        return await self._command(orchestrator_id, "pause", idempotency_key, query={"mode": mode})

    async def resume_orchestrator(
        self, orchestrator_id: str, *, idempotency_key: str | None = None
    ) -> CommandResponse:
        """Go on after a pause."""
        return await self._command(orchestrator_id, "resume", idempotency_key)

    async def shutdown_orchestrator(
        self, orchestrator_id: str, *, force: bool = False, idempotency_key: str | None = None
    ) -> CommandResponse:
        """End the run; running tasks finish first, with `force` they are interrupted."""
        return await self._command(orchestrator_id, "shutdown", idempotency_key, query={"force": force})

    async def skip_task(
        self,
        orchestrator_id: str,
        task_id: str,
        *,
        reason: str | None = None,
        revision: Revision | None = None,
        idempotency_key: str | None = None,
    ) -> CommandResponse:
        """Leave a task out; only while it has this `revision`, where one is given."""
        body = _body(SkipTaskRequest, task_id=task_id, reason=reason)
        return await self._command(
            orchestrator_id, "skip-task", idempotency_key, body=body, revision=revision
        )

    async def retry_task(
        self,
        orchestrator_id: str,
        task_id: str,
        *,
        note: str | None = None,
        force: bool = False,
        revision: Revision | None = None,
        idempotency_key: str | None = None,
    ) -> CommandResponse:
        """Run a failed or skipped task again, with `force` a completed one too."""
        body = _body(RetryTaskRequest, task_id=task_id, note=note, force=force)
        return await self._command(
            orchestrator_id, "retry-task", idempotency_key, body=body, revision=revision
        )

    async def approve_plan(
        self, orchestrator_id: str, digest: str, *, idempotency_key: str | None = None
    ) -> CommandResponse:
        """Approve what attempts have changed in the plan: the digest of the status's `unapproved`."""
        body = _body(ApprovePlanRequest, digest=digest)
        return await self._command(orchestrator_id, "approve-plan", idempotency_key, body=body)

    async def list_approvals(self, orchestrator_id: str) -> list[ApprovalInfo]:
        """The questions of agents that wait for an answer, oldest first."""
        return await self._get(answer_types.APPROVALS, "orchestrators", orchestrator_id, "approvals")

    async def answer_approval(
        self,
        orchestrator_id: str,
        approval_id: str,
        *,
        allow: bool,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> CommandResponse:
        """Let an agent do what it asks for, or not."""
        body = _body(AnswerApprovalRequest, allow=allow, reason=reason)
        return await self._command(
            orchestrator_id, "approvals", idempotency_key, steps=(approval_id,), body=body
        )

    async def message_task(
        self, orchestrator_id: str, task_id: str, text: str, *, idempotency_key: str | None = None
    ) -> CommandResponse:
        """Hand the agent at work on a task a note; refused (409) when none is, or when it takes none."""
        body = _body(MessageTaskRequest, text=text)
        return await self._command(
            orchestrator_id, "tasks", idempotency_key, steps=(task_id, "message"), body=body
        )

    async def get_transcript(
        self, orchestrator_id: str, task_id: str, *, attempt: int | None = None
    ) -> list[TranscriptLine]:
        """All that the agent of an attempt told, else of the latest one."""
        steps = ("orchestrators", orchestrator_id, "tasks", task_id, "transcript")
        return await self._get(answer_types.TRANSCRIPT, *steps, attempt=attempt)

    async def get_artifact(
        self, orchestrator_id: str, task_id: str, artifact: str, *, attempt: int | None = None
    ) -> ArtifactContent:
        """What a call was given or gave, whole, as its event or its line of the transcript names it."""
        steps = ("orchestrators", orchestrator_id, "tasks", task_id, "artifacts", artifact)
        return await self._get(answer_types.ARTIFACT, *steps, attempt=attempt)

    async def get_command(self, orchestrator_id: str, command_id: str) -> CommandResponse:
        """How far a command has come."""
        return await self._get(answer_types.RECEIPT, "orchestrators", orchestrator_id, "commands", command_id)

    async def list_agents(self) -> list[AgentInfo]:
        """Who could do the tasks, and what those lack that cannot."""
        return await self._get(answer_types.AGENTS, "agents")

    async def list_plans(self) -> list[PlanInfo]:
        """All plans, with what is wrong with them."""
        return await self._get(answer_types.PLANS, "plans")

    async def get_plan(self, name: str) -> PlanDocument:
        """A plan's text, what is wrong with it, and the lines of its tasks."""
        return await self._get(answer_types.PLAN, "plans", name)

    async def get_plan_status(self, name: str) -> PlanStatus:
        """What the latest orchestrator says of a plan, else status.json, else its own boxes."""
        return await self._get(answer_types.PLAN_STATUS, "plans", name, "status")

    async def get_plan_tasks(self, name: str) -> list[TaskInfo]:
        """A plan's tasks, in its order."""
        return await self._get(answer_types.TASKS, "plans", name, "tasks")

    async def list_plan_findings(self, name: str) -> list[FindingInfo]:
        """What a plan's tasks left behind."""
        return await self._get(answer_types.FINDINGS, "plans", name, "findings")

    async def get_finding_content(self, name: str, task_id: str) -> FindingContent:
        """The text of a task's finding."""
        return await self._get(answer_types.FINDING, "plans", name, "findings", task_id)

    async def _get(self, answer: TypeAdapter[_Answer], *steps: str, **query: str | int | None) -> _Answer:
        return await self._server.ask("GET", path_of("api", *steps), answer, query=query)

    async def _command(
        self,
        orchestrator_id: str,
        verb: str,
        key: str | None,
        *,
        steps: tuple[str, ...] = (),
        query: Mapping[str, str | bool] | None = None,
        body: BaseModel | None = None,
        revision: Revision | None = None,
    ) -> CommandResponse:
        if key is not None and not (key.isascii() and key.isprintable() and key.strip()):
            raise UsageError("idempotency_key: visible ASCII characters are expected.")
        headers = {} if key is None else {"Idempotency-Key": key}
        if revision is not None:
            headers["If-Match"] = "*" if revision == "*" else f'"{revision}"'
        path = path_of("api", "orchestrators", orchestrator_id, verb, *steps)
        return await self._server.ask(
            "POST", path, answer_types.RECEIPT, query=query, body=body, headers=headers
        )


def _body(model: type[_Body], **fields: Any) -> _Body:
    try:
        return model(**fields)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{problem['loc'][-1]}: {problem['msg']}") from None
