"""Records of talks with agents, scrubbed of what differs between machines, as fixtures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from real_agents import CACHE

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "agents"
LONGEST = 1000
CATALOGUES = {"commands", "availableCommands", "slash_commands", "skills", "agents", "models"}
"""Long lists of what an agent could do, in the vendor's words."""


def write(agent: str, scenario: str, record: Iterable[dict[str, Any]], places: dict[Path, str]) -> Path:
    """Keep the record as `<agent>/<scenario>.jsonl`; `places` are folders and what to call them instead."""
    path = FIXTURES / agent / f"{scenario}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {str(folder): name for folder, name in (places | {CACHE: "/agents"}).items()}
    lines = (json.dumps(_cut(entry), ensure_ascii=False) for entry in record)
    path.write_text("".join(f"{_scrub(line, names)}\n" for line in lines))
    return path


def read(agent: str, scenario: str) -> list[dict[str, Any]]:
    """The record: `{"to": "agent" | "client", "at": seconds, "message": …}` each."""
    lines = (FIXTURES / agent / f"{scenario}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def _scrub(line: str, names: dict[str, str]) -> str:
    for folder, name in names.items():
        # Agents write paths as they are, without the slash before them, and with dashes for slashes.
        line = line.replace(folder, name).replace(folder[1:], name[1:])
        line = line.replace(re.sub(r"\W", "-", folder), name.replace("/", "-"))
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", line)


def _cut(value: Any) -> Any:
    match value:
        case str() if len(value) > LONGEST:
            return f"{value[:LONGEST]} … cut: {len(value)} characters"
        case list():
            return [_cut(item) for item in value]
        case dict():
            return {key: [] if key in CATALOGUES else _cut(item) for key, item in value.items()}
    return value
