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
from orchestrator.domain.plan_reading.detail_lines import read_field
from orchestrator.domain.plan_reading.shell_blocks import shell_block

_LABEL = re.compile(
    r"(?:\*\*|__)?(?:files?|depend(?:s|s[ \t]+on|ency|encies))(?:\*\*|__)?[ \t]*:(?:\*\*|__)?"
    r"(?=\s|$)(?P<value>.*)$",
    re.IGNORECASE,
)


def has_instruction(blocks: Sequence[Block], *, begins_with_its_line: bool) -> bool:
    """Whether these blocks of a task say more than detail lines, labels and shell blocks do.

    With `begins_with_its_line` the first paragraph begins with the task's own line, which may be wrapped.
    Labels name files or dependencies: `**Files:** a.py`, or `Dependencies:` with a list below it.
    """
    list_is_value = False
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.PARAGRAPH:
            lines = block.content.split("\n")
            if begins_with_its_line and index == 0:
                lines = _behind_its_line(lines)
            values = [_value(line) for line in lines]
            if None in values:
                return True
            list_is_value = bool(values) and not values[-1]
        elif block.kind is BlockKind.LIST and list_is_value and not any(i.box for i in block.children):
            list_is_value = False
        elif block.kind in (BlockKind.LIST, BlockKind.ITEM):
            items = block.children if block.kind is BlockKind.LIST else [block]
            if any(_instructs(item) for item in items):
                return True
            list_is_value = False
        elif not (shell_block(block) or _says_nothing(block)):
            return True
    return False


def _behind_its_line(lines: list[str]) -> list[str]:
    first = next((i for i, line in enumerate(lines) if i and _value(line) is not None), len(lines))
    return lines[first:]


def _instructs(item: Block) -> bool:
    """A nested item instructs unless it is a detail line or a label; a nested box always is a step."""
    return item.box is not None or has_instruction(item.children, begins_with_its_line=False)


def _value(line: str) -> str | None:
    """What a detail line or label says, perhaps nothing; None for any other line."""
    if (found := read_field(line)) is not None:
        return found[1]
    match = _LABEL.match(line.strip())
    return match["value"].strip() if match else None


def _says_nothing(block: Block) -> bool:
    is_comment = block.kind is BlockKind.HTML and block.content.lstrip().startswith("<!--")
    return block.kind is BlockKind.RULE or (is_comment and block.content.rstrip().endswith("-->"))
