"""The API server's settings: each has a default, a keyword and an `ORCHESTRATOR_API_…` variable."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from orchestrator.domain.errors import UsageError

ENVIRONMENT_PREFIX = "ORCHESTRATOR_API_"
TOKEN_LENGTH_MIN = 16
# What may stand in an Authorization header as well as in the name of a WebSocket subprotocol.
_TOKEN = re.compile(r"[A-Za-z0-9._~+-]+")
_ORIGIN = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[^/?#@\s*:\[\]]+)(:\d{1,5})?")

_Names = Annotated[tuple[str, ...], NoDecode]


class ApiSettings(BaseSettings):
    """How the API server listens, whom it answers, and its limits. Lists are comma-separated in variables."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    token: str | None = Field(
        default=None,
        repr=False,
        description="Bearer token that every client must show; required on an address other than loopback.",
    )
    allowed_hosts: _Names = Field(
        default=(),
        description="Names, besides loopback and `host`, that clients may reach the server by; "
        "`*` allows any where a token is set.",
    )
    allowed_origins: _Names = Field(
        default=("http://localhost:3000", "http://127.0.0.1:3000"),
        description="Web origins, besides the server's own, whose pages may use the API.",
    )
    access_log: bool = Field(default=True, description="Log each request, without its query string.")
    ping_seconds: float = Field(default=30.0, gt=0, description="Silence on a stream before a ping.")
    settle_wait_seconds: float = Field(
        default=2.0, ge=0, le=60, description="How long a command is waited for before the answer is 202."
    )
    poll_seconds: float = Field(
        default=1.0, gt=0, description="How often the log is looked at without a wake-up."
    )
    undertaker_seconds: float = Field(
        default=1.0, gt=0, description="How often orchestrators that died without a word are looked for."
    )
    stuck_seconds: float = Field(
        default=60.0, gt=0, description="How long a stream's client may take nothing before it is closed."
    )
    shutdown_seconds: int = Field(
        default=2, ge=1, description="How long open requests may take to end when the server stops."
    )
    queue_frames_max: int = Field(default=1_000, ge=1, description="Frames that wait for one client.")
    queue_bytes_max: int = Field(default=4 * 2**20, ge=1, description="Bytes that wait for one client.")
    streams_max: int = Field(default=10_000, ge=1, description="Streams that are open at once.")
    connections_max: int = Field(
        default=12_000,
        ge=64,
        description="Connections that are open at once; fewer where descriptors are few.",
    )
    head_bytes_max: int = Field(
        default=32 * 2**10, ge=1_024, description="Size of a request's URL and headers together."
    )
    url_bytes_max: int = Field(default=8 * 2**10, ge=256, description="Size of a request's URL.")
    head_seconds: float = Field(
        default=10.0, gt=0, description="How long a connection may take to bring the head of a request."
    )
    body_bytes_max: int = Field(default=64 * 2**10, ge=1, description="Size of a request's body.")
    body_seconds: float = Field(default=10.0, gt=0, description="How long a request's body may take.")
    client_message_bytes_max: int = Field(
        default=16 * 2**10, ge=1, description="Size of a message from a WebSocket client (ignored anyway)."
    )

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.lower() for name in value)

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin; write it as https://example.org, without a path")
        return tuple(origin.lower() for origin in value)

    @field_validator("token")
    @classmethod
    def _is_token(cls, value: str | None) -> str | None:
        if value is not None and (len(value) < TOKEN_LENGTH_MIN or not _TOKEN.fullmatch(value)):
            raise ValueError(
                f"a token has at least {TOKEN_LENGTH_MIN} of the characters A-Z, a-z, 0-9 and . _ ~ + -"
            )
        return value

    @classmethod
    def load(cls, **chosen: Any) -> Self:
        """The settings from the environment, with what was chosen over it; raises UsageError."""
        try:
            return cls(**chosen)
        except ValidationError as error:
            raise UsageError(_explained(error)) from None


def _explained(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        variable = f"{ENVIRONMENT_PREFIX}{name.upper()}"
        message = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{name} (or {variable}): {message}")
    return "The API server's settings are wrong. " + "; ".join(parts) + "."
