"""What orchestrators there are, their status now or at any position, and their logs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, TypeAdapter

from orchestrator.api.answers import EVENT_SCHEMA, json_bytes, json_of, json_version, problems
from orchestrator.api.compression import JsonResponse
from orchestrator.api.context import Context
from orchestrator.api.errors import invalid
from orchestrator.api.parameters import AFTER, Digits, EntrySeq, OrchestratorId, Position, unrepeated
from orchestrator.domain.events import EVENT_TYPES
from orchestrator.domain.status import OrchestratorInfo, OrchestratorStatus
from orchestrator.engine.ports import EVENT_PAGE_MAX
from orchestrator.engine.status_reader import orchestrator_info, refuse_pruned

EVENTS_DEFAULT = 100
TYPES_LENGTH_MAX = 1_000
_INFO: TypeAdapter[OrchestratorInfo] = TypeAdapter(OrchestratorInfo)

router = APIRouter(prefix="/api/orchestrators", tags=["orchestrators"], dependencies=[Depends(unrepeated)])
PageSize = Annotated[int, Field(ge=1, le=EVENT_PAGE_MAX), Digits]
# Read as one text, since no framework splits at commas; declared as what it is.
_TYPES = {
    "name": "types",
    "in": "query",
    "required": False,
    "description": "Only these types, separated by commas.",
    "style": "form",
    "explode": False,
    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/LogEventType"}},
}


@router.get(
    "",
    operation_id="listOrchestrators",
    summary="All orchestrators, newest first",
    response_model=list[OrchestratorInfo],
    responses=problems(),
)
async def list_orchestrators(context: Context) -> Response:
    """Every orchestrator that this database knows, at most 1,000."""
    return JsonResponse(await context.orchestrators.latest())


@router.get(
    "/{orchestrator_id}",
    operation_id="getOrchestrator",
    summary="One orchestrator",
    response_model=OrchestratorInfo,
    responses=problems(404),
)
async def get_orchestrator(context: Context, orchestrator_id: OrchestratorId) -> Response:
    """Where it runs, whether it is alive, and how far it is."""
    return json_of(_INFO, orchestrator_info(await context.ports.registry.get(orchestrator_id)))


@router.get(
    "/{orchestrator_id}/status",
    operation_id="getOrchestratorStatus",
    summary="The whole status, now or as it was",
    response_model=OrchestratorStatus,
    responses={
        **problems(404, 410),
        200: {
            "headers": {"ETag": {"description": "The version of the status.", "schema": {"type": "string"}}}
        },
        304: {"description": "The version in If-None-Match is the latest."},
    },
)
async def get_orchestrator_status(
    request: Request,
    context: Context,
    orchestrator_id: OrchestratorId,
    at_seq: Annotated[
        EntrySeq | None,
        Query(description="The status as it was right after this entry of the log."),
    ] = None,
) -> Response:
    """Summary, phases and tasks; with an ETag, so that asking again costs little."""
    if at_seq is None:
        status = await context.statuses.latest(orchestrator_id)
    else:
        status = await context.statuses.at(orchestrator_id, at_seq)
    return json_version(request, status.body, status.etag)


def _chosen_types(types: str | None) -> list[str] | None:
    if types is None:
        return None
    chosen = [name.strip() for name in types.split(",")]
    unknown = [name for name in chosen if name not in EVENT_TYPES]
    if unknown:
        raise invalid(
            "/query/types", f"the log has no entries of type {unknown[0]!r}, only {', '.join(EVENT_TYPES)}"
        )
    return list(dict.fromkeys(chosen))


@router.get(
    "/{orchestrator_id}/events",
    operation_id="listEvents",
    summary="A page of the log",
    response_class=Response,
    responses={
        **problems(404, 410),
        200: {
            "description": "Entries of the log, in order.",
            "content": {"application/json": {"schema": {"type": "array", "items": EVENT_SCHEMA}}},
            "headers": {
                "Link": {
                    "description": '`<…>; rel="next"`, while there is more.',
                    "schema": {"type": "string"},
                }
            },
        },
    },
    openapi_extra={"parameters": [_TYPES]},
)
async def list_events(
    context: Context,
    orchestrator_id: OrchestratorId,
    after: Annotated[Position, AFTER] = 0,
    limit: Annotated[PageSize, Query(description="At most so many.")] = EVENTS_DEFAULT,
    types: Annotated[str | None, Query(max_length=TYPES_LENGTH_MAX, include_in_schema=False)] = None,
) -> Response:
    """Entries of the log in order, `[]` past its end."""
    chosen = _chosen_types(types)
    record = await context.ports.registry.get(orchestrator_id)
    refuse_pruned(record.id, record.pruned_at)
    page = await context.ports.log.read(orchestrator_id, after=after, limit=limit, types=chosen)
    headers = {}
    if len(page) == limit and page[-1].seq < record.seq:
        link = f"/api/orchestrators/{orchestrator_id}/events?after={page[-1].seq}&limit={limit}"
        if chosen:
            link += f"&types={','.join(chosen)}"
        headers["Link"] = f'<{link}>; rel="next"'
    return json_bytes(b"[%s]" % b",".join([event.envelope() for event in page]), headers=headers)
