"""What a connection may take before anything is known of it: time, bytes, and a place among the others.

All of it comes before Host, Origin and token are looked at, so it holds for strangers. A request's head has
`head_seconds` from the first moment of its connection, or from its first byte where the connection was used
before, and the body after it has a little longer than the app itself allows. A head or a URL that is too long
is refused as soon as that is known, and what it has brought so far is let go.

uvicorn has none of these limits but one of concurrency, which counts streams as requests and answers in plain
text; asyncio knows no deadline for a peer that is silent.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from orchestrator.api.errors import ApiError, ProblemResponse
from orchestrator.api.settings import ApiSettings

DESCRIPTORS_WANTED = 16_384
DESCRIPTORS_ELSEWHERE = 200
"""For the database, files and agents' processes: no number of connections may take these."""
RESERVED = 16
"""The last places are for questions whether the server is alive."""
ALIVE_PATH = b"/livez"
BODY_EXTRA_SECONDS = 5.0
"""The app's own deadline for a body comes first, since its answer says more."""
CHUNKED_FACTOR = 8
"""A body in chunks of one byte is this many times as long, and a little more."""


def places(wanted: int) -> int:
    """How many connections may be open: below the limit of descriptors, which is raised if need be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = min(DESCRIPTORS_WANTED, hard) if hard != resource.RLIM_INFINITY else DESCRIPTORS_WANTED
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
        soft = enough
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(min(wanted, soft - DESCRIPTORS_ELSEWHERE), 2 * RESERVED)


class _Refused(Exception):
    """Raised out of the parser, which hands it on as an error of its own."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of a server."""

    settings: ApiSettings
    connections_max: int

    @property
    def body_raw_max(self) -> int:
        """How long a body may be with all that chunks add to it."""
        return self.settings.head_bytes_max + CHUNKED_FACTOR * self.settings.body_bytes_max


def bounded(protocol: type[HttpToolsProtocol], bounds: Bounds) -> type[HttpToolsProtocol]:
    """The protocol, within these bounds."""
    return type("BoundedHttp", (_BoundedHttp, protocol), {"bounds": bounds})


class _BoundedHttp(HttpToolsProtocol):
    bounds: Bounds
    _deadline: asyncio.TimerHandle | None = None
    _refusal: ApiError | None = None
    _header_bytes = 0
    _taken = 0
    """How much has come of the head, or of the body, that is due."""
    _taken_max = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections_max:
            transport.abort()
        else:
            self._expect(self.bounds.settings.head_seconds, self.bounds.settings.head_bytes_max)

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:
            self._expect(self.bounds.settings.head_seconds, self.bounds.settings.head_bytes_max)
        super().data_received(data)
        if self._deadline is not None and not self.transport.is_closing():
            self._taken += len(data)
            if self._taken > self._taken_max:
                self._refuse(_too_long(self.bounds.settings))

    def on_message_begin(self) -> None:
        self._header_bytes = 0
        self._refusal = None
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.bounds.settings.url_bytes_max:
            detail = f"A URL may have {self.bounds.settings.url_bytes_max} bytes at most."
            self._stop_reading(ApiError(414, "url_too_long", detail))

    def on_header(self, name: bytes, value: bytes) -> None:
        # Also those that come after a body in chunks.
        self._header_bytes += len(name) + len(value) + len(b": \r\n")
        if self._header_bytes > self.bounds.settings.head_bytes_max:
            self._stop_reading(_too_long(self.bounds.settings))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.connections) > self.bounds.connections_max - RESERVED and self._path() != ALIVE_PATH:
            detail = f"{self.bounds.connections_max} connections are open, and no more are served."
            retry = {"Retry-After": "10"}
            self._stop_reading(ApiError(503, "too_many_connections", detail, headers=retry))
        self._expect(self.bounds.settings.body_seconds + BODY_EXTRA_SECONDS, self.bounds.body_raw_max)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._relax()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        # Another protocol takes over, and the app answers it.
        self._relax()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - its name is uvicorn's
        unreadable = ApiError(400, "invalid_request", "This is no HTTP request that can be read.")
        self._refuse(self._refusal or unreadable)

    def _path(self) -> bytes:
        # uvicorn sets it when a request begins, which may never have happened.
        return bytes(getattr(self, "url", b"")).partition(b"?")[0]

    def _stop_reading(self, refusal: ApiError) -> NoReturn:
        self._refusal = refusal
        raise _Refused

    def _expect(self, seconds: float, bytes_max: int) -> None:
        """What is due has to come within so many seconds and bytes."""
        self._relax()
        self._taken, self._taken_max = 0, bytes_max
        self._deadline = self.loop.call_later(seconds, self._late)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        if self._taken:
            detail = f"A request must arrive within {self.bounds.settings.head_seconds:g} s."
            self._refuse(ApiError(408, "request_too_slow", detail))
        else:
            self.transport.close()

    def _refuse(self, refusal: ApiError) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn says that there always is one
        is_answering = cycle is not None and not cycle.response_complete
        if not (is_answering or self.transport.is_closing()):
            self.transport.write(_answer(refusal, self._path()))
        self._relax()
        self.transport.close()


def _too_long(settings: ApiSettings) -> ApiError:
    detail = f"The head of a request may have {settings.head_bytes_max} bytes at most."
    return ApiError(431, "head_too_large", detail)


def _answer(refusal: ApiError, path: bytes) -> bytes:
    """The problem as an HTTP response in bytes, the last one of its connection."""
    response = ProblemResponse({"type": "http", "raw_path": path}, refusal)
    line = f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n".encode()
    headers = b"".join(b"%b: %b\r\n" % header for header in response.raw_headers)
    return line + headers + b"Connection: close\r\n\r\n" + response.body
