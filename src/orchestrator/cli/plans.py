"""`orchestrator lint`, `plans` and `use`."""

from __future__ import annotations

import asyncio
import json as json_module
from pathlib import Path

from orchestrator.cli.composition import open_services
from orchestrator.cli.event_lines import counted
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.project import choose_plan, chosen_plan, find_root, read_plan
from orchestrator.domain.plan_lint import lint_lines, lint_report
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.store.plan_files import DiskPlanFiles


def lint_plan(name: str, output: str, root: Path | None) -> ExitCode:
    """Print the plan's outline (JSON) or its problems (text); raises PlanNotFound or PlanUnreadable."""
    folder = find_root(root)
    file = asyncio.run(read_plan(DiskPlanFiles(folder), folder, name))
    plan = parse_plan(decode_plan(file.data))
    if output == "json":
        print(json_module.dumps(lint_report(plan, file.name), indent=2))
    else:
        print("\n".join(lint_lines(plan, file.path)))
    return ExitCode.FAILED if plan.errors else ExitCode.COMPLETED


def list_plans(root: Path | None, *, json: bool) -> ExitCode:
    """Print every plan with how far it is."""
    return asyncio.run(_list_plans(find_root(root), json=json))


async def _list_plans(root: Path, *, json: bool) -> ExitCode:
    async with open_services(root, create=False) as services:
        plans = await services.catalog.plans()
    if json:
        print(json_module.dumps([plan.model_dump(mode="json") for plan in plans], indent=2))
        return ExitCode.COMPLETED
    if not plans:
        print(f"There is no plan in {root / 'docs/plans'}.")
    current = chosen_plan(root)
    for plan in plans:
        mark = "*" if plan.name == current else " "
        problems = f"  ({counted(len(plan.problems), 'problem')})" if plan.problems else ""
        print(f"{mark} {plan.name:<32} {plan.completed:>4}/{plan.total_tasks:<4} {plan.title}{problems}")
    return ExitCode.COMPLETED


def use_plan(name: str, root: Path | None) -> ExitCode:
    """Remember the plan for runs that name none; raises PlanNotFound or PlanUnreadable."""
    folder = find_root(root)
    file = asyncio.run(DiskPlanFiles(folder).read(name))
    choose_plan(folder, file.name)
    print(f"Runs that name no plan take {file.path} from now on.")
    return ExitCode.COMPLETED
