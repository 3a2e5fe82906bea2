"""Puts the app together: routes, guard, errors, and what runs beside the requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator import __version__
from orchestrator.api import dashboard_page, docs_pages, errors
from orchestrator.api.after_app import AfterApp
from orchestrator.api.context import ApiContext
from orchestrator.api.docs_pages import STATIC_FOLDER
from orchestrator.api.guard import HostAndOrigin, TokenGate
from orchestrator.api.head_requests import HeadAsGet
from orchestrator.api.hub import Hub
from orchestrator.api.metrics import Metrics
from orchestrator.api.openapi import DESCRIPTION, TITLE
from orchestrator.api.orchestrator_list import OrchestratorList
from orchestrator.api.routes import agents, commands, events, health, orchestrators, plans, runs
from orchestrator.api.settings import ApiSettings
from orchestrator.api.status_cache import StatusCache
from orchestrator.domain.errors import OrchestratorError
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.ports import Ports
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.run_starter import RunStarter
from orchestrator.engine.status_reader import StatusReader

logger = logging.getLogger(__name__)


EXPOSED_HEADERS = ("ETag", "Location", "Link", "Retry-After", "WWW-Authenticate")
PREFLIGHT_SECONDS = 600


def create_app(
    ports: Ports,
    settings: ApiSettings,
    *,
    reader: StatusReader,
    catalog: PlanCatalog,
    agents: AgentRoll | None = None,
    undertaker: Undertaker | None = None,
    starter: RunStarter | None = None,
    allow_shell: bool = False,
) -> FastAPI:
    """The app, the same inside an orchestrator's process and alone. Its context is `app.state.context`.

    `agents` knows those that runs may name.
    `starter` starts runs; `allow_shell` lets it start what the repository names also where no token is set.
    """
    metrics = Metrics()
    context = ApiContext(
        ports=ports,
        settings=settings,
        reader=reader,
        catalog=catalog,
        hub=Hub(ports.log, ports.changes, settings, metrics),
        statuses=StatusCache(reader, ports.changes),
        orchestrators=OrchestratorList(ports.registry, ports.changes),
        metrics=metrics,
        agents=agents or AgentRoll(tuple),
        starter=starter,
        may_run_repository=allow_shell or settings.token is not None,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with context.hub.running(), _watching(context, undertaker):
            yield

    app = bare_app(settings, metrics, lifespan=lifespan)
    app.state.context = context
    return app


def bare_app(settings: ApiSettings, metrics: Metrics, **options: object) -> FastAPI:
    """The app without what stands behind it: enough for its OpenAPI document."""
    app = FastAPI(
        title=TITLE,
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        middleware=[
            Middleware(AfterApp),
            Middleware(_Counted, metrics=metrics),
            Middleware(HostAndOrigin, settings=settings),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=("GET", "POST"),
                allow_headers=("*",),
                expose_headers=EXPOSED_HEADERS,
                max_age=PREFLIGHT_SECONDS,
            ),
            Middleware(TokenGate, token=settings.token),
            Middleware(errors.CatchAll),
            Middleware(HeadAsGet),
        ],
        **options,  # type: ignore[arg-type]  # only `lifespan`, from above
    )
    errors.install(app)
    for module in (health, orchestrators, runs, commands, agents, plans, events):
        app.include_router(module.router)
    app.include_router(agents.names_router)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
    docs_pages.add(app)
    dashboard_page.add(app)
    return app


class _Counted:
    """Counts the answers by class of status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                self._metrics.requests[f"{message['status'] // 100}xx"] += 1
            await send(message)

        await self._app(scope, receive, counted)


@asynccontextmanager
async def _watching(context: ApiContext, undertaker: Undertaker | None) -> AsyncIterator[None]:
    """Look out for orchestrators that died without a word, while the context lasts."""
    if undertaker is None:
        yield
        return
    task = asyncio.create_task(_watch(context, undertaker))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(context: ApiContext, undertaker: Undertaker) -> None:
    while True:
        try:
            for instance_id in await undertaker.bury_the_dead():
                logger.warning("orchestrator %s is dead; its log says so now", instance_id)
            if not context.is_watching:
                logger.warning("looking out for dead orchestrators again")
            context.is_watching = True
        except Exception as error:  # the look-out outlives whatever the storage does
            if context.is_watching:
                unexpected = None if isinstance(error, OrchestratorError) else error
                logger.log(logging.ERROR, "cannot look out for the dead: %s", error, exc_info=unexpected)
            context.is_watching = False
        await asyncio.sleep(context.settings.undertaker_seconds)
