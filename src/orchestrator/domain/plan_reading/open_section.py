"""A heading task or a VERIFY while the blocks beneath it are still being read."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.plan import TaskKind
from orchestrator.domain.plan_reading.blocks import Block, BlockKind, count_boxes
from orchestrator.domain.plan_reading.drafts import TaskDraft
from orchestrator.domain.plan_reading.instructions import has_instruction
from orchestrator.domain.plan_reading.tasks import TaskReader, first_line, summary


@dataclass(slots=True)
class OpenSection:
    """A heading task or a VERIFY paragraph whose content is still being read.

    `blocks` and `ranges` (of lines) are what belongs to it; `points` are its bullets and boxes
    without an id; `has_id_boxes` says whether tasks of their own stood under it; `verify_boxes`
    are the VERIFY checks under a heading task, ticked or not.
    """

    draft: TaskDraft
    level: int = 0
    blocks: list[Block] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    skip_first_line: bool = False
    has_content: bool = False
    has_id_boxes: bool = False
    verify_boxes: list[bool] = field(default_factory=list)
    _list: Block | None = None

    def begin(self, paragraph: Block) -> None:
        """Start a VERIFY with the paragraph whose first line names it."""
        self.blocks.append(paragraph)
        self.ranges.append((paragraph.first + 1, paragraph.end))
        self.skip_first_line = True
        self.has_content = bool(self.draft.description)

    def add(self, block: Block, parent: Block | None = None) -> None:
        """Take a block that belongs here; `parent` is the list of an item."""
        if parent is None:
            self.blocks.append(block)
        elif parent is self._list:
            self.blocks[-1].children.append(block)
        else:
            self.blocks.append(Block(BlockKind.LIST, block.first, parent.end, children=[block]))
        self._list = parent
        self.ranges.append((block.first, block.end))
        total, done = count_boxes([block])
        self.draft.boxes_total += total
        self.draft.boxes_done += done
        if block.kind is BlockKind.ITEM:
            self.points.append(first_line(block.content))
        if block.box or (not self.has_id_boxes and block.kind is not BlockKind.HTML):
            self.has_content = True

    def close(self, reader: TaskReader) -> TaskDraft:
        """The finished draft: with details, detail lines, and ticked if its boxes are."""
        draft = self.draft
        reader.collect(draft, self.blocks, skip_first_line=self.skip_first_line)
        draft.has_instruction |= has_instruction(self.blocks, begins_with_its_line=self.skip_first_line)
        draft.details = reader.text_of(self.ranges)
        if self.ranges:
            draft.end = max(draft.end, self.ranges[-1][1])
        if draft.boxes_total:
            draft.checked = draft.boxes_total == draft.boxes_done
        else:
            draft.checked = bool(self.verify_boxes) and all(self.verify_boxes)
        if draft.kind is TaskKind.VERIFY and not draft.description:
            draft.description = summary(self.points)
        return draft
