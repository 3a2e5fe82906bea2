"""New runs: each in a process of its own, which outlives this server."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter

from orchestrator.api.answers import json_of, problems
from orchestrator.api.bodies import read_body
from orchestrator.api.context import Context
from orchestrator.api.errors import ApiError
from orchestrator.api.parameters import unrepeated
from orchestrator.domain.answers import StartedOrchestrator
from orchestrator.domain.requests import StartRequest
from orchestrator.engine.records import NewRun
from orchestrator.engine.status_reader import orchestrator_info

_STARTED: TypeAdapter[StartedOrchestrator] = TypeAdapter(StartedOrchestrator)
_LOCATION = {"description": "The new orchestrator.", "schema": {"type": "string"}}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StartRequest"}}},
}

router = APIRouter(prefix="/api/orchestrators", tags=["orchestrators"], dependencies=[Depends(unrepeated)])


@router.post(
    "",
    operation_id="startOrchestrator",
    summary="Work through a plan",
    status_code=201,
    response_model=StartedOrchestrator,
    responses={
        **problems(404, 408, 409, 413, 415),
        201: {"description": "It has the plan and works.", "headers": {"Location": _LOCATION}},
    },
    openapi_extra={"requestBody": _BODY},
)
async def start_orchestrator(request: Request, context: Context) -> Response:
    """The run goes on when this server ends. When nothing can start it waits for a command.

    A plan with errors is 422 with `problems`, one that another orchestrator works on 409 with its `owner`.
    A plan with shell blocks, or with tasks for an agent whose program the repository names, is 403 unless the
    server has a token or was started with `--allow-shell`.
    """
    body = await read_body(request, StartRequest, context.settings)
    if context.starter is None:
        raise ApiError(503, "run_not_started", "This server starts no runs.")
    run = NewRun(**body.model_dump())
    record, log_path = await context.starter.start(run, may_run_repository=context.may_run_repository)
    started = StartedOrchestrator(**orchestrator_info(record).model_dump(), log_path=log_path)
    headers = {"Location": f"/api/orchestrators/{record.id}"}
    return json_of(_STARTED, started, status=201, headers=headers)
