"""Every failure as problem+json (RFC 9457): no traceback, no plain text, WebSockets too."""

from __future__ import annotations

import http
import json
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.domain.errors import (
    AgentNotAllowed,
    AgentUnavailable,
    CommandNotFound,
    IdempotencyConflict,
    InstanceEnded,
    InstanceNotFound,
    InstancePruned,
    OrchestratorError,
    PlanInvalid,
    PlanNotFound,
    PlanOwned,
    PlanUnreadable,
    RunNotStarted,
    SeqOutOfRange,
    ShellNotAllowed,
    StorageError,
)
from orchestrator.domain.events import utc_text

logger = logging.getLogger(__name__)

DETAIL_LENGTH_MAX = 1_000
PARTS_MAX = 20

_ERRORS: Mapping[type[OrchestratorError], tuple[int, str]] = {
    InstanceNotFound: (404, "orchestrator_not_found"),
    InstancePruned: (410, "orchestrator_pruned"),
    CommandNotFound: (404, "command_not_found"),
    PlanNotFound: (404, "plan_not_found"),
    PlanUnreadable: (422, "plan_unreadable"),
    SeqOutOfRange: (422, "seq_out_of_range"),
    IdempotencyConflict: (422, "idempotency_conflict"),
    InstanceEnded: (409, "orchestrator_ended"),
    StorageError: (503, "storage_unavailable"),
    AgentUnavailable: (503, "agent_unavailable"),
    PlanInvalid: (422, "plan_invalid"),
    PlanOwned: (409, "plan_owned"),
    ShellNotAllowed: (403, "shell_not_allowed"),
    AgentNotAllowed: (403, "agent_not_allowed"),
    RunNotStarted: (503, "run_not_started"),
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}
_HTTP_DETAILS = {
    404: "There is nothing at this path; /docs lists what there is.",
    405: "This path does not take this method; the Allow header says which it takes.",
}


class ApiError(Exception):
    """A refusal that delivery itself decides on. `more` are members of the problem that only some have."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        parts: Sequence[tuple[str, str]] = (),
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.parts = parts
        self.more = more or {}


def invalid(pointer: str, detail: str) -> ApiError:
    """The answer to a request of which one part is wrong."""
    return ApiError(422, "invalid_request", f"{pointer}: {detail}", parts=[(pointer, detail)])


class ProblemResponse(Response):
    """The answer to a request that failed; on a WebSocket that is not open yet it refuses the handshake."""

    media_type = "application/problem+json"

    def __init__(self, scope: Scope, error: ApiError) -> None:
        path = scope.get("raw_path") or b"/"
        problem = {
            "type": "about:blank",
            "title": http.HTTPStatus(error.status).phrase,
            "status": error.status,
            "detail": error.detail[:DETAIL_LENGTH_MAX],
            "instance": path.decode("latin-1")[:DETAIL_LENGTH_MAX],
            "code": error.code,
            "errors": [
                {"pointer": pointer[:DETAIL_LENGTH_MAX], "detail": detail[:DETAIL_LENGTH_MAX]}
                for pointer, detail in error.parts[:PARTS_MAX]
            ],
            **error.more,
        }
        # The standard encoder escapes what is not ASCII, lone surrogates too.
        super().__init__(json.dumps(problem), status_code=error.status, headers=error.headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a server that cannot refuse a WebSocket with an answer closes it (403)."""
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        await super().__call__(scope, receive, send)


def from_validation(error: RequestValidationError | ValidationError, root: str = "") -> ApiError:
    """One part for each field that is wrong."""
    parts = []
    for problem in error.errors():
        place = "/".join(_escaped(step) for step in problem["loc"])
        parts.append((f"{root}/{place}".rstrip("/"), str(problem["msg"]).removeprefix("Value error, ")))
    detail = "; ".join(f"{pointer}: {text}" for pointer, text in parts[:3])
    return ApiError(422, "invalid_request", detail or "The request is not valid.", parts=parts)


def _escaped(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def from_domain(error: OrchestratorError) -> ApiError:
    """The HTTP meaning of a domain error; one without a meaning here is an internal error."""
    for cls, (status, code) in _ERRORS.items():
        if isinstance(error, cls):
            if status == 503:
                logger.warning("storage: %s", error)
            return ApiError(status, code, str(error) or cls.__doc__ or code, more=_more_of(error))
    return internal(error)


def _more_of(error: OrchestratorError) -> dict[str, object]:
    """What the error holds besides its sentence, for programs."""
    match error:
        case PlanInvalid():
            return {"problems": [asdict(problem) for problem in error.problems[:PARTS_MAX]]}
        case PlanOwned():
            return {"owner": error.owner, "lease_until": utc_text(error.lease_until)}
        case RunNotStarted():
            return {"log_path": error.log_path}
        case _:
            return {}


def internal(error: BaseException) -> ApiError:
    """An answer that gives nothing away but a reference to the log, where the whole error stands."""
    reference = secrets.token_hex(4)
    logger.error("internal error %s", reference, exc_info=error)
    return ApiError(500, "internal_error", f"The server failed. Its log says more under {reference}.")


def from_http(error: HTTPException) -> ApiError:
    """What the framework says by itself: unknown paths, methods that a path does not take."""
    status = error.status_code
    return ApiError(
        status,
        _HTTP_CODES.get(status, f"http_{status}"),
        _HTTP_DETAILS.get(status, str(error.detail)),
        headers=error.headers,
    )


def install(app: FastAPI) -> None:
    """Make every error of the app, also those that the framework answers itself, a problem."""

    async def on_api_error(connection: HTTPConnection, error: ApiError) -> Response:
        return ProblemResponse(connection.scope, error)

    async def on_domain_error(connection: HTTPConnection, error: OrchestratorError) -> Response:
        return ProblemResponse(connection.scope, from_domain(error))

    async def on_http_error(connection: HTTPConnection, error: HTTPException) -> Response:
        problem = from_http(error)
        if problem.status == 405:
            problem.headers = {"Allow": ", ".join(_methods(app.router.routes, connection.scope))}
        return ProblemResponse(connection.scope, problem)

    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        return ProblemResponse(request.scope, from_validation(error))

    handlers: dict[type[Exception], Any] = {
        ApiError: on_api_error,
        OrchestratorError: on_domain_error,
        HTTPException: on_http_error,
        RequestValidationError: on_invalid,
    }
    for cls, handler in handlers.items():
        app.add_exception_handler(cls, handler)
    app.router.default = nothing_here


def _methods(routes: Iterable[BaseRoute], scope: Scope) -> list[str]:
    """The methods that a path takes by any of its routes; the framework names those of the first one."""
    # A folder of files would match with every method.
    paths = [route for route in routes if not isinstance(route, Mount)]
    taken = [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in paths)
    ]
    if not taken:
        return ["GET", "HEAD"]
    # What takes GET takes HEAD as well: `head_requests`.
    return [name for name in _METHODS if name in taken or (name == "HEAD" and "GET" in taken)]


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """What an unknown path gets, on WebSockets too."""
    await ProblemResponse(scope, from_http(HTTPException(404)))(scope, receive, send)


class CatchAll:
    """The last resort: whatever nobody foresaw becomes a 500 with a reference, and never a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer for it if it fails before its answer has begun."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - nothing may pass: this is the last resort
            problem = internal(error)
            if not has_begun:
                await ProblemResponse(scope, problem)(scope, receive, send)
