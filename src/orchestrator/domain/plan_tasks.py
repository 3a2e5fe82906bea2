"""Turns list items, headings and VERIFY sections into task drafts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING

from orchestrator.domain.plan import CodeBlock, TaskKind
from orchestrator.domain.plan_blocks import Block, BlockKind, count_boxes
from orchestrator.domain.plan_drafts import TaskDraft, WrittenDependency
from orchestrator.domain.plan_fields import read_field
from orchestrator.domain.plan_labels import VerifyLabel, strip_bold
from orchestrator.domain.plan_references import (
    DependencyText,
    find_dependency_texts,
    read_references,
    remove_comments,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.domain.plan_problems import ProblemLog
    from orchestrator.domain.plan_text import PlanText

MAX_SUMMARY_CHARACTERS = 200
_SHELLS = {"sh": "sh", "bash": "bash", "shell": "sh"}
_EMPHASIS = re.compile(r"[*_]*")


def shell_block(block: Block) -> CodeBlock | None:
    """A fenced sh, bash or shell block as a value, None for any other block."""
    words = block.info.split(maxsplit=1)
    language = _SHELLS.get(words[0].lower()) if words else None
    if block.kind is not BlockKind.FENCE or language is None:
        return None
    return CodeBlock(language, block.content, block.first + 1)


@dataclass(slots=True)
class TaskReader:
    """Reads the parts of a task; what is wrong with them goes to the log."""

    source: PlanText
    log: ProblemLog

    def item(self, item: Block, text: str, verify: VerifyLabel | None = None) -> TaskDraft:
        """A task written as a list item; `text` is its first paragraph behind box and id."""
        line = item.content_line
        draft = TaskDraft(item.first, item.end, line + 1, box=item.box)
        draft.column = self.source.column_of(line, "[" if item.box else "VERIFY")
        if item.box:
            draft.checked = item.box.checked
        self.describe(draft, text, line)
        if verify:
            self.make_verify(draft, verify)
        draft.boxes_total, draft.boxes_done = count_boxes(item.children)
        self.collect(draft, item.children, skip_first_line=True)
        draft.details = self.text_of([(line + 1, item.end)])
        if verify and not draft.description:
            nested = [each for block in item.children for each in block.children]
            draft.description = summary([_first_line(each.content) for each in nested])
        return draft

    def make_verify(self, draft: TaskDraft, verify: VerifyLabel) -> None:
        """Mark a draft as a check that runs after everything before it."""
        draft.kind = TaskKind.VERIFY
        draft.verify_of = verify.of
        draft.runs_after_preceding = True

    def describe(self, draft: TaskDraft, text: str, line: int) -> None:
        """Set description and written dependencies from a text that begins in `line` (from 0)."""
        lines = text.split("\n")
        fields_at = next((i for i, each in enumerate(lines) if i and read_field(each)), len(lines))
        text = "\n".join(lines[:fields_at])
        kept: list[str] = []
        position = 0
        for found in find_dependency_texts(text):
            at = line + text.count("\n", 0, found.start)
            snippet = text[found.start : found.start + 20].partition("\n")[0]
            column = self.source.column_of(at, snippet)
            draft.written_dependencies.append(WrittenDependency(found.what, at + 1, column))
            references = read_references(found.what)
            if references.found or references.nothing:
                before, position = _without_emphasis(text, position, found)
                kept.append(before)
        kept.append(text[position:])
        words = " ".join(part.strip() for part in remove_comments("".join(kept)).split("\n"))
        draft.description = strip_bold(words)

    def collect(self, draft: TaskDraft, blocks: Sequence[Block], *, skip_first_line: bool = False) -> None:
        """Take the detail lines and shell blocks that stand directly in these blocks."""
        waiting: tuple[str, int] | None = None
        for index, block in enumerate(blocks):
            if waiting and self._take_block(draft, waiting[0], block):
                waiting = None
                continue
            self._report_empty(waiting)
            waiting = None
            match block.kind:
                case BlockKind.PARAGRAPH:
                    skip = skip_first_line and index == 0
                    waiting = self._take_lines(draft, block, skip_first_line=skip)
                case BlockKind.LIST:
                    for item in block.children:
                        self._take_item(draft, item)
                case BlockKind.ITEM:
                    self._take_item(draft, block)
                case _:
                    self._take_shell_block(draft, block)
        self._report_empty(waiting)

    def _report_empty(self, waiting: tuple[str, int] | None) -> None:
        if waiting:
            self.log.add("empty_value", f"`{waiting[0]}:` has no value", waiting[1] + 1)

    def _take_item(self, draft: TaskDraft, item: Block) -> None:
        if item.box:
            self._take_shell_blocks(draft, item.children)
            return
        first = item.children[0] if item.children else None
        if first and first.kind is BlockKind.PARAGRAPH and read_field(_first_line(first.content)):
            self.collect(draft, item.children)
        else:
            self._take_shell_blocks(draft, item.children)

    def _take_shell_blocks(self, draft: TaskDraft, blocks: Sequence[Block]) -> None:
        for block in blocks:
            if block.kind in (BlockKind.LIST, BlockKind.ITEM):
                self._take_shell_blocks(draft, block.children)
            else:
                self._take_shell_block(draft, block)

    def _take_shell_block(self, draft: TaskDraft, block: Block) -> None:
        shell = shell_block(block)
        if shell:
            draft.shell_blocks.append(shell)

    def _take_lines(self, draft: TaskDraft, block: Block, *, skip_first_line: bool) -> tuple[str, int] | None:
        """Take the detail lines of a paragraph; key and line of the last one if it has no value."""
        lines = block.content.split("\n")
        key, line = "", 0
        value = ""
        for number, text in enumerate(lines):
            if number == 0 and skip_first_line:
                continue
            found = read_field(text)
            if found is None:
                if key == "verify" and value:
                    message = "the command goes on in the next line; use a sh block under `verify:`"
                    self.log.add("bad_value", message, line + 1)
                key = ""
                continue
            self._report_empty((key, line) if key and not value else None)
            (key, value), line = found, block.content_line + number
            if value:
                column = self.source.column_of(line, text.strip())
                draft.fields.take(key, value, (line + 1, column), self.log)
        return (key, line) if key and not value else None

    def _take_block(self, draft: TaskDraft, key: str, block: Block) -> bool:
        """The block behind `verify:` or `files:` is its value; False if it isn't."""
        if key == "verify":
            shell = shell_block(block)
            if shell and shell.text.strip():
                draft.fields.verify.append(shell.text.rstrip("\n"))
                return True
        if key == "files" and block.kind is BlockKind.LIST:
            place = (block.first + 1, 1)
            for item in block.children:
                draft.fields.take("files", _first_line(item.content), place, self.log)
            return True
        return False

    def text_of(self, ranges: Sequence[tuple[int, int]]) -> str:
        """The raw lines of these ranges, dedented, without blank lines around them."""
        lines = [line for first, end in ranges for line in self.source.lines[first:end]]
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            return ""
        return dedent("\n".join(lines)).strip("\n")


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
            self.points.append(_first_line(block.content))
        if block.box or (not self.has_id_boxes and block.kind is not BlockKind.HTML):
            self.has_content = True

    def close(self, reader: TaskReader) -> TaskDraft:
        """The finished draft: with details, detail lines, and ticked if its boxes are."""
        draft = self.draft
        reader.collect(draft, self.blocks, skip_first_line=self.skip_first_line)
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


def _without_emphasis(text: str, position: int, found: DependencyText) -> tuple[str, int]:
    """The text before a `(depends …)` and the place behind it, both without marks around it."""
    before = text[position : found.start].rstrip(" \t\n")
    match = _EMPHASIS.match(text, found.end)
    marks = match[0] if match else ""
    if marks and text[: found.start].endswith(marks):
        return before.removesuffix(marks).rstrip(), found.end + len(marks)
    return before, found.end


def summary(points: Sequence[str]) -> str:
    """The points of a check as one line of at most `MAX_SUMMARY_CHARACTERS`."""
    text = "; ".join(strip_bold(point) for point in points if point.strip())
    if len(text) <= MAX_SUMMARY_CHARACTERS:
        return text
    return text[: MAX_SUMMARY_CHARACTERS - 1].rstrip() + "…"


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()
