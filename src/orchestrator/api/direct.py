"""Writes finished frames straight to the transports of live clients, past ASGI.

One event to a thousand clients is a thousand writes to sockets, and nothing else should cost. Through ASGI it
is also a thousand tasks that wake up, a thousand calls through the middlewares and a thousand frames or
chunks that are built from the same bytes: four fifths of the time. So the protocol classes below, which the
server gives to uvicorn, put themselves into the scope of each connection, and a stream asks `line_of` for a
`Line` to its client. While the client is live (its past is sent, nothing waits for it, its task is parked in
`Mailbox.forward`), the hub writes every frame to the line itself, in one pass over all clients.

What must hold, or a client gets bytes that are no protocol:

- A line exists only after the head of the answer went out: the handshake of a WebSocket is answered, an HTTP
  response has begun. It exists only for a body in chunks: not for HEAD, and not for HTTP/1.0, whose clients
  know no chunks.
- Nothing is written after a close frame, after the last chunk, or to a transport that is closing. All three
  are looked at before each write; nothing runs between the look and the write.
- A piece is whole frames or whole chunks in one write, and so is all that uvicorn writes by itself (pings,
  pongs, close frames), so neither can tear the other. ASGI's `send` and the line are never used at the same
  time: the task that would send is the one that is parked.
- Messages are not compressed: the shared bytes would not fit a connection's own compressor.

Back pressure: asyncio tells a protocol to pause when more than the high-water mark (64 KiB) waits in the
transport. `write` looks at that between pieces and stops, so a client that does not read holds at most the
mark and one piece. What it still wants waits in its mailbox, as references to frames that all clients share.
`drained` waits until the transport is nearly empty again.

uvicorn documents none of the names used here. `line_of` gives None, and the stream goes through ASGI, when
the server is another one, uvicorn's minor version is not in `TESTED_VERSIONS`, or a name is missing. The
same tests run over both ways, and one fails when the installed uvicorn takes the slow one.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import MutableMapping, Sequence
from typing import Any, Literal, Protocol

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from orchestrator.api.frames import Piece

TESTED_VERSIONS = ("0.54",)
"""The minor versions of uvicorn whose insides are known."""
EXTENSION = "orchestrator.direct"
SOCKET_NAMES = ("close_sent", "handshake_complete", "transport", "writable")
RESPONSE_NAMES = (
    "chunked_encoding",
    "disconnected",
    "flow",
    "response_complete",
    "response_started",
    "transport",
)
FLOW_NAMES = ("drain", "write_paused")


class Line(Protocol):
    """The way to one client, past ASGI."""

    def write(self, pieces: Sequence[Piece]) -> int:
        """Write what can be written now; returns how many pieces that was. Never raises."""

    async def drained(self) -> None:
        """Wait until the client has taken most of what was written, or is gone."""

    @property
    def is_open(self) -> bool:
        """Whether anything may still be written, now or when it has drained."""


def protocols() -> tuple[type[HttpToolsProtocol], type[asyncio.Protocol] | Literal["websockets-sansio"]]:
    """What uvicorn is configured with for HTTP and WebSockets: its own classes, or ours that offer lines."""
    if uvicorn.__version__.rpartition(".")[0] not in TESTED_VERSIONS:
        return HttpToolsProtocol, "websockets-sansio"
    # Only here: another version may not have it.
    from uvicorn.protocols.websockets.websockets_sansio_impl import (  # noqa: PLC0415
        WebSocketsSansIOProtocol,
    )

    # The scopes refer to their owners weakly: a cycle with each request would be work for the collector.

    class DirectSocket(WebSocketsSansIOProtocol):
        async def run_asgi(self) -> None:
            scope: Any = self.scope
            scope["extensions"][EXTENSION] = weakref.ref(self)
            await super().run_asgi()

    class DirectHttp(HttpToolsProtocol):
        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            response: RequestResponseCycle | None = self.cycle
            # A request to become a WebSocket has no response of its own.
            if response is not None and response.scope is self.scope:
                scope: Any = self.scope
                scope["extensions"] = {EXTENSION: weakref.ref(response)}

    return DirectHttp, DirectSocket


def line_of(scope: MutableMapping[str, Any]) -> Line | None:
    """The line to the client of a stream that has begun; None where frames have to go through ASGI."""
    reference = (scope.get("extensions") or {}).get(EXTENSION)
    owner = reference() if isinstance(reference, weakref.ref) else None
    if owner is None:
        return None
    if scope["type"] == "websocket":
        fits = _has(owner, SOCKET_NAMES) and owner.handshake_complete
        return _SocketLine(owner) if fits else None
    fits = (
        _has(owner, RESPONSE_NAMES)
        and _has(owner.flow, FLOW_NAMES)
        and owner.response_started
        and owner.chunked_encoding is True
        and scope["method"] != "HEAD"
        and scope["http_version"] == "1.1"
    )
    return _ResponseLine(owner) if fits else None


def _has(owner: object, names: Sequence[str]) -> bool:
    return all(hasattr(owner, name) for name in names)


class _SocketLine:
    __slots__ = ("_protocol", "_transport", "_writable")

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._writable = protocol.writable

    @property
    def is_open(self) -> bool:
        return not (self._protocol.close_sent or self._transport.is_closing())

    def write(self, pieces: Sequence[Piece]) -> int:
        protocol, transport, writable = self._protocol, self._transport, self._writable
        count = 0
        for piece in pieces:
            if protocol.close_sent or transport.is_closing() or not writable.is_set():
                break
            transport.write(piece.wire)
            count += 1
        return count

    async def drained(self) -> None:
        await self._writable.wait()


class _ResponseLine:
    __slots__ = ("_flow", "_response", "_transport")

    def __init__(self, response: Any) -> None:
        self._response = response
        self._transport = response.transport
        self._flow = response.flow

    @property
    def is_open(self) -> bool:
        response = self._response
        return not (response.disconnected or response.response_complete or self._transport.is_closing())

    def write(self, pieces: Sequence[Piece]) -> int:
        response, transport, flow = self._response, self._transport, self._flow
        count = 0
        for piece in pieces:
            if (
                flow.write_paused
                or response.disconnected
                or response.response_complete
                or transport.is_closing()
            ):
                break
            transport.write(piece.http_chunk)
            count += 1
        return count

    async def drained(self) -> None:
        await self._flow.drain()
