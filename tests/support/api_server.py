"""A real server on a free port over a real database, and real clients."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from driven_run import Run
from httpx_sse import ServerSentEvent, aconnect_sse
from patience import until

from orchestrator.api.app import create_app
from orchestrator.api.server import ApiServer, bind, url_of
from orchestrator.api.settings import ApiSettings
from orchestrator.domain.events import (
    OrchestratorChanged,
    PlanLoaded,
    PlannedPhase,
    PlannedTask,
)
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import NewInstance
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.status_reader import StatusReader
from orchestrator.store.open import open_store

SECONDS = 10
TASKS = tuple(PlannedTask(id=f"1.{number}", phase=1, description=f"task {number}") for number in (1, 2))


class Hosts:
    """The processes of this host, as the test says."""

    host = "here"

    def __init__(self) -> None:
        self.dead: set[int] = set()

    def fate(self, _host: str, pid: int, _started: str) -> str:
        return "dead" if pid in self.dead else "alive"

    def sweep(self, _instance_id: str) -> int:
        return 0


@dataclass
class Running:
    """A server that runs, and how tests talk with it."""

    server: ApiServer
    serving: "asyncio.Task[None]"
    ports: Ports
    app: Any
    url: str
    client: httpx.AsyncClient
    processes: Hosts

    async def begin(self, instance_id: str = "orch-1") -> Run:
        new = NewInstance(
            instance_id, self.ports.project, "demo", f"docs/plans/{instance_id}.md", "/w", "here", 77, "1"
        )
        run = Run(self.ports, await self.ports.registry.claim(new))
        await run.append(
            PlanLoaded(
                plan_name="demo",
                plan_path="docs/plans/demo.md",
                title="Demo",
                phases=(PlannedPhase(number=1, name="Build"),),
                tasks=TASKS,
            ),
            OrchestratorChanged(old_status=RunStatus.STARTING, new_status=RunStatus.RUNNING),
        )
        return run

    def ws_url(self, path: str) -> str:
        return self.url.replace("http", "ws", 1) + path

    def socket(self, path: str, **options: Any) -> Any:
        # Without its own limit the client would stop reading, and then could not close either.
        return websockets.connect(self.ws_url(path), open_timeout=SECONDS, max_queue=None, **options)

    @asynccontextmanager
    async def sse(self, path: str, **options: Any) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
        async with aconnect_sse(self.client, "GET", path, **options) as source:
            source.response.raise_for_status()
            yield source.aiter_sse()


async def take(messages: Any, count: int) -> list[dict[str, Any]]:
    """The next messages of a WebSocket or an SSE stream, as values."""
    found = []
    async with asyncio.timeout(SECONDS):
        while len(found) < count:
            message = await (messages.recv() if hasattr(messages, "recv") else anext(messages))
            found.append(json.loads(message if isinstance(message, str) else message.data))
    return found


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings(port=0, settle_wait_seconds=0.2, undertaker_seconds=0.1)


@pytest.fixture
def database_url() -> str | None:
    return None


@pytest.fixture
async def make_server(
    tmp_path: Path, settings: ApiSettings, database_url: str | None
) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:
        ports = await stack.enter_async_context(open_store(tmp_path, database_url))

        async def make(**changes: Any) -> Running:
            chosen = settings.model_copy(update=changes)
            reader, processes = StatusReader(ports.registry, ports.log, ports.commands), Hosts()
            undertaker = Undertaker(ports.registry, reader, processes, lambda: datetime.now(UTC))
            app = create_app(
                ports, chosen, reader=reader, catalog=PlanCatalog(ports, reader), undertaker=undertaker
            )
            sock = bind(chosen)
            server = ApiServer(app, chosen)
            url = url_of(sock)
            serving = asyncio.create_task(server.serve(sock))
            stack.push_async_callback(_stop, server, serving)
            await until(lambda: server.has_started or serving.done())
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=SECONDS))
            return Running(server, serving, ports, app, url, client, processes)

        yield make


async def _stop(server: ApiServer, serving: "asyncio.Task[None]") -> None:
    server.stop()
    async with asyncio.timeout(SECONDS):
        await serving


@pytest.fixture
async def running(make_server: Callable[..., Any]) -> Running:
    return await make_server()


@pytest.fixture(name="take")
def take_fixture() -> Callable[..., Any]:
    return take


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Any]:
    return until
