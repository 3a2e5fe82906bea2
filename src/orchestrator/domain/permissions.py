"""How much an agent may do by itself: the order of the widths, and what is left of a wish under a ceiling.

Each width is wider than the one before it, by what may happen **without a person's yes**:

| width | happens by itself | needs a person's yes | never happens |
|---|---|---|---|
| `read-only` | reading | | everything else |
| `ask` | reading | everything else | |
| `edits` | reading, changing files | | everything else |
| `full` | everything | | |

`ask` and `edits` do not contain one another: `edits` changes files unasked, `ask` may run a command that
somebody has allowed. `ask` counts as the narrower one: with nobody there to answer it does no more than
`read-only`, and with somebody there, each step is that person's own and later word. The other order would let
a plan's `edits` change files unseen in a run whose user wants to be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from orchestrator.domain.plan import Permissions, Task
from orchestrator.domain.task_agents import SHELL, task_agent

WIDTHS: tuple[Permissions, ...] = get_args(Permissions)
"""From the narrowest to the widest."""

UNBOUND: Permissions = WIDTHS[-1]
"""What holds where nobody has said anything."""

IDS_SHOWN_MAX = 5


def permitted(wanted: Permissions | None, ceiling: Permissions) -> Permissions:
    """What a task may do that `wanted` something, or left it to the run, in a run that allows `ceiling`."""
    return ceiling if wanted is None else min(wanted, ceiling, key=WIDTHS.index)


def narrowed_tasks(tasks: Iterable[Task], ceiling: Permissions) -> tuple[str, ...]:
    """A sentence for each width that some of the tasks want and that is more than the ceiling."""
    tasks_by_width: dict[Permissions, list[str]] = {}
    for task in tasks:
        if task.permissions is not None and permitted(task.permissions, ceiling) != task.permissions:
            tasks_by_width.setdefault(task.permissions, []).append(task.id)
    return tuple(
        f"the plan wants permissions {wanted} for {_listed(ids)}; this run allows {ceiling} at most"
        for wanted, ids in sorted(tasks_by_width.items(), key=lambda item: WIDTHS.index(item[0]))
    )


def unbound_commands(tasks: Iterable[Task], ceiling: Permissions) -> tuple[str, ...]:
    """A sentence that names the plan's own commands, in a run whose user may think that it binds them too."""
    ids = [task.id for task in tasks if task.verify or task_agent(task) == SHELL]
    if ceiling == UNBOUND or not ids:
        return ()
    bound = f"permissions {ceiling} binds agents only"
    return (f"{bound}: the plan's own shell blocks and checks ({_listed(ids)}) run with your rights",)


def unkept(agent: str, permissions: Permissions) -> str:
    """Why an agent that nothing makes ask before it acts is given no task, and what would help."""
    return (
        f"Agent {agent} cannot be held to permissions {permissions}: nothing makes it ask before it acts. "
        "Give it permissions full (--permissions full, and nothing narrower in the plan), name another "
        "agent, or say in agents.toml what makes it ask (asking_modes, asking_environment) or that it always "
        "does (asks = true)."
    )


def _listed(ids: Sequence[str]) -> str:
    """`task 1.1`, or `tasks 1.1, 1.2 and 7 more`."""
    shown, left = ids[:IDS_SHOWN_MAX], len(ids) - IDS_SHOWN_MAX
    more = f" and {left} more" if left > 0 else ""
    return f"task{'s' if len(ids) > 1 else ''} {', '.join(shown)}{more}"
