"""The checks of a task: its `verify:` commands, run by the shell agent after the agent says it is done."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.plan import CodeBlock
from orchestrator.engine.records import Job

CHECK_TOOL_NAME = "verify"


def check_job(job: Job) -> Job | None:
    """The job of checking a task, one tool call a command; None where the task has no checks.

    The shell agent's `Finished` says `completed` only when every command ended with exit code 0.
    """
    if not job.task.verify:
        return None
    blocks = tuple(CodeBlock("bash", command, job.task.line) for command in job.task.verify)
    return replace(job, blocks=blocks, tool_name=CHECK_TOOL_NAME)
