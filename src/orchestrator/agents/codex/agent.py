"""The Codex agent: OpenAI's `codex app-server`, one process for each attempt.

Its protocol is JSON-RPC over stdio, and `codex app-server generate-json-schema` writes it down; this was
written for version 0.169.0. Codex is not brought along: `npm install -g @openai/codex`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from orchestrator.agents.codex.settings import CodexSettings
from orchestrator.agents.environment import attempt_environment
from orchestrator.agents.installed import not_found, told_version
from orchestrator.agents.programs import EVERY_PROGRAM, Programs
from orchestrator.engine.agent_events import Finished
from orchestrator.engine.records import Abilities, AgentCheck, Job

if TYPE_CHECKING:
    from orchestrator.agents.codex.run import CodexRun, Launch

NAME = "codex"
MISSING = "codex is not on the PATH; install it: npm install -g @openai/codex"

OVERRIDES = (
    # Telemetry also makes it take five seconds longer to end.
    "analytics.enabled=false",
    "check_for_update_on_startup=false",
)
KEEP_NO_LOGIN = 'cli_auth_credentials_store="ephemeral"'
"""So that a key that is handed over stays in that one process: it would be written into auth.json."""

ABILITIES = Abilities(permissions=True, resume=True, messages=True, calls=True)


class CodexAgent:
    """Works on a job through `codex app-server`.

    `own_environment` is ours, of which an allow-list is passed on, with what Codex's settings name; `also`
    names more of it. `programs` says where Codex may be.
    """

    name = NAME

    def __init__(
        self,
        own_environment: Mapping[str, str] | None = None,
        also: Collection[str] = (),
        programs: Programs = EVERY_PROGRAM,
    ) -> None:
        self._own_environment = dict(os.environ if own_environment is None else own_environment)
        self._also = frozenset(also)
        self._programs = programs

    async def check(self) -> AgentCheck:
        """Ready when the program is there and runs, and a key or a login is there; asks nobody else."""
        program = self._programs.find(NAME, self._own_environment)
        if program is None:
            return not_found(NAME, self._own_environment, self._programs, MISSING, ABILITIES)
        try:
            version = await asyncio.to_thread(
                told_version, program, self._own_environment, programs=self._programs
            )
        except (OSError, subprocess.SubprocessError) as error:
            return AgentCheck(is_ready=False, problem=f"{program} does not run: {error}", abilities=ABILITIES)
        problem = await asyncio.to_thread(lambda: CodexSettings(self._own_environment).problem)
        return AgentCheck(is_ready=problem is None, version=version, problem=problem, abilities=ABILITIES)

    def run(self, job: Job) -> CodexRun:
        """Prepare the job; Codex starts when the run's events are read."""
        from orchestrator.agents.codex.run import CodexRun

        return CodexRun(job, lambda: self._launch(job))

    def refusal(self, text: str) -> Finished | None:
        """What is known of vendors' refusals."""
        from orchestrator.agents.codex.endings import REMEDY, local_now
        from orchestrator.agents.refusals import refusal

        return refusal(text, local_now(), REMEDY)

    def _launch(self, job: Job) -> Launch:
        """How to start it; raises FileNotFoundError where it is not installed."""
        from orchestrator.agents.codex.run import Launch

        settings = CodexSettings({**self._own_environment, **job.environment})
        environment = attempt_environment(job, self._own_environment, self._also | settings.variables)
        program = self._programs.find(NAME, environment)
        if program is None:
            raise FileNotFoundError(MISSING)
        overrides = (*OVERRIDES, KEEP_NO_LOGIN) if settings.key else OVERRIDES
        options = [option for override in overrides for option in ("-c", override)]
        return Launch((program, "app-server", *options), environment, settings.key)
