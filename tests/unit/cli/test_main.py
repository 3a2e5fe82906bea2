"""What is around every command."""

from __future__ import annotations

import errno
import sys

import pytest

from orchestrator.cli import interrupts
from orchestrator.cli import main as main_module
from orchestrator.domain.errors import AgentUnavailable, UsageError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (None, 0, ""),
        (SystemExit(), 0, ""),
        (SystemExit(130), 130, ""),
        (UsageError("No such plan."), 2, "orchestrator: No such plan.\n"),
        (AgentUnavailable("No agent."), 3, "orchestrator: No agent.\n"),
        (BrokenPipeError(), 1, ""),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "orchestrator: No space left on device\n"),
    ],
)
def test_every_end_has_its_code_and_its_sentence(monkeypatch, capsys, error, code, said):
    ended = []

    def app() -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(main_module, "app", app)
    monkeypatch.setattr(main_module, "end", ended.append)
    main_module.main()
    assert (ended, capsys.readouterr().err) == ([code], said)


def test_a_process_ends_without_the_interpreters_shutdown(monkeypatch, capsys):
    """That takes a second, in which a signal finds no handler and a port is still open."""
    left = []
    monkeypatch.setattr(interrupts, "_process", interrupts._Process())
    monkeypatch.setattr(interrupts.os, "_exit", left.append)
    sys.stdout.write("the last line")
    interrupts.end(3)
    assert left == [3]
    assert capsys.readouterr().out == "the last line"
