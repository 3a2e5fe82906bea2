"""Which names are taken as they come, and how ids are made. A name is never a path."""

from __future__ import annotations

import re
import secrets
import time

NAME_BYTES_MAX = 255
TASK_ID_LENGTH_MAX = 64

_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_TASK_ID = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}[A-Za-z]?(?:\.verify[0-9]{0,9})?")
_PIECES = re.compile(r"[0-9]+|[A-Za-z]+")


def is_plain_id(text: str) -> bool:
    """True for what an orchestrator's or a command's id can look like; anything else is not looked up."""
    return _PLAIN_ID.fullmatch(text) is not None


def is_file_name(text: str) -> bool:
    """True when `text` can be the name of one visible file or folder and nothing more."""
    if not text or text.startswith(".") or any(c in text for c in "/\\\0"):
        return False
    try:
        return len(text.encode()) <= NAME_BYTES_MAX
    except UnicodeEncodeError:
        return False


def finding_stem(task_id: str) -> str | None:
    """The file stem of a task's finding (`1-1` for `1.1` and for `1-1`), or None if it is no task id."""
    dotted = task_id.replace("-", ".")
    if len(dotted) > TASK_ID_LENGTH_MAX or not _TASK_ID.fullmatch(dotted):
        return None
    return dotted.replace(".", "-")


def task_id_order(task_id: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts ids as people count: 1.2 before 1.10, 1.2 before 1.2a, checks last."""
    pieces = _PIECES.findall(task_id)
    return tuple((0, int(p), "") if p.isdigit() else (int(p == "verify"), 0, p) for p in pieces)


def new_command_id() -> str:
    """A new id; ids sort by the millisecond in which they were made."""
    return f"cmd-{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
