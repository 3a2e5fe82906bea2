"""Who does a task: the plan's word, else the run's, else the first agent that is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from orchestrator.domain.errors import AgentUnavailable
from orchestrator.domain.events import PlanLoaded
from orchestrator.domain.held_tasks import held_tasks
from orchestrator.domain.permissions import UNBOUND, permitted, unkept
from orchestrator.domain.plan import Plan, Task, TaskId
from orchestrator.domain.task_agents import SHELL, task_agent
from orchestrator.engine.agent_events import AgentEvent, Finished
from orchestrator.engine.outline import RunChoices
from orchestrator.engine.ports import Agent, AgentRun, Agents
from orchestrator.engine.records import AgentCheck, Job


@dataclass(frozen=True, slots=True)
class Doer:
    """Who would do a task: no agent, if none can be had; `problem` is why the run would not start.

    `note` is why nobody knows whether the agent is ready.
    """

    agent: str | None
    problem: str | None = None
    note: str | None = None

    @property
    def refusal(self) -> str | None:
        """Why the run would not start because of this task; None if it would."""
        if self.problem is None or self.agent is None:
            return self.problem
        return f"Agent {self.agent} is not ready: {self.problem}"


class AgentChoice:
    """Finds the agents of one run's tasks."""

    def __init__(self, agents: Agents, plan: Plan, choices: RunChoices) -> None:
        self._agents = agents
        self._plan = plan
        self._choices = choices
        self._checks: dict[str, AgentCheck] = {}

    async def of_all(self, begun: PlanLoaded) -> Mapping[str, Agent]:
        """The agent of every task that may start without a person, by task id.

        Raises AgentUnavailable, with what to do, when one of them is unknown or not ready, or cannot be held
        to what its task may do.
        """
        ticked = _only_checked(begun)
        tasks = [task for task in self._open_tasks(begun) if task.id not in ticked]
        names = {task.id: self._name(task) for task in tasks}
        unnamed = next((task for task in tasks if names[task.id] is None), None)
        fallback = None if unnamed is None else await self._first_ready(unnamed)
        agents = {name: self._named(task, name) for task in tasks if (name := names[task.id]) is not None}
        for task in tasks:
            if (name := names[task.id]) is not None:
                await self._refuse_unready(task, agents[name])
        found: dict[str, Agent] = {}
        for task in tasks:
            name = names[task.id]
            agent = fallback if name is None else agents[name]
            if agent is not None:
                found[task.id] = agent
                await self._refuse_unbound(task, agent)
        return found

    def _open_tasks(self, begun: PlanLoaded) -> list[Task]:
        """The tasks that are not settled, and that neither a gate nor an approval holds up."""
        held = held_tasks(begun.reading, begun.reading, begun.unapproved)
        return [
            self._plan.task_by_id[TaskId(task.id)]
            for task in begun.tasks
            if not (task.status.is_settled or task.gate or task.id in held)
        ]

    async def doers(self, begun: PlanLoaded) -> Mapping[str, Doer]:
        """For each task that may start without a person, its agent, and what prevents it from starting.

        A ticked box that is only to be checked needs no agent for that; what its work lacks is a note.
        """
        ticked = _only_checked(begun)
        found: dict[str, Doer] = {}
        for task in self._open_tasks(begun):
            try:
                doer = await self._doer(task)
            except AgentUnavailable as error:
                doer = Doer(None, str(error))
            if task.id in ticked and doer.refusal:
                doer = Doer(doer.agent, note=f"if that fails: {doer.refusal}")
            found[task.id] = doer
        return found

    async def _doer(self, task: Task) -> Doer:
        agent = await self._chosen(task)
        check = await self.check(agent)
        if not (check.is_ready or check.named_by_repository):
            return Doer(agent.name, check.problem or "it gives no reason")
        await self._refuse_unbound(task, agent)
        return Doer(agent.name, note=check.problem if check.named_by_repository else None)

    async def of(self, task: Task) -> Agent:
        """The agent of one task; raises AgentUnavailable."""
        agent = await self._chosen(task)
        await self._refuse_unbound(task, agent)
        return agent

    def shell(self) -> Agent:
        """The agent that runs blocks and checks."""
        return self._agents.get(SHELL)

    async def _chosen(self, task: Task) -> Agent:
        name = self._name(task)
        return await self._first_ready(task) if name is None else self._named(task, name)

    async def _refuse_unready(self, task: Task, agent: Agent) -> None:
        """Raise AgentUnavailable, with the first task that needs it, if the agent cannot work."""
        check = await self.check(agent)
        if not check.is_ready:
            problem = check.problem or "it gives no reason"
            raise AgentUnavailable(
                f"Task {task.id} in line {task.line}: Agent {agent.name} is not ready: {problem}"
            )

    async def _refuse_unbound(self, task: Task, agent: Agent) -> None:
        """Raise AgentUnavailable if the task may not do everything, and nothing holds its agent to that.

        The shell runs the plan's own commands, which no permission binds.
        """
        permissions = permitted(task.permissions, self._choices.permissions)
        if permissions == UNBOUND or agent.name == SHELL:
            return
        check = await self.check(agent)
        if not check.abilities.permissions:
            raise AgentUnavailable(f"Task {task.id} in line {task.line}: {unkept(agent.name, permissions)}")

    async def check(self, agent: Agent) -> AgentCheck:
        """What the agent said of itself when it was first asked: that may start its program."""
        if agent.name not in self._checks:
            self._checks[agent.name] = await agent.check()
        return self._checks[agent.name]

    def _named(self, task: Task, name: str) -> Agent:
        try:
            return self._agents.get(name)
        except AgentUnavailable as error:
            raise AgentUnavailable(f"Task {task.id} in line {task.line}: {error}") from error

    def _name(self, task: Task) -> str | None:
        return task_agent(task, self._choices.agent)

    async def _first_ready(self, task: Task) -> Agent:
        agent = await self._agents.first_ready()
        if agent is None:
            raise AgentUnavailable(
                f"Task {task.id} in line {task.line} needs an agent, and "
                "none is installed. Install one (see `orchestrator agents`) or name one with --agent. The "
                "shell does only tasks that are nothing but fenced sh blocks."
            )
        return agent


class AbsentAgent:
    """Stands in for one that cannot be had, so that the attempt fails with the reason."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self._problem = problem

    async def check(self) -> AgentCheck:
        """Never ready."""
        return AgentCheck(is_ready=False, problem=self._problem)

    def run(self, _job: Job) -> AgentRun:
        """A run that fails at once."""
        return _AbsentRun(self._problem)

    def refusal(self, _text: str) -> Finished | None:
        """It says nothing."""
        return None


class _AbsentRun:
    def __init__(self, problem: str) -> None:
        self._problem = problem

    async def events(self) -> AsyncIterator[AgentEvent]:
        yield Finished("failed", error=self._problem, is_final=True)

    async def interrupt(self, reason: str) -> None:
        """There is nothing to end."""

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """It asks nothing."""

    async def tell(self, _text: str) -> bool:
        """It takes no notes."""
        return False


def _only_checked(begun: PlanLoaded) -> frozenset[str]:
    """The tasks whose box is ticked and that are first of all checked, for which no agent is needed."""
    return frozenset(task.id for task in begun.tasks if task.tick_unchecked)
