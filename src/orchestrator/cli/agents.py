"""`orchestrator agents`: who could do the tasks."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from orchestrator.cli.agent_composition import Use, make_agents
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.output import write, write_json
from orchestrator.cli.project import find_root
from orchestrator.domain.safe_text import safe_line
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.records import Abilities, AgentCheck

_ABILITIES: Mapping[str, str] = {
    "permissions": "asks",
    "resume": "goes on with a conversation",
    "messages": "takes messages",
    "cost": "tells its cost",
    "budget": "stops at a budget",
    "calls": "reports its calls",
}
"""The fields of Abilities, in words that follow an agent's name."""


def list_agents(root: Path | None, *, run_repository_agents: bool, json: bool) -> ExitCode:
    """Print each agent with its version and what it can do, or what is missing."""
    agents = make_agents(find_root(root), Use.RUN if run_repository_agents else Use.LOOK)
    checks = asyncio.run(AgentRoll(agents.all).checks())
    if json:
        found = [{"name": name, **asdict(check)} for name, check in checks.items()]
        write_json(json_module.dumps(found, indent=2))
        return ExitCode.COMPLETED
    for name, check in checks.items():
        write(safe_line(f"{_mark(check)} {name:<12} {check.version or '':<12} {_told(check)}").rstrip())
    if any(check.named_by_repository for check in checks.values()):
        write("To start those that this repository names too: orchestrator agents --run-repository-agents")
    return ExitCode.COMPLETED


def _mark(check: AgentCheck) -> str:
    if check.named_by_repository:
        return "?"
    return "✓" if check.is_ready else "✗"


def _told(check: AgentCheck) -> str:
    if not check.is_ready:
        return check.problem or "not ready; it gives no reason"
    return ", ".join(_words(check.abilities))


def _words(abilities: Abilities) -> list[str]:
    return [_ABILITIES[name] for name, has_it in asdict(abilities).items() if has_it]
