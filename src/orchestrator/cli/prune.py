"""`orchestrator prune`: deletes the logs, transcripts and outputs of old runs."""

from __future__ import annotations

import asyncio
import json as json_module
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from orchestrator.cli.composition import open_pruner
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.output import ask, write, write_error, write_json
from orchestrator.cli.project import find_root
from orchestrator.domain.errors import UsageError
from orchestrator.domain.retention import Retention, read_age
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.wording import counted
from orchestrator.engine.pruning import Prunable, PrunableRun, Pruner
from orchestrator.engine.records import Amount

PROGRESS_SECONDS = 2.0
"""A prune that takes longer says how far it is, again and again after so long."""

_UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """What is asked for, as it was typed."""

    older_than: str
    keep: int
    dry_run: bool = False
    yes: bool = False
    json: bool = False
    root: Path | None = None


def prune(request: PruneRequest) -> ExitCode:
    """Show what may go, ask on a terminal, and delete it; raises UsageError and StorageError."""
    older_than = read_age(request.older_than)
    if older_than is None:
        raise UsageError(
            f"--older-than {request.older_than!r} is no duration: write 90d, 2w, 12h or 30m, "
            "for days, weeks, hours or minutes."
        )
    return asyncio.run(_prune(request, Retention(older_than, request.keep)))


async def _prune(request: PruneRequest, retention: Retention) -> ExitCode:
    async with open_pruner(find_root(request.root)) as pruner:
        found = await pruner.choose(retention)
        if not request.json:
            write("\n".join(map(safe_line, _summary(found, retention))))
        if not request.dry_run and not found.is_empty and not _is_agreed(request, found):
            write_error("Nothing was pruned.")
            return ExitCode.COMPLETED
        # Also with nothing to delete: a prune that was killed may have left space to give back.
        freed, given = (0, 0) if request.dry_run else await _delete(pruner, found)
    if request.json:
        write_json(json_module.dumps(_document(found, request, freed, given), indent=2))
    elif not request.dry_run and not found.is_empty:
        write(f"Pruned {_runs(found.count)}, {size_text(freed)}. {_space(given)}")
    return ExitCode.COMPLETED


def _is_agreed(request: PruneRequest, found: Prunable) -> bool:
    """Whether it may be deleted: on a terminal somebody is there to be asked."""
    if request.yes or not sys.stdin.isatty():
        return True
    return ask(f"Delete {_runs(found.count)}, {size_text(found.bytes)}?")


async def _delete(pruner: Pruner, found: Prunable) -> tuple[int, int]:
    """Returns how many bytes were deleted, and how much smaller the database's file is."""
    freed, done, said = 0, 0, time.monotonic()
    last: PrunableRun | None = None
    async for run, step in pruner.prune(found):
        done += run is not last
        freed, last = freed + step, run
        if time.monotonic() - said >= PROGRESS_SECONDS:
            said = time.monotonic()
            share = f"{size_text(freed)} of {size_text(found.bytes)}"
            write_error(f"Pruning run {min(done, len(found.runs))} of {len(found.runs)}, {share} …")
    given = 0
    async for step in pruner.give_back():
        given += step
        if time.monotonic() - said >= PROGRESS_SECONDS:
            said = time.monotonic()
            write_error(f"Giving space back: {size_text(given)} so far …")
    return freed, given


def _summary(found: Prunable, retention: Retention) -> Iterator[str]:
    """What may go, by plan and in all."""
    if found.is_empty:
        yield f"Nothing to prune. A run is pruned if it {_rule(retention)}."
        return
    rows = [
        (plan, f"{_runs(len(runs)):>9}  {_amount(runs)}") for plan, runs in sorted(_by_plan(found).items())
    ]
    if left := [run for run in found.runs if run.is_left_over]:
        rows.append(("left of pruned runs", f"{_runs(len(left)):>9}  {_amount(left)}"))
    if found.reports.items:
        reports = f"{counted(found.reports.items, 'file'):>9}  {size_text(found.reports.bytes):>9}"
        rows.append(("crash reports", reports))
    width = max(len(name) for name, _ in rows)
    yield f"Runs to prune, each of which {_rule(retention)}:"
    for name, text in rows:
        yield f"  {name:<{width}}  {text}"
    yield f"In all {_runs(found.count)}, {size_text(found.bytes)}."
    yield "Their logs, prompts, transcripts, findings and output go; each stays a line in `list --all`."


def _rule(retention: Retention) -> str:
    """Which runs may go, as the end of a sentence."""
    age = retention.older_than
    unit, name = next((one for one in _UNITS if not age % one[0]), _UNITS[-1])
    ended = f"ended at least {counted(age // unit, name)} ago" if age else "has ended"
    last = f"among the last {retention.keep} of its plan" if retention.keep > 1 else "the latest of its plan"
    return f"{ended} and is not {last}"


def _by_plan(found: Prunable) -> dict[str, list[PrunableRun]]:
    by_plan = defaultdict(list)
    for run in found.runs:
        if not run.is_left_over:
            by_plan[run.record.plan_name].append(run)
    return by_plan


def _amount(runs: list[PrunableRun]) -> str:
    stored = sum((run.stored for run in runs), Amount())
    files = sum((run.files for run in runs), Amount())
    text = f"{size_text(stored.bytes):>9} in the database"
    return f"{text}, {size_text(files.bytes)} in {counted(files.items, 'file')}" if files.items else text


def _runs(count: int) -> str:
    return counted(count, "run")


def _space(given: int) -> str:
    if given:
        return f"The database's file is {size_text(given)} smaller."
    return "The database uses the space again."


def size_text(count: int) -> str:
    """A number of bytes for people: 512 B, 12.3 kB, 4.0 MB."""
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"


def _document(found: Prunable, request: PruneRequest, freed: int, given: int) -> dict[str, object]:
    return {
        "dry_run": request.dry_run,
        "runs": [
            {
                "id": run.record.id,
                "plan_name": run.record.plan_name,
                "is_left_over": run.is_left_over,
                "ended_at": run.record.ended_at.isoformat() if run.record.ended_at else None,
                "database_bytes": run.stored.bytes,
                "file_bytes": run.files.bytes,
            }
            for run in found.runs
        ],
        "crash_report_bytes": found.reports.bytes,
        "total_bytes": found.bytes,
        "freed_bytes": freed,
        "given_back_bytes": given,
    }
