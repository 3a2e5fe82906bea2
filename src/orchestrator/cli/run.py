"""`orchestrator run`: a plan is worked through, on the terminal and, if asked for, with the API beside it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import uvloop

from orchestrator.agents.containment import containment_notice
from orchestrator.cli.agent_composition import Use, make_agents, repository_programs
from orchestrator.cli.composition import Services, make_orchestrator, open_services
from orchestrator.cli.exit_codes import ExitCode, of_run
from orchestrator.cli.interrupts import leave_with, on_interrupt
from orchestrator.cli.output import write_error
from orchestrator.cli.project import find_root, read_plan
from orchestrator.cli.reworded import ask_about, nobody_to_ask
from orchestrator.cli.run_output import show_lines, show_order
from orchestrator.cli.serve_request import ServeRequest
from orchestrator.domain.commands import Shutdown
from orchestrator.domain.permissions import UNBOUND
from orchestrator.domain.plan_matching import Reworded
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.attempt import Limits
from orchestrator.engine.budget import Allowance
from orchestrator.engine.orchestrator import Orchestrator, RunOptions
from orchestrator.engine.records import NewRun, PlanFile
from orchestrator.engine.run_permission import agent_names
from orchestrator.store.plan_files import DiskPlanFiles

if TYPE_CHECKING:
    from orchestrator.cli.serve import ApiBeside


@dataclass(frozen=True)
class RunRequest:
    """What the command line asked for; an empty plan means the default one.

    `is_temporary`: the root is removed after the run.
    """

    run: NewRun
    api: ServeRequest | None = None
    keep_serving: bool = False
    on_blocked: Literal["wait", "exit"] | None = None
    restart_completed: bool = False
    wait: bool = False
    checkout: str | None = None
    dry_run: bool = False
    script: Path | None = None
    script_speed: float = 1.0
    json: bool = False
    root: Path | None = None
    is_temporary: bool = False
    instance_id: str | None = None
    asks_for_reworded: bool = False
    insists_on_asking: bool = False
    is_restricted: bool = False
    """Whether nothing may be started that the repository names."""

    def use(self) -> Use:
        """What the agents are for."""
        if self.is_restricted:
            return Use.RESTRICTED_RUN
        return Use.LOOK if self.dry_run else Use.RUN

    def may_ask(self) -> bool:
        """Whether somebody is there to be asked about what was reworded."""
        is_there = sys.stdin.isatty() and sys.stdout.isatty()
        return self.asks_for_reworded and is_there and not (self.json or self.dry_run)

    def options(self) -> RunOptions:
        """The same in the engine's words."""
        run = self.run
        options = RunOptions(
            agent=run.agent or ("scripted" if self.script else None),
            parallel=run.parallel,
            max_attempts=run.max_attempts,
            on_blocked=self.on_blocked or ("wait" if self.api else "exit"),
            restart=run.restart,
            wait=self.wait,
            limits=_limits(run),
            run_allowance=Allowance(run.budget_usd, run.budget_tokens),
            task_allowance=Allowance(run.task_budget_usd, run.task_budget_tokens),
            permissions=run.permissions or UNBOUND,
            chosen=run.chosen(),
            strict=run.strict,
            reworded=run.reworded,
        )
        if run.longest_wait_seconds is None:
            return options
        return replace(options, limit_seconds_max=run.longest_wait_seconds)


def _limits(run: NewRun) -> Limits:
    """The engine's, with what was chosen over them."""
    chosen: dict[str, Any] = {
        "timeout_seconds": run.timeout_seconds,
        "back_off_first_seconds": run.back_off_seconds,
        "silence_seconds": run.silence_seconds,
        "tool_seconds": run.tool_seconds,
        "repeats_max": run.repeats_max,
        "approval_seconds": run.approval_seconds,
    }
    return replace(Limits(), **{name: value for name, value in chosen.items() if value is not None})


def run_plan(request: RunRequest) -> ExitCode:
    """Run it in an event loop of its own; returns the run's exit code."""
    return uvloop.run(_run_plan(request))


async def _run_plan(request: RunRequest) -> ExitCode:
    root = find_root(request.root)
    plans = DiskPlanFiles(root)
    plan = request.run.plan or None
    file = await read_plan(plans, root, plan)
    agents = make_agents(root, request.use(), request.script, script_speed=request.script_speed)
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(root, checkout=request.checkout))
        options = request.options()
        if request.restart_completed and await _was_completed(services, file):
            options = replace(options, restart=True)
        make = partial(
            make_orchestrator,
            services,
            file,
            agents=agents,
            reread=lambda: read_plan(plans, root, plan),
            on_wait=lambda owned: write_error(f"Waiting: {owned}"),
            instance_id=request.instance_id,
        )
        orchestrator = make(options)
        if answers := await _answers(orchestrator, request):
            orchestrator = make(replace(options, reworded_answers=answers))
        if request.dry_run:
            begun, doers = await orchestrator.preview()
            show_order(begun, doers)
            if any(doer.problem for doer in doers.values()):
                write_error("The run would not start: there is no agent for some of its tasks.")
                return ExitCode.NO_AGENT
            return ExitCode.COMPLETED
        beside = None
        if request.api is not None:
            from orchestrator.cli.serve import ApiBeside  # noqa: PLC0415 - it doubles the time to start

            beside = await stack.enter_async_context(ApiBeside(services, request.api))
        if notice := containment_notice():
            write_error(notice)
        if request.use() is Use.RUN:
            _tell_repository_programs(root, file, options)
        code = await _work(orchestrator, services, beside, request)
        if beside is not None and request.keep_serving and code is not ExitCode.STOPPED:
            await _keep_serving(beside)
        return code


async def _answers(orchestrator: Orchestrator, request: RunRequest) -> Mapping[str, Reworded]:
    """What becomes of each task that was reworded since it was done, if anybody is there to say so."""
    if not (request.may_ask() or request.insists_on_asking):
        return {}
    begun, reworded = await orchestrator.reworded()
    if reworded and request.may_ask():
        return ask_about(begun, reworded)
    if reworded:
        write_error(safe_line(nobody_to_ask(reworded)))
    return {}


def _tell_repository_programs(root: Path, file: PlanFile, options: RunOptions) -> None:
    """Say on stderr what the run may start that the repository names, before it does."""
    if not (programs := repository_programs(root)):
        return
    wanted = agent_names(parse_plan(decode_plan(file.data)), options.agent)
    for name, program in programs.items():
        if name in wanted or None in wanted:
            told = f"Named by this repository, and started for {name}'s tasks: {program}"
            write_error(safe_line(told))


async def _was_completed(services: Services, file: PlanFile) -> bool:
    latest = await services.ports.registry.latest(services.ports.plan_key(file.path))
    return latest is not None and latest.status is RunStatus.COMPLETED


async def _work(
    orchestrator: Orchestrator, services: Services, beside: ApiBeside | None, request: RunRequest
) -> ExitCode:
    """Run to the end with progress on the terminal; Ctrl-C once ends gracefully, twice at once.

    The third one does not wait for agents that cannot be ended; the fourth waits for nothing.
    """
    footer = "Ctrl-C ends gracefully, twice at once"
    if beside is not None:
        footer = f"{beside.places}   {footer}"
    show: Callable[[asyncio.Task[RunStatus]], Coroutine[Any, Any, None]]
    show = partial(show_lines, orchestrator, services, footer=footer, json=request.json)
    if sys.stdout.isatty() and not request.json:
        from orchestrator.cli.live_run import LiveRun  # noqa: PLC0415 - only where one is drawn

        show = LiveRun(orchestrator, footer, tells_findings=not request.is_temporary).show
    work = asyncio.create_task(orchestrator.run())

    def interrupted(count: int) -> None:
        if orchestrator.state is None or count > 2:
            work.cancel()
        else:
            orchestrator.wish(Shutdown(force=count == 2))

    with on_interrupt(interrupted, asyncio.get_running_loop()):
        shown = asyncio.create_task(show(work))
        await asyncio.wait([work])
        await shown
    code = ExitCode.STOPPED if work.cancelled() else of_run(work.result())
    leave_with(code)
    return code


async def _keep_serving(beside: ApiBeside) -> None:
    write_error(f"The API stays up at {beside.url} until Ctrl-C.")
    stopped = asyncio.Event()
    with on_interrupt(lambda _count: stopped.set(), asyncio.get_running_loop()):
        await stopped.wait()
