"""What a request asks for, whichever protocol it came in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MARKER = re.compile(r"\[\[scenario:(?P<name>\w+)(?::(?P<number>\d+))?\]\]")


@dataclass(frozen=True)
class Said:
    """One message of the conversation: text of the user, or a turn of the model."""

    text: str = ""
    is_tool_turn: bool = False


@dataclass(frozen=True)
class Question:
    """The scenario that the last marker names, and how many tool turns came after it."""

    scenario: str | None
    number: int | None
    turn: int
    prompt: str
    tools: Mapping[str, Mapping[str, Any]]
    """What the agent declares that it can do: names, each with the schema of its parameters."""

    @property
    def is_side_call(self) -> bool:
        """Titles and summaries: the agent asks for text alone."""
        return not self.tools


def question(conversation: Iterable[Said], tools: Mapping[str, Mapping[str, Any]]) -> Question:
    """Read the conversation for its scenario; what comes before the last marker is another scenario's past."""
    name, number, prompt, turn = None, None, "", 0
    for said in conversation:
        for marker in MARKER.finditer(said.text):
            name, prompt, turn = marker["name"], said.text, 0
            number = int(marker["number"]) if marker["number"] else None
        turn += said.is_tool_turn
    return Question(name, number, turn, prompt, tools)
