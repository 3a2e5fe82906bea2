"""The code blocks of a Markdown document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """One block. `title` is the name of the file that it is the content of."""

    language: str
    title: str | None
    text: str
    line: int


def snippets(path: Path) -> list[Snippet]:
    text = path.read_text()
    return [
        Snippet(match[1], match[2], match[3], text.count("\n", 0, match.start()) + 1)
        for match in _BLOCK.finditer(text)
    ]
