"""A tool's input with nothing left out, for the person who is asked whether it may be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.agents.shown import COMMANDS, is_blank


def command_and_rest(given: Mapping[str, Any]) -> tuple[str, str]:
    """What a tool is to run, and the rest of its input; without a command all its input, and nothing."""
    for name in COMMANDS:
        command = given.get(name)
        if isinstance(command, list):
            command = " ".join(map(str, command))
        if isinstance(command, str) and not is_blank(command):
            return command, spelled_out({other: given[other] for other in given if other != name})
    return spelled_out(given), ""


def spelled_out(given: Mapping[str, Any]) -> str:
    """Each value under its name; a text of several lines begins on a line of its own."""
    return "\n".join(_spelled_out(name, value) for name, value in given.items())


def _spelled_out(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"{name}:\n{text}" if "\n" in text else f"{name}: {text}"
