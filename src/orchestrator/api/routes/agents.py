"""What the agents of an orchestrator ask, what they are told, and all that they have said."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, TypeAdapter
from starlette.responses import StreamingResponse

from orchestrator.api.answers import json_of, problems
from orchestrator.api.bodies import read_body
from orchestrator.api.command_desk import submit
from orchestrator.api.context import Context
from orchestrator.api.errors import ApiError
from orchestrator.api.parameters import ApprovalId, ArtifactName, Digits, OrchestratorId, TaskId, unrepeated
from orchestrator.api.routes.commands import Key, declared
from orchestrator.domain.answers import AgentInfo, ArtifactContent
from orchestrator.domain.commands import AnswerApproval, MessageTask
from orchestrator.domain.requests import AnswerApprovalRequest, MessageTaskRequest
from orchestrator.domain.status import ApprovalInfo
from orchestrator.engine.attempt_places import artifacts_of
from orchestrator.engine.records import AgentCheck
from orchestrator.engine.transcript import MEDIA_TYPE, artifact_content, no_transcript, read_transcript

ATTEMPT_MAX = 1_000_000
_APPROVALS: TypeAdapter[list[ApprovalInfo]] = TypeAdapter(list[ApprovalInfo])
_ARTIFACT: TypeAdapter[ArtifactContent] = TypeAdapter(ArtifactContent)

_AGENTS: TypeAdapter[list[AgentInfo]] = TypeAdapter(list[AgentInfo])

router = APIRouter(prefix="/api/orchestrators", tags=["agents"], dependencies=[Depends(unrepeated)])
names_router = APIRouter(prefix="/api/agents", tags=["agents"], dependencies=[Depends(unrepeated)])
AttemptNumber = Annotated[int, Field(ge=1, le=ATTEMPT_MAX), Digits]


@names_router.get(
    "",
    operation_id="listAgents",
    summary="Who could do the tasks",
    response_model=list[AgentInfo],
    responses=problems(503),
)
async def list_agents(context: Context) -> Response:
    """Every agent that a run or a task can name, with what it can do, or what it lacks.

    No model is asked, and no program is started that the repository names.
    """
    checks = await context.agents.checks()
    return json_of(_AGENTS, [_info(name, check) for name, check in checks.items()])


def _info(name: str, check: AgentCheck) -> AgentInfo:
    abilities = [ability for ability, has_it in asdict(check.abilities).items() if has_it]
    return AgentInfo(
        name=name,
        is_ready=check.is_ready,
        version=check.version,
        problem=check.problem,
        abilities=abilities,  # type: ignore[arg-type]  # the names of Abilities' fields
        named_by_repository=check.named_by_repository,
    )


@router.get(
    "/{orchestrator_id}/approvals",
    operation_id="listApprovals",
    summary="What agents ask",
    response_model=list[ApprovalInfo],
    responses=problems(404, 410),
)
async def list_approvals(context: Context, orchestrator_id: OrchestratorId) -> Response:
    """The questions that wait for an answer, oldest first."""
    state = await context.reader.state(orchestrator_id)
    return json_of(_APPROVALS, list(state.open_approvals.values()))


@router.post(
    "/{orchestrator_id}/approvals/{approval_id}",
    **declared("answerApproval", "Answer an agent's question", AnswerApprovalRequest, needs_body=True),
)
async def answer_approval(
    request: Request, context: Context, orchestrator_id: OrchestratorId, approval_id: ApprovalId, key: Key
) -> Response:
    """The agent goes on with what it asked for, or without it. One that is answered already: 409."""
    body = await read_body(request, AnswerApprovalRequest, context.settings)
    command = AnswerApproval(approval_id=approval_id, allow=body.allow, reason=body.reason)
    return await submit(context, orchestrator_id, command, key)


@router.post(
    "/{orchestrator_id}/tasks/{task_id}/message",
    **declared("messageTask", "Tell the agent something", MessageTaskRequest, needs_body=True),
)
async def message_task(
    request: Request, context: Context, orchestrator_id: OrchestratorId, task_id: TaskId, key: Key
) -> Response:
    """Handed to the agent at work on the task: 409 when none is, or when it takes no notes."""
    body = await read_body(request, MessageTaskRequest, context.settings)
    return await submit(context, orchestrator_id, MessageTask(task_id=task_id, text=body.text), key)


@router.get(
    "/{orchestrator_id}/tasks/{task_id}/transcript",
    operation_id="getTranscript",
    summary="All that an agent said",
    response_class=Response,
    responses={
        **problems(404, 410),
        200: {
            "description": "JSON Lines. The schema is that of one line, not of the whole body.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/TranscriptLine"}}},
        },
    },
)
async def get_transcript(
    context: Context,
    orchestrator_id: OrchestratorId,
    task_id: TaskId,
    attempt: Annotated[AttemptNumber | None, Query(description="Which one; else the latest.")] = None,
) -> Response:
    """What the agent of one attempt told, as far as it is kept by now; of a very long one, the beginning."""
    place = await _place(context, orchestrator_id, task_id, attempt)
    pieces = read_transcript(context.ports.artifacts, *place)
    # Read before the answer begins: afterwards nothing can be refused.
    first = await anext(pieces, None)
    if first is None:
        raise ApiError(404, "transcript_not_found", no_transcript(task_id, place[-1]))
    return StreamingResponse(_all(first, pieces), media_type=MEDIA_TYPE)


@router.get(
    "/{orchestrator_id}/tasks/{task_id}/artifacts/{artifact}",
    operation_id="getArtifact",
    summary="A text that an attempt left, whole",
    response_model=ArtifactContent,
    responses=problems(404, 410),
)
async def get_artifact(
    context: Context,
    orchestrator_id: OrchestratorId,
    task_id: TaskId,
    artifact: ArtifactName,
    attempt: Annotated[AttemptNumber | None, Query(description="Which one; else the latest.")] = None,
) -> Response:
    """What a call was given or gave, where it was too long for its event and for the transcript."""
    place = await _place(context, orchestrator_id, task_id, attempt)
    kept = await context.ports.artifacts.get(*place, artifact)
    if kept is None:
        detail = f"Attempt {place[-1]} of task {task_id} left no {artifact}."
        raise ApiError(404, "artifact_not_found", detail)
    return json_of(_ARTIFACT, artifact_content(kept))


async def _place(
    context: Context, orchestrator_id: str, task_id: str, attempt: int | None
) -> tuple[str, str, int]:
    """Where the artifacts are of the attempt that is asked for, else of the latest."""
    place = await artifacts_of(context.reader, orchestrator_id, task_id, attempt)
    if place is None:
        raise ApiError(404, "task_not_found", f"The plan has no task {task_id!r}.")
    return place


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
