"""A stream as Server-Sent Events. What can be wrong with the request is checked before."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orchestrator.api.after_app import serve_after_app
from orchestrator.api.context import ApiContext
from orchestrator.api.direct import line_of
from orchestrator.api.frames import Frame
from orchestrator.api.mailbox import Mailbox
from orchestrator.api.streaming import Stream, StreamRequest, pump
from orchestrator.domain.errors import OrchestratorError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "text/event-stream"
ABORT_SECONDS = 1.0
_HEADERS = Headers(
    {
        "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
        "Cache-Control": "no-cache, no-transform",
        # Asks a proxy in between not to hold events back.
        "X-Accel-Buffering": "no",
    }
)


class SseResponse(Response):
    """The events of one orchestrator; the frames of each wake-up go out in one piece."""

    def __init__(self, context: ApiContext, request: StreamRequest) -> None:
        super().__init__(media_type=MEDIA_TYPE)
        self._context = context
        self._request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the stream served when the app has returned, until the client goes or the server stops."""
        await serve_after_app(partial(self._stream, scope, receive, send), scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = self._context
        with context.hub.join(self._request.record, self._request.types) as mailbox:
            context.metrics.streams["sse"] += 1
            gone = asyncio.create_task(_close_when_gone(receive, mailbox))
            try:
                await self._serve(mailbox, scope, send, gone)
            finally:
                gone.cancel()
                context.metrics.streams["sse"] -= 1

    async def _serve(self, mailbox: Mailbox, scope: Scope, send: Send, gone: asyncio.Task[None]) -> None:
        context = self._context

        async def deliver(frames: list[Frame]) -> None:
            body = b"".join([frame.chunk for frame in frames])
            await send({"type": "http.response.body", "body": body, "more_body": True})

        stream = Stream(
            self._request,
            mailbox,
            hub=context.hub,
            log=context.ports.log,
            statuses=context.statuses,
            metrics=context.metrics,
        )
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS.raw})
        try:
            await pump(stream, deliver, line_of(scope), context.metrics, context.settings.stuck_seconds)
        except TimeoutError:
            context.metrics.stuck_clients += 1
            if scope.get("client"):
                context.abort(tuple(scope["client"]))
                await asyncio.wait([gone], timeout=ABORT_SECONDS)
            return
        except OrchestratorError as error:
            logger.warning("a stream of %s ended: %s", self._request.record.id, error)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _close_when_gone(receive: Receive, mailbox: Mailbox) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    mailbox.close()
