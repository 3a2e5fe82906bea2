"""Puts the agents together. Apart from `composition`, since most commands need none of them."""

from __future__ import annotations

from pathlib import Path

from orchestrator.agents.acp.agent import AcpAgent
from orchestrator.agents.agents_file import acp_profiles
from orchestrator.agents.claude.agent import ClaudeAgent
from orchestrator.agents.codex.agent import CodexAgent
from orchestrator.agents.registry import AgentRegistry
from orchestrator.agents.script import read_script
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.agents.shell import ShellAgent
from orchestrator.engine.ports import Agent


def make_agents(root: Path, script: Path | None = None, *, script_speed: float = 1.0) -> AgentRegistry:
    """The agents that a plan of this project may name; the scripted one where it is given a script.

    Of those that can do any task, the first that is ready does those that name nobody. Raises
    AgentUnavailable where agents.toml says what cannot be.
    """
    scripted = None if script is None else ScriptedAgent(read_script(script), speed=script_speed)
    others = (AcpAgent(profile) for profile in acp_profiles(root))
    general: tuple[Agent, ...] = (ClaudeAgent(), CodexAgent(), *others)
    return AgentRegistry(ShellAgent(), scripted, general)
