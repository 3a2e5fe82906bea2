"""Asks on a terminal what becomes of tasks that are done for an earlier wording of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from orchestrator.cli.event_lines import one_line
from orchestrator.cli.output import write
from orchestrator.cli.plan_changes import STALE_HINT, change_lines
from orchestrator.domain.events import PlanLoaded, PlannedTask
from orchestrator.domain.evidence import STALE_TEXT
from orchestrator.domain.plan_matching import Reworded
from orchestrator.domain.safe_text import safe_line

QUESTION = "Keep it as done, or run it again? [k]eep, [r]un again; K or R for all that follow"
KEYS = "The keys are k (keep), r (run again), K (keep all that follow) and R (run all that follow again)."
NOBODY_TO_ASK = "--reworded ask: there is no terminal, so nobody can be asked. What is done stays so: {}"


def ask_about(begun: PlanLoaded, tasks: Sequence[PlannedTask]) -> Mapping[str, Reworded]:
    """The answers, by the wording of now; `begun` is what the run would begin with.

    When the input ends, the remaining questions have no answer.
    """
    write("\n".join(line for line in change_lines(begun) if line != STALE_HINT))
    answers: dict[str, Reworded] = {}
    for_all: Reworded | None = None
    for task in tasks:
        if for_all is None:
            write("\n".join(map(safe_line, _question(task))))
        answer = for_all or _answer()
        if not answer:
            break
        chosen: Reworded = "rerun" if answer.lower().startswith("r") else "keep"
        if answer in {"K", "R"}:
            for_all = chosen
        answers[task.wording or ""] = chosen
    return answers


def nobody_to_ask(tasks: Sequence[PlannedTask]) -> str:
    """What is said instead of the question."""
    return NOBODY_TO_ASK.format(", ".join(task.id for task in tasks))


def _question(task: PlannedTask) -> list[str]:
    told = f"Task {task.id} is {task.status.value} {STALE_TEXT}"
    was, now = one_line(task.done_description or "(not recorded)"), one_line(task.description)
    if task.done_description == task.description:
        return [f"{told}; its line is as it was, its block or its details were changed: {now}"]
    return [f"{told}", f"  was: {was}", f"  now: {now}"]


def _answer() -> str:
    """One of k, r, K and R; empty when the input is at its end."""
    while True:
        write(QUESTION, flush=True)
        line = sys.stdin.readline()
        if not line or line.strip() in {"k", "r", "K", "R"}:
            return line.strip()
        write(KEYS)
