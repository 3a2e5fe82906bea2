"""An API server as a client sees it: one request, and its answer as a value or an ApiError."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from orchestrator.client.errors import INVALID_ANSWER, NETWORK_ERROR, ApiError, failure, refusal
from orchestrator.domain.errors import UsageError

JSON_LINES = "application/jsonl"
_Answer = TypeVar("_Answer")
Query = Mapping[str, str | int | float | bool | None]


def path_of(*steps: str) -> str:
    """`/step/step`: each is encoded, so that none can lead elsewhere; raises UsageError for `..` and such."""
    for step in steps:
        if step in {"", ".", ".."}:
            raise UsageError(f"{step!r} is no id and no name.")
    return "".join(f"/{quote(step, safe='')}" for step in steps)


class Server:
    """Where the server is, what each request shows it, and the connections to it."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None,
        headers: Mapping[str, str] | None,
        timeout_seconds: float,
        http_transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self.base_url = _checked(base_url)
        self.headers = dict(headers or {})
        if token:
            self.headers["Authorization"] = f"Bearer {_checked_token(token)}"
        self.timeout_seconds = timeout_seconds
        # HTTP and WebSocket trust the same certificates: those that the system trusts.
        self.tls = ssl.create_default_context()
        self.http = httpx.AsyncClient(
            headers=self.headers,
            timeout=timeout_seconds,
            verify=self.tls,
            # A proxy that some variable names would get the token, and often cannot reach this server.
            trust_env=False,
            follow_redirects=False,
            transport=http_transport,
        )

    def url(self, path: str) -> str:
        """The path's address."""
        return f"{self.base_url}{path}"

    async def ask(
        self,
        method: str,
        path: str,
        answer: TypeAdapter[_Answer],
        *,
        query: Query | None = None,
        body: BaseModel | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
        also_answers: frozenset[int] = frozenset(),
    ) -> _Answer:
        """The answer; `also_answers` are statuses besides 2xx that come with one. Raises ApiError."""
        chosen = dict(headers or {})
        if body is not None:
            chosen["Content-Type"] = "application/json"
        request = self.http.build_request(
            method,
            self.url(path),
            params={name: value for name, value in (query or {}).items() if value is not None},
            content=None if body is None else body.model_dump_json(exclude_none=True),
            headers=chosen,
            timeout=timeout_seconds or self.timeout_seconds,
        )
        try:
            response = await self.http.send(request)
        except httpx.RequestError as error:
            raise self.unreachable(error, path) from error
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        is_answer = response.status_code in also_answers and media_type == "application/json"
        if not (response.is_success or is_answer):
            raise refusal(response.status_code, response.headers, response.content, path)
        # JSON Lines are one answer too: the list of their values.
        content = response.content
        if media_type == JSON_LINES:
            content = b"[%s]" % b",".join(line for line in content.split(b"\n") if line)
        try:
            return answer.validate_json(content)
        except ValidationError as error:
            raise self.not_understood(path, response.status_code) from error

    def unreachable(self, error: Exception, path: str) -> ApiError:
        """There was no answer."""
        reason = str(error) or type(error).__name__
        return failure(NETWORK_ERROR, f"The server at {self.base_url} cannot be reached: {reason}.", path)

    def not_understood(self, path: str, status: int) -> ApiError:
        """There was an answer that makes no sense here."""
        detail = f"The answer of {self.base_url} to {path} is not one that this version understands."
        return failure(INVALID_ANSWER, detail, path, status=status)


def _checked_token(token: str) -> str:
    """The token; what is wrong with it is said without it."""
    if not re.fullmatch(r"[A-Za-z0-9._~+-]+", token):
        raise UsageError("A token has only A-Z, a-z, 0-9 and . _ ~ + - (is there a line break at its end?).")
    return token


def _checked(base_url: str) -> str:
    """The URL without a slash at its end; raises UsageError where it is not just the place of a server."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise UsageError(f"{base_url!r} is no URL: {error}.") from None
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        raise UsageError(f"{base_url!r} is not the URL of a server, such as http://127.0.0.1:8000.")
    if url.userinfo:
        raise UsageError("The server's URL must not hold a user or password; a token is given apart from it.")
    return str(url).rstrip("/")
