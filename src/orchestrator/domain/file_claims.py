"""The files that tasks declare (`files:`): which tasks may not be at work at the same time because of them.

A declared entry claims a file, a folder with all in it, or, with a wildcard, the folder above the first one:
two tasks whose claims overlap could overwrite one another's edits. What is in doubt overlaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

FileClaim = tuple[str, ...]
"""The parts of a path below the root, in lower case, as some file systems see it; `()` claims everything."""

_CODE_SPAN = re.compile(r"`([^`]+)`")
_LINES = re.compile(r":[0-9]+(?:[-,:][0-9]+)*$")
_REMARK = re.compile(r"\s+\(.*\)$")


def file_claims(files: Iterable[str]) -> frozenset[FileClaim]:
    """What these entries claim: paths, perhaps with line numbers, a remark, or words around code spans."""
    paths = (path for entry in files for path in _CODE_SPAN.findall(entry) or [_REMARK.sub("", entry)])
    return frozenset(_claim(path.strip()) for path in paths if path.strip())


def _claim(path: str) -> FileClaim:
    parts: list[str] = []
    for part in _LINES.sub("", path).replace("\\", "/").casefold().split("/"):
        if any(wildcard in part for wildcard in "*?[{"):
            break
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


def overlap(claims: frozenset[FileClaim], others: frozenset[FileClaim]) -> bool:
    """Whether some file is claimed by both, itself or by a folder above it."""
    return any(one[: len(other)] == other[: len(one)] for one in claims for other in others)
