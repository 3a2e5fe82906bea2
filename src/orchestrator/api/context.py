"""What the routes work with, and how they get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from orchestrator.api.hub import Hub
from orchestrator.api.metrics import Metrics
from orchestrator.api.orchestrator_list import OrchestratorList
from orchestrator.api.settings import ApiSettings
from orchestrator.api.status_cache import StatusCache
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.ports import Ports
from orchestrator.engine.run_starter import RunStarter
from orchestrator.engine.status_reader import StatusReader


@dataclass
class ApiContext:
    """One per app. `abort` cuts a client's connection off; the server that runs the app sets it.

    `may_run_repository` says whether runs that are started here may start what the repository names: shell
    blocks, and agents' programs.
    `is_watching` is False while the look-out for dead orchestrators fails.
    """

    ports: Ports
    settings: ApiSettings
    reader: StatusReader
    catalog: PlanCatalog
    hub: Hub
    statuses: StatusCache
    orchestrators: OrchestratorList
    metrics: Metrics
    agents: AgentRoll
    starter: RunStarter | None = None
    may_run_repository: bool = False
    is_watching: bool = True
    abort: Callable[[tuple[str, int]], None] = field(default=lambda _client: None)


async def context_of(connection: HTTPConnection) -> ApiContext:
    """The context of the app that serves this connection."""
    context = connection.app.state.context
    assert isinstance(context, ApiContext)
    return context


Context = Annotated[ApiContext, Depends(context_of)]
