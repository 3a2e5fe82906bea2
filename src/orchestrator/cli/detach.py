"""`orchestrator run --detach`: a run that needs no terminal, started as over HTTP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from orchestrator.cli.composition import open_services
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.launcher import ProcessLauncher
from orchestrator.cli.output import write, write_json
from orchestrator.cli.project import default_plan, find_root
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.records import NewRun
from orchestrator.engine.run_starter import RunStarter
from orchestrator.store.plan_files import DiskPlanFiles


def run_detached(run: NewRun, root: Path | None, checkout: str | None, *, as_json: bool) -> ExitCode:
    """Start it, say its id and where its output goes, and end. An empty plan means the default one."""
    return asyncio.run(_run_detached(run, find_root(root), checkout, as_json=as_json))


async def _run_detached(run: NewRun, root: Path, checkout: str | None, *, as_json: bool) -> ExitCode:
    plan = run.plan or await default_plan(DiskPlanFiles(root), root)
    async with open_services(root, checkout=checkout) as services:
        launcher = ProcessLauncher(root, services.state_folder, checkout=checkout)
        starter = RunStarter(services.ports, services.undertaker, launcher, AgentRoll(tuple))
        # A user at the command line could run what the repository names by hand as well.
        record, log_path = await starter.start(replace(run, plan=plan), may_run_repository=True)
    if as_json:
        write_json(json.dumps({"id": record.id, "pid": record.pid, "log_path": log_path}))
    else:
        write(f"{record.id} works on {record.plan_path}; its output goes to {log_path}")
    return ExitCode.COMPLETED
