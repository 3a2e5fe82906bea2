"""Asks on a terminal what becomes of tasks that are done for an earlier wording of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from orchestrator.cli.event_lines import one_line
from orchestrator.cli.output import write
from orchestrator.domain.events import PlannedTask
from orchestrator.domain.evidence import STALE_TEXT
from orchestrator.domain.plan_matching import Reworded
from orchestrator.domain.safe_text import safe_line

QUESTION = "Keep it as done, or run it again? [k]eep, [r]un again; K or R for all that follow"


def ask_about(tasks: Sequence[PlannedTask]) -> Mapping[str, Reworded]:
    """The answers, by the wording of now. Whoever closes the input has answered no further question."""
    answers: dict[str, Reworded] = {}
    for_all: Reworded | None = None
    for task in tasks:
        if for_all is None:
            text = one_line(task.description)
            write(safe_line(f"Task {task.id} is {task.status.value} {STALE_TEXT}: {text}"))
        answer = for_all or _answer()
        if not answer:
            break
        chosen: Reworded = "rerun" if answer.lower().startswith("r") else "keep"
        if answer in {"K", "R"}:
            for_all = chosen
        answers[task.wording or ""] = chosen
    return answers


def _answer() -> str:
    """One of k, r, K and R; empty when the input is at its end."""
    while True:
        write(QUESTION, flush=True)
        line = sys.stdin.readline()
        if not line or line.strip() in {"k", "r", "K", "R"}:
            return line.strip()
