"""Markdown as a small tree of blocks with line numbers and checkboxes, built on markdown-it.

Inline Markup is never parsed: a plan's meaning lies in its blocks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from orchestrator.domain.plan_reading.labels import LABEL_STARTS, begins_label
from orchestrator.domain.plan_reading.text import PlanText

NESTING_MAX = 40
"""How deep lists and quotes may be nested, counted as markdown-it does: two for each list."""

_BOX = re.compile(r"\[([ xX])\](?:[ \t\n\r\v\f]+|$)")


class BlockKind(StrEnum):
    """The blocks that a plan is made of."""

    ROOT = "root"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    ITEM = "item"
    FENCE = "fence"
    QUOTE = "quote"
    TABLE = "table"
    CODE = "code"
    HTML = "html"
    RULE = "rule"


_KINDS = {
    "heading_open": BlockKind.HEADING,
    "paragraph_open": BlockKind.PARAGRAPH,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "list_item_open": BlockKind.ITEM,
    "fence": BlockKind.FENCE,
    "blockquote_open": BlockKind.QUOTE,
    "table_open": BlockKind.TABLE,
    "code_block": BlockKind.CODE,
    "html_block": BlockKind.HTML,
    "hr": BlockKind.RULE,
}


@dataclass(frozen=True, slots=True)
class Box:
    """A checkbox: the offset of the character between its brackets, and whether it is ticked."""

    offset: int
    checked: bool


@dataclass(slots=True)
class Block:
    """One block. Lines count from 0, `end` is the line behind it.

    `content` is the raw inline text of a heading or paragraph, the text of a fence, and for an
    item its first paragraph without the checkbox; `content_line` is where that begins.
    """

    kind: BlockKind
    first: int
    end: int
    content: str = ""
    content_line: int = 0
    level: int = 0
    info: str = ""
    box: Box | None = None
    children: list[Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BlockTree:
    """The top-level blocks, and the first line (from 0) whose nesting was too deep, if any."""

    blocks: list[Block]
    too_deep: int | None


@cache
def _markdown() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"maxNesting": NESTING_MAX}).enable("table")
    # A `**VERIFY 1:**` right below a list is no continuation of its last item.
    reader.block.ruler.before("paragraph", "label", _ends_paragraph, {"alt": ["paragraph", "blockquote"]})
    # Without link definitions `- [x]: …` stays text, and one quadratic rule is gone.
    return reader.disable(["inline", "text_join", "reference"])


def _ends_paragraph(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    """A rule of markdown-it: a line that begins with a bold label or VERIFY begins a paragraph."""
    if not silent:
        return False
    start = state.bMarks[line] + state.tShift[line]
    return state.src.startswith(LABEL_STARTS, start) and begins_label(state.src[start : state.eMarks[line]])


def read_blocks(source: PlanText, skip_lines: int = 0) -> BlockTree:
    """The blocks of the text below the first `skip_lines` lines.

    Whatever markdown-it raises goes through; the caller reports it.
    """
    lines = [""] * skip_lines + source.lines[skip_lines:]
    tokens = _markdown().parse("\n".join(lines))
    return BlockTree(_tree(tokens, source), _first_too_deep(tokens))


def _first_too_deep(tokens: Sequence[Token]) -> int | None:
    containers = ("list_item_open", "blockquote_open")
    for token in tokens:
        if token.level + 1 >= NESTING_MAX and token.type in containers and token.map:
            return token.map[0]
    return None


def _tree(tokens: Sequence[Token], source: PlanText) -> list[Block]:
    root = Block(BlockKind.ROOT, 0, 0)
    stack = [root]
    for token in tokens:
        if token.type == "inline":
            if token.map:
                _set_content(stack, token.content, token.map[0], source)
        elif token.nesting < 0:
            stack.pop()
        else:
            block = _block(token, stack[-1])
            if token.nesting > 0:
                stack.append(block)
    return root.children


def _block(token: Token, parent: Block) -> Block:
    kind = _KINDS.get(token.type, BlockKind.TABLE)
    first, end = token.map or (parent.first, parent.end)
    block = Block(kind, first, end)
    if kind is BlockKind.HEADING:
        block.level = int(token.tag[1:])
    elif token.nesting == 0:
        block.content, block.info = token.content, token.info
    parent.children.append(block)
    return block


def _set_content(stack: list[Block], content: str, line: int, source: PlanText) -> None:
    block = stack[-1]
    block.content, block.content_line = content, line
    if len(stack) < 2 or block.kind is not BlockKind.PARAGRAPH:
        return
    item = stack[-2]
    if item.kind is not BlockKind.ITEM or len(item.children) > 1:
        return
    item.content, item.content_line = content, line
    box = _BOX.match(content)
    if box:
        # Before an item's first paragraph stand only markers, so the first `[` is the box's.
        offset = source.starts[line] + source.lines[line].index("[") + 1
        item.box = Box(offset, checked=box[1] != " ")
        item.content = content[box.end() :]
        item.content_line = line + content.count("\n", 0, box.end())


def count_boxes(blocks: Sequence[Block]) -> tuple[int, int]:
    """How many checkboxes stand in these blocks and in lists beneath them, and how many are ticked.

    Quotes, tables and code hold none.
    """
    total = done = 0
    waiting = list(blocks)
    while waiting:
        block = waiting.pop()
        if block.box:
            total += 1
            done += block.box.checked
        if block.kind in (BlockKind.LIST, BlockKind.ITEM):
            waiting.extend(block.children)
    return total, done
