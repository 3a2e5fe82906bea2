"""Turns list items, headings and VERIFY sections into task drafts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

from orchestrator.domain.plan import TaskKind
from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.blocks import Block, BlockKind, count_boxes
from orchestrator.domain.plan_reading.detail_lines import DEPENDS, is_prose_verify, read_field
from orchestrator.domain.plan_reading.drafts import TaskDraft, WrittenDependency
from orchestrator.domain.plan_reading.instructions import has_instruction
from orchestrator.domain.plan_reading.labels import VerifyLabel, strip_bold
from orchestrator.domain.plan_reading.references import (
    DependencyText,
    find_dependency_texts,
    hide_code,
    read_references,
    remove_comments,
)
from orchestrator.domain.plan_reading.shell_blocks import shell_block
from orchestrator.domain.plan_reading.text import PlanText

SUMMARY_CHARACTERS_MAX = 200
DEPENDENCY_TEXTS_MAX = 100
"""How many `(depends …)` one task may have."""

_EMPHASIS = re.compile(r"[*_]*")
_LOOSE_DEPENDENCY = re.compile(
    r"\bdepends?\s+(?:up)?on:?\s+(?:tasks?\s+)?[0-9]|\bdepends:\s*[0-9]", re.IGNORECASE
)


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
        draft.has_instruction = has_instruction(item.children, begins_with_its_line=True)
        draft.details = self.text_of([(line + 1, item.end)])
        if verify and not draft.description:
            nested = [each for block in item.children for each in block.children]
            draft.description = summary([first_line(each.content) for each in nested])
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
        for found in self._dependency_texts(draft, text):
            at = line + text.count("\n", 0, found.start)
            snippet = text[found.start : found.start + 20].partition("\n")[0]
            column = self.source.column_of(at, snippet)
            written = WrittenDependency(found.what, at + 1, column, is_formal=found.is_formal)
            draft.written_dependencies.append(written)
            references = read_references(found.what)
            if references.found or references.nothing or found.is_formal:
                before, position = _without_emphasis(text, position, found)
                kept.append(before)
        kept.append(text[position:])
        words = " ".join(part.strip() for part in remove_comments("".join(kept)).split("\n"))
        draft.description = strip_bold(words)
        loose = _LOOSE_DEPENDENCY.search(hide_code("".join(kept)))
        if loose:
            message = f"“{loose[0]}…” without brackets is only text; write `(depends: 1.1)`"
            self.log.add("unclear_dependency", message, draft.line, draft.column)

    def _dependency_texts(self, draft: TaskDraft, text: str) -> Sequence[DependencyText]:
        found = find_dependency_texts(text)
        if len(found) > DEPENDENCY_TEXTS_MAX:
            message = f"a task with more than {DEPENDENCY_TEXTS_MAX} `(depends …)`"
            self.log.add("plan_too_large", message, draft.line, draft.column)
        return found[:DEPENDENCY_TEXTS_MAX]

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
        if waiting is None:
            return
        key, line = waiting
        column = self.source.column_of(line, key)
        if key == "verify":
            message = "`verify:` has no command: write it behind the colon, or in a sh block right below"
            self.log.add("bad_value", message, line + 1, column)
        else:
            self.log.add("empty_value", f"`{key}:` has no value", line + 1, column)

    def _take_item(self, draft: TaskDraft, item: Block) -> None:
        if item.box:
            self._take_shell_blocks(draft, item.children)
            return
        first = item.children[0] if item.children else None
        line = first_line(first.content) if first and first.kind is BlockKind.PARAGRAPH else ""
        if read_field(line) or is_prose_verify(line):
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
            if is_prose_verify(text):
                self._report_prose(text.strip(), block.content_line + number)
            if found is None:
                if key == "verify" and value:
                    message = "the command goes on in the next line; use a sh block under `verify:`"
                    self.log.add("bad_value", message, line + 1, self.source.column_of(line, key))
                key = ""
                continue
            self._report_empty((key, line) if key and not value else None)
            (key, value), line = found, block.content_line + number
            if value:
                self._take_value(draft, key, value, (line + 1, self.source.column_of(line, text.strip())))
        return (key, line) if key and not value else None

    def _take_value(self, draft: TaskDraft, key: str, value: str, place: tuple[int, int]) -> None:
        if key == DEPENDS:
            draft.written_dependencies.append(WrittenDependency(value, *place, is_formal=False))
        else:
            draft.fields.take(key, value, place, self.log)

    def _report_prose(self, text: str, line: int) -> None:
        message = "read as text; for a command write `verify:` in small letters, or the command in backticks"
        self.log.add("unclear_verify", message, line + 1, self.source.column_of(line, text))

    def _take_block(self, draft: TaskDraft, key: str, block: Block) -> bool:
        """The block behind `verify:` or `files:` is its value; False if it isn't."""
        if key not in ("verify", "files"):
            return False
        if block.kind is BlockKind.LIST:
            for item in block.children:
                text = first_line(item.content)
                place = item.content_line + 1, self.source.column_of(item.content_line, text)
                draft.fields.take(key, text, place, self.log)
            return True
        shell = shell_block(block) if key == "verify" else None
        if shell is None or not shell.text.strip():
            return False
        draft.fields.verify.append(shell.text.rstrip("\n"))
        return True

    def text_of(self, ranges: Sequence[tuple[int, int]]) -> str:
        """The raw lines of these ranges, dedented, without blank lines around them."""
        lines = [line for first, end in ranges for line in self.source.lines[first:end]]
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            return ""
        return dedent("\n".join(lines)).strip("\n")


def _without_emphasis(text: str, position: int, found: DependencyText) -> tuple[str, int]:
    """The text before a `(depends …)` and the place behind it, both without marks around it."""
    before = text[position : found.start].rstrip(" \t\n")
    match = _EMPHASIS.match(text, found.end)
    marks = match[0] if match else ""
    if marks and text[: found.start].endswith(marks):
        return before.removesuffix(marks).rstrip(), found.end + len(marks)
    return before, found.end


def summary(points: Sequence[str]) -> str:
    """The points of a check as one line of at most `SUMMARY_CHARACTERS_MAX`."""
    text = "; ".join(strip_bold(point) for point in points if point.strip())
    if len(text) <= SUMMARY_CHARACTERS_MAX:
        return text
    return text[: SUMMARY_CHARACTERS_MAX - 1].rstrip() + "…"


def first_line(text: str) -> str:
    """The first line of a text, without blanks around it."""
    return text.partition("\n")[0].strip()
