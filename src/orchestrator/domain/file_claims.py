"""The files that tasks declare (`files:`): which tasks may not be at work at the same time because of them.

A declared entry claims a file, a folder with all in it, or, with a wildcard, the folder above the first one:
two tasks whose claims overlap could overwrite one another's edits. What is in doubt overlaps. Links between
files are not seen: this looks at names only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

FileClaim = tuple[str, ...]
"""The parts of a path below the root, in lower case, as some file systems see it; `()` claims everything.

The first part of a path from the file system's root is `/`: where the project lies is not known here.
"""

_CODE_SPAN = re.compile(r"`([^`]+)`")
_SEPARATOR = re.compile(r"[,;]|\s+and\s+|\s*&\s*")
_LABEL = re.compile(r"^(?:\w+\s+)?\w+:\s+")
_REMARK = re.compile(r"\s+\([^)]*\)")
_LINES = re.compile(r":[0-9]+(?:[-,:][0-9]+)*$")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
_EVERYTHING = frozenset({"all", "everything", "any", "all files", "*"})


def file_claims(files: Iterable[str]) -> frozenset[FileClaim]:
    """What these entries claim: paths, perhaps with line numbers, remarks, or words around code spans."""
    return frozenset(_claim(path) for entry in files for path in _paths(_INVISIBLE.sub("", entry)))


def declared_paths(files: Iterable[str]) -> tuple[str, ...] | None:
    """The paths and patterns that these entries name, as written; None where one of them is no clear path."""
    found: list[str] = []
    for entry in files:
        for path in _paths(_INVISIBLE.sub("", entry)):
            name = _LINES.sub("", path).replace("\\", "/").removeprefix("./").rstrip("/")
            if not name or name.casefold() in _EVERYTHING or len(name.split()) > 1:
                return None
            found.append(name)
    return tuple(found)


def _paths(entry: str) -> Iterator[str]:
    if spans := _CODE_SPAN.findall(entry):
        yield from (span.strip() for span in spans if span.strip())
        return
    for piece in _SEPARATOR.split(_REMARK.sub("", entry)):
        path = _LABEL.sub("", piece.strip())
        words = path.split()
        # Names with blanks are rare, and names side by side are not.
        several = len(words) > 1 and sum("/" in word or "." in word for word in words) > 1
        yield from words if several else filter(None, [path])


def _claim(path: str) -> FileClaim:
    name = unicodedata.normalize("NFC", _LINES.sub("", path)).replace("\\", "/").casefold()
    if name in _EVERYTHING:
        return ()
    parts: list[str] = ["/"] if name.startswith("/") else []
    for part in name.split("/"):
        if any(wildcard in part for wildcard in "*?[{"):
            break
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


def overlap(claims: frozenset[FileClaim], others: frozenset[FileClaim]) -> bool:
    """Whether some file is claimed by both, itself or by a folder above it."""
    return any(_overlap(one, other) for one in claims for other in others)


def _overlap(one: FileClaim, other: FileClaim) -> bool:
    is_absolute = [claim[:1] == ("/",) for claim in (one, other)]
    if is_absolute[0] is is_absolute[1]:
        return _within(one, other)
    absolute, relative = (one, other) if is_absolute[0] else (other, one)
    # The project may be any folder on the way to the absolute one.
    starts = range(1, max(len(absolute), 2))
    return not relative or any(_within(absolute[start:], relative) for start in starts)


def _within(one: FileClaim, other: FileClaim) -> bool:
    return one[: len(other)] == other[: len(one)]
