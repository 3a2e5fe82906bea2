"""An app over the ports in memory, asked in process: no socket, no file."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from driven_run import Run
from fastapi import FastAPI

from orchestrator.api.app import create_app
from orchestrator.api.settings import ApiSettings
from orchestrator.domain.events import (
    OrchestratorChanged,
    PlanLoaded,
    PlannedPhase,
    PlannedTask,
)
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import NewInstance
from orchestrator.engine.status_reader import StatusReader
from orchestrator.store.open import open_memory_store

PLAN = "# Demo\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n"


def plan_loaded(tasks: int = 2) -> PlanLoaded:
    return PlanLoaded(
        plan_name="demo",
        plan_path="docs/plans/demo.md",
        title="Demo",
        phases=(PlannedPhase(number=1, name="Build"),),
        tasks=tuple(
            PlannedTask(id=f"1.{number}", phase=1, description=f"task {number}")
            for number in range(1, tasks + 1)
        ),
    )


async def begin(ports: Ports, instance_id: str = "orch-1", tasks: int = 2) -> Run:
    path = f"docs/plans/{instance_id}.md"
    new = NewInstance(instance_id, ports.project, "demo", path, "/w", "here", 1, "1", "shell")
    run = Run(ports, await ports.registry.claim(new))
    await run.append(
        plan_loaded(tasks), OrchestratorChanged(old_status=RunStatus.STARTING, new_status=RunStatus.RUNNING)
    )
    return run


@dataclass
class World:
    ports: Ports
    app: FastAPI
    client: httpx.AsyncClient

    async def begin(self, instance_id: str = "orch-1", tasks: int = 2) -> Run:
        return await begin(self.ports, instance_id, tasks)


@pytest.fixture
def until() -> Callable[..., Any]:
    """Waits for a condition that may be asynchronous."""

    async def waited(condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while True:
                found = condition()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.001)

    return waited


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings(settle_wait_seconds=0.05, poll_seconds=0.05, body_seconds=0.2)


@pytest.fixture
async def ports() -> AsyncIterator[Ports]:
    async with open_memory_store(plans={"demo.md": PLAN}) as opened:
        yield opened


@pytest.fixture
async def make_world(ports: Ports, settings: ApiSettings) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def make(
            *, starter: Any = None, agents: Any = tuple, allow_shell: bool = False, **changes: Any
        ) -> World:
            chosen = settings.model_copy(update=changes)
            reader = StatusReader(ports.registry, ports.log, ports.commands)
            app = create_app(
                ports,
                chosen,
                reader=reader,
                catalog=PlanCatalog(ports, reader),
                agents=AgentRoll(agents),
                starter=starter,
                allow_shell=allow_shell,
            )
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app)
            client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
            return World(ports, app, await stack.enter_async_context(client))

        yield make


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> World:
    return await make_world()
