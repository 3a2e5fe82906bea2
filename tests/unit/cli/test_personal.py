"""An agent cannot approve its own deeds by simply calling the command."""

from __future__ import annotations

import pytest

from orchestrator.cli import steer_commands
from orchestrator.domain.errors import UsageError


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (steer_commands.approve_plan, {"plan": "demo", "yes": True}),
        (steer_commands.answer_approval, {"instance": "demo", "approval": "a1", "allow": True}),
    ],
)
def test_what_a_person_decides_is_refused_within_an_attempt(monkeypatch, command, arguments):
    monkeypatch.setenv("ORCHESTRATOR_ATTEMPT", "orch-1/1.2/1")
    with pytest.raises(UsageError, match=r"is for people.*orch-1/1\.2/1"):
        command(**arguments)
