"""Exit codes, and how an error looks on the terminal. The table stands in the README."""

from __future__ import annotations

from enum import IntEnum

from orchestrator.cli.crash_reports import write_crash_report
from orchestrator.cli.interrupts import STOPPED
from orchestrator.cli.output import without_secrets, write_error
from orchestrator.domain.errors import (
    AgentUnavailable,
    CommandNotFound,
    InstanceNotFound,
    InstancePruned,
    OrchestratorError,
    PlanInvalid,
    PlanNotFound,
    PlanOwned,
    PlanUnreadable,
    SeqOutOfRange,
    UsageError,
)
from orchestrator.domain.task_status import RunStatus

PROBLEMS_SHOWN_MAX = 20


class ExitCode(IntEnum):
    """What a program that starts us can tell from the end."""

    COMPLETED = 0
    FAILED = 1
    USAGE = 2
    NO_AGENT = 3
    STOPPED = STOPPED


_USAGE_ERRORS = (
    CommandNotFound,
    InstanceNotFound,
    InstancePruned,
    PlanInvalid,
    PlanNotFound,
    PlanOwned,
    PlanUnreadable,
    SeqOutOfRange,
    UsageError,
)


def report(error: OrchestratorError) -> ExitCode:
    """Print the error on stderr, with the plan's problems where it has some; return the exit code."""
    write_error("orchestrator: " + without_secrets(str(error)).replace("\n", "\n  "))
    if isinstance(error, PlanInvalid):
        for problem in error.problems[:PROBLEMS_SHOWN_MAX]:
            write_error(f"  line {problem.line}, column {problem.column}: {problem.message}")
        if len(error.problems) > PROBLEMS_SHOWN_MAX:
            write_error(f"  and {len(error.problems) - PROBLEMS_SHOWN_MAX} more: see orchestrator lint")
    if isinstance(error, AgentUnavailable):
        return ExitCode.NO_AGENT
    return ExitCode.USAGE if isinstance(error, _USAGE_ERRORS) else ExitCode.FAILED


def report_fault(error: Exception) -> ExitCode:
    """Say that we have a bug, and where its details are; return the exit code."""
    report = write_crash_report(error)
    if isinstance(error, SyntaxError):
        write_error(f"{error.filename}, line {error.lineno}")
    write_error(
        f"orchestrator: a fault of the program, {type(error).__name__}: {without_secrets(str(error))}\n"
        f"Its details are in {report}; please report them. What was acknowledged is not lost."
    )
    return ExitCode.FAILED


def of_run(status: RunStatus) -> ExitCode:
    """The exit code of a run that ended so."""
    match status:
        case RunStatus.COMPLETED:
            return ExitCode.COMPLETED
        case RunStatus.STOPPED:
            return ExitCode.STOPPED
        case _:
            return ExitCode.FAILED
