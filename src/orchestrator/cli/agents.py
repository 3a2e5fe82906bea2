"""`orchestrator agents` and `prompt`: who could do the tasks, and what they would be sent."""

from __future__ import annotations

import asyncio
import json as json_module
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from orchestrator.cli.agent_composition import Use, make_agents
from orchestrator.cli.composition import open_services
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.project import find_root, read_plan
from orchestrator.domain.errors import UsageError
from orchestrator.domain.plan import Plan, Task, TaskId
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.plan_problems import refuse_errors
from orchestrator.domain.task_agents import SHELL, task_agent
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.prompt import PromptPart, prompt_text, task_prompt
from orchestrator.engine.prompt_facts import prompt_facts
from orchestrator.engine.records import Abilities, AgentCheck
from orchestrator.store.plan_files import DiskPlanFiles

_ABILITIES: Mapping[str, str] = {
    "permissions": "asks",
    "resume": "goes on with a conversation",
    "messages": "takes messages",
    "cost": "tells its cost",
    "budget": "stops at a budget",
}
"""The fields of Abilities, in words that follow an agent's name."""


def list_agents(root: Path | None, *, run_repository_agents: bool, json: bool) -> ExitCode:
    """Print each agent with its version and what it can do, or what is missing."""
    agents = make_agents(find_root(root), Use.RUN if run_repository_agents else Use.LOOK)
    checks = asyncio.run(AgentRoll(agents.all).checks())
    if json:
        found = [{"name": name, **asdict(check)} for name, check in checks.items()]
        print(json_module.dumps(found, indent=2))
        return ExitCode.COMPLETED
    for name, check in checks.items():
        print(f"{_mark(check)} {name:<12} {check.version or '':<12} {_told(check)}".rstrip())
    if any(check.named_by_repository for check in checks.values()):
        print("To start those that this repository names too: orchestrator agents --run-repository-agents")
    return ExitCode.COMPLETED


def _mark(check: AgentCheck) -> str:
    if check.named_by_repository:
        return "?"
    return "✓" if check.is_ready else "✗"


def _told(check: AgentCheck) -> str:
    if not check.is_ready:
        return check.problem or "not ready; it gives no reason"
    return ", ".join(_words(check.abilities))


def _words(abilities: Abilities) -> list[str]:
    return [_ABILITIES[name] for name, has_it in asdict(abilities).items() if has_it]


def show_prompt(plan_name: str, task_id: str, root: Path | None) -> ExitCode:
    """Print what an agent would be sent for the task now, and on stderr how long each part of it is."""
    parts = asyncio.run(_prompt(plan_name, task_id, find_root(root)))
    print(prompt_text(parts))
    sizes = ", ".join(f"{part.name} {len(part.text):,}" for part in parts)
    sys.stderr.write(f"\n{len(prompt_text(parts)):,} characters: {sizes}\n")
    return ExitCode.COMPLETED


async def _prompt(plan_name: str, task_id: str, root: Path) -> Sequence[PromptPart]:
    file = await read_plan(DiskPlanFiles(root), root, plan_name)
    plan = parse_plan(decode_plan(file.data))
    refuse_errors(plan, file.path)
    task = _task(plan, task_id)
    if task_agent(task) == SHELL:
        sys.stderr.write(f"The shell does task {task_id}: it runs the task's blocks and is sent no prompt.\n")
    async with open_services(root, create=False) as services:
        latest = await services.ports.registry.latest(str(root), file.path)
        tasks = (await services.reader.state(latest.id)).tasks if latest is not None else {}
        facts = await prompt_facts(services.ports.outputs, file.name, task, tasks)
    return task_prompt(plan, file.path, task, facts)


def _task(plan: Plan, task_id: str) -> Task:
    task = plan.task_by_id.get(TaskId(task_id))
    if task is None:
        ids = ", ".join(plan.task_by_id)
        raise UsageError(f"The plan has no task {task_id!r}. Its tasks are: {ids or 'none'}.")
    return task
