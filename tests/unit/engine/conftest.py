"""A whole house in memory: stores, agents that do what a test says, and orchestrators over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.commands import Command, CommandRecord, CommandState
from orchestrator.domain.errors import AgentUnavailable, StorageError
from orchestrator.domain.events import EventData, NewEvent, StoredEvent
from orchestrator.domain.run_state import RunState, fold
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.agent_events import AgentEvent, Finished, PermissionAsked
from orchestrator.engine.attempt import Limits
from orchestrator.engine.orchestrator import Orchestrator, RunOptions
from orchestrator.engine.ports import LEASE_SECONDS, EventLog, Ports, WorkTree
from orchestrator.engine.records import Abilities, AgentCheck, Job, Lease, NewInstance, RunCounts
from orchestrator.engine.recovery import Undertaker
from orchestrator.engine.status_reader import StatusReader
from orchestrator.store.memory import (
    MemoryArtifactStore,
    MemoryCommandQueue,
    MemoryEventLog,
    MemoryInstanceRegistry,
    MemoryState,
)
from orchestrator.store.memory_files import MemoryPlanFiles, MemoryPlanOutputs
from orchestrator.store.memory_run_storage import MemoryRunStorage

Play = Callable[["RobotRun"], AsyncIterator[AgentEvent]]
QUICK = Limits(timeout_seconds=20, back_off_first_seconds=0.01, interrupt_seconds=0.2)


class RobotRun:
    """A job being played; `told` is set when it is told to end."""

    def __init__(self, job: Job, play: Play) -> None:
        self.job = job
        self.told = asyncio.Event()
        self.reasons: list[str] = []
        self.answers: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.notes: list[str] = []
        self.takes_notes = True
        self.has_ended = False
        self._play = play

    async def events(self) -> AsyncIterator[AgentEvent]:
        try:
            async for event in self._play(self):
                yield event
        finally:
            self.has_ended = True

    async def interrupt(self, reason: str) -> None:
        self.reasons.append(reason)
        self.told.set()

    async def answer(self, request_id: str, *, allow: bool) -> None:
        self.answers.put_nowait((request_id, allow))

    async def tell(self, text: str) -> bool:
        self.notes.append(text)
        return self.takes_notes


class Robot:
    """An agent that plays, for each attempt of a task, what the test has put into `plays`; else it succeeds."""

    def __init__(self, name: str = "robot") -> None:
        self.name = name
        self.plays: dict[str, list[Play]] = {}
        self.runs: list[RobotRun] = []
        self.problem: str | None = None
        self.named_by_repository = False
        self.asks = name != "shell"
        self.reports_calls = False
        self.refusals: dict[str, Finished] = {}
        self.most_at_once = 0

    async def check(self) -> AgentCheck:
        abilities = Abilities(permissions=self.asks, calls=self.reports_calls)
        return AgentCheck(
            is_ready=self.problem is None,
            problem=self.problem,
            abilities=abilities,
            named_by_repository=self.named_by_repository,
        )

    def run(self, job: Job) -> RobotRun:
        plays = self.plays.get(job.task.id, [])
        run = RobotRun(job, plays.pop(0) if plays else succeed())
        self.runs.append(run)
        self.most_at_once = max(self.most_at_once, sum(not run.has_ended for run in self.runs))
        return run

    def refusal(self, text: str) -> Finished | None:
        return self.refusals.get(text)

    def play(self, task_id: str, *plays: Play) -> None:
        self.plays[task_id] = list(plays)

    @property
    def jobs(self) -> list[str]:
        """Task and attempt of each job, in the order in which they began."""
        return [f"{run.job.task.id}/{run.job.attempt}" for run in self.runs]


def say(*events: AgentEvent) -> Play:
    """Just these events, one after another."""

    async def play(_run: RobotRun) -> AsyncIterator[AgentEvent]:
        for event in events:
            await asyncio.sleep(0)
            yield event

    return play


def succeed(text: str = "done") -> Play:
    return say(Finished("completed", text))


def fail(error: str = "broken") -> Play:
    return say(Finished("failed", "tried", error, exit_code=3))


def hold(*first: AgentEvent, until: asyncio.Event | None = None) -> Play:
    """Tell these events, then work until it is told to end, or until the event is set: then it has succeeded."""

    async def play(run: RobotRun) -> AsyncIterator[AgentEvent]:
        for event in first:
            yield event
        waits = [asyncio.create_task(run.told.wait())]
        if until is not None:
            waits.append(asyncio.create_task(until.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        yield Finished("interrupted") if run.told.is_set() else Finished("completed", "done")

    return play


def ask(request_id: str = "r1", *first: AgentEvent, can_allow: bool = True) -> Play:
    """Tell these events, ask, and complete with what was answered."""

    async def play(run: RobotRun) -> AsyncIterator[AgentEvent]:
        for event in first:
            yield event
        yield PermissionAsked(request_id, "May I?", can_allow=can_allow)
        _, allowed = await run.answers.get()
        yield Finished("completed", "allowed" if allowed else "denied")

    return play


def collapse(error: Exception, *first: AgentEvent) -> Play:
    """Tell these events, then raise."""

    async def play(_run: RobotRun) -> AsyncIterator[AgentEvent]:
        for event in first:
            yield event
        raise error

    return play


def deaf(until: asyncio.Event) -> Play:
    """Don't listen to interruptions."""

    async def play(_run: RobotRun) -> AsyncIterator[AgentEvent]:
        await until.wait()
        yield Finished("completed", "at last")

    return play


class Robots:
    """The agents of the house."""

    def __init__(self) -> None:
        self.robot, self.shell = Robot(), Robot("shell")
        self.ready: Robot | None = self.robot

    def get(self, name: str) -> Robot:
        found = {"robot": self.robot, "shell": self.shell}.get(name)
        if found is None:
            raise AgentUnavailable(f"There is no agent {name!r}.")
        return found

    async def first_ready(self) -> Robot | None:
        return self.ready


class Recorder:
    """An event log that keeps each append apart, can be slow, and can fail."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.appends: list[list[EventData]] = []
        self.turns: Callable[[], int] = lambda: 0
        self.error: Callable[[Sequence[NewEvent]], Exception | None] = lambda _events: None
        self.read = log.read

    async def append(
        self, lease: Lease, events: Sequence[NewEvent], *, counts: RunCounts | None = None
    ) -> list[StoredEvent]:
        for _ in range(self.turns()):
            await asyncio.sleep(0)
        if (error := self.error(events)) is not None:
            raise error
        stored = await self._log.append(lease, events, counts=counts)
        self.appends.append([event.data for event in events])
        return stored


@dataclass
class Processes:
    """What the host knows of its processes."""

    host: str = "here"
    dead: set[int] = field(default_factory=set)
    swept: list[str] = field(default_factory=list)

    def fate(self, host: str, pid: int, started: str) -> str:
        if host != self.host:
            return "unknown"
        return "dead" if pid in self.dead else "alive"

    def sweep(self, instance_id: str) -> int:
        self.swept.append(instance_id)
        return 0


class House:
    """Everything that an orchestrator needs, over one store in memory."""

    def __init__(self, plan: str) -> None:
        self.offset = timedelta()
        self.lease = timedelta(seconds=LEASE_SECONDS + 1)
        self.store = MemoryState(clock=self.now)
        self.log = Recorder(MemoryEventLog(self.store))
        self.plans = MemoryPlanFiles({"p.md": plan})
        self.outputs = MemoryPlanOutputs()
        self.registry = MemoryInstanceRegistry(self.store)
        self.commands = MemoryCommandQueue(self.store)
        self.ports = Ports(
            root=Path("/nowhere"),
            project="commit:1234",
            checkout="",
            registry=self.registry,
            log=self.log,
            commands=self.commands,
            artifacts=MemoryArtifactStore(self.store),
            changes=self.store.changes,
            plans=self.plans,
            outputs=self.outputs,
            storage=MemoryRunStorage(self.store),
        )
        self.agents = Robots()
        self.robot, self.shell = self.agents.robot, self.agents.shell
        self.reader = StatusReader(self.registry, self.log, self.commands)
        self.processes = Processes()
        self.undertaker = Undertaker(self.registry, self.reader, self.processes, self.now, self.elapsed)
        self.count = 0
        self.tree: WorkTree | None = None

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def elapsed(self) -> float:
        return self.offset.total_seconds()

    def instance(self, **fields: Any) -> NewInstance:
        self.count += 1
        said = {
            "id": f"orch-{self.count}",
            "project": "commit:1234",
            "plan_name": "p",
            "plan_path": "docs/plans/p.md",
            "worktree_path": "/nowhere",
            "host": "here",
            "pid": 100 + self.count,
            "pid_started": "1",
        }
        return NewInstance(**{**said, **fields})

    async def orchestrator(self, **options: Any) -> Orchestrator:
        ports = options.pop("ports", self.ports)
        return Orchestrator(
            ports,
            self.agents,
            self.undertaker,
            self.reader,
            await self.plans.read("p"),
            self.instance(),
            RunOptions(**{"limits": QUICK, **options}),
            self.now,
            tree=self.tree,
        )

    async def run(self, **options: Any) -> RunStatus:
        """Work through the plan."""
        async with asyncio.timeout(20):
            return await (await self.orchestrator(**options)).run()

    async def begin(self, **options: Any) -> asyncio.Task[RunStatus]:
        """Work through the plan in the background."""
        return asyncio.create_task((await self.orchestrator(**options)).run())

    async def die_at(self, task_id: str, plays: Any) -> None:
        """Run until the task is being worked on, then vanish."""
        self.robot.play(task_id, plays.hold())
        run = await self.begin()
        await self.until_working(task_id)
        await self.vanish(run)

    async def vanish(self, run: asyncio.Task[RunStatus]) -> None:
        """End the last orchestrator as kill -9 does: it writes nothing more."""
        self.log.error = lambda _events: StorageError("killed")
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        self.log.error = lambda _events: None
        self.processes.dead.add(100 + self.count)

    async def lease_of(self, instance_id: str) -> Lease:
        """The lease as the orchestrator has it."""
        record = await self.registry.get(instance_id)
        return Lease(record.id, record.project, record.plan_path, record.epoch, record.checkout)

    @property
    def last_id(self) -> str:
        return f"orch-{self.count}"

    def stored(self, instance_id: str | None = None) -> list[StoredEvent]:
        return self.store.events.get(instance_id or self.last_id, [])

    def events(self, *types: type[EventData]) -> list[Any]:
        """What the last orchestrator's log says, of these types."""
        found = [event.data for event in self.stored()]
        return [event for event in found if isinstance(event, types)] if types else found

    def state(self, instance_id: str | None = None) -> RunState:
        return fold(self.stored(instance_id))

    def statuses(self) -> dict[str, str]:
        return {task_id: task.status.value for task_id, task in self.state().tasks.items()}

    def finding(self, task_id: str) -> str:
        return self.outputs.files[f"docs/plan-outputs/p/findings/{task_id.replace('.', '-')}.md"][0].decode()

    async def command(self, command: Command) -> CommandRecord:
        """Submit, and wait for the receipt."""
        record = await self.commands.submit(self.last_id, command, actor="test")
        await self.until(lambda: self.receipt(record).state is not CommandState.SENT)
        return self.receipt(record)

    def receipt(self, record: CommandRecord) -> CommandRecord:
        return self.store.commands[record.id]

    async def until(self, condition: Callable[[], object], seconds: float = 10) -> None:
        """Wait until the condition holds; fails after that many seconds."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - the condition is the test's own
                await asyncio.sleep(0.001)

    async def until_working(self, task_id: str) -> RobotRun:
        """Wait until an agent is at work on the task."""
        runs = [*self.robot.runs, *self.shell.runs]
        await self.until(
            lambda: any(self._is_at(run, task_id) for run in [*self.robot.runs, *self.shell.runs])
        )
        runs = [*self.robot.runs, *self.shell.runs]
        return next(run for run in runs if self._is_at(run, task_id))

    @staticmethod
    def _is_at(run: RobotRun, task_id: str) -> bool:
        return run.job.task.id == task_id and not run.has_ended

    def with_ports(self, **ports: Any) -> Ports:
        return replace(self.ports, **ports)


ONE = "# P\n\n## Phase 1: only\n\n- [ ] 1.1 first\n"


@pytest.fixture
def make_house() -> Callable[[str], House]:
    return House


@pytest.fixture
def house() -> House:
    """One task."""
    return House(ONE)


@pytest.fixture
def plays() -> Any:
    """The plays, by name."""

    class Plays:
        say = staticmethod(say)
        succeed = staticmethod(succeed)
        fail = staticmethod(fail)
        hold = staticmethod(hold)
        ask = staticmethod(ask)
        collapse = staticmethod(collapse)
        deaf = staticmethod(deaf)

    return Plays
