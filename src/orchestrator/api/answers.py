"""Answers from bytes that are encoded already, and how operations declare what they may answer."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.compression import Body, JsonResponse, tag_of, tags_of

PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
EVENT_SCHEMA = {"$ref": "#/components/schemas/OrchestratorEvent"}
_WHEN = {
    401: "The server asks for its token.",
    403: "The server does not allow it; `code` says why.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "Not possible now; `detail` says why.",
    410: "The orchestrator was pruned: its log and outputs are gone.",
    412: "The task has moved on since the revision in If-Match.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The request is not valid; `errors` says where.",
    500: "The server failed.",
    503: "The storage cannot be reached, the server is stopping, or the orchestrator is dead.",
}
_ALWAYS = (401, 403, 422, 500, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The declaration of the problems that an operation may answer with, besides those that any may."""
    return {
        status: {
            "description": _WHEN[status],
            "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}},
        }
        for status in sorted({*_ALWAYS, *statuses})
    }


def json_bytes(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose JSON is ready."""
    return JsonResponse(Body(body), status=status, headers=headers)


def json_of(adapter: TypeAdapter[Any], value: object, **options: Any) -> Response:
    """An answer encoded in one step, past the framework's much slower way."""
    return json_bytes(adapter.dump_json(value), **options)


def json_version(request: Request, body: Body, etag: str) -> Response:
    """This version of something, or 304 where If-None-Match names it, in whatever coding it was sent."""
    if not is_unchanged(request, etag):
        return JsonResponse(body, headers={"Cache-Control": "no-cache"}, etag=etag)
    headers = {
        "ETag": tag_of(etag, body.coding(request.scope)),
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
    }
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether If-None-Match names this version (compared weakly, as RFC 9110 asks)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return bool(given) and (not tags_of(etag).isdisjoint(tags) or "*" in tags)
