"""A run on a terminal: its picture, redrawn until it has ended. Apart, since what draws is slow to import."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial

from rich.live import Live

from orchestrator.cli.composition import utc_now
from orchestrator.cli.first_lines import first_lines
from orchestrator.cli.interrupts import on_leaving
from orchestrator.cli.live_view import REFRESHES_PER_SECOND, LiveView
from orchestrator.cli.safe_view import live, write_above
from orchestrator.domain.events import EventData, PlanLoaded
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.orchestrator import Orchestrator

SHOW_CURSOR = b"\x1b[?25h"


class LiveRun:
    """The picture of a run that has not begun yet."""

    def __init__(self, orchestrator: Orchestrator, footer: str, *, tells_findings: bool) -> None:
        self._orchestrator = orchestrator
        self._view = LiveView(lambda: orchestrator.state, utc_now, footer, tells_findings=tells_findings)
        orchestrator.listen(self._view.hear)

    async def show(self, work: asyncio.Task[RunStatus]) -> None:
        """Draw it until `work` is done."""
        # A signal may end the process while the cursor is hidden.
        show_cursor = partial(os.write, sys.stdout.fileno(), SHOW_CURSOR)
        with on_leaving(show_cursor), live(self._view, REFRESHES_PER_SECOND) as drawn:
            self._orchestrator.listen(lambda event: _print_above(drawn, event))
            await asyncio.wait([work])


def _print_above(drawn: Live, event: EventData) -> None:
    """What is said before the first task stays above the picture that is redrawn."""
    if isinstance(event, PlanLoaded):
        for line in first_lines(event):
            write_above(drawn, line)
