"""`orchestrator lint`, `plans` and `use`."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orchestrator import __version__
from orchestrator.agents.registry import AgentRegistry
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.cli.agent_composition import Use, make_agents
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.output import write, write_error, write_json
from orchestrator.cli.project import choose_plan, find_root, read_plan
from orchestrator.cli.source import open_source
from orchestrator.domain.errors import PlanNotFound, PlanUnreadable
from orchestrator.domain.evidence import STALE_TEXT
from orchestrator.domain.plan import Plan
from orchestrator.domain.plan_lint import lint_lines, lint_problems, lint_report
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.plan_sarif import sarif_log
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.side_by_side import side_by_side_warning
from orchestrator.domain.wording import counted
from orchestrator.engine.outline import RunChoices, plan_loaded
from orchestrator.engine.records import PlanFile
from orchestrator.store.plan_files import DiskPlanFiles


def lint_plans(names: Sequence[str], output: str, root: Path | None) -> ExitCode:
    """Print the problems of these plans, or of all: as text, as JSON with their outlines, or as SARIF.

    Raises PlanNotFound or PlanUnreadable for a plan that was named.
    """
    folder = find_root(root)
    plans = asyncio.run(_read(names, folder))
    match output:
        case "json":
            reports = [lint_report(plan, file.name) for file, plan in plans]
            write_json(json_module.dumps(reports[0] if len(names) == 1 else reports, indent=2))
        case "sarif":
            log = sarif_log([(file.path, plan) for file, plan in plans], __version__)
            write_json(json_module.dumps(log, indent=2))
        case _:
            write(
                "\n".join(
                    line for file, plan in plans for line in map(safe_line, lint_lines(plan, file.path))
                )
            )
    return ExitCode.FAILED if any(plan.errors for _, plan in plans) else ExitCode.COMPLETED


async def _read(names: Sequence[str], root: Path) -> list[tuple[PlanFile, Plan]]:
    """The named plans, else every plan of the project; two of one name are a problem of both."""
    store = DiskPlanFiles(root)
    if names:
        files = [await read_plan(store, root, name) for name in names]
    else:
        files = list(await store.list())
        if not files:
            raise PlanNotFound(f"There is no plan in {root / 'docs/plans'}.")
        for file in files:
            if file.problem:
                raise PlanUnreadable(f"{file.path}: {file.problem}")
    registry = make_agents(root, Use.LOOK)
    if registry.problem is not None:
        write_error(registry.problem)
    names = agent_names(registry)
    return [(file, linted(file, names)) for file in files]


def agent_names(registry: AgentRegistry) -> tuple[str, ...]:
    """The names that a plan may use; `scripted` is there for runs with a script."""
    return (ScriptedAgent.name, *(agent.name for agent in registry.all()))


def linted(file: PlanFile, agents: Sequence[str]) -> Plan:
    """The plan with the problems, too, that its text alone does not show."""
    plan = parse_plan(decode_plan(file.data))
    begun = plan_loaded(plan, file, choices=RunChoices(parallel=plan.parallel or 1))
    side_by_side = None if plan.errors else side_by_side_warning(begun)
    return replace(plan, problems=lint_problems(plan, agents, side_by_side))


def list_plans(root: Path | None, url: str | None, *, json: bool) -> ExitCode:
    """Print every plan with how far it is."""
    return asyncio.run(_list_plans(root, url, json=json))


async def _list_plans(root: Path | None, url: str | None, *, json: bool) -> ExitCode:
    async with open_source(root, url) as source:
        plans = await source.plans()
        where, current = source.where, None if json else source.chosen_plan
    if json:
        write_json(json_module.dumps([plan.model_dump(mode="json") for plan in plans], indent=2))
        return ExitCode.COMPLETED
    if not plans:
        write(f"There is no plan {where}.")
    for plan in plans:
        mark = "*" if plan.name == current else " "
        notes = [f"{plan.stale} of them {STALE_TEXT}"] if plan.stale else []
        notes += [f"{plan.unchecked} unchecked"] if plan.unchecked else []
        if plan.progress_percent == 100 and plan.completed < plan.total_tasks:
            notes.append("the rest skipped")
        notes += [counted(len(plan.problems), "problem")] if plan.problems else []
        told = f"  ({', '.join(notes)})" if notes else ""
        done = f"{plan.completed:>4}/{plan.total_tasks:<4}"
        write(safe_line(f"{mark} {plan.name:<32} {done} {plan.title}{told}"))
    return ExitCode.COMPLETED


def use_plan(name: str, root: Path | None) -> ExitCode:
    """Remember the plan for runs that name none; raises PlanNotFound or PlanUnreadable."""
    folder = find_root(root)
    file = asyncio.run(DiskPlanFiles(folder).read(name))
    choose_plan(folder, file.name)
    write(f"Runs that name no plan take {file.path} from now on.")
    return ExitCode.COMPLETED
