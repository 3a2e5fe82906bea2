"""Tells a task that is nothing but shell blocks from one whose blocks are part of an agent's instruction.

People write commands into tasks for two reasons: so that they are run (the block is the task), or so that
an agent knows them (`Run: …`, `git commit` as the fourth of five steps). Running the second kind instead of
asking the agent would do part of the work and call it all done, so the shell gets a task only where nothing
else is said: whatever is in doubt is an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.domain.plan_reading.blocks import Block, BlockKind
from orchestrator.domain.plan_reading.detail_lines import DEPENDS, read_field
from orchestrator.domain.plan_reading.shell_blocks import shell_block

_LABEL = re.compile(
    r"(?:\*\*|__)?(?:files?|depend(?:s|s[ \t]+on|ency|encies))(?:\*\*|__)?[ \t]*:(?:\*\*|__)?"
    r"(?=\s|$)(?P<value>.*)$",
    re.IGNORECASE,
)
_NAMES = "names"
"""The kind of a label whose value names files or tasks; other kinds are keys of detail lines."""
_NAMING = (_NAMES, "files", DEPENDS)
_CODE_SPAN = re.compile(r"`[^`]*`")
_REMARK = re.compile(r"\((?:\w+\s?){1,3}\)")
_PATH_OR_ID = re.compile(r"[^\s]*(?:[/\\.*#\d]|_)[^\s]*")
_WORDS_OF_LABELS = frozenset(
    (
        *("add", "create", "creates", "delete", "deleted", "edit", "modify", "modifies", "new", "remove"),
        *("rename", "test", "tests", "update", "updates", "files", "phase", "phases", "step", "steps"),
        *("task", "tasks", "none", "nothing", "all", "and", "of", "on", "or", "the", "to"),
    )
)
_WORDS_MAX = 1
"""How many other words may be between two commas: the name of a file such as `Makefile` is one."""


def has_instruction(blocks: Sequence[Block], *, begins_with_its_line: bool) -> bool:
    """Whether these blocks of a task say more than detail lines, labels and shell blocks do.

    With `begins_with_its_line` the first paragraph begins with the task's own line, which may be wrapped.
    Labels name files or dependencies, and nothing else: `**Files:** a.py`, or `Dependencies:` with a list
    below it.
    """
    open_label: str | None = None
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.PARAGRAPH:
            lines = block.content.split("\n")
            if begins_with_its_line and index == 0:
                lines = _behind_its_line(lines)
            labels = [_label(line) for line in lines]
            if None in labels:
                return True
            open_label = next((kind for kind, value in filter(None, labels[-1:]) if not value), None)
            continue
        if block.kind in (BlockKind.LIST, BlockKind.ITEM):
            items = block.children if block.kind is BlockKind.LIST else [block]
            if any(_instructs(item, open_label) for item in items):
                return True
        elif not (shell_block(block) or _says_nothing(block)):
            return True
        open_label = None
    return False


def _behind_its_line(lines: list[str]) -> list[str]:
    first = next((i for i, line in enumerate(lines) if i and _label(line) is not None), len(lines))
    return lines[first:]


def _instructs(item: Block, label: str | None) -> bool:
    """A nested box always is a step; any other item may be a detail line, a label, or a label's value."""
    if item.box is not None:
        return True
    if label is not None and len(item.children) == 1:
        return label in _NAMING and not _only_names(item.content)
    return has_instruction(item.children, begins_with_its_line=False)


def _label(line: str) -> tuple[str, str] | None:
    """Kind and value of a detail line or a label; the value may be empty. None for any other line."""
    found = read_field(line)
    if found is None:
        match = _LABEL.match(line.strip())
        found = (_NAMES, match["value"].strip()) if match else None
    if found is not None and found[0] in _NAMING and not _only_names(found[1]):
        return None
    return found


def _only_names(text: str) -> bool:
    """Whether a text is a list of files or tasks, perhaps with what happens to them, and no sentence."""
    pieces = re.split(r"[,;\n]", _REMARK.sub("", _CODE_SPAN.sub("", text)))
    return all(len(_other_words(piece)) <= _WORDS_MAX for piece in pieces)


def _other_words(piece: str) -> list[str]:
    words = (word.strip("*_:.!?\"'()–—-") for word in piece.split())
    return [w for w in words if w and not _PATH_OR_ID.fullmatch(w) and w.casefold() not in _WORDS_OF_LABELS]


def _says_nothing(block: Block) -> bool:
    is_comment = block.kind is BlockKind.HTML and block.content.lstrip().startswith("<!--")
    return block.kind is BlockKind.RULE or (is_comment and block.content.rstrip().endswith("-->"))
