"""Who may talk to the server: Host, Origin and Fetch Metadata on HTTP and WebSocket, and the bearer token.

A page on another origin, or one that rebinds its name to this machine, gets 403 whatever it requests. Three
headers tell such requests apart, and no page can forge any of them:

- `Host` must be a name of this machine: a page whose own name was rebound to it sends that name.
- `Origin` must be allowed. Browsers send it with WebSockets, CORS requests and every POST, but not with what
  a page embeds: images, scripts, style sheets, frames and forms that GET.
- `Sec-Fetch-Site` covers those. Browsers set it to `same-origin`, `same-site`, `cross-site`, or `none` (an
  address that was typed, or a bookmark). The first and the last may pass; the others need an allowed
  `Origin`, unless a tab navigates to a page that is there to be opened. Another port of this machine is
  `same-site`, and may be anybody's.

Programs such as curl, and old browsers, do not send `Sec-Fetch-Site`; for them the other two rules hold. This
is a resource isolation policy (https://web.dev/articles/fetch-metadata).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.api.errors import ApiError, ProblemResponse
from orchestrator.api.refused_origins import RefusedOrigins
from orchestrator.api.settings import ENVIRONMENT_PREFIX, ApiSettings
from orchestrator.domain.errors import UsageError

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
SUBPROTOCOL = "orchestrator.v1"
TOKEN_SUBPROTOCOL = "bearer."  # noqa: S105 - the prefix under which a browser shows its token
# Pages and probes that hold no secret and whose readers cannot send a header.
_OPEN_PATHS = frozenset({"/", "/livez", "/readyz", "/docs", "/redoc", "/openapi.json", "/favicon.ico"})
_OPEN_FOLDERS = ("/static/", "/dashboard/")
_PAGES = frozenset({"/", "/docs", "/redoc"})
"""What a link on any page may open; the dashboard keeps its own addresses behind `#`."""
_OWN_SITES = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_WILDCARDS = frozenset({"0.0.0.0", "::", "[::]", ""})  # noqa: S104 - these are compared with, not bound to

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Sent with every answer that does not set them itself."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_binding(host: str, token: str | None) -> None:
    """Raise UsageError for an address that others can reach while no token is set."""
    if token is None and not is_loopback(host):
        raise UsageError(
            f"Refusing to listen on {host} without a token: anyone who reaches it could steer your agents. "
            f"Set {ENVIRONMENT_PREFIX}TOKEN to a long random text, or listen on 127.0.0.1."
        )


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def split_port(host: str) -> tuple[str, int | None] | None:
    """`name[:port]` in lower case and in parts, or None when it is no such thing."""
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port
    except ValueError:
        return None
    if parts.netloc != host or not parts.hostname or "@" in host or parts.hostname.strip() != parts.hostname:
        return None
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return name, port


class HostAndOrigin:
    """Refuses requests by Host, Origin and Fetch Metadata, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        own = settings.host.lower()
        own = f"[{own}]" if ":" in own and not own.startswith("[") else own
        named = {own} - _WILDCARDS
        self._hosts = LOOPBACK_HOSTS | named | set(settings.allowed_hosts)
        self._any_host = "*" in settings.allowed_hosts and settings.token is not None
        self._origins = frozenset(settings.allowed_origins)
        self._refused = RefusedOrigins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        secured = _with_security_headers(send)
        problem = self._problem(scope)
        if problem is None:
            await self._app(scope, receive, secured)
        else:
            await ProblemResponse(scope, problem)(scope, receive, secured)

    def _problem(self, scope: Scope) -> ApiError | None:
        hosts = _values(scope, b"host")
        host = split_port(hosts[0]) if len(hosts) == 1 else None
        if host is None or not (self._any_host or host[0] in self._hosts):
            return ApiError(
                403,
                "host_not_allowed",
                "This server does not answer to that Host. "
                f"If it is yours, name it in {ENVIRONMENT_PREFIX}ALLOWED_HOSTS.",
            )
        origins = _values(scope, b"origin")
        for origin in origins:
            if not self._is_allowed(origin, host):
                return ApiError(403, "origin_not_allowed", self._refused.explain(origin))
        if origins or _is_of_own_site(scope) or _opens_a_page(scope):
            return None
        return ApiError(
            403,
            "site_not_allowed",
            "A page of another site or port sent this without naming its origin, as images, scripts, frames "
            "and links do. From an allowed origin, use `fetch` with CORS.",
        )

    def _is_allowed(self, origin: str, host: tuple[str, int | None]) -> bool:
        if origin.lower() in self._origins:
            return True
        scheme, _, rest = origin.lower().partition("://")
        page = split_port(rest)
        if scheme not in _DEFAULT_PORTS or page is None:
            return False
        default = _DEFAULT_PORTS[scheme]
        return page[0] == host[0] and (page[1] or default) == (host[1] or default)


def _is_of_own_site(scope: Scope) -> bool:
    """Whether no page of another site, or of another port of this machine, is behind the request."""
    return all(site.lower() in _OWN_SITES for site in _values(scope, b"sec-fetch-site"))


def _opens_a_page(scope: Scope) -> bool:
    """Whether a tab goes to a page of ours, as by a link. A frame or an object would be `dest` otherwise."""
    return (
        scope["type"] == "http"
        and scope["method"] in {"GET", "HEAD"}
        and scope["path"] in _PAGES
        and _values(scope, b"sec-fetch-mode") == ["navigate"]
        and _values(scope, b"sec-fetch-dest") == ["document"]
    )


def _with_security_headers(send: Send) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return secured


class TokenGate:
    """Asks for the bearer token, where one is set: in the Authorization header, or as a subprotocol."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token.encode() if token is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what shows the token, and what needs none."""
        if self._may_pass(scope):
            await self._app(scope, receive, send)
        else:
            problem = ApiError(
                401,
                "unauthorized",
                "This server asks for its token: send it as `Authorization: Bearer …`, "
                f"or from a browser's WebSocket as the subprotocol `{TOKEN_SUBPROTOCOL}…`.",
                headers={"WWW-Authenticate": 'Bearer realm="orchestrator"'},
            )
            await ProblemResponse(scope, problem)(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        token = self._token
        if token is None or scope["type"] not in {"http", "websocket"} or _is_open(scope):
            return True
        return any(hmac.compare_digest(shown.encode(), token) for shown in _shown_tokens(scope))


def _is_open(scope: Scope) -> bool:
    path = scope["path"]
    return scope["type"] == "http" and (path in _OPEN_PATHS or path.startswith(_OPEN_FOLDERS))


def _shown_tokens(scope: Scope) -> Iterable[str]:
    for value in _values(scope, b"authorization"):
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer":
            yield token.strip()
    for name in scope.get("subprotocols", ()):
        if name.startswith(TOKEN_SUBPROTOCOL):
            yield name.removeprefix(TOKEN_SUBPROTOCOL)


def chosen_subprotocol(offered: Iterable[str]) -> str | None:
    """The subprotocol that an accepted WebSocket names: a browser that offers some insists on one of them."""
    names = list(offered)
    if SUBPROTOCOL in names:
        return SUBPROTOCOL
    return next((name for name in names if name.startswith(TOKEN_SUBPROTOCOL)), None)
