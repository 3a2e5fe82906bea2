"""A client of a stream that asks and then does not read: its buffers fill up, and the server has to cope."""

from __future__ import annotations

import socket

GET = "GET /api/orchestrators/orch-1/events-sse?after=2 HTTP/1.1\r\nHost: {host}\r\n\r\n"
UPGRADE = (
    "GET /api/orchestrators/orch-1/events?after=2 HTTP/1.1\r\nHost: {host}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def stalled(url: str, request: str) -> socket.socket:
    """A connection to the server at `url` on which `request` was sent."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = url.removeprefix("http://").split(":")
    sock.connect((host, int(port)))
    sock.sendall(request.format(host=f"{host}:{port}").encode())
    sock.settimeout(10)
    return sock
