"""What a run says before its first task: its size, who does how much, what agents may do, its problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from orchestrator.cli.plan_changes import change_lines
from orchestrator.domain.events import PlanLoaded, PlannedTask
from orchestrator.domain.plan import Permissions
from orchestrator.domain.task_agents import SHELL, shares_text
from orchestrator.domain.wording import counted

PROBLEMS_SHOWN_MAX = 20

_ALLOWED: Mapping[Permissions, str] = {
    "read-only": "agents may only read (permissions read-only)",
    "ask": "agents may only read by themselves, and must ask for everything else (permissions ask)",
    "edits": "agents may read and change files, nothing else (permissions edits)",
    "full": "agents may do everything (permissions full; --permissions narrows it)",
}


def first_lines(begun: PlanLoaded) -> list[str]:
    """The lines, the first of which names the plan."""
    left = [task for task in begun.tasks if not task.status.is_settled]
    has_agents = any(task.agent != SHELL and not task.gate for task in left)
    allowed = [_ALLOWED[begun.permissions]] if begun.permissions and has_agents else []
    return [_size(begun, left), *allowed, *change_lines(begun), *_problems(begun.problems)]


def _size(begun: PlanLoaded, left: list[PlannedTask]) -> str:
    done = len(begun.tasks) - len(left)
    parts = [counted(len(begun.phases), "phase"), counted(len(begun.tasks), "task")]
    stale = sum(task.stale is not None for task in begun.tasks)
    otherwise = f" ({stale} of them for an earlier wording)" if stale else ""
    parts += [f"{done} done already{otherwise}"] if done else []
    parts += [f"{begun.parallel} at once"] if begun.parallel > 1 else []
    # A ticked task's check comes first; only if that fails, an agent gets it.
    to_do = [task for task in left if not task.tick_unchecked]
    gates = sum(1 for task in to_do if task.gate)
    shares = shares_text(
        Counter(task.agent for task in to_do if not task.gate), gates, len(left) - len(to_do)
    )
    return f"{begun.plan_path}: {', '.join(parts)}{f'; {shares}' if shares else ''}"


def _problems(problems: tuple[str, ...]) -> list[str]:
    rest = len(problems) - PROBLEMS_SHOWN_MAX
    return [
        *problems[:PROBLEMS_SHOWN_MAX],
        *([f"and {rest} more: see orchestrator lint"] if rest > 0 else []),
    ]
