"""The checks of a task: its `verify:` commands, run by the shell agent after the agent says it is done."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.plan import CodeBlock
from orchestrator.engine.records import Job

CHECK_TOOL_NAME = "verify"
CHECK_SECONDS_MAX = 600.0
"""How long each check may take, unless the plan says otherwise."""


def check_job(job: Job) -> Job | None:
    """The job of checking a task, one tool call a command; None where the task has no checks.

    The shell agent's `Finished` says `completed` only when every command ended in time with exit code 0.
    """
    if not job.task.verify:
        return None
    blocks = tuple(CodeBlock("bash", command, job.task.line) for command in job.task.verify)
    seconds = job.task.verify_timeout_seconds or CHECK_SECONDS_MAX
    return replace(job, blocks=blocks, tool_name=CHECK_TOOL_NAME, block_seconds_max=seconds)
