"""Who does which task, before anybody knows which agents are installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from orchestrator.domain.plan import Plan, Task

SHELL = "shell"
"""The agent that runs a task's shell blocks instead of being told what to do."""


def task_agent(task: Task, run_agent: str | None = None) -> str | None:
    """The name of a task's agent; None where it is the first general agent that is ready.

    Its own `agent:` line; else shell, where shell blocks are all there is to it; else the front matter's
    agent; else the run's. (The plan's reader has put the front matter's into `task.agent`.)
    """
    if task.agent:
        return task.agent
    return SHELL if task.is_script else run_agent


def shares_by_agent(plan: Plan) -> str:
    """How many of the tasks that are not ticked each agent gets, such as `2 for shell, 3 for claude`."""
    named = (
        task_agent(task) or "the run's agent" for task in plan.tasks() if not (task.checked or task.gate)
    )
    gates = sum(1 for task in plan.tasks() if task.gate and not task.checked)
    return shares(named, gates)


def shares(agents: Iterable[str], gates: int = 0) -> str:
    """`2 for shell, 3 for claude, 1 for a person`; empty when nobody gets any."""
    counts = Counter(agents)
    told = [f"{count} for {name}" for name, count in counts.most_common()]
    return ", ".join([*told, f"{gates} for a person"] if gates else told)
