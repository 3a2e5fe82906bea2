"""Reads which tasks and phases a piece of prose means, such as the inside of `(depends: …)`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.domain.plan_reading.labels import NUMBER, TASK_ID, VERIFY_REFERENCE

_DEPENDS = re.compile(
    r"\(\s*(?:depends?|dependent|dependenc(?:y|ies))(?:(?P<colon>\s*(?:\bon\b\s*)?:)|\s+(?:up)?on\b|(?<=depends)\b)"
    r"(?P<what>[^()]*(?:\([^()]*\)[^()]*)*)\)",
    re.IGNORECASE,
)
UNREAD_MAX = 20
"""So many words that mean nothing are kept of one text."""

_COMMENT_START, _COMMENT_END = "<!--", "-->"
_BACKTICKS = re.compile(r"`+")
_TOKEN = re.compile(
    rf"VERIFY\s+(?:[Pp]hase\s+)?(?P<verify>{VERIFY_REFERENCE})(?![\w.])"
    rf"|(?<![\w.])(?P<verify_id>{VERIFY_REFERENCE}\.verify[0-9]*)(?!\w)"
    rf"|(?<![\w.])(?P<id>{TASK_ID})(?!\w|\.\w)"
    rf"|(?<![\w.])(?P<number>{NUMBER})(?!\w|\.\w)"
    r"|(?P<dash>[-–—]|\b(?:to|through|until)\b)"
    r"|(?P<word>[^\W_]+(?:[._/-][^\W_]+)*)"
    r"|(?P<nothing>.)",
    re.DOTALL,
)
_KEYWORDS = {"phase": "phase", "phases": "phase", "task": "task", "tasks": "task"}
_FILLERS = frozenset({"all", "of", "in", "the", "and", "both", "from", "each", "every", "on"})
_NONE = frozenset({"none", "nothing"})


class ReferenceKind(StrEnum):
    """What a reference points at."""

    TASK = "task"
    TASK_NUMBER = "task_number"
    PHASE = "phase"


@dataclass(frozen=True, slots=True)
class Reference:
    """A task or phase, or a range from `first` to `last`."""

    kind: ReferenceKind
    first: str
    last: str | None = None

    def __str__(self) -> str:
        name = self.first if self.last is None else f"{self.first}-{self.last}"
        prefix = {ReferenceKind.PHASE: "phase ", ReferenceKind.TASK_NUMBER: "task "}
        return prefix.get(self.kind, "") + name


@dataclass(slots=True)
class References:
    """What a text points at, and the words that could not be read. `nothing` means "none"."""

    found: list[Reference] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class DependencyText:
    """One `(depends: …)`: its place in the text, and what stands behind `depends`.

    `is_formal` means that a colon stands there, so that it can't be prose.
    """

    start: int
    end: int
    what: str
    is_formal: bool


def find_dependency_texts(text: str) -> list[DependencyText]:
    """Every `(depends …)` outside code and comments."""
    if "depend" not in text.lower():
        return []
    visible = hide_code(text)
    return [
        DependencyText(
            match.start(), match.end(), text[slice(*match.span("what"))], is_formal=match["colon"] is not None
        )
        for match in _DEPENDS.finditer(visible)
    ]


def remove_comments(text: str) -> str:
    """The text without HTML comments."""
    return _cut(text, _comments(text), "") if _COMMENT_START in text else text


def read_references(text: str) -> References:
    """The tasks and phases that a text names, such as `1.1, 1.3-1.5 and all Phase 2`."""
    result = References()
    mode = ""
    dash = False
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[match.lastgroup or 0]
        if kind == "word":
            word = token.lower()
            mode = _KEYWORDS.get(word, mode)
            if word in _NONE:
                result.nothing = True
            elif word not in _KEYWORDS and word not in _FILLERS and len(result.unread) < UNREAD_MAX:
                result.unread.append(token)
        elif kind == "dash":
            dash = True
            continue
        elif kind == "nothing":
            if token.isspace():
                continue
        elif not (dash and _close_range(result, kind or "", token, mode)):
            result.found.append(_reference(kind or "", token, mode))
        dash = False
    return result


def _reference(kind: str, token: str, mode: str) -> Reference:
    if kind == "verify":
        return Reference(ReferenceKind.TASK, f"{token}.verify")
    if kind == "number":
        by_number = ReferenceKind.PHASE if mode == "phase" else ReferenceKind.TASK_NUMBER
        return Reference(by_number, token)
    return Reference(ReferenceKind.TASK, token)


def _close_range(result: References, kind: str, token: str, mode: str) -> bool:
    """Make the last reference a range that ends here; False if the two don't fit."""
    last = result.found[-1] if result.found else None
    end = _reference(kind, token, mode)
    if last is None or last.last is not None:
        return False
    if last.kind is ReferenceKind.TASK and end.kind is ReferenceKind.TASK_NUMBER:
        # `1.1-3` is short for `1.1-1.3`.
        end = Reference(ReferenceKind.TASK, f"{last.first.rpartition('.')[0]}.{token}")
    if end.kind is not last.kind:
        return False
    result.found[-1] = Reference(last.kind, last.first, end.first)
    return True


def hide_code(text: str) -> str:
    """The text with code spans and comments blanked out; every position stays."""
    without_comments = _cut(text, _comments(text), " ")
    return _cut(without_comments, _code_spans(without_comments), " ")


def _cut(text: str, places: list[tuple[int, int]], filler: str) -> str:
    parts: list[str] = []
    position = 0
    for start, end in places:
        parts += (text[position:start], filler * (end - start))
        position = end
    return "".join(parts) + text[position:]


def _comments(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    position = 0
    while (start := text.find(_COMMENT_START, position)) >= 0:
        end = text.find(_COMMENT_END, start)
        if end < 0:
            break
        position = end + len(_COMMENT_END)
        found.append((start, position))
    return found


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Places of code spans: a run of backticks up to the next run of the same length."""
    runs = [(m.start(), m.end()) for m in _BACKTICKS.finditer(text)]
    next_same: dict[int, int] = {}
    partner: dict[int, int] = {}
    for index in range(len(runs) - 1, -1, -1):
        size = runs[index][1] - runs[index][0]
        if size in next_same:
            partner[index] = next_same[size]
        next_same[size] = index
    found: list[tuple[int, int]] = []
    index = 0
    while index < len(runs):
        if index in partner:
            found.append((runs[index][0], runs[partner[index]][1]))
            index = partner[index]
        index += 1
    return found
