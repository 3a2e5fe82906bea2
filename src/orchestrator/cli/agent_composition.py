"""Puts the agents together. Apart from `composition`, since most commands need none of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path

from orchestrator.agents.acp.agent import AcpAgent, abilities
from orchestrator.agents.acp.profiles import PROFILES, AcpProfile
from orchestrator.agents.agents_file import BYTES_MAX, FILE_NAME, read_profiles
from orchestrator.agents.claude.agent import ClaudeAgent
from orchestrator.agents.claude.installation import is_sdk_installed
from orchestrator.agents.codex.agent import CodexAgent
from orchestrator.agents.programs import EVERY_PROGRAM, Programs, without_relative_folders
from orchestrator.agents.registry import AgentRegistry
from orchestrator.agents.script import SCRIPT_BYTES_MAX, Script, parse_script
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.agents.shell import ShellAgent
from orchestrator.agents.withheld import NO_SHELL, NOT_RUN, WithheldAgent
from orchestrator.domain.errors import AgentUnavailable, UsageError
from orchestrator.engine.agent_choice import AbsentAgent
from orchestrator.engine.ports import Agent
from orchestrator.store.regular_files import read_inside, read_regular


class Use(Enum):
    """What the agents are for, and so what of the repository may be started.

    A run that its user began may start all of it. A command that only looks starts nothing of it. A
    restricted run, begun over HTTP by somebody who may not start it, has no shell and no agent that
    the repository names.
    """

    RUN = auto()
    LOOK = auto()
    RESTRICTED_RUN = auto()


def make_agents(
    root: Path, use: Use, script: Path | None = None, *, script_speed: float = 1.0
) -> AgentRegistry:
    """The agents that a plan of this project may name; the scripted one where it is given a script.

    Of those that can do any task, the first that is ready does those that name nobody. A file of agents that
    cannot be read is the problem of the agents that it could be about, and of no other.
    """
    scripted = None if script is None else ScriptedAgent(_script(script), speed=script_speed)
    own, programs = dict(os.environ), EVERY_PROGRAM
    if use is not Use.RUN:
        programs = Programs(outside=Path(os.path.realpath(root)))
    shell: Agent = ShellAgent(own, programs=programs)
    if use is Use.RESTRICTED_RUN:
        shell = WithheldAgent(shell.name, NO_SHELL)
        own["PATH"] = without_relative_folders(own.get("PATH", os.defpath))
    profiles, problem = _profiles(root)
    others = (_acp_agent(profile, own, programs, use, problem) for profile in profiles)
    general: tuple[Agent, ...] = (
        ClaudeAgent(own, programs=programs),
        CodexAgent(own, programs=programs),
        *others,
    )
    return AgentRegistry(shell, scripted, general, problem, shows_withheld=use is Use.LOOK)


def repository_programs(root: Path) -> Mapping[str, str]:
    """For each agent whose program the repository names, what a run that its user began would start."""
    profiles, _ = _profiles(root)
    commands = {"codex": "codex"} if is_sdk_installed() else {"claude": "claude", "codex": "codex"}
    commands |= {profile.name: profile.command[0] for profile in profiles}
    elsewhere = Programs(outside=Path(os.path.realpath(root)))
    withheld = {name: elsewhere.withheld(command, os.environ) for name, command in commands.items()}
    found = {name: f"{program} (on the PATH)" for name, program in withheld.items() if program is not None}
    return found | {profile.name: _start(profile) for profile in profiles if profile.is_from_repository}


def _start(profile: AcpProfile) -> str:
    variables = (f"{name}=…" for name in (*profile.environment, *profile.asking_environment))
    return f"{' '.join((*variables, shlex.join(profile.command)))} ({FILE_NAME})"


def _acp_agent(
    profile: AcpProfile, own: Mapping[str, str], programs: Programs, use: Use, problem: str | None
) -> Agent:
    if problem is not None:
        return AbsentAgent(profile.name, problem)
    if profile.is_from_repository and use is not Use.RUN:
        return WithheldAgent(profile.name, NOT_RUN, abilities(profile))
    return AcpAgent(profile, own, programs)


def _profiles(root: Path) -> tuple[tuple[AcpProfile, ...], str | None]:
    """The agents that speak ACP, and what is wrong with the project's own file of them."""
    path = root / FILE_NAME
    try:
        return read_profiles(read_inside(root, path, BYTES_MAX).data, str(path)), None
    except FileNotFoundError:
        return PROFILES, None
    except AgentUnavailable as error:
        return PROFILES, str(error)
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror or error}. Correct it, or remove the file."
        return PROFILES, problem


def _script(path: Path) -> Script:
    try:
        data = read_regular(path, SCRIPT_BYTES_MAX, follow_symlink=True).data
    except OSError as error:
        raise UsageError(f"The script {path} cannot be read: {error.strerror or error}.") from error
    return parse_script(data, str(path))
