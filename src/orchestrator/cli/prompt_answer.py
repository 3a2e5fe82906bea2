"""A question to the person at the terminal."""

from __future__ import annotations

from orchestrator.cli.output import write


def says_yes(question: str) -> bool:
    """Whether the person types y or yes; the end of the input is a no."""
    write(question)
    try:
        return input().strip().casefold() in {"y", "yes"}
    except EOFError:
        return False
