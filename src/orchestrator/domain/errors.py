"""What can go wrong, as types: the class says the condition, the fields say where.

How an error looks, and its exit code or HTTP status, is delivery's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orchestrator.domain.plan import Problem


class OrchestratorError(Exception):
    """The base of every error that a user may see; its text is a whole sentence with what to do."""


class PlanNotFound(OrchestratorError):
    """No plan has this name or path."""


class PlanUnreadable(OrchestratorError):
    """The plan's file is there but cannot be read."""


class PlanInvalid(OrchestratorError):
    """The plan has errors, so no run starts."""

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class PlanOwned(OrchestratorError):
    """Another orchestrator holds the plan's lease."""

    def __init__(self, message: str, *, owner: str, lease_until: datetime) -> None:
        super().__init__(message)
        self.owner = owner
        self.lease_until = lease_until


class ShellNotAllowed(OrchestratorError):
    """The plan has shell blocks, and whoever asks may not have them run."""


class AgentNotAllowed(OrchestratorError):
    """The repository names an agent's program, and whoever asks may not have it started."""


class RunNotStarted(OrchestratorError):
    """The process of a new run ended, or said nothing, before it had the plan."""

    def __init__(self, message: str, *, log_path: str) -> None:
        super().__init__(message)
        self.log_path = log_path


class LeaseLost(OrchestratorError):
    """This orchestrator's lease was taken over: it must not write any more and ends itself."""


class InstanceNotFound(OrchestratorError):
    """No orchestrator has this id."""


class InstancePruned(OrchestratorError):
    """The orchestrator's log and outputs were pruned; only its line in the history is left."""


class InstanceEnded(OrchestratorError):
    """The orchestrator has ended or crashed, so it takes no commands."""


class CommandNotFound(OrchestratorError):
    """This orchestrator has no command of that id."""


class IdempotencyConflict(OrchestratorError):
    """The idempotency key was used before, for another command."""


class IllegalTransition(OrchestratorError):
    """The state machine has no such step; where a user asked for it, this is a rejection."""


class AgentUnavailable(OrchestratorError):
    """No agent can do the task: it is unknown, not installed or not ready."""


class StorageError(OrchestratorError):
    """The database or a file cannot be read or written; the text says which and why."""


class UsageError(OrchestratorError):
    """The command line, a setting or a script asks for something that cannot be."""


class SeqOutOfRange(OrchestratorError):
    """The log has no entry at this position."""
