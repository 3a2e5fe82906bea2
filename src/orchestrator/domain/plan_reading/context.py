"""Collects the text of a plan that belongs to no task: what an agent should know about it or a phase."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from orchestrator.domain.plan import Section
from orchestrator.domain.plan_reading.blocks import Block, BlockKind
from orchestrator.domain.plan_reading.drafts import PhaseDraft
from orchestrator.domain.plan_reading.text import PlanText

_ENDS_NOTHING = re.compile(r"\s*(?:-\s*){0,3}-*\s*$")
"""A blank line, or a rule, which only parts a section from the next one."""


def read_context(
    source: PlanText, blocks: Sequence[Block], phases: Sequence[PhaseDraft], first_line: int
) -> tuple[Section, ...]:
    """The sections from `first_line` (from 0) on, without the lines of the tasks in them.

    A heading that is a task, or is within one, only begins a section where text below it is not the task's.
    """
    return tuple(_ContextReader(source, phases).read(blocks, first_line))


class _ContextReader:
    def __init__(self, source: PlanText, phases: Sequence[PhaseDraft]) -> None:
        self._source = source
        self._phases = [phase for phase in phases if phase.level]
        self._phase_starts = [phase.first for phase in self._phases]
        tasks = [task for phase in phases for task in phase.tasks]
        self._task_starts = sorted(task.first for task in tasks)
        self._is_of_task = bytearray(len(source.lines))
        for task in tasks:
            self._is_of_task[task.first : task.end] = b"\1" * (task.end - task.first)

    def read(self, blocks: Sequence[Block], first_line: int) -> Iterator[Section]:
        headings = [block for block in blocks if block.kind is BlockKind.HEADING]
        end = len(self._source.lines)
        if preamble := self._text(first_line, headings[0].first if headings else end):
            yield Section("", preamble, first_line + 1, end + 1)
        scope_ends = _scope_ends(headings, end)
        for index, heading in enumerate(headings):
            next_heading = headings[index + 1].first if index + 1 < len(headings) else end
            text = self._text(heading.end, next_heading)
            is_task = self._is_of_task[heading.first]
            if is_task and not text:
                continue
            yield Section(
                heading="" if is_task else f"{'#' * heading.level} {' '.join(heading.content.split())}",
                text=text,
                line=heading.first + 1,
                end=scope_ends[index] + 1,
                phase=self._phase_at(heading.first),
                has_tasks=self._has_tasks(heading.first, scope_ends[index]),
            )

    def _phase_at(self, line: int) -> int | None:
        index = bisect_right(self._phase_starts, line) - 1
        return self._phases[index].number if index >= 0 and line < self._phases[index].end else None

    def _text(self, first: int, end: int) -> str:
        lines = [self._source.lines[line] for line in range(first, end) if not self._is_of_task[line]]
        while lines and _ENDS_NOTHING.match(lines[-1]):
            lines.pop()
        return "\n".join(lines).strip("\n")

    def _has_tasks(self, first: int, end: int) -> bool:
        return bisect_left(self._task_starts, first) < bisect_left(self._task_starts, end)


def _scope_ends(headings: Sequence[Block], end: int) -> list[int]:
    """For each heading the line (from 0) of the next one of the same or a higher level."""
    ends = [end] * len(headings)
    open_headings: list[int] = []
    for index, heading in enumerate(headings):
        while open_headings and headings[open_headings[-1]].level >= heading.level:
            ends[open_headings.pop()] = heading.first
        open_headings.append(index)
    return ends
