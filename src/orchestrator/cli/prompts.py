"""`orchestrator prompt`: what the agent of a task would be sent now, or was sent in an attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from orchestrator.cli.composition import open_services
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.output import write, write_error
from orchestrator.cli.project import find_root, read_plan
from orchestrator.domain.errors import UsageError
from orchestrator.domain.plan import Plan, Task, TaskId
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.plan_problems import refuse_errors
from orchestrator.domain.task_agents import SHELL, task_agent
from orchestrator.engine.findings import Findings
from orchestrator.engine.prompt import PromptPart, prompt_text, task_prompt
from orchestrator.engine.prompt_facts import prompt_facts
from orchestrator.engine.task_runner import PROMPT_NAME
from orchestrator.store.plan_files import DiskPlanFiles


def show_next_prompt(plan_name: str, task_id: str, root: Path | None) -> ExitCode:
    """Print what an agent would be sent for the task now, and on stderr how long each part of it is."""
    parts = asyncio.run(_next_prompt(plan_name, task_id, find_root(root)))
    write(prompt_text(parts))
    sizes = ", ".join(f"{part.name} {len(part.text):,}" for part in parts)
    write_error(f"\n{len(prompt_text(parts)):,} characters: {sizes}")
    return ExitCode.COMPLETED


def show_sent_prompt(plan_name: str, task_id: str, attempt: int, root: Path | None) -> ExitCode:
    """Print what the agent of an attempt was sent; raises UsageError where no such prompt is kept."""
    write(asyncio.run(_sent_prompt(plan_name, task_id, attempt, find_root(root))))
    return ExitCode.COMPLETED


async def _next_prompt(plan_name: str, task_id: str, root: Path) -> Sequence[PromptPart]:
    file = await read_plan(DiskPlanFiles(root), root, plan_name)
    plan = parse_plan(decode_plan(file.data))
    refuse_errors(plan, file.path)
    task = _task(plan, task_id)
    if task_agent(task) == SHELL:
        write_error(f"The shell does task {task_id}: it runs the task's blocks and is sent no prompt.")
    async with open_services(root, create=False) as services:
        latest = await services.ports.registry.latest(str(root), file.path)
        tasks = (await services.reader.state(latest.id)).tasks if latest is not None else {}
        instance_id = latest.id if latest is not None else None
        ports = services.ports
        findings = Findings(ports.artifacts, ports.outputs, file.name, instance_id, tasks)
        facts = await prompt_facts(task, tasks, findings)
    return task_prompt(plan, file.path, task, facts)


async def _sent_prompt(plan_name: str, task_id: str, attempt: int, root: Path) -> str:
    """The prompt of the latest run that has begun this attempt: attempts are counted across runs."""
    file = await read_plan(DiskPlanFiles(root), root, plan_name)
    async with open_services(root, create=False) as services:
        for record in await services.ports.registry.list():
            if (record.project, record.plan_path) == (str(root), file.path):
                kept = await services.ports.artifacts.get(record.id, task_id, attempt, PROMPT_NAME)
                if kept is not None:
                    return kept.content.decode(errors="replace")
    raise UsageError(f"No prompt is kept of attempt {attempt} of task {task_id!r} in {file.path}.")


def _task(plan: Plan, task_id: str) -> Task:
    task = plan.task_by_id.get(TaskId(task_id))
    if task is None:
        ids = ", ".join(plan.task_by_id)
        raise UsageError(f"The plan has no task {task_id!r}. Its tasks are: {ids or 'none'}.")
    return task
