"""What a run shows where no terminal is: one line a change, or one event a line as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping

from orchestrator.cli.composition import Services
from orchestrator.cli.event_lines import one_line, shown
from orchestrator.cli.first_lines import first_lines
from orchestrator.cli.output import write, write_error
from orchestrator.domain.blockers import blocker_text
from orchestrator.domain.events import PlanLoaded
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.agent_choice import Doer
from orchestrator.engine.follow import follow
from orchestrator.engine.orchestrator import Orchestrator
from orchestrator.engine.rehearsal import rehearse

LAST_LINES_SECONDS = 5.0


async def show_lines(
    orchestrator: Orchestrator,
    services: Services,
    work: asyncio.Task[RunStatus],
    footer: str,
    *,
    json: bool,
) -> None:
    """Print the run line by line until `work` is done and all that it wrote has been shown."""
    lines = asyncio.create_task(_print_events(orchestrator, services, footer, json=json))
    await asyncio.wait([work])
    # A run that has ended has a last event; one that could not go on has none to wait for.
    has_ended = orchestrator.state is not None and orchestrator.state.status.has_ended
    if not lines.done() and work.done():
        await asyncio.wait([lines], timeout=LAST_LINES_SECONDS if has_ended else 0)
    lines.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await lines


async def _print_events(orchestrator: Orchestrator, services: Services, footer: str, *, json: bool) -> None:
    ports = services.ports
    async for event in follow(ports.log, ports.changes, orchestrator.instance_id):
        if event.seq == 1 and not json:
            write_error(footer)
        line = shown(event, json=json)
        if line is not None and not _was_taken(line):
            return


def _was_taken(line: str) -> bool:
    """Print a line; False when nobody takes it any more, which is no reason to end the run."""
    try:
        write(line, flush=True)
    except OSError as error:
        # What is left in the buffer would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            write_error(f"orchestrator: output is lost ({error.strerror}); the run goes on.")
        return False
    return True


def show_order(begun: PlanLoaded, doers: Mapping[str, Doer]) -> None:
    """Print what would run, turn by turn, and then what would not, with what it waits for."""
    write("\n      ".join(map(safe_line, first_lines(begun))))
    tasks = {task.id: task for task in begun.tasks}
    rehearsal = rehearse(begun, begun.parallel)
    for number, turn in enumerate(rehearsal.turns, start=1):
        for task_id in turn:
            doer = doers[task_id]
            note = f"  [{doer.note}]" if doer.note else ""
            who = "its check" if tasks[task_id].tick_unchecked else doer.agent or "nobody"
            line = f"{number:>4}  {task_id:<10} {who:<9} {one_line(tasks[task_id].description)}{note}"
            write(safe_line(line))
    if rehearsal.gates:
        write(f"Then a person is waited for: {', '.join(rehearsal.gates)}")
    if rehearsal.left:
        write("Would not start:")
    for task_id, reasons in rehearsal.left.items():
        waits = ", ".join(map(blocker_text, reasons))
        write(safe_line(f"      {task_id:<10} {one_line(tasks[task_id].description)}  (waits for {waits})"))
    for refusal in dict.fromkeys(filter(None, (doer.refusal for doer in doers.values()))):
        write(safe_line(refusal))
