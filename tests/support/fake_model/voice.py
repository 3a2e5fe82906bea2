"""What a protocol's file offers the server, and the few things they share."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from fake_model.question import Question


@dataclass(frozen=True)
class Refusal:
    """An answer that is no stream of a turn."""

    status: int
    headers: dict[str, str]
    body: bytes


class Voice(Protocol):
    """Renders one turn; each method gives the frames of the stream."""

    def __init__(self, model: str) -> None: ...
    def start(self, input_tokens: int) -> Iterator[str]: ...
    def say(self, pieces: Iterable[str]) -> Iterator[str]: ...
    def call(self, name: str, arguments: dict[str, Any]) -> Iterator[str]: ...
    def withhold(self) -> Iterator[str]: ...
    def end(self, input_tokens: int, output_tokens: int) -> Iterator[str]: ...


class Tongue(Protocol):
    """A protocol: a module of this package."""

    PATH: str | re.Pattern[str]
    """What a request's path must match as a whole."""
    Voice: type[Voice]

    @staticmethod
    def read(body: dict[str, Any]) -> Question: ...
    @staticmethod
    def refusal(reason: str, resets_in_seconds: int) -> Refusal: ...


def event(data: dict[str, Any] | str, name: str = "") -> str:
    """A frame of server-sent events."""
    text = data if isinstance(data, str) else json.dumps(data)
    return f"event: {name}\ndata: {text}\n\n" if name else f"data: {text}\n\n"


def fresh_id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:16]}"


def json_refusal(status: int, error: dict[str, Any], headers: dict[str, str]) -> Refusal:
    return Refusal(status, {"content-type": "application/json", **headers}, json.dumps(error).encode())


def openai_refusal(reason: str, quota_headers: dict[str, str], quota: dict[str, Any]) -> Refusal:
    """The errors that both protocols of this vendor have; only their quotas differ."""
    status, headers, error = {
        "unauthorised": (401, {}, _error("Incorrect API key provided: sk-test.", "invalid_api_key")),
        "rate_limited": (
            429,
            {"retry-after": "1"},
            _error("Rate limit reached for requests", "rate_limit_exceeded"),
        ),
        "quota": (429, quota_headers, quota),
        "unknown_model": (
            404,
            {},
            _error("The model `fake` does not exist or you do not have access to it.", "model_not_found"),
        ),
        "overloaded": (503, {}, _error("The server is overloaded", "server_is_overloaded")),
        "context_full": (
            400,
            {},
            _error("This model's maximum context length is 200000 tokens.", "context_length_exceeded"),
        ),
    }[reason]
    return json_refusal(status, {"error": error}, headers)


def _error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "type": "invalid_request_error", "param": None, "code": code}
