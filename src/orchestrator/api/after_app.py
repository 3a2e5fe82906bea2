"""Serves streams when the app has returned, so that a connection does not hold the app's call stack.

An endpoint that serves a stream itself stays inside two dozen coroutines of middlewares, router and
dependencies, with their exit stacks, for as long as its client listens: a quarter of the 40 KB that a
connection takes. So it only says here how to serve, and returns. The outermost middleware serves when
everything inside has unwound; the `receive` and `send` that the endpoint got stay valid.

Errors need a handler of their own here: those of the app are gone by then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.api.errors import ApiError, ProblemResponse, internal

KEY = "orchestrator.after_app"


class AfterApp:
    """The middleware around all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and then serve the stream that it asked for."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        # A list: a router may have copied the scope.
        later: list[Callable[[], Awaitable[None]]] = []
        scope[KEY] = later
        await self._app(scope, receive, send)
        if later:
            for name in [name for name in scope if name.startswith("fastapi")]:
                # Exit stacks, which are empty by now.
                del scope[name]
            await later.pop()()


async def serve_after_app(
    serve: Callable[[], Awaitable[None]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Have the stream served when the app has returned; at once where that middleware is missing.

    An ApiError that it raises before it has begun is answered.
    """
    serving = partial(_serve, serve, scope, receive, send)
    later = scope.get(KEY)
    if later is None:
        await serving()
    else:
        later.append(serving)


async def _serve(serve: Callable[[], Awaitable[None]], scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await serve()
    except ApiError as error:
        await ProblemResponse(scope, error)(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - the last resort, as `CatchAll` is for the app
        internal(error)
