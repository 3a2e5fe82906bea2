"""What a command need not import, it does not: a run would start twice as slowly."""

from __future__ import annotations

import subprocess
import sys

import pytest

UNNEEDED = ("fastapi", "uvicorn", "rich", "sqlalchemy.dialects.postgresql", "orchestrator.agents.acp.run")


@pytest.mark.parametrize("module", ["orchestrator.cli.run", "orchestrator.cli.local_source"])
def test_a_run_and_a_look_import_no_server_no_picture_and_no_agent_that_is_not_asked_for(module: str):
    program = f"import sys, {module}; print([name for name in {UNNEEDED!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
