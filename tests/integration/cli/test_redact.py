"""`orchestrator redact`, and what the program says of its own faults."""

from __future__ import annotations

import io
import json
import logging
from types import SimpleNamespace

import pytest
from planted_secrets import KEYS

from orchestrator.cli import crash_reports, output, redact
from orchestrator.cli.exit_codes import report_fault
from orchestrator.domain.errors import UsageError

TEXT = f"one\n  key {KEYS['npm']} end\npassword=hunter2-hunter2\n"


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    output._redact.cache_clear()
    monkeypatch.setenv("PLANTED_TOKEN", "zq7-planted-81f3-value")
    monkeypatch.setattr(crash_reports, "_folders", [tmp_path / "crashes"])
    yield
    output._redact.cache_clear()


def test_places_are_shown_and_secrets_are_not(tmp_path, capsys):
    path = tmp_path / "text"
    path.write_text(f"{TEXT}zq7-planted-81f3-value")
    assert redact.show_secrets(str(path), json=False) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"{path}:2:7: npm token, 40 characters",
        f"{path}:3:10: password by its name, 15 characters",
        f"{path}:4:1: value of a variable, 22 characters",
    ]
    assert redact.show_secrets(str(path), json=True) == 1
    assert json.loads(capsys.readouterr().out)["found"][0] == {
        "line": 2, "column": 7, "length": 40, "kind": "npm token",
    }  # fmt: skip


def test_a_text_without_secrets_is_no_failure(tmp_path, capsys):
    (tmp_path / "text").write_text("nothing")
    assert redact.show_secrets(str(tmp_path / "text"), json=False) == 0
    assert capsys.readouterr().err == "No secrets found.\n"


def test_stdin_is_redacted(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
    assert redact.show_redacted("-") == 0
    assert capsys.readouterr().out == "one\n  key [redacted] end\npassword=[redacted]\n"


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(UsageError, match="cannot be read"):
        redact.show_redacted("/nowhere/at/all")


def test_crash_reports_and_logs_hold_no_secret(tmp_path, capsys):
    secret = f"{KEYS['GitHub']} zq7-planted-81f3-value"
    report_fault(ValueError(f"broken by {secret}"))
    (report,) = (tmp_path / "crashes").glob("*.log")
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "said %s", (secret,), None)
    for text in (
        report.read_text(),
        capsys.readouterr().err,
        output.SafeFormatter("%(message)s").format(record),
    ):
        assert "[redacted] [redacted]" in text
        assert "A1b2A1b2" not in text
        assert "planted-81f3" not in text
