"""What is around every command."""

from __future__ import annotations

import contextlib
import gc

import pytest

from orchestrator.cli import main as main_module
from orchestrator.domain.errors import UsageError


@pytest.mark.parametrize("error", [None, UsageError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_a_process_that_ends_looks_for_no_garbage(monkeypatch, error):
    """It would take a second, in which a command has said everything and its port is still open."""
    frozen = []

    def app() -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(main_module, "app", app)
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    with contextlib.suppress(SystemExit):
        main_module.main()
    assert frozen == [True]
