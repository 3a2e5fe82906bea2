"""Cuts a plan at its headings, and finds out which headings are tasks and which only group tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.plan_reading.blocks import Block, BlockKind
from orchestrator.domain.plan_reading.labels import phase_heading, split_id, task_heading

_PHASE_LEVELS = (2, 3)


@dataclass(slots=True)
class Section:
    """A heading (none for the text before the first one) and the blocks up to the next heading.

    `task` is what the heading says if it can be a task; with `only_groups` it isn't one.
    """

    heading: Block | None
    blocks: list[Block] = field(default_factory=list)
    task: tuple[str, str] | tuple[int, str] | None = None
    only_groups: bool = False

    @property
    def level(self) -> int:
        """The heading's level, 0 without one."""
        return self.heading.level if self.heading else 0

    @property
    def phase(self) -> tuple[int, str] | None:
        """Number and name, if the heading opens a phase."""
        if self.heading and self.heading.level in _PHASE_LEVELS:
            return phase_heading(self.heading.content)
        return None


def sections_of(blocks: Sequence[Block]) -> list[Section]:
    """The text before the first heading, and each heading with what stands under it."""
    sections = [Section(None)]
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            task = task_heading(block.content) if block.level > 1 else None
            sections.append(Section(block, task=task))
        else:
            sections[-1].blocks.append(block)
    _mark_groups(sections)
    return sections


def _mark_groups(sections: Sequence[Section]) -> None:
    """A heading with an id only groups when a box or a heading beneath it has an id."""
    above: list[Section] = []
    for section in sections:
        while above and above[-1].level >= section.level:
            above.pop()
        if section.task:
            for outer in above:
                outer.only_groups = True
        above.append(section)
        if any(_has_id(item) for item in items_of(section.blocks)):
            for outer in above:
                outer.only_groups = True


def items_of(blocks: Sequence[Block]) -> Iterator[Block]:
    """The items of the top-level lists."""
    for block in blocks:
        if block.kind is BlockKind.LIST:
            yield from block.children


def _has_id(item: Block) -> bool:
    return item.box is not None and split_id(item.content)[0] is not None
