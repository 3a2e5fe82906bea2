"""What a run starts that the repository names: text of its plan in a shell, and programs of its agents.

Whoever may not start that is refused before there is a run. But files may change in between: the run itself,
which reads them later, is told not to start it either (`Launcher.launch`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.domain.errors import AgentNotAllowed, ShellNotAllowed
from orchestrator.domain.plan import Plan
from orchestrator.domain.task_agents import SHELL, task_agent
from orchestrator.engine.records import AgentCheck

ADVICE = (
    "this server may not start {what}: give it a token, or start it with --allow-shell "
    "(ORCHESTRATOR_ALLOW_SHELL=1)."
)


def refuse_shell(plan: Plan, agent: str | None, path: str) -> None:
    """Raise ShellNotAllowed where a run of the plan executes text of the plan in a shell."""
    if any(task.verify or task_agent(task, agent) == SHELL for task in plan.tasks()):
        raise ShellNotAllowed(f"{path} has shell blocks or checks, and {ADVICE.format(what='them')}")


def refuse_agents(plan: Plan, agent: str | None, path: str, checks: Mapping[str, AgentCheck]) -> None:
    """Raise AgentNotAllowed where only an agent that the repository names could do a task."""
    name = next(_named_by_repository(plan, agent, checks), None)
    if name is not None:
        raise AgentNotAllowed(
            f"{path} has tasks for {name}, whose program this repository names, and "
            f"{ADVICE.format(what='it')}"
        )


def agent_names(plan: Plan, agent: str | None) -> frozenset[str | None]:
    """The agents of the plan's tasks, None for the first that is ready; `agent` is the run's."""
    return frozenset(task_agent(task, agent) for task in plan.tasks())


def _named_by_repository(plan: Plan, agent: str | None, checks: Mapping[str, AgentCheck]) -> Iterator[str]:
    names = agent_names(plan, agent)
    withheld = [name for name, check in checks.items() if check.named_by_repository]
    yield from (name for name in withheld if name in names)
    if None in names and not any(check.is_ready for name, check in checks.items() if name != SHELL):
        yield from withheld
