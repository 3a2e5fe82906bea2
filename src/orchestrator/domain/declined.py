"""A task that its agent has declined: how its error says so. The log has no other mark of it."""

from __future__ import annotations

_BEGINNING = "The agent declined the task: "


def declined_text(why: str) -> str:
    """The error of an attempt whose agent declined the task."""
    return f"{_BEGINNING}{why}"


def is_declined(error: str | None) -> bool:
    """Whether the error is that of a declined task: a person is needed before it is tried again."""
    return error is not None and error.startswith(_BEGINNING)
