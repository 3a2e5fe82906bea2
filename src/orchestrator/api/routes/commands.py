"""Commands to orchestrators, and their receipts."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from orchestrator.api.answers import problems
from orchestrator.api.bodies import read_body
from orchestrator.api.command_desk import receipt, submit
from orchestrator.api.context import Context
from orchestrator.api.parameters import CommandId, OrchestratorId, idempotency_key, if_revision, unrepeated
from orchestrator.domain.answers import CommandResponse
from orchestrator.domain.commands import ApprovePlan, Pause, Resume, RetryTask, Shutdown, SkipTask
from orchestrator.domain.requests import ApprovePlanRequest, EmptyRequest, RetryTaskRequest, SkipTaskRequest

router = APIRouter(prefix="/api/orchestrators", tags=["commands"], dependencies=[Depends(unrepeated)])
Key = Annotated[str | None, Depends(idempotency_key)]
Revision = Annotated[int | None, Depends(if_revision)]


def declared(
    name: str, summary: str, body: type, *, needs_body: bool = False, takes_revision: bool = False
) -> dict[str, Any]:
    """How a command stands in the OpenAPI document; its body is read by `read_body`."""
    statuses = (404, 408, 409, 413, 415, *((412,) if takes_revision else ()))
    schema = {"$ref": f"#/components/schemas/{body.__name__}"}
    location = {"description": "Where the receipt can be read.", "schema": {"type": "string"}}
    return {
        "operation_id": name,
        "summary": summary,
        "response_model": CommandResponse,
        "responses": {
            **problems(*statuses),
            200: {"description": "Applied."},
            202: {
                "model": CommandResponse,
                "description": "Not settled yet.",
                "headers": {"Location": location},
            },
        },
        "openapi_extra": {
            "requestBody": {"required": needs_body, "content": {"application/json": {"schema": schema}}}
        },
    }


@router.post("/{orchestrator_id}/pause", **declared("pauseOrchestrator", "Start nothing new", EmptyRequest))
async def pause(
    request: Request,
    context: Context,
    orchestrator_id: OrchestratorId,
    key: Key,
    mode: Annotated[
        Literal["drain", "now"], Query(description="`now` interrupts running attempts; they don't count.")
    ] = "drain",
) -> Response:
    """Running attempts finish, with `mode=now` they are interrupted and go back to pending."""
    await read_body(request, EmptyRequest, context.settings)
    return await submit(context, orchestrator_id, Pause(mode=mode), key)


@router.post(
    "/{orchestrator_id}/resume", **declared("resumeOrchestrator", "Go on after a pause", EmptyRequest)
)
async def resume(request: Request, context: Context, orchestrator_id: OrchestratorId, key: Key) -> Response:
    """When the orchestrator is blocked: 409, naming the tasks in the way."""
    await read_body(request, EmptyRequest, context.settings)
    return await submit(context, orchestrator_id, Resume(), key)


@router.post("/{orchestrator_id}/shutdown", **declared("shutdownOrchestrator", "End the run", EmptyRequest))
async def shutdown(
    request: Request,
    context: Context,
    orchestrator_id: OrchestratorId,
    key: Key,
    force: Annotated[bool, Query(description="Interrupt running tasks instead of letting them end.")] = False,
) -> Response:
    """What is not finished stays pending. An orchestrator that has ended already: 200."""
    await read_body(request, EmptyRequest, context.settings)
    return await submit(context, orchestrator_id, Shutdown(force=force), key)


@router.post(
    "/{orchestrator_id}/skip-task",
    **declared("skipTask", "Leave a task out", SkipTaskRequest, needs_body=True, takes_revision=True),
)
async def skip_task(
    request: Request, context: Context, orchestrator_id: OrchestratorId, key: Key, revision: Revision
) -> Response:
    """A pending or failed task is skipped; one in progress is ended first (202 meanwhile)."""
    body = await read_body(request, SkipTaskRequest, context.settings)
    command = SkipTask(task_id=body.task_id, reason=body.reason, if_revision=revision)
    return await submit(context, orchestrator_id, command, key)


@router.post(
    "/{orchestrator_id}/retry-task",
    **declared("retryTask", "Run a task again", RetryTaskRequest, needs_body=True, takes_revision=True),
)
async def retry_task(
    request: Request, context: Context, orchestrator_id: OrchestratorId, key: Key, revision: Revision
) -> Response:
    """A failed or skipped task becomes pending with a fresh limit; a completed one only with `force`."""
    body = await read_body(request, RetryTaskRequest, context.settings)
    command = RetryTask(task_id=body.task_id, note=body.note, force=body.force, if_revision=revision)
    return await submit(context, orchestrator_id, command, key)


@router.post(
    "/{orchestrator_id}/approve-plan",
    **declared(
        "approvePlan", "Approve what attempts have changed in the plan", ApprovePlanRequest, needs_body=True
    ),
)
async def approve_plan(
    request: Request, context: Context, orchestrator_id: OrchestratorId, key: Key
) -> Response:
    """`digest` is that of the status's `unapproved`. Of a run that has ended, it is kept for the next one."""
    body = await read_body(request, ApprovePlanRequest, context.settings)
    return await submit(context, orchestrator_id, ApprovePlan(digest=body.digest), key)


@router.get(
    "/{orchestrator_id}/commands/{command_id}",
    operation_id="getCommand",
    summary="A command's receipt",
    response_model=CommandResponse,
    responses=problems(404, 410),
)
async def get_command(context: Context, orchestrator_id: OrchestratorId, command_id: CommandId) -> Response:
    """How far the command has come."""
    return await receipt(context, orchestrator_id, command_id)
