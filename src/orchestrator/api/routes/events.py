"""The live streams of an orchestrator: WebSocket and SSE, with the same frames and the same cursor."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response, WebSocket

from orchestrator.api.answers import EVENT_SCHEMA, problems
from orchestrator.api.context import ApiContext, Context
from orchestrator.api.parameters import AFTER, OrchestratorId, Position, cursor_of, unrepeated
from orchestrator.api.sockets import serve_socket
from orchestrator.api.sse import MEDIA_TYPE, SseResponse
from orchestrator.api.streaming import StreamRequest
from orchestrator.domain.events import ACTIVITY_TYPES
from orchestrator.engine.status_reader import refuse_pruned

router = APIRouter(prefix="/api/orchestrators", tags=["events"], dependencies=[Depends(unrepeated)])


async def _request(
    context: ApiContext, connection: Request | WebSocket, orchestrator_id: str, *, activity: bool = False
) -> StreamRequest:
    """Everything is checked here, before the stream begins: afterwards nothing can be refused."""
    cursor = cursor_of(connection)
    record = await context.ports.registry.get(orchestrator_id)
    refuse_pruned(record.id, record.pruned_at)
    types = ACTIVITY_TYPES if activity else None
    return StreamRequest(record, cursor, types, with_status=not activity)


@router.websocket("/{orchestrator_id}/events")
async def socket_events(websocket: WebSocket, context: Context, orchestrator_id: OrchestratorId) -> None:
    """Every event."""
    request = await _request(context, websocket, orchestrator_id)
    await serve_socket(websocket, context, request, "websocket")


@router.websocket("/{orchestrator_id}/activity")
async def socket_activity(websocket: WebSocket, context: Context, orchestrator_id: OrchestratorId) -> None:
    """Tool calls only."""
    request = await _request(context, websocket, orchestrator_id, activity=True)
    await serve_socket(websocket, context, request, "activity")


@router.get(
    "/{orchestrator_id}/events-sse",
    operation_id="streamEvents",
    summary="Follow the log live (SSE)",
    response_class=Response,
    responses={
        **problems(404, 410),
        200: {
            "description": "Server-Sent Events: `id:` is the seq, `event:` the type, `data:` the envelope. "
            "The schema is that of one event, not of the whole body.",
            "content": {MEDIA_TYPE: {"schema": EVENT_SCHEMA}},
        },
    },
)
async def stream_events(
    request: Request,
    context: Context,
    orchestrator_id: OrchestratorId,
    after: Annotated[Position | None, AFTER] = None,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="Where to go on; wins over `after`. EventSource sends it."),
    ] = None,
) -> Response:
    """Without a position: the whole status first, then every event. With one: every event after it."""
    del after, last_event_id  # declared for the document; `cursor_of` reads them, as for WebSockets
    return SseResponse(context, await _request(context, request, orchestrator_id))
