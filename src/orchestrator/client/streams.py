"""The live connections to a server: a WebSocket, or Server-Sent Events, with the same messages."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Literal

import httpx
from pydantic import TypeAdapter
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from orchestrator.client.errors import INVALID_ANSWER, failure, refusal
from orchestrator.client.server import Server, path_of
from orchestrator.client.watch import SILENCE_SECONDS
from orchestrator.domain.status import OrchestratorInfo

Transport = Literal["websocket", "sse"]
MESSAGE_BYTES_MAX = 64 * 2**20
"""A status of a very long plan; more than this is no message of ours."""
CLOSE_SECONDS = 1.0
_MEDIA_TYPE = "text/event-stream"
_INFO: TypeAdapter[OrchestratorInfo] = TypeAdapter(OrchestratorInfo)
# A carriage return at the very end may be half of a line's end.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


class OrchestratorFeed:
    """One orchestrator of a server, as a watch needs it."""

    def __init__(self, server: Server, orchestrator_id: str, transport: Transport) -> None:
        self._server = server
        self._path = path_of("api", "orchestrators", orchestrator_id)
        self._transport = transport

    async def info(self) -> OrchestratorInfo:
        """The orchestrator now; raises ApiError."""
        return await self._server.ask("GET", self._path, _INFO)

    def messages(self, after: int | None) -> AbstractAsyncContextManager[AsyncIterator[str | bytes]]:
        """A connection of the chosen kind, closed with the context; it raises ApiError."""
        query = "" if after is None else f"?after={after}"
        if self._transport == "sse":
            return _sse(self._server, f"{self._path}/events-sse{query}")
        return _websocket(self._server, f"{self._path}/events{query}")


class _Connect(connect):
    """Follows no redirect: the token is for this server only."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def _websocket(server: Server, path: str) -> AsyncIterator[AsyncIterator[str | bytes]]:
    url = server.url(path).replace("http", "ws", 1)
    try:
        socket = await _Connect(
            url,
            additional_headers=server.headers,
            ssl=server.tls if url.startswith("wss:") else None,
            proxy=None,
            compression=None,
            open_timeout=server.timeout_seconds,
            close_timeout=CLOSE_SECONDS,
            # The server pings, and a reader who takes his time between two events is no dead connection.
            ping_interval=None,
            max_size=MESSAGE_BYTES_MAX,
        )
    except InvalidStatus as error:
        answer = error.response
        raise refusal(answer.status_code, answer.headers, bytes(answer.body or b""), path) from error
    except (OSError, WebSocketException) as error:
        raise server.unreachable(error, path) from error
    try:
        async with aclosing(_socket_messages(server, socket, path)) as messages:
            yield messages
    finally:
        await socket.close()


async def _socket_messages(
    server: Server, socket: ClientConnection, path: str
) -> AsyncGenerator[str | bytes, None]:
    try:
        async for message in socket:
            yield message
    except (OSError, WebSocketException) as error:
        raise server.unreachable(error, path) from error


@asynccontextmanager
async def _sse(server: Server, path: str) -> AsyncIterator[AsyncIterator[str | bytes]]:
    timeout = httpx.Timeout(server.timeout_seconds, read=SILENCE_SECONDS)
    headers = {"Accept": _MEDIA_TYPE}
    request = server.http.build_request("GET", server.url(path), headers=headers, timeout=timeout)
    try:
        response = await server.http.send(request, stream=True)
    except httpx.RequestError as error:
        raise server.unreachable(error, path) from error
    try:
        if response.status_code != httpx.codes.OK:
            raise refusal(response.status_code, response.headers, await response.aread(), path)
        if response.headers.get("Content-Type", "").partition(";")[0] != _MEDIA_TYPE:
            raise server.not_understood(path, response.status_code)
        async with aclosing(_sse_messages(server, response, path)) as messages:
            yield messages
    finally:
        await response.aclose()


async def _sse_messages(
    server: Server, response: httpx.Response, path: str
) -> AsyncGenerator[str | bytes, None]:
    try:
        async with aclosing(event_data(response.aiter_bytes())) as messages:
            async for message in messages:
                yield message
    except httpx.RequestError as error:
        raise server.unreachable(error, path) from error


async def event_data(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The data of each event; its other lines repeat what stands in the data. Raises ApiError."""
    rest, data = b"", list[bytes]()
    async for chunk in chunks:
        *lines, rest = _LINE_END.split(rest + chunk)
        for line in lines:
            name, _, value = line.partition(b":")
            if name == b"data":
                data.append(value.removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data = []
        if len(rest) > MESSAGE_BYTES_MAX:
            raise failure(INVALID_ANSWER, "The stream brought a line that is too long.", "")
