"""JSON bodies of requests: bounded in size and time, and checked before anything else is."""

from __future__ import annotations

import asyncio
from email.message import Message
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from orchestrator.api.errors import ApiError, from_validation
from orchestrator.api.settings import ApiSettings

_Model = TypeVar("_Model", bound=BaseModel)


async def read_body(request: Request, model: type[_Model], settings: ApiSettings) -> _Model:
    """The body as this model; no body at all is an empty object. Raises ApiError 408, 413, 415, 422."""
    body = await _bytes(request, settings)
    if body:
        _check_type(request)
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise from_validation(error, "/body") from None


def _check_type(request: Request) -> None:
    given = request.headers.get("content-type", "")
    message = Message()
    message["content-type"] = given
    charset = message.get_content_charset("utf-8")
    if message.get_content_type() != "application/json" or charset not in {"utf-8", "us-ascii"}:
        raise ApiError(
            415,
            "unsupported_media_type",
            f"The body must be JSON in UTF-8 with Content-Type: application/json, not {given[:100]!r}.",
            headers={"Accept-Post": "application/json"},
        )


async def _bytes(request: Request, settings: ApiSettings) -> bytes:
    too_large = ApiError(
        413,
        "body_too_large",
        f"A body may have {settings.body_bytes_max} bytes at most.",
        headers={"Connection": "close"},
    )
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > settings.body_bytes_max:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > settings.body_bytes_max:
                    raise too_large
    except TimeoutError:
        raise ApiError(
            408,
            "body_too_slow",
            f"The body did not arrive within {settings.body_seconds:g} s.",
            headers={"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise ApiError(400, "client_gone", "The connection ended before the body did.") from None
    return bytes(body)
