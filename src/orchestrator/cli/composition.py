"""Puts the program together: which store, which agents, which clock. Everything else sees ports only."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from orchestrator.agents.host import LocalProcesses
from orchestrator.agents.programs import Programs
from orchestrator.agents.registry import AgentRegistry
from orchestrator.domain.errors import PlanOwned
from orchestrator.domain.redaction import redactor
from orchestrator.engine.orchestrator import Orchestrator, RunOptions
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.ports import Ports
from orchestrator.engine.pruning import Pruner
from orchestrator.engine.records import NewInstance, PlanFile
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.redacted_commands import RedactedCommands
from orchestrator.engine.status_reader import StatusReader
from orchestrator.store.database import STATE_FOLDER, default_location
from orchestrator.store.open import open_memory_store, open_store
from orchestrator.store.plan_files import DiskPlanFiles
from orchestrator.store.plan_outputs import DiskPlanOutputs
from orchestrator.store.run_files import DiskRunFiles
from orchestrator.store.work_tree import DiskWorkTree

DATABASE_URL_VARIABLE = "ORCHESTRATOR_DATABASE_URL"


@dataclass(frozen=True)
class Services:
    """All that a door needs, over one open store."""

    ports: Ports
    reader: StatusReader
    catalog: PlanCatalog
    undertaker: Undertaker
    processes: LocalProcesses


@asynccontextmanager
async def open_services(root: Path, *, create: bool = True) -> AsyncIterator[Services]:
    """The services over the project's database; raises StorageError where it cannot be opened.

    Without `create`, a project that has no database yet is shown as empty and left as it is.
    """
    url = os.environ.get(DATABASE_URL_VARIABLE) or None
    is_there = url is not None or default_location(root).path.exists()
    async with open_store(root, url) if create or is_there else _without_database(root) as opened:
        ports = replace(opened, commands=RedactedCommands(opened.commands, redactor(os.environ)))
        reader = StatusReader(ports.registry, ports.log)
        processes = LocalProcesses()
        yield Services(
            ports=ports,
            reader=reader,
            catalog=PlanCatalog(ports, reader, redactor(os.environ)),
            undertaker=Undertaker(ports.registry, reader, processes, utc_now),
            processes=processes,
        )


@asynccontextmanager
async def open_pruner(root: Path) -> AsyncIterator[Pruner]:
    """What prunes the project; runs that died without a word are found out first."""
    async with open_services(root, create=False) as services:
        await services.undertaker.bury_the_dead()
        files = DiskRunFiles(root, root / STATE_FOLDER)
        yield Pruner(str(root), services.ports.storage, services.ports.log, files)


@asynccontextmanager
async def _without_database(root: Path) -> AsyncIterator[Ports]:
    async with open_memory_store(root) as ports:
        yield replace(ports, plans=DiskPlanFiles(root), outputs=DiskPlanOutputs(root))


def make_orchestrator(
    services: Services,
    file: PlanFile,
    options: RunOptions,
    agents: AgentRegistry,
    *,
    reread: Callable[[], Awaitable[PlanFile]],
    on_wait: Callable[[PlanOwned], None],
    instance_id: str | None = None,
) -> Orchestrator:
    """A new orchestrator of this process for the plan; without `instance_id` it gets a new one."""
    pid, root = os.getpid(), str(services.ports.root)
    new = NewInstance(
        id=instance_id or new_instance_id(),
        project=root,
        plan_name=file.name,
        plan_path=file.path,
        worktree_path=root,
        host=services.processes.host,
        pid=pid,
        pid_started=services.processes.start_time(pid),
        agent=options.agent,
    )
    return Orchestrator(
        services.ports,
        agents,
        services.undertaker,
        services.reader,
        file,
        new,
        options,
        utc_now,
        reread=reread,
        redact=redactor(os.environ),
        on_wait=on_wait,
        tree=DiskWorkTree(partial(_git, services.ports.root), os.environ),
    )


def _git(root: Path) -> str | None:
    """Git's program, but never one that lies in the repository."""
    return Programs(outside=Path(os.path.realpath(root))).find("git", os.environ)


def new_instance_id() -> str:
    """An id that sorts by time and is the only one of its kind."""
    return f"orch-{utc_now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def utc_now() -> datetime:
    """The time of this host, in UTC."""
    return datetime.now(UTC)
