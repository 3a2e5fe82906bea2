"""The tables of docs/commands.md, drawn from the code: `python -m orchestrator.codegen.commands_page`.

Each cell is what `decide` answers in that state, in the words of the API. The prose is written by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.api.command_desk import refusal_of_ended, status_of
from orchestrator.domain.commands import (
    Command,
    CommandState,
    MessageTask,
    Pause,
    Resume,
    RetryTask,
    Shutdown,
    SkipTask,
)
from orchestrator.domain.decisions import Decision, conclude_message, decide
from orchestrator.domain.events import OrchestratorChanged, PlanLoaded, PlannedPhase, PlannedTask, TaskChanged
from orchestrator.domain.run_state import RunState, evolve
from orchestrator.domain.task_status import RunStatus, TaskStatus

PAGE = Path("docs/commands.md")
STALE = "{path} is not what the code says. Run `make generate` and commit the result."
TASK = "1.1"

RUN_VERBS: Mapping[str, Command] = {
    "pause": Pause(),
    "pause?mode=now": Pause(mode="now"),
    "resume": Resume(),
    "shutdown": Shutdown(),
    "shutdown?force=true": Shutdown(force=True),
}
TASK_VERBS: Mapping[str, Command] = {
    "skip-task": SkipTask(task_id=TASK),
    "retry-task": RetryTask(task_id=TASK),
    'retry-task with "force": true': RetryTask(task_id=TASK, force=True),
    "message-task": MessageTask(task_id=TASK, text="note"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a verb does in a state: the HTTP status, and a problem's code or the status that follows.

    `unless_taken` is the code where the agent's answer decides, and it is no.
    """

    http_status: int
    code: str | None = None
    becomes: str | None = None
    unless_taken: str | None = None

    def __str__(self) -> str:
        if self.unless_taken is not None:
            return f"{self.http_status}, or 409 `{self.unless_taken}`"
        if self.code is not None:
            return f"{self.http_status} `{self.code}`"
        if self.http_status == 202:
            return f"202, then {self.becomes}"
        return f"200, {self.becomes or 'as it was'}"


def state_in(run_status: RunStatus, task_status: TaskStatus) -> RunState:
    """An orchestrator in this status, with one task in that one."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    started = TaskStatus.PENDING if task_status is TaskStatus.IN_PROGRESS else task_status
    loaded = PlanLoaded(
        plan_name="plan",
        plan_path="docs/plans/plan.md",
        title="Plan",
        phases=(PlannedPhase(number=1, name="Phase"),),
        tasks=(PlannedTask(id=TASK, phase=1, description="task", status=started),),
    )
    state = evolve(RunState(), loaded, at)
    if task_status is TaskStatus.IN_PROGRESS:
        change = TaskChanged(
            task_id=TASK,
            description="task",
            phase=1,
            old_status=TaskStatus.PENDING,
            new_status=TaskStatus.IN_PROGRESS,
            attempt=1,
            revision=2,
        )
        state = evolve(state, change, at)
    step = OrchestratorChanged(old_status=RunStatus.STARTING, new_status=run_status)
    return evolve(state, step, at)


def cell(run_status: RunStatus, task_status: TaskStatus, command: Command) -> Cell:
    """What the API answers to the command there."""
    if run_status.has_ended:
        refusal = refusal_of_ended(run_status, command)
        return Cell(200) if refusal is None else Cell(refusal.status, refusal.code)
    decision = decide(state_in(run_status, task_status), command)
    if decision.outcome is None and isinstance(command, MessageTask):
        return Cell(200, unless_taken=conclude_message("any", is_taken=False).code)
    state = decision.outcome or CommandState.SENT
    code = decision.code if state is CommandState.REJECTED else None
    return Cell(status_of(state, decision.code), code, _follows(decision, command))


def _follows(decision: Decision, command: Command) -> str | None:
    """The status that the verb leads to: the task's, and the orchestrator's."""
    if decision.outcome is None and isinstance(command, SkipTask):
        return TaskStatus.SKIPPED.value
    steps = [e.new_status.value for e in decision.events if isinstance(e, TaskChanged | OrchestratorChanged)]
    return ", orchestrator ".join(steps) or None


def run_table() -> Iterator[str]:
    """Verbs for the whole run: a row for each status of the orchestrator."""
    yield f"| orchestrator | {' | '.join(f'`{verb}`' for verb in RUN_VERBS)} |"
    yield "|---" * (len(RUN_VERBS) + 1) + "|"
    for status in RunStatus:
        cells = (str(cell(status, TaskStatus.PENDING, command)) for command in RUN_VERBS.values())
        yield f"| **{status}** | {' | '.join(cells)} |"


def task_table(command: Command) -> Iterator[str]:
    """One verb for a task: a row for each status of the orchestrator, a column for each of the task."""
    yield f"| orchestrator | {' | '.join(f'task {status}' for status in TaskStatus)} |"
    yield "|---" * (len(TaskStatus) + 1) + "|"
    for status in RunStatus:
        cells = (str(cell(status, task_status, command)) for task_status in TaskStatus)
        yield f"| **{status}** | {' | '.join(cells)} |"


def tables() -> dict[str, str]:
    """Each table by the name in its marks."""
    drawn = {"run": run_table()}
    drawn |= {verb: task_table(command) for verb, command in TASK_VERBS.items()}
    return {name: "\n".join(lines) for name, lines in drawn.items()}


def filled(page: str) -> str:
    """The page with each table between its marks; raises ValueError where marks are missing."""
    for name, table in tables().items():
        begin, end = f"<!-- table: {name} -->\n", "\n<!-- end -->"
        before, mark, rest = page.partition(begin)
        _, end_mark, after = rest.partition(end)
        if not (mark and end_mark):
            raise ValueError(f"the marks of the table {name!r} are missing")
        page = f"{before}{mark}{table}{end_mark}{after}"
    return page


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with --check only compare it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator.codegen.commands_page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the page is stale")
    parser.add_argument("--page", type=Path, default=PAGE, help="the file (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    path: Path = chosen.page
    try:
        page = path.read_text(encoding="utf-8")
        new = filled(page)
        if chosen.check and new != page:
            sys.stderr.write(STALE.format(path=path) + "\n")
            return 1
        if new != page:
            path.write_text(new, encoding="utf-8")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{path}: {error}.\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
