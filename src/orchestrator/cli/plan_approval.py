"""`orchestrator approve-plan`: what attempts have changed in a plan is shown, and approved by a person."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

from orchestrator.cli.event_lines import one_line
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.find_instance import IDS_SHOWN_MAX, find_instance
from orchestrator.cli.output import write, write_error
from orchestrator.cli.prompt_answer import says_yes
from orchestrator.cli.source import Source, open_source
from orchestrator.domain.commands import ApprovePlan
from orchestrator.domain.decisions import KEPT_ALREADY_MESSAGE
from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.held_tasks import KINDS_TEXT, attempts_text
from orchestrator.domain.plan_parts import UnapprovedPart
from orchestrator.domain.safe_text import safe_line
from orchestrator.domain.status import OrchestratorInfo, UnapprovedPlan

_CONTROLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"}


def approve_plan(plan: str, root: Path | None, url: str | None, *, is_yes: bool) -> ExitCode:
    """Show the difference, ask, and approve exactly what was shown.

    Exit 0 when it was approved or nothing waits, 1 when it was not approved, 2 when nobody can be asked.
    """
    return asyncio.run(_approve(plan, root, url, is_yes=is_yes))


async def _approve(plan: str, root: Path | None, url: str | None, *, is_yes: bool) -> ExitCode:
    async with open_source(root, url) as source:
        target = await _run_of(source, plan)
        unapproved = (await source.status(target.id, None)).unapproved
        if unapproved is None:
            write(safe_line(f"Nothing in {target.plan_name} waits for an approval."))
            return ExitCode.COMPLETED
        for line in _difference(unapproved):
            write(safe_line(line))
        if unapproved.is_approved:
            write(KEPT_ALREADY_MESSAGE)
            return ExitCode.COMPLETED
        if not is_yes:
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                write_error("Nobody can be asked here. Read the difference, then add --yes to approve it.")
                return ExitCode.USAGE
            if not says_yes("Approve all of this? [y/N] "):
                write("Not approved: the tasks stay as they are.")
                return ExitCode.FAILED
        receipt = await source.command(
            target.id,
            ApprovePlan(digest=unapproved.digest),
            lambda: write_error("approve-plan is on its way; waiting for the orchestrator …"),
        )
    write(safe_line(receipt.message))
    return ExitCode.COMPLETED if receipt.is_applied else ExitCode.FAILED


async def _run_of(source: Source, plan: str) -> OrchestratorInfo:
    """The run whose plan is meant; raises InstanceNotFound in the words of plans."""
    infos = await source.orchestrators()
    if any(info.plan_name == plan or info.id.startswith(plan) for info in infos):
        return find_instance(infos, plan, source.here)
    names = ", ".join(sorted({info.plan_name for info in infos})[:IDS_SHOWN_MAX]) or "none"
    raise InstanceNotFound(f"There is no run of a plan {plan!r} here. Plans that have run: {names}.")


def _difference(unapproved: UnapprovedPlan) -> Iterator[str]:
    for part in unapproved.parts:
        yield f"Task {part.task_id}: {one_line(part.description)}"
        when = f", during {attempts_text(part.attempts)}" if part.attempts else ""
        yield f"  {KINDS_TEXT[part.kind]}{when}:"
        yield from (f"    {line}" for line in _lines(part))
        yield ""


def _visible(text: str | None) -> str:
    """The text with signs in the place of control characters, escape sequences for colours too."""
    return (text or "").translate(_CONTROLS)


def _lines(part: UnapprovedPart) -> Iterator[str]:
    """The difference of a part, as `diff -u` writes it."""
    before, after = _visible(part.before).split("\n"), _visible(part.after).split("\n")
    if part.before is None:
        yield "(How it was before is not known: the run crashed.)"
    lines = difflib.unified_diff(
        [line for line in before if part.before], [line for line in after if part.after], lineterm="", n=10
    )
    changed = list(lines)[2:]
    if part.is_cut:
        yield "(Cut here for its length: read the whole in the plan's file.)"
    yield from changed or [
        "(The text is the same; only what was taken out of it as a secret, or cut, differs.)"
    ]
