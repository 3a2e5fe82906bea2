"""One execution of a plan: claim it, take over what was done, run it, leave. This module only sequences."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.commands import ApprovePlan, Command
from orchestrator.domain.errors import OrchestratorError, PlanOwned, StorageError
from orchestrator.domain.events import AgentLimit, PlanChanged, PlanLoaded, PlannedTask
from orchestrator.domain.held_tasks import approvable
from orchestrator.domain.permissions import UNBOUND
from orchestrator.domain.plan import Permissions
from orchestrator.domain.plan_matching import Reworded
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.plan_parts import UnapprovedPart, approval_digest
from orchestrator.domain.plan_problems import refuse_errors
from orchestrator.domain.redaction import Redactor, redact_known
from orchestrator.domain.run_state import RunState
from orchestrator.domain.side_by_side import side_by_side_warning
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.agent_choice import AgentChoice, Doer
from orchestrator.engine.attempt import Limits
from orchestrator.engine.briefing import Briefing
from orchestrator.engine.budget import UNBOUNDED, Allowance, Budget
from orchestrator.engine.command_handler import settle_kept
from orchestrator.engine.finding_copies import CopyMoves, copy_moves, with_moved
from orchestrator.engine.identified_plan import identify
from orchestrator.engine.journal import Journal, Listener
from orchestrator.engine.known_tasks import NOTHING_KNOWN, Known, known_of_document, known_of_run
from orchestrator.engine.lease_guard import GuardedOutputs, LeaseGuard, elapsed_seconds
from orchestrator.engine.lease_keeper import keep_lease
from orchestrator.engine.outline import RunChoices, identified_plan_loaded
from orchestrator.engine.plan_watch import PlanWatch, carried_unapproved
from orchestrator.engine.ports import RENEW_SECONDS, Agent, Agents, PlanOutputs, Ports, WorkTree
from orchestrator.engine.records import Lease, NewInstance, PlanFile
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.scheduler import LIMIT_SECONDS_MAX, Scheduler, SchedulerOptions
from orchestrator.engine.status_edits import StatusEdits
from orchestrator.engine.status_reader import StatusReader
from orchestrator.engine.status_writer import StatusWriter
from orchestrator.engine.task_runner import TaskRunner
from orchestrator.engine.witness import Witness

COMMANDS_PAUSE_SECONDS = 0.002
"""A burst of changes is looked into for commands once in this time."""

WAIT_FOR_OWNER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the one who starts a run chooses. `wait` waits for another owner of the plan to end.

    `limit_seconds_max` is how long the limits of agents' vendors are waited for at most, 0 not at all.
    `strict` fails attempts whose success is doubtful; None leaves it to the plan. `reworded` and
    `reworded_answers` are those of RunChoices. `chosen` is what of all this was chosen, and not left to the
    plan or the defaults; it is for the log.
    """

    agent: str | None = None
    parallel: int | None = None
    max_attempts: int | None = None
    on_blocked: Literal["wait", "exit"] = "exit"
    restart: bool = False
    wait: bool = False
    limits: Limits = field(default_factory=Limits)
    limit_seconds_max: float = LIMIT_SECONDS_MAX
    run_allowance: Allowance = UNBOUNDED
    task_allowance: Allowance = UNBOUNDED
    permissions: Permissions = UNBOUND
    chosen: ChosenOptions = field(default_factory=ChosenOptions)
    strict: bool | None = None
    reworded: Reworded | None = None
    reworded_answers: Mapping[str, Reworded] = field(default_factory=dict)


class Orchestrator:
    """Works through one plan. Create it, then `await run()` once."""

    def __init__(
        self,
        ports: Ports,
        agents: Agents,
        undertaker: Undertaker,
        reader: StatusReader,
        file: PlanFile,
        new: NewInstance,
        options: RunOptions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        reread: Callable[[], Awaitable[PlanFile]] | None = None,
        redact: Redactor = redact_known,
        on_wait: Callable[[PlanOwned], None] = lambda _owned: None,
        tree: WorkTree | None = None,
    ) -> None:
        self.instance_id = new.id
        self._ports = ports
        self._agents = agents
        self._undertaker = undertaker
        self._reader = reader
        self._file = file
        self._new = new
        self._options = options
        self._now = now
        self._redact = redact
        self._on_wait = on_wait
        self._witness = Witness(tree, file.path)
        self._reread = reread or (lambda: ports.plans.read(file.path))
        self._read = self._plan = parse_plan(decode_plan(file.data))
        self._listeners: list[Listener] = []
        self._choices = RunChoices(
            agent=options.agent,
            parallel=options.parallel or self._plan.parallel or 1,
            max_attempts=options.max_attempts,
            permissions=options.permissions,
            options=options.chosen,
            reworded=options.reworded,
            reworded_answers=options.reworded_answers,
        )
        strict = options.strict if options.strict is not None else self._plan.strict
        self._is_strict = bool(strict)
        self._choice = AgentChoice(agents, self._plan, self._choices)
        self._carried: tuple[UnapprovedPart, ...] = ()
        self._copies = CopyMoves()
        self._early_wishes: list[Command] = []
        self._scheduler: Scheduler | None = None
        self._journal: Journal | None = None

    @property
    def state(self) -> RunState | None:
        """The run's state, a moment ahead of the log; None before the run has begun."""
        return self._journal.state if self._journal is not None else None

    def listen(self, listener: Listener) -> None:
        """Call `listener` with each event of the run as it happens."""
        self._listeners.append(listener)

    def wish(self, command: Command) -> None:
        """Obey a command of this process's own user, such as a signal, as soon as the run has begun."""
        if self._scheduler is None:
            self._early_wishes.append(command)
        else:
            self._scheduler.wish(command)

    async def run(self) -> RunStatus:
        """Work through the plan and return how it ended.

        Raises PlanInvalid, PlanOwned or AgentUnavailable before the first task, and LeaseLost or
        StorageError when the run cannot go on; its processes are ended then.
        """
        refuse_errors(self._plan, self._file.path)
        await self._bury_owner()
        begun, _ = await self._first_event()
        choice = self._choice
        agents = await choice.of_all(begun)
        unbound = await self._unbound_by_dollars(agents)
        runs_shell = self._agents.get("shell")
        lease, held_at, proven_at = await self._claim()
        guard = LeaseGuard(self._ports.registry, lease, proven_at)
        outputs = GuardedOutputs(self._ports.outputs, guard)
        keeper = asyncio.create_task(keep_lease(guard, held_at))
        try:
            # What an earlier run did counts as it stands now that nobody else can add to it.
            begun, previous = await self._first_event(set_aside=True)
            if self._choice is not choice:
                agents = await self._choice.of_all(begun)
            if self._options.restart:
                await outputs.archive(self._file.name, lease.instance_id)
            journal = self._journal = Journal(self._ports.log, lease, self._now, self._redact)
            for listener in self._listeners:
                journal.listen(listener)
            name = self._file.name
            edits = StatusEdits(journal, self._ports.commands, outputs, self._reader, name)
            writer = StatusWriter(journal, outputs, name, edits, previous, self._now)
            runner = TaskRunner(
                *(journal, self._ports.artifacts, outputs, runs_shell),
                *(self._redact, self._now, self._witness),
            )
            names = {task_id: agent.name for task_id, agent in agents.items()}
            await journal.record(_with_agents(begun, names, unbound))
            if self._copies:
                await self._move_copies(journal, outputs)
            if begun.predecessor is not None and previous and not self._options.restart:
                # Edited between two runs: the same as edited during one.
                await edits.take_over(previous, before=begun)
            await settle_kept(journal, self._ports.commands, self._carried)
            scheduler = self._scheduler = self._make_scheduler(journal, writer, runner, agents)
            for command in self._early_wishes:
                scheduler.wish(command)
            return await self._until_end(journal, scheduler, writer, keeper)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _move_copies(self, journal: Journal, outputs: PlanOutputs) -> None:
        """The copies of findings get the names of their tasks of now; a full disk is reported, not fatal."""
        try:
            await outputs.move_findings(
                self._file.name, self._copies.moves, self._copies.aside, journal.lease.instance_id
            )
        except StorageError as error:
            await journal.record(PlanChanged(reason=f"Copies of findings keep the names they had. {error}"))

    async def preview(self) -> tuple[PlanLoaded, Mapping[str, Doer]]:
        """Event 1 as it would be now, and who would do each task; nothing is claimed.

        Raises PlanInvalid as `run` would.
        """
        refuse_errors(self._plan, self._file.path)
        begun, _ = await self._first_event()
        doers = await self._choice.doers(begun)
        return _with_agents(begun, {task_id: doer.agent for task_id, doer in doers.items()}), doers

    async def reworded(self) -> tuple[PlanLoaded, list[PlannedTask]]:
        """The tasks that are done for an earlier wording and nobody has decided about; nothing is claimed.

        With them event 1, as it would be now.

        Raises PlanInvalid as `run` would.
        """
        refuse_errors(self._plan, self._file.path)
        begun, _ = await self._first_event()
        return begun, [task for task in begun.tasks if task.stale and task.wording not in task.kept_wordings]

    async def _bury_owner(self) -> None:
        for record in await self._ports.registry.list(live_only=True):
            if record.plan_key == self._new.plan_key:
                await self._undertaker.bury_if_dead(record)

    async def _first_event(self, *, set_aside: bool = False) -> tuple[PlanLoaded, dict[str, Any]]:
        """`plan_loaded` with what earlier runs did, and the status.json that was there."""
        status = await self._ports.outputs.read_status(self._file.name, set_aside=set_aside)
        document = status.document or {}
        known = NOTHING_KNOWN
        limits: tuple[AgentLimit, ...] = ()
        predecessor = await self._ports.registry.latest(self._new.plan_key)
        before = RunState()
        if predecessor is not None:
            before = await self._reader.state(predecessor.id)
            known = known_of_run(before, predecessor.id)
            limits = () if self._options.restart else self._still_waited_for(before.limits.values())
        if not (known.tasks or self._options.restart):
            known = known_of_document(document)
        identified = identify(self._read, known, self._redact)
        if self._options.restart:
            # Only the ids are remembered.
            identified, known = identified.with_nothing_known(), Known(made_up=known.made_up)
        if [task.id for task in identified.plan.tasks()] != [task.id for task in self._plan.tasks()]:
            self._plan = identified.plan
            self._choice = AgentChoice(self._agents, self._plan, self._choices)
        begun = identified_plan_loaded(
            identified,
            self._file,
            known=known,
            choices=self._choices,
            predecessor=predecessor.id if predecessor else None,
            unapproved=await self._still_unapproved(before),
        )
        self._copies = copy_moves(begun, self._ports.outputs)
        begun = with_moved(begun, self._copies.moves).model_copy(update={"limits": limits})
        if status.rejected:
            begun = begun.model_copy(update={"problems": (*begun.problems, status.rejected)})
        return begun, document

    async def _still_unapproved(self, before: RunState) -> tuple[UnapprovedPart, ...]:
        """What waits for an approval when this run begins, without what was approved since the last one."""
        self._carried = carried_unapproved(before, self._plan, self._redact)
        kept = await self._ports.commands.kept(self._new.plan_key)
        digest = approval_digest(approvable(self._carried))
        if any(isinstance(one.command, ApprovePlan) and one.command.digest == digest for one in kept):
            return tuple(part for part in self._carried if part not in approvable(self._carried))
        return self._carried

    async def _unbound_by_dollars(self, agents: Mapping[str, Agent]) -> list[str]:
        """A warning for each agent that a budget in dollars was given for and that tells no prices."""
        if self._options.run_allowance.usd is None and self._options.task_allowance.usd is None:
            return []
        others = {agent.name: agent for agent in agents.values() if agent.name != "shell"}
        return [
            f"{name} tells no prices, so a budget in dollars does not bound it: give one in tokens too"
            for name, agent in sorted(others.items())
            if not (await agent.check()).abilities.cost
        ]

    def _still_waited_for(self, limits: Iterable[AgentLimit]) -> tuple[AgentLimit, ...]:
        """Of the limits that the run before has met, those that are not over, and that this run waits for."""
        now, longest = self._now(), timedelta(seconds=self._options.limit_seconds_max)
        return tuple(limit for limit in limits if now < limit.until <= now + longest)

    async def _claim(self) -> tuple[Lease, float, float]:
        """The lease, and the time right before it was given: the loop's, and the guard's."""
        has_told = False
        while True:
            asked_at, proven_at = asyncio.get_running_loop().time(), elapsed_seconds()
            try:
                return await self._ports.registry.claim(self._new), asked_at, proven_at
            except PlanOwned as owned:
                if not self._options.wait:
                    raise
                if not has_told:
                    self._on_wait(owned)
                    has_told = True
                await asyncio.sleep(WAIT_FOR_OWNER_SECONDS)
                await self._bury_owner()

    def _make_scheduler(
        self, journal: Journal, writer: StatusWriter, runner: TaskRunner, agents: Mapping[str, Agent]
    ) -> Scheduler:
        budget = Budget(self._options.run_allowance, self._options.task_allowance)
        watch = PlanWatch(journal, self._plan, self._file, self._reread, self._redact)
        briefing = Briefing(
            journal,
            self._new,
            self._plan,
            self._file,
            self._ports.artifacts,
            self._ports.outputs,
            agents,
            self._choice,
            self._options.limits,
            watch,
            permissions=self._options.permissions,
            budget=budget,
            strict=self._is_strict,
        )

        async def before_end() -> None:
            await writer.write(completed_at=self._now())

        options = SchedulerOptions(
            self._choices.parallel,
            self._options.on_blocked,
            self._options.limits.back_off_first_seconds,
            self._options.limit_seconds_max,
        )
        return Scheduler(
            journal,
            self._ports.commands,
            runner,
            briefing.prepare,
            before_end,
            options,
            self._now,
            watch,
            budget,
        )

    async def _until_end(
        self, journal: Journal, scheduler: Scheduler, writer: StatusWriter, keeper: asyncio.Task[None]
    ) -> RunStatus:
        """Run the loop with its companions; the first of them that fails ends all."""
        loop = asyncio.create_task(scheduler.run())
        companions = [
            keeper,
            asyncio.create_task(writer.run()),
            asyncio.create_task(writer.watch()),
            asyncio.create_task(self._watch_commands(scheduler)),
        ]
        try:
            await asyncio.wait([loop, *companions], return_when=asyncio.FIRST_COMPLETED)
            if not loop.done():
                _raise_first(companions)
            return await loop
        except OrchestratorError as error:
            journal.close(error)
            raise
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)
            for companion in companions:
                companion.cancel()
            await asyncio.gather(*companions, return_exceptions=True)

    async def _watch_commands(self, scheduler: Scheduler) -> None:
        async with self._ports.changes.subscribe() as subscription:
            while True:
                await subscription.wait(RENEW_SECONDS)
                scheduler.commands_changed()
                await asyncio.sleep(COMMANDS_PAUSE_SECONDS)


def _with_agents(
    begun: PlanLoaded, agents: Mapping[str, str | None], warnings: Iterable[str] = ()
) -> PlanLoaded:
    """The event with warnings, and with who does each task that is left, also where the plan names nobody."""
    tasks = (
        task.model_copy(update={"agent": agents[task.id]})
        if task.agent is None and task.id in agents
        else task
        for task in begun.tasks
    )
    named = begun.model_copy(update={"tasks": tuple(tasks)})
    side_by_side = filter(None, [side_by_side_warning(named)])
    return named.model_copy(update={"problems": (*begun.problems, *warnings, *side_by_side)})


def _raise_first(companions: list[asyncio.Task[None]]) -> None:
    for companion in companions:
        if companion.done():
            companion.result()
