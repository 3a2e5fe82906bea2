"""The parts of ACP's messages as short texts.

See https://agentclientprotocol.com/protocol/content and https://agentclientprotocol.com/protocol/tool-calls.

Agents leave out what they please and add what they like, so nothing here expects a part to be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from orchestrator.agents.shown import ASIDE, COMMANDS, is_blank, shows_input
from orchestrator.agents.spelled_out import command_and_rest, spelled_out
from orchestrator.domain.events import clip

_NAME = re.compile(r"[A-Za-z_][\w.\-]{0,60}")
_ONE_NAME = re.compile(r"[\w.\-]+")
_EXIT_CODES = ("exit_code", "exitCode", "exit", "returncode")


def meta(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an agent adds to the protocol."""
    found = message.get("_meta")
    return found if isinstance(found, dict) else {}


def call_id(message: Mapping[str, Any]) -> str:
    """The call that the message is about, or an empty text."""
    found = message.get("toolCallId")
    return found if isinstance(found, str) else ""


def tool_name(message: Mapping[str, Any]) -> str:
    """The tool's own name, where the agent tells it: beside the protocol, or as the call's first title."""
    extra = meta(message)
    inner = extra.get("claudeCode")
    for told in (
        extra.get("toolName"),
        extra.get("tool_name"),
        inner.get("toolName") if isinstance(inner, dict) else None,
    ):
        if isinstance(told, str) and told:
            return clip(told, 60)
    title = message.get("title")
    return title if isinstance(title, str) and _NAME.fullmatch(title) else ""


def is_one_name(title: str) -> bool:
    """Whether a title is a single word: the name of its tool, in whatever script."""
    return bool(_ONE_NAME.fullmatch(title.strip()))


def block_text(block: Any) -> str:
    """A content block as text; pictures and sounds as what they are."""
    if not isinstance(block, dict):
        return ""
    match block.get("type"):
        case "text":
            text = block.get("text")
            return text if isinstance(text, str) else ""
        case "resource_link":
            return f"[{block.get('name') or block.get('uri') or 'resource'}]"
        case "resource":
            resource = block.get("resource")
            text = resource.get("text") if isinstance(resource, dict) else None
            return text if isinstance(text, str) else "[resource]"
        case "image" | "audio" as kind:
            return f"[{kind}]"
    return ""


def content_text(content: list[Any]) -> str:
    """A call's content: its texts, and of each change to a file which one and how long it is now."""
    parts: list[str] = []
    for item in content:
        if not isinstance(item, dict):
            continue
        if item.get("type") == "content":
            parts.append(block_text(item.get("content")))
        elif _is_diff(item):
            parts.append(_diff_text(item))
    return "\n".join(part for part in parts if part)


def input_text(raw_input: Any, title: str, locations: list[Any]) -> str:
    """What a call is about: its command, else all its input, else its title and the files it names."""
    if shows_input(raw_input):
        return _told_input(raw_input)
    return " ".join([title, *(path for path in paths(locations) if path not in title)]).strip()


def _told_input(raw_input: Any) -> str:
    if isinstance(raw_input, str):
        return raw_input
    if not isinstance(raw_input, dict):
        return _compact(raw_input)
    command = next((raw_input[name] for name in COMMANDS if shows_input(raw_input.get(name))), None)
    if isinstance(command, str):
        return command
    if isinstance(command, list):
        return " ".join(map(str, command))
    return _compact({name: value for name, value in raw_input.items() if name not in ASIDE})


def paths(locations: list[Any]) -> list[str]:
    """The files that a call names."""
    found = (place.get("path") for place in locations if isinstance(place, dict))
    return [path for path in found if isinstance(path, str) and not is_blank(path)]


def whole_input(raw_input: Any, parts: list[Any]) -> tuple[str, str]:
    """What a call is to run and what goes with that, else all its input, else the changes it makes."""
    if shows_input(raw_input):
        return command_and_rest(raw_input) if isinstance(raw_input, dict) else (str(raw_input), "")
    return "\n".join(_whole_diff(part) for part in parts if _is_diff(part)), ""


def raw_output_text(raw_output: Any) -> str:
    """What a tool gave back, where the agent made no content of it."""
    if isinstance(raw_output, dict):
        for name in (
            "output",
            "aggregated_output",
            "formatted_output",
            "stdout",
            "error",
            "message",
            "result",
        ):
            if isinstance(text := raw_output.get(name), str) and text:
                return text
    if isinstance(raw_output, str):
        return raw_output
    return _compact(raw_output) if raw_output else ""


def has_failed(raw_output: Any) -> bool:
    """Whether a command's exit code says that it failed: agents call a call completed all the same."""
    if not isinstance(raw_output, dict):
        return False
    inner = raw_output.get("metadata")
    places = (raw_output, inner) if isinstance(inner, dict) else (raw_output,)
    codes = (place.get(name) for place in places for name in _EXIT_CODES)
    return any(isinstance(code, int) and not isinstance(code, bool) and code != 0 for code in codes)


def _is_diff(item: Any) -> bool:
    """Whether it is a change to a file of which something is said."""
    if not isinstance(item, dict) or item.get("type") != "diff":
        return False
    return any(shows_input(item.get(name)) for name in ("path", "oldText", "newText"))


def _diff_text(item: Mapping[str, Any]) -> str:
    old, new = item.get("oldText"), item.get("newText")
    after = len(new.splitlines()) if isinstance(new, str) else 0
    path = item.get("path") or "a file"
    if not isinstance(old, str):
        return f"{path}: new, {after} lines"
    return f"{path}: {len(old.splitlines())} lines before, {after} now"


def _whole_diff(item: Mapping[str, Any]) -> str:
    shown = {"path": item.get("path"), "old text": item.get("oldText"), "new text": item.get("newText")}
    return spelled_out({name: value for name, value in shown.items() if value is not None})


def _compact(value: Any) -> str:
    """As JSON, each long text in it cut."""
    return json.dumps(_shortened(value, 4), ensure_ascii=False, default=str)


def _shortened(value: Any, depth: int) -> Any:
    match value:
        case str():
            return clip(value, 1_000)
        case dict() if depth:
            return {str(name): _shortened(item, depth - 1) for name, item in list(value.items())[:30]}
        case list() if depth:
            return [_shortened(item, depth - 1) for item in value[:30]]
        case dict() | list():
            return "…"
    return value
