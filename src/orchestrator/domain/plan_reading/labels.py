"""Recognises the short texts that carry meaning: ids, phase and task headings, VERIFY, bold labels."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER = r"[0-9]{1,6}"
TASK_ID = rf"{NUMBER}(?:\.{NUMBER}){{1,2}}[A-Za-z]?"
"""Two or three numbers and perhaps a letter; a single number is no id."""
VERIFY_REFERENCE = rf"{NUMBER}(?:\.{NUMBER}){{0,2}}[A-Za-z]?"

LABEL_STARTS = ("**", "__", "VERIFY")
"""What every line begins with that `begins_label` is true for."""

_BOLD = ("**", "__")
_LEADING_ID = re.compile(
    rf"(?P<bold>\*\*|__)?(?P<task>Task\s+)?(?P<id>{TASK_ID})"
    r"(?P<inner>[.:)])?(?P<close>\*\*|__)?(?P<outer>[.:)])?(?=\s|$)",
    re.IGNORECASE,
)
_LEADING_DASH = re.compile(r"\A[-–—:]\s+")
_ALMOST_AN_ID = re.compile(r"[\[(*_`#~]{0,4}(?P<id>[0-9]+(?:\.[0-9A-Za-z]+)+)")
_PHASE = re.compile(
    rf"Phase\s+(?P<number>{NUMBER})(?P<rest>\s*(?:[:–—.-](?![0-9])|(?<=\s)[–—-])\s*.*|\s.*|)$",
    re.IGNORECASE | re.DOTALL,
)
_PHASE_SEPARATOR = re.compile(r"\s*[:–—.-]?\s*")
_NUMBERED_TASK = re.compile(
    rf"Task\s+(?P<number>{NUMBER})(?:\s*[:.)–—-](?![0-9])\s*(?P<text>.*)|\s+(?P<more>.*)|)$",
    re.IGNORECASE | re.DOTALL,
)
_VERIFY = re.compile(
    rf"(?P<bold>\*\*|__)?VERIFY(?:\s+(?:[Pp]hase\s+|[Tt]ask\s+)?(?P<of>{VERIFY_REFERENCE}))?"
    r"(?P<inner>\s*:)?(?P<close>\*\*|__)?(?P<outer>\s*(?::|[–—-](?=\s)))?(?=\s|$)"
)
_LABEL = re.compile(r"(?P<bold>\*\*|__)(?P<name>[^*_:\n]{1,100})(?::(?P=bold)|(?P=bold)[ \t]*:)[ \t]*")


@dataclass(frozen=True, slots=True)
class VerifyLabel:
    """`**VERIFY 1.1:** text`: of what, if it says so, and the text behind it."""

    of: str | None
    text: str


def strip_bold(text: str) -> str:
    """The text without the bold marks around the whole of it."""
    text = text.strip()
    for mark in _BOLD:
        inner = text[2:-2]
        if len(text) > 4 and text.startswith(mark) and text.endswith(mark) and mark not in inner:
            return inner.strip()
    return text


def split_id(text: str) -> tuple[str | None, str]:
    """The id that a task's text begins with, or None, and the text behind it."""
    match = _LEADING_ID.match(text)
    if match is None or (match["close"] and match["close"] != match["bold"]):
        return None, text
    rest = text[match.end() :]
    if match["bold"] and not match["close"]:
        rest = _reopen_bold(rest, match["bold"])
    return match["id"], _LEADING_DASH.sub("", rest.lstrip(), count=1)


def almost_id(text: str) -> str | None:
    """What looks like an id at the start of a text that has none, such as `1.2.3.4` or `[1.2]`."""
    match = _ALMOST_AN_ID.match(text)
    return match["id"] if match else None


def _reopen_bold(rest: str, mark: str) -> str:
    """What stays of `**1.2 Text** more` behind the id: bold again, or plain if it was all bold."""
    rest = rest.strip()
    if rest.endswith(mark) and rest.count(mark) == 1:
        return rest.removesuffix(mark)
    return mark + rest if mark in rest else rest


def phase_heading(text: str) -> tuple[int, str] | None:
    """Number and name of `Phase N: name`."""
    match = _PHASE.match(text.replace(text[:2], "") if text.startswith(_BOLD) else text)
    if match is None:
        return None
    return int(match["number"]), _PHASE_SEPARATOR.sub("", match["rest"], count=1).strip()


def task_heading(text: str) -> tuple[str, str] | tuple[int, str] | None:
    """Id and text of `1.2 text`, number and text of `Task 3: text`, or None."""
    task_id, rest = split_id(text)
    if task_id is not None:
        return task_id, rest
    match = _NUMBERED_TASK.match(strip_bold(text))
    return (int(match["number"]), match["text"] or match["more"] or "") if match else None


def verify_label(text: str) -> VerifyLabel | None:
    """`**VERIFY 1:** text` and its relatives. Bold or a colon tells it from a sentence."""
    match = _VERIFY.match(text)
    if match is None or (match["close"] and match["close"] != match["bold"]):
        return None
    rest = text[match.end() :].strip()
    marked = bool(match["inner"] or match["outer"] or match["close"])
    if match["of"]:
        marked = marked or bool(match["bold"]) or not rest
    if not marked:
        return None
    if match["bold"] and not match["close"]:
        rest = _reopen_bold(rest, match["bold"])
    return VerifyLabel(match["of"], rest)


def begins_label(line: str) -> bool:
    """True for a line that begins with a bold label or with VERIFY, and so begins a paragraph."""
    return label(line) is not None or verify_label(line) is not None


def label(line: str) -> tuple[str, str] | None:
    """Name (lower-case) and text of `**Name:** text`."""
    match = _LABEL.match(line)
    return (match["name"].strip().lower(), line[match.end() :]) if match else None
