"""Runs the app on a socket: alone, or as a task beside an orchestration in the same event loop."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from orchestrator.api.connections import Bounds, bounded, places
from orchestrator.api.context import ApiContext
from orchestrator.api.direct import protocols
from orchestrator.api.guard import check_binding
from orchestrator.api.settings import ENVIRONMENT_PREFIX, ApiSettings
from orchestrator.domain.errors import StorageError, UsageError

BACKLOG = 512
HANDSHAKE_SECONDS = 1.0


def bind(settings: ApiSettings) -> socket.socket:
    """A listening socket; raises UsageError for an address that is taken, foreign or needs a token."""
    check_binding(settings.host, settings.token)
    where = f"{settings.host} port {settings.port}"
    try:
        found = socket.getaddrinfo(
            settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"Cannot listen on {where}: {error.strerror or error}.") from None
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Cannot listen on {where}: another program does already. "
                "Stop it, or choose another port: PORT= for make, --api-port beside a run, --port for a "
                f"server alone, or {ENVIRONMENT_PREFIX}PORT."
            ) from None
        raise UsageError(f"Cannot listen on {where}: {error.strerror}.") from None
    sock.setblocking(False)
    return sock


class _Server(uvicorn.Server):
    """A uvicorn that lets go of its streams before it waits for connections, and no signals touch."""

    def __init__(self, config: uvicorn.Config, context: ApiContext) -> None:
        super().__init__(config)
        self._context = context

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._context.hub.close()
        for server in self.servers:
            server.close()
        await self._handshakes_answered()
        await super().shutdown(sockets)

    async def _handshakes_answered(self) -> None:
        """Let the app answer WebSockets that are being opened (503): uvicorn would answer them with 500."""
        limit = asyncio.get_running_loop().time() + HANDSHAKE_SECONDS
        while any(_is_opening(connection) for connection in self.server_state.connections):
            if asyncio.get_running_loop().time() > limit:
                return
            await asyncio.sleep(0.01)

    def abort(self, client: tuple[str, int]) -> None:
        for connection in list(self.server_state.connections):
            if getattr(connection, "client", None) == client:
                connection.transport.abort()


def _is_opening(connection: object) -> bool:
    return not getattr(connection, "handshake_complete", True) and not getattr(connection, "close_sent", True)


class ApiServer:
    """The app, ready to `serve` on a socket, and to `stop` from anywhere in the same loop."""

    def __init__(self, app: FastAPI, settings: ApiSettings) -> None:
        tidy_logs()
        self._settings = settings
        self._context: ApiContext = app.state.context
        http, ws = protocols()
        config = uvicorn.Config(
            app,
            http=bounded(http, Bounds(settings, places(settings.connections_max))),
            ws=ws,
            lifespan="on",
            log_config=None,
            access_log=settings.access_log,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            ws_max_size=settings.client_message_bytes_max,
            # The bytes of a message are the same for all clients; nor is it worth 30 kB a connection.
            ws_per_message_deflate=False,
        )
        self._server = _Server(config, self._context)
        self._context.abort = self._server.abort

    @property
    def has_started(self) -> bool:
        """Whether requests are answered."""
        return self._server.started

    async def serve(self, sock: socket.socket | None = None) -> None:
        """Serve until `stop`; signals are the program's business.

        Without `sock` it binds as the settings say. Raises UsageError when the address cannot be had, and
        StorageError when the app does not start.
        """
        sock = sock if sock is not None else bind(self._settings)
        try:
            await self._server.serve(sockets=[sock])
        except SystemExit:
            raise StorageError("The API server could not start; the log says why.") from None
        finally:
            sock.close()

    def stop(self) -> None:
        """Begin to stop: streams end, other requests have `shutdown_seconds`. Idempotent."""
        self._server.should_exit = True


def url_of(sock: socket.socket) -> str:
    """Where a server on this socket can be reached from this machine."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _WithoutQuery(logging.Filter):
    """Keeps query strings out of the log: they may hold what is nobody's business."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.partition("?")[0] if isinstance(arg, str) and arg.startswith("/") else arg
                for arg in record.args
            )
        return True


class _WithoutFalseAlarm(logging.Filter):
    """Leaves out the error that uvicorn logs after each WebSocket that was refused with an answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg != "ASGI callable returned without completing handshake."


def tidy_logs() -> None:
    """Have uvicorn log no query strings and no false alarm. Idempotent."""
    for name in ("uvicorn.access", "uvicorn.error"):
        logger = logging.getLogger(name)
        for kind in (_WithoutQuery, _WithoutFalseAlarm):
            if not any(isinstance(existing, kind) for existing in logger.filters):
                logger.addFilter(kind())
