"""Recognises the fenced blocks that a shell can run."""

from __future__ import annotations

from orchestrator.domain.plan import CodeBlock
from orchestrator.domain.plan_reading.blocks import Block, BlockKind

_SHELLS = {"sh": "sh", "bash": "bash", "shell": "sh"}


def shell_block(block: Block) -> CodeBlock | None:
    """A fenced sh, bash or shell block as a value, None for any other block."""
    words = block.info.split(maxsplit=1)
    language = _SHELLS.get(words[0].lower()) if words else None
    if block.kind is not BlockKind.FENCE or language is None:
        return None
    return CodeBlock(language, block.content, block.first + 1)
