"""The reference servers of the fan-out: `python -m benchmarks.fanout_servers KIND` reads events from a port.

- `bare-ws` and `bare-sse`: asyncio protocols on uvloop that write the same bytes to every transport. There is
  no less to do in Python: no framework, no limits, no log, no filter, no back pressure.
- `loop`: the ConnectionManager of FastAPI's documentation, `await connection.send_json(…)` for each client.

Prints the port for clients and the one for events.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
from collections.abc import Callable

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from benchmarks.children import answer

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def text_frame(event: bytes) -> bytes:
    assert 126 <= len(event) < 2**16
    return b"\x81\x7e" + len(event).to_bytes(2, "big") + event


def event_chunk(event: bytes) -> bytes:
    lines = b"id: 1\nevent: tool_started\ndata: %b\n\n" % event
    return b"%x\r\n%b\r\n" % (len(lines), lines)


class Bare(asyncio.Protocol):
    """One client."""

    clients: set[asyncio.Transport] = set()  # noqa: RUF012 - one server a process

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._transport in self.clients:
            return
        key = next(
            (line[18:].strip() for line in data.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key")), b""
        )
        accepted = base64.b64encode(hashlib.sha1(key + GUID).digest())
        upgraded = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accepted
        )
        self._transport.write(upgraded if key else SSE_HEAD)
        self.clients.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self.clients.discard(self._transport)


class Events(asyncio.Protocol):
    """The connection on which events come, one a line."""

    def __init__(self, publish: Callable[[bytes], None]) -> None:
        self._publish = publish
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._publish(line)


async def bare(finish: Callable[[bytes], bytes]) -> None:
    def publish(event: bytes) -> None:
        data = finish(event)
        for transport in Bare.clients:
            transport.write(data)

    loop = asyncio.get_running_loop()
    clients = await loop.create_server(Bare, "127.0.0.1", 0, backlog=1024)
    events = await loop.create_server(lambda: Events(publish), "127.0.0.1", 0)
    answer(" ".join(str(server.sockets[0].getsockname()[1]) for server in (clients, events)))
    await asyncio.Event().wait()


class ConnectionManager:
    """https://fastapi.tiangolo.com/advanced/websockets/#handling-disconnections-and-multiple-clients."""

    def __init__(self) -> None:
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active_connections.remove(websocket)

    async def broadcast(self, message: object) -> None:
        for connection in self.active_connections:
            await connection.send_json(message)


async def loop_server() -> None:
    app, manager = FastAPI(), ConnectionManager()
    waiting: asyncio.Queue[bytes] = asyncio.Queue()

    @app.websocket("/{path:path}")
    async def socket(websocket: WebSocket) -> None:
        await manager.connect(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            manager.disconnect(websocket)

    async def broadcast() -> None:
        while True:
            await manager.broadcast(json.loads(await waiting.get()))

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", backlog=1024))
    events = await asyncio.get_running_loop().create_server(
        lambda: Events(waiting.put_nowait), "127.0.0.1", 0
    )
    broadcasting = asyncio.create_task(broadcast())
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    answer(f"{port} {events.sockets[0].getsockname()[1]}")
    await asyncio.gather(serving, broadcasting)


KINDS = {
    "bare-ws": lambda: bare(text_frame),
    "bare-sse": lambda: bare(event_chunk),
    "loop": loop_server,
}

if __name__ == "__main__":
    uvloop.run(KINDS[sys.argv[1]]())
