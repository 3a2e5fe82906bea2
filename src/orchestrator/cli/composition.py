"""Puts the program together: which store, which agents, which clock. Everything else sees ports only."""

from __future__ import annotations

import asyncio
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
from orchestrator.cli.crash_reports import keep_crash_reports_in
from orchestrator.cli.output import write_error
from orchestrator.domain.errors import PlanOwned
from orchestrator.domain.redaction import redactor
from orchestrator.domain.safe_text import safe_line
from orchestrator.engine.orchestrator import Orchestrator, RunOptions
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.ports import Ports
from orchestrator.engine.pruning import Pruner
from orchestrator.engine.records import NewInstance, PlanFile
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.redacted_commands import RedactedCommands
from orchestrator.engine.status_reader import StatusReader
from orchestrator.store.open import open_memory_store, open_store
from orchestrator.store.plan_files import DiskPlanFiles
from orchestrator.store.plan_outputs import DiskPlanOutputs
from orchestrator.store.run_files import DiskRunFiles
from orchestrator.store.state_folder import has_state, open_state
from orchestrator.store.state_place import find_place
from orchestrator.store.work_tree import DiskWorkTree

DATABASE_URL_VARIABLE = "ORCHESTRATOR_DATABASE_URL"
CHECKOUT_VARIABLE = "ORCHESTRATOR_CHECKOUT"


@dataclass(frozen=True)
class Services:
    """All that a door needs, over one open store. `state_folder` is where logs and the like are kept."""

    ports: Ports
    state_folder: Path
    reader: StatusReader
    catalog: PlanCatalog
    undertaker: Undertaker
    processes: LocalProcesses


@asynccontextmanager
async def open_services(
    root: Path, *, create: bool = True, checkout: str | None = None
) -> AsyncIterator[Services]:
    """The services over the project's database; raises StorageError where it cannot be opened.

    Without `create`, a project that has no database yet is shown as empty and left as it is. `checkout` is a
    name for this checkout; else it has that of its linked worktree.
    """
    url = os.environ.get(DATABASE_URL_VARIABLE) or None
    is_there = create or url is not None or has_state(root)
    checkout = checkout or os.environ.get(CHECKOUT_VARIABLE) or None
    async with _with_database(root, url, checkout) if is_there else _without_database(root) as opened:
        ports = replace(opened, commands=RedactedCommands(opened.commands, redactor(os.environ)))
        reader = StatusReader(ports.registry, ports.log, ports.commands)
        processes = LocalProcesses()
        yield Services(
            ports=ports,
            state_folder=find_place(root).folder,
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
        files = DiskRunFiles(root, services.state_folder)
        yield Pruner(services.ports.project, services.ports.storage, services.ports.log, files)


@asynccontextmanager
async def _with_database(root: Path, url: str | None, checkout: str | None) -> AsyncIterator[Ports]:
    state = await asyncio.to_thread(open_state, root, checkout)
    keep_crash_reports_in(state.folder)

    def tell(notice: str) -> None:
        write_error(safe_line(notice))

    for notice in state.notices:
        tell(notice)
    async with open_store(root, url, state=state, on_notice=tell) as ports:
        yield ports


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
        project=services.ports.project,
        plan_name=file.name,
        plan_path=file.path,
        worktree_path=root,
        host=services.processes.host,
        pid=pid,
        pid_started=services.processes.start_time(pid),
        agent=options.agent,
        checkout=services.ports.checkout,
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
