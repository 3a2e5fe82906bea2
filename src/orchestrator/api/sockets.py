"""A stream over a WebSocket. What the client sends is read, so that its going is noticed, and ignored."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from orchestrator.api.after_app import serve_after_app
from orchestrator.api.context import ApiContext
from orchestrator.api.direct import line_of
from orchestrator.api.frames import Frame
from orchestrator.api.guard import chosen_subprotocol
from orchestrator.api.mailbox import Mailbox
from orchestrator.api.streaming import Stream, StreamRequest, pump
from orchestrator.domain.errors import OrchestratorError

logger = logging.getLogger(__name__)

POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
CLOSE_SECONDS = 1.0
CLIENT_MESSAGES_MAX = 100
CLIENT_MESSAGES_SECONDS = 10.0


async def serve_socket(websocket: WebSocket, context: ApiContext, request: StreamRequest, kind: str) -> None:
    """Have the WebSocket accepted and served when the app has returned, until either side goes."""
    stream = partial(_stream, websocket, context, request, kind)
    await serve_after_app(stream, websocket.scope, websocket.receive, websocket.send)


async def _stream(websocket: WebSocket, context: ApiContext, request: StreamRequest, kind: str) -> None:
    with context.hub.join(request.record, request.types) as mailbox:
        await websocket.accept(subprotocol=chosen_subprotocol(websocket.scope.get("subprotocols", ())))
        context.metrics.streams[kind] += 1
        drain = asyncio.create_task(_drain(websocket, mailbox))
        try:
            code = await _serve(websocket, context, request, mailbox)
        finally:
            context.metrics.streams[kind] -= 1
            if not drain.done():
                drain.cancel()
        if drain.done() and not drain.cancelled() and drain.exception() is None:
            code = drain.result() or code
        await _close(websocket, context, code)


async def _serve(websocket: WebSocket, context: ApiContext, request: StreamRequest, mailbox: Mailbox) -> int:
    async def deliver(frames: list[Frame]) -> None:
        for frame in frames:
            await websocket.send({"type": "websocket.send", "text": frame.text})

    stream = Stream(
        request,
        mailbox,
        hub=context.hub,
        log=context.ports.log,
        statuses=context.statuses,
        metrics=context.metrics,
    )
    try:
        line = line_of(websocket.scope)
        await pump(stream, deliver, line, context.metrics, context.settings.stuck_seconds)
    except TimeoutError:
        context.metrics.stuck_clients += 1
        return TRY_AGAIN_LATER
    except (WebSocketDisconnect, OSError):
        mailbox.close()
    except OrchestratorError as error:
        logger.warning("a stream of %s ended: %s", request.record.id, error)
        return INTERNAL_ERROR
    return SERVICE_RESTART


async def _drain(websocket: WebSocket, mailbox: Mailbox) -> int | None:
    """Read until the client goes; returns the code to close with when it sends too much."""
    loop = asyncio.get_running_loop()
    count, since = 0, loop.time()
    while (await websocket.receive())["type"] != "websocket.disconnect":
        if loop.time() - since > CLIENT_MESSAGES_SECONDS:
            count, since = 0, loop.time()
        count += 1
        if count > CLIENT_MESSAGES_MAX:
            mailbox.close()
            return POLICY_VIOLATION
    mailbox.close()
    return None


async def _close(websocket: WebSocket, context: ApiContext, code: int) -> None:
    """Say good-bye, unless the client has gone; one that takes nothing any more is cut off."""
    if websocket.client_state is WebSocketState.DISCONNECTED:
        return
    with suppress(WebSocketDisconnect, RuntimeError, OSError):
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await websocket.close(code)
        except TimeoutError:
            if websocket.client is not None:
                context.abort((websocket.client.host, websocket.client.port))
