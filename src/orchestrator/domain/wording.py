"""How numbers of things are written, and whether a text says anything."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it: three dots are no word."""
    return any(map(str.isalnum, text))
