"""The agent `claude`: Claude Code, through PyPI's claude-agent-sdk, which brings the program along.

Both are an optional extra; the program's licence (Anthropic's Commercial Terms) lets nobody else hand it on.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.agents.claude import installation
from orchestrator.agents.installed import not_found, told_version
from orchestrator.agents.programs import EVERY_PROGRAM, Programs
from orchestrator.engine.agent_events import Finished
from orchestrator.engine.records import Abilities, AgentCheck, Job

if TYPE_CHECKING:
    from orchestrator.agents.claude.run import ClaudeRun

ABILITIES = Abilities(permissions=True, resume=True, messages=True, cost=True, budget=True, calls=True)


class ClaudeAgent:
    """Starts Claude Code for each job, with the user's own settings.

    `own_environment` is ours, of which an allow-list is passed on; `also` names more of it to pass on.
    `program` replaces the one that is found, and `programs` says where it may be.
    """

    name = installation.NAME

    def __init__(
        self,
        own_environment: Mapping[str, str] | None = None,
        also: Collection[str] = (),
        program: str | None = None,
        programs: Programs = EVERY_PROGRAM,
    ) -> None:
        self._own_environment = dict(os.environ if own_environment is None else own_environment)
        self._also = frozenset(also)
        self._program = program
        self._programs = programs

    async def check(self) -> AgentCheck:
        """Ready when the SDK and the program are there and a key or a login is. Asks no vendor."""
        if not installation.is_sdk_installed():
            return _not_ready(f"The SDK of Claude Code is not installed: {installation.INSTALL}")
        if (program := self._find()) is None:
            problem = "The program claude is neither in the SDK nor on the PATH."
            return not_found(installation.NAME, self._own_environment, self._programs, problem, ABILITIES)
        try:
            version = await asyncio.to_thread(
                told_version, program, self._own_environment, programs=self._programs
            )
        except (OSError, subprocess.SubprocessError) as error:
            return _not_ready(f"{program} does not run: {error}")
        if not await asyncio.to_thread(installation.has_credentials, self._own_environment):
            problem = "There is no key (ANTHROPIC_API_KEY) and no login for Claude Code."
            return AgentCheck(is_ready=False, version=version, problem=problem, abilities=ABILITIES)
        return AgentCheck(is_ready=True, version=version, abilities=ABILITIES)

    def run(self, job: Job) -> ClaudeRun:
        """Prepare the job; Claude Code starts when the run's events are read."""
        from orchestrator.agents.claude.run import ClaudeRun

        environment = installation.environment_of(job, self._own_environment, self._also)
        return ClaudeRun(job, self._find(), environment)

    def refusal(self, text: str) -> Finished | None:
        """What is known of vendors' refusals."""
        from orchestrator.agents.refusals import refusal

        return refusal(text, datetime.now().astimezone(), installation.LOGIN)

    def _find(self) -> str | None:
        return self._program or installation.find_program(self._own_environment, self._programs)


def _not_ready(problem: str) -> AgentCheck:
    return AgentCheck(is_ready=False, problem=problem, abilities=ABILITIES)
