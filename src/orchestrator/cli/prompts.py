"""`orchestrator prompt`: what the agent of a task would be sent now, or was sent in an attempt."""

from __future__ import annotations

import asyncio
import os
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
from orchestrator.domain.redaction import redactor
from orchestrator.domain.run_state import TaskState, loaded_state
from orchestrator.domain.task_agents import SHELL, task_agent
from orchestrator.domain.wording import counted
from orchestrator.engine.attempt_places import artifacts_of_known
from orchestrator.engine.findings import Findings
from orchestrator.engine.identified_plan import IdentifiedPlan, identify
from orchestrator.engine.known_tasks import Known, KnownTask, known_before, known_of_run
from orchestrator.engine.outline import identified_plan_loaded
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
    async with open_services(root, create=False) as services:
        known = await known_before(services.ports, services.reader, file)
        identified = identify(plan, known, redactor(os.environ))
        plan = identified.plan
        task = _task(plan, task_id)
        if task_agent(task) == SHELL:
            write_error(f"The shell does task {task_id}: it runs the task's blocks and is sent no prompt.")
        begun = identified_plan_loaded(identified, file, known=known)
        tasks = {planned.id: loaded_state(planned) for planned in begun.tasks}
        ports = services.ports
        latest = await ports.registry.latest(services.ports.plan_key(file.path))
        instance_id = latest.id if latest is not None else None
        findings = Findings(ports.artifacts, ports.outputs, file.name, instance_id, tasks)
        facts = await prompt_facts(task, tasks, findings)
    return task_prompt(plan, file.path, task, facts)


async def _sent_prompt(plan_name: str, task_id: str, attempt: int, root: Path) -> str:
    """What the agent of this attempt was sent; attempts of a task are counted across runs.

    The id is the plan's of now: the latest run may have known the task under another one.
    """
    file = await read_plan(DiskPlanFiles(root), root, plan_name)
    async with open_services(root, create=False) as services:
        ports, reader = services.ports, services.reader
        latest = await ports.registry.latest(ports.plan_key(file.path))
        if latest is None:
            raise UsageError(f"No run of {file.path} has begun yet, so no agent was sent anything.")
        known = known_of_run(await reader.state(latest.id), latest.id)
        identified = identify(parse_plan(decode_plan(file.data)), known, redactor(os.environ))
        task = _known_task(identified, known, task_id)
        place = await artifacts_of_known(reader, latest.id, task, attempt)
        kept = await ports.artifacts.get(*place, PROMPT_NAME) if place else None
    if kept is None:
        raise UsageError(_why_none(task.state, task_id, attempt))
    return kept.content.decode(errors="replace")


def _known_task(identified: IdentifiedPlan, known: Known, task_id: str) -> KnownTask:
    """What the latest run left of the plan's task, else of what had its id then; raises UsageError."""
    for task, match in zip(identified.plan.tasks(), identified.matches, strict=True):
        if task.id == task_id:
            if match.known is not None:
                return known.tasks[match.known]
            raise UsageError(
                f"Task {task_id} is new in the plan since its latest run, so no agent was sent it."
            )
    found = next((task for task in known.tasks if task.planned.id == task_id), None)
    if found is None:
        raise UsageError(f"The plan has no task {task_id!r}, and its latest run knows none.")
    return found


def _why_none(task: TaskState, task_id: str, attempt: int) -> str:
    """Why no prompt is kept of the attempt; `task` is as the plan's latest run left it."""
    if attempt > task.attempt:
        begun = f"{counted(task.attempt, 'attempt')} so far" if task.attempt else "none so far"
        return f"There was no attempt {attempt} of task {task_id}: {begun}."
    if task.agent == SHELL:
        return f"The shell does task {task_id}: it runs the task's blocks and was sent no prompt."
    return (
        f"The prompt of attempt {attempt} of task {task_id} is not kept: it was pruned with its run, or the "
        "attempt ended before its agent was sent one."
    )


def _task(plan: Plan, task_id: str) -> Task:
    task = plan.task_by_id.get(TaskId(task_id))
    if task is None:
        ids = ", ".join(plan.task_by_id)
        raise UsageError(f"The plan has no task {task_id!r}. Its tasks are: {ids or 'none'}.")
    return task
