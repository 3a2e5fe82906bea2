"""Finds what may have been meant as tasks where none was found, so that its writer sees what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.domain.plan_reading.blocks import Block, BlockKind, count_boxes
from orchestrator.domain.plan_reading.labels import phase_heading
from orchestrator.domain.plan_reading.text import PlanText

SAMPLE_LENGTH_MAX = 60

_TASK_WORDS = ("task", "step", "story", "issue", "item", "feature", "todo", "ticket")
_NUMBERED_HEADING = re.compile(
    rf"[\W_]*(?:(?:{'|'.join(_TASK_WORDS)})\b|[A-Za-z]{{0,10}}[-_#.]?[0-9][\w.-]*(?=[\s:)\]]|$))",
    re.IGNORECASE,
)
_BOX = re.compile(r"\[[ xX]?\]\s")
_TABLE_RULE = re.compile(r"[\s|:-]*$")


@dataclass(frozen=True, slots=True)
class NearTasks:
    """Several things of one kind, and the line (from 1) of the first: `3 headings such as …`."""

    text: str
    line: int


def near_tasks(blocks: Sequence[Block], source: PlanText) -> NearTasks | None:
    """What in these top-level blocks looks most like tasks; None where nothing does."""
    for noun, found in _kinds(blocks, source):
        lines = list(found)
        if lines:
            sample = source.lines[lines[0]].strip()
            if len(sample) > SAMPLE_LENGTH_MAX:
                sample = sample[: SAMPLE_LENGTH_MAX - 1].rstrip() + "…"
            named = f"1 {noun}, `{sample}`" if len(lines) == 1 else f"{len(lines)} {noun}s such as `{sample}`"
            return NearTasks(named, lines[0] + 1)
    return None


def _kinds(blocks: Sequence[Block], source: PlanText) -> Iterator[tuple[str, Iterable[int]]]:
    """Kinds of things, the likeliest first, with the lines (from 0) where they begin."""
    items = [item for block in blocks if block.kind is BlockKind.LIST for item in block.children]
    yield "checkbox item", (item.first for item in items if count_boxes([item])[0])
    yield "line", (line for block in blocks for line in _boxes_without_bullets(block))
    yield "heading", (block.first for block in blocks if _is_numbered_heading(block))
    yield "table row", (line for block in blocks for line in _rows(block, source))
    yield "list item", (item.first for item in items)
    yield "heading", (block.first for block in blocks if block.kind is BlockKind.HEADING and block.level > 2)


def _is_numbered_heading(block: Block) -> bool:
    if block.kind is not BlockKind.HEADING or block.level < 2 or phase_heading(block.content):
        return False
    return _NUMBERED_HEADING.match(block.content) is not None


def _boxes_without_bullets(block: Block) -> list[int]:
    """The lines of a paragraph that begin with a box, and with no bullet before it."""
    if block.kind is not BlockKind.PARAGRAPH:
        return []
    lines = block.content.split("\n")
    return [block.content_line + number for number, line in enumerate(lines) if _BOX.match(line.lstrip())]


def _rows(block: Block, source: PlanText) -> list[int]:
    """The lines of a table below its head."""
    if block.kind is not BlockKind.TABLE:
        return []
    rules = (line for line in range(block.first, block.end) if _TABLE_RULE.match(source.lines[line]))
    return list(range(next(rules, block.end) + 1, block.end))
