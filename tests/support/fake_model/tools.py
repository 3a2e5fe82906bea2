"""Which of the tools that an agent declares does what a step asks for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fake_model.scenarios import Delegate, Shell, Write

SHELLS = {
    "Bash": "command",
    "bash": "command",
    "exec_command": "cmd",
    "shell_command": "command",
    "shell": "command",
    "run_shell_command": "command",
}
WRITERS = {
    "Write": ("file_path", "content"),
    "write": ("filePath", "content"),
    "write_file": ("path", "content"),
}
HELPERS = {"Agent": "general-purpose", "Task": "general-purpose", "task": "general"}

Tools = Mapping[str, Mapping[str, Any]]


def call_of(
    step: Shell | Write | Delegate, tools: Tools, root: Path | None = None
) -> tuple[str, dict[str, Any]]:
    """The name and the arguments of the tool call; `root` is where the agent works, if that is known."""
    match step:
        case Delegate(prompt):
            name = _first(HELPERS, tools)
            given = {"description": "A helper", "prompt": prompt, "subagent_type": HELPERS[name]}
            # Since some version Claude Code runs helpers in the background unless told otherwise.
            return name, given | (
                {"run_in_background": False} if _declares(tools[name], "run_in_background") else {}
            )
        case Write(path, text) if any(name in tools for name in WRITERS):
            name = _first(WRITERS, tools)
            to, what = WRITERS[name]
            to = "file_path" if _declares(tools[name], "file_path") else to
            return name, {to: str(root / path) if root else path, what: text}
        case Write(path, text):
            return call_of(Shell(f"printf %s {shlex.quote(text)} > {shlex.quote(path)}"), tools)
        case Shell(command, asks):
            name = _first(SHELLS, tools)
            more = {"description": "Runs a command"} if _declares(tools[name], "description") else {}
            if asks and _declares(tools[name], "sandbox_permissions"):
                more = {"sandbox_permissions": "require_escalated", "justification": "May I?"}
            return name, {SHELLS[name]: command, **more}


def _first(known: Mapping[str, Any], tools: Tools) -> str:
    for name in known:
        if name in tools:
            return name
    raise LookupError(f"none of {', '.join(known)} is among my tools")


def _declares(schema: Mapping[str, Any], parameter: str) -> bool:
    return parameter in schema.get("properties", {})
