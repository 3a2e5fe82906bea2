"""What only a person may decide is refused to the processes of an attempt."""

from __future__ import annotations

import os

from orchestrator.agents.processes import ATTEMPT_VARIABLE
from orchestrator.domain.errors import UsageError


def for_persons_only(command: str) -> None:
    """Raise UsageError within an attempt, where an agent would approve its own deeds.

    This stops an agent that is merely helpful. It is no barrier to one that removes the variable.
    """
    if attempt := os.environ.get(ATTEMPT_VARIABLE):
        raise UsageError(
            f"{command} is for people, and this is a process of an attempt ({ATTEMPT_VARIABLE}={attempt}). "
            "Run it in a terminal of your own."
        )
