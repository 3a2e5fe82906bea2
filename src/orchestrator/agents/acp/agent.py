"""The driver for every agent that speaks the Agent Client Protocol, version 1, over stdio.

The protocol: https://agentclientprotocol.com/protocol/overview. We are the client: greet the agent, open a
session (`session`), send one prompt, and translate what it tells (`turn`) until it answers
(`endings`). We offer no files and no terminals, so an agent uses its own, contained with its process.

JSON-RPC is our own (`json_rpc`, which the Codex driver needs as well) and not that of PyPI's
agent-client-protocol: its client makes a task of each message without a limit, fails a whole turn at a stop
reason that it does not know, and costs a second of CPU to import.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.agents.acp.profiles import AcpProfile
from orchestrator.agents.environment import attempt_environment, is_allowed
from orchestrator.agents.installed import installed
from orchestrator.agents.programs import EVERY_PROGRAM, Programs
from orchestrator.engine.agent_events import Finished
from orchestrator.engine.records import Abilities, AgentCheck, Job

if TYPE_CHECKING:
    from orchestrator.agents.acp.run import AcpRun


def abilities(profile: AcpProfile) -> Abilities:
    """What is known of an agent without asking it."""
    return Abilities(
        permissions=profile.can_be_held,
        resume=profile.can_resume,
        cost=profile.tells_cost,
        calls=profile.reports_calls,
    )


class AcpAgent:
    """The agent of a profile. `own_environment` is ours, of which an allow-list is passed on.

    `programs` says where its program may be.
    """

    def __init__(
        self,
        profile: AcpProfile,
        own_environment: Mapping[str, str] | None = None,
        programs: Programs = EVERY_PROGRAM,
    ) -> None:
        self.profile = profile
        self._programs = programs
        self._own_environment = dict(os.environ if own_environment is None else own_environment)
        self._version: str | None = None
        self._session_costs: dict[str, float] = {}

    @property
    def name(self) -> str:
        """As in a plan's `agent:` line."""
        return self.profile.name

    async def check(self) -> AgentCheck:
        """Ready when its program is there and tells its version; whether its key is right shows at work."""
        also = self._also()
        passed = {n: value for n, value in self._own_environment.items() if is_allowed(n) or n in also}
        check = await installed(
            self.profile.command[0],
            self.profile.version_arguments,
            {**passed, **self.profile.environment},
            install=self.profile.install,
            abilities=abilities(self.profile),
            programs=self._programs,
        )
        self._version = check.version
        return check

    def run(self, job: Job) -> AcpRun:
        """Prepare the job; the agent starts when the run's events are read."""
        from orchestrator.agents.acp.run import AcpRun
        from orchestrator.agents.acp.session import with_model

        profile = self.profile
        own = {**self._own_environment, **profile.environment}
        if job.permissions != "full":
            own |= profile.asking_environment
        also = self._also() | profile.environment.keys() | profile.asking_environment.keys()
        program = self._programs.find(profile.command[0], self._own_environment)
        command = (program, *profile.command[1:], *with_model(profile, job.model)) if program else ()
        return AcpRun(
            profile, job, command, attempt_environment(job, own, also), self._version, self._session_costs
        )

    def refusal(self, text: str) -> Finished | None:
        """What is known of vendors' refusals."""
        from orchestrator.agents.refusals import refusal

        return refusal(text, datetime.now().astimezone(), self.profile.login)

    def _also(self) -> frozenset[str]:
        """The variables of ours that the profile asks for."""
        patterns = self.profile.pass_environment
        return frozenset(n for n in self._own_environment if any(fnmatch.fnmatchcase(n, p) for p in patterns))
