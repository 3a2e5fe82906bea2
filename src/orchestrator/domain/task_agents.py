"""Who does which task, before anybody knows which agents are installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from orchestrator.domain.plan import Plan, Task

SHELL = "shell"
"""The agent that runs a task's shell blocks instead of being told what to do."""
RUN_AGENT = "the run's agent"


def task_agent(task: Task, run_agent: str | None = None) -> str | None:
    """The name of a task's agent; None where it is the first general agent that is ready.

    Its own `agent:` line; else shell, where shell blocks are all there is to it; else the front matter's
    agent; else the run's. (The plan's reader has put the front matter's into `task.agent`.)
    """
    if task.agent:
        return task.agent
    return SHELL if task.is_script else run_agent


def open_shares(plan: Plan) -> Counter[str | None]:
    """How many of the tasks that are not ticked each agent gets; None stands for the run's agent.

    Tasks with a gate are a person's and counted as nobody's.
    """
    return Counter(task_agent(task) for task in plan.tasks() if not (task.checked or task.gate))


def shares_text(shares: Mapping[str | None, int], gates: int = 0, to_check: int = 0) -> str:
    """`3 for claude, 1 for the run's agent, 1 for a person, 1 to be checked`; empty when nothing is left."""
    largest_first = sorted(shares.items(), key=lambda share: (-share[1], share[0] or ""))
    told = [f"{count} for {agent or RUN_AGENT}" for agent, count in largest_first]
    told += [f"{gates} for a person"] if gates else []
    return ", ".join([*told, f"{to_check} to be checked"] if to_check else told)
