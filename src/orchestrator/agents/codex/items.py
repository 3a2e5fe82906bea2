"""The items of a Codex turn that are tool calls: their names, what goes in, what came out.

After `ThreadItem` of the protocol that `codex app-server generate-ts` writes (seen: 0.169.0).
"""

from __future__ import annotations

import json
import shlex
from typing import Any

from orchestrator.agents.live_outputs import plain_text
from orchestrator.engine.agent_events import ToolOutcome

Item = dict[str, Any]

SHELL = "shell"
PATCH = "apply_patch"

COMMAND_LENGTH_MAX = 20_000
"""`shlex` takes a time that grows with the square of the length."""

_NAMES = {
    "commandExecution": SHELL,
    "fileChange": PATCH,
    "webSearch": "web_search",
    "imageView": "view_image",
    "imageGeneration": "image_generation",
}
_OUTCOMES: dict[str, ToolOutcome] = {
    "failed": "error",
    "errored": "error",
    "declined": "denied",
    "interrupted": "interrupted",
}


def tool_name(item: Item) -> str | None:
    """What the call is named here; None for an item that is no tool call."""
    kind = str(item.get("type"))
    if kind == "mcpToolCall":
        return f"{item.get('server', 'mcp')}.{item.get('tool', 'tool')}"
    if kind in {"dynamicToolCall", "collabAgentToolCall"}:
        return str(item.get("tool") or "tool")
    return _NAMES.get(kind)


def tool_input(item: Item) -> str:
    """What the call is to do."""
    match item.get("type"):
        case "commandExecution":
            return inner_command(_text(item.get("command")))
        case "fileChange":
            return "\n".join(_change(change) for change in _objects(item.get("changes")))
        case "collabAgentToolCall":
            return _text(item.get("prompt"))
        case "webSearch":
            return _text(item.get("query"))
        case "imageView":
            return _text(item.get("path"))
        case _:
            return _text(item.get("arguments"))


def file_changes(item: Item) -> str:
    """The changes to files that the call makes, each with its diff; of any other call nothing."""
    if item.get("type") != "fileChange":
        return ""
    changes = (f"{_change(change)}\n{_text(change.get('diff'))}" for change in _objects(item.get("changes")))
    return "\n".join(change.rstrip() for change in changes)


def tool_output(item: Item) -> str:
    """What came out of it."""
    match item.get("type"):
        case "commandExecution":
            return plain_text(_text(item.get("aggregatedOutput")))
        case "fileChange":
            return "\n".join(_text(change.get("diff")) for change in _objects(item.get("changes")))
        case "mcpToolCall":
            error, result = item.get("error"), item.get("result")
            if isinstance(error, dict):
                return _text(error.get("message"))
            return _contents(result.get("content")) if isinstance(result, dict) else ""
        case "dynamicToolCall":
            return _contents(item.get("contentItems"))
        case _:
            return ""


def tool_outcome(item: Item) -> ToolOutcome:
    """How it ended; an item without a status has done what it was to do."""
    return _OUTCOMES.get(str(item.get("status")), "ok")


def inner_command(command: str) -> str:
    """The command itself: Codex tells it wrapped as `/bin/bash -lc '…'`; a very long one stays so."""
    if len(command) > COMMAND_LENGTH_MAX:
        return command
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    return words[2] if len(words) == 3 and words[1] in {"-lc", "-c"} else command


def _change(change: Item) -> str:
    kind = change.get("kind")
    verb = kind.get("type") if isinstance(kind, dict) else kind
    return f"{verb or 'change'} {change.get('path', '')}"


def _contents(contents: Any) -> str:
    """The texts of a tool's result; of what is none, its type."""
    return "\n".join(
        _text(content.get("text")) or f"[{content.get('type', 'content')}]" for content in _objects(contents)
    )


def _objects(value: Any) -> list[Item]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
