"""Starts a run in a process of its own, and says why when there is none."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from orchestrator.domain.errors import (
    AgentUnavailable,
    InstanceNotFound,
    PlanOwned,
    PlanUnreadable,
    RunNotStarted,
)
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.plan_problems import refuse_errors
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.ports import Launcher, Ports
from orchestrator.engine.records import EndedRun, InstanceRecord, LaunchedRun, NewRun, PlanFile
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.run_permission import refuse_agents, refuse_shell

START_SECONDS = 20.0
"""How long a process may take to claim its plan."""

NO_AGENT_EXIT_CODE = 3


class RunStarter:
    """What `POST /api/orchestrators` and `orchestrator run --detach` do."""

    def __init__(self, ports: Ports, undertaker: Undertaker, launcher: Launcher, agents: AgentRoll) -> None:
        self._ports = ports
        self._undertaker = undertaker
        self._launcher = launcher
        self._agents = agents

    async def start(self, run: NewRun, *, may_run_repository: bool) -> tuple[InstanceRecord, str]:
        """The registered orchestrator, and the path of its log relative to the root.

        Whoever asks `may_run_repository`: start what the repository names, shell blocks and agents' programs.

        Raises, in this order: PlanNotFound, PlanUnreadable, PlanInvalid, ShellNotAllowed, AgentNotAllowed,
        PlanOwned; AgentUnavailable or RunNotStarted when its process did not get as far as having the plan.
        """
        file = await self._ports.plans.read(run.plan)
        if file.problem:
            raise PlanUnreadable(f"{file.path}: {file.problem}")
        plan = await asyncio.to_thread(parse_plan, decode_plan(file.data))
        refuse_errors(plan, file.path)
        if not may_run_repository:
            refuse_shell(plan, run.agent, file.path)
            refuse_agents(plan, run.agent, file.path, await self._agents.checks())
        await self._refuse_owned(file)
        launched = await self._launcher.launch(run, may_run_repository=may_run_repository)
        return await self._registered(launched, file), launched.log_path

    async def _refuse_owned(self, file: PlanFile) -> None:
        """Raise PlanOwned when an orchestrator that lives works on the plan."""
        for record in await self._ports.registry.list(live_only=True):
            if record.plan_key != self._ports.plan_key(file.path):
                continue
            if not await self._undertaker.bury_if_dead(record):
                raise PlanOwned(
                    f"{record.id} is working on {file.path}; shut it down first, or wait until it has ended.",
                    owner=record.id,
                    lease_until=record.lease_until,
                )

    async def _registered(self, launched: LaunchedRun, file: PlanFile) -> InstanceRecord:
        """The run's record as soon as it has the plan."""
        ended = asyncio.ensure_future(self._launcher.ended(launched))
        try:
            async with asyncio.timeout(START_SECONDS), self._ports.changes.subscribe() as subscription:
                while True:
                    with suppress(InstanceNotFound):
                        return await self._ports.registry.get(launched.instance_id)
                    if ended.done():
                        await self._explain(launched, ended.result(), file)
                    woken = asyncio.ensure_future(subscription.wait(1.0))
                    await asyncio.wait([ended, woken], return_when=asyncio.FIRST_COMPLETED)
                    woken.cancel()
        except TimeoutError:
            raise RunNotStarted(
                f"The run has not begun within {START_SECONDS:g} s; {launched.log_path} has its output.",
                log_path=launched.log_path,
            ) from None
        finally:
            ended.cancel()

    async def _explain(self, launched: LaunchedRun, ended: EndedRun, file: PlanFile) -> None:
        """Raise what kept the process from having the plan; it may have had it for a moment."""
        with suppress(InstanceNotFound):
            await self._ports.registry.get(launched.instance_id)
            return
        # Another that was started in the same moment may have been first.
        await self._refuse_owned(file)
        if ended.exit_code == NO_AGENT_EXIT_CODE:
            raise AgentUnavailable(ended.last_words)
        words = ended.last_words or "it said nothing."
        raise RunNotStarted(
            f"The run ended at once with exit code {ended.exit_code}: {words}",
            log_path=launched.log_path,
        )
