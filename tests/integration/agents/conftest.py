"""Jobs for the shell agent, and patience."""

from pathlib import Path

import pytest
from patience import until, wait_until

from orchestrator.agents.shell import ShellAgent
from orchestrator.domain.plan import CodeBlock, Span, Task, TaskId
from orchestrator.engine.records import Job


@pytest.fixture
def patience():
    return wait_until


@pytest.fixture
def patience_async():
    return until


@pytest.fixture
def shell_run(tmp_path):
    """Prepare a run of the shell agent for these blocks."""

    def prepare(*blocks: str, root: Path = tmp_path, environment=None, own=None, tool_name="bash", **fields):
        task = Task(TaskId("1.1"), "a task", 1, 1, Span(0, 0))
        job = Job(
            fields.get("instance_id", "orch-test"),
            "plan",
            task,
            1,
            root,
            "",
            tuple(CodeBlock("bash", text, 1) for text in blocks),
            tool_name=tool_name,
            environment=environment or {},
        )
        return ShellAgent(own).run(job)

    return prepare
