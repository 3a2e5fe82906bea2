"""A command that held a secret says so in its receipt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from planted_secrets import KEYS

from orchestrator.domain.commands import CommandRecord, CommandState, MessageTask, RetryTask, SkipTask
from orchestrator.domain.decisions import Decision
from orchestrator.domain.redacted_models import redacted
from orchestrator.domain.redaction import redact_known
from orchestrator.engine.command_handler import REDACTED_MESSAGE, receipt


def settled(command):
    kept = redacted(command, redact_known)
    record = CommandRecord(
        id="c",
        instance_id="i",
        command=kept,
        actor="me",
        state=CommandState.SENT,
        submitted_at=datetime.now(UTC),
    )
    return receipt(record, Decision(CommandState.APPLIED, "Done.")).reason


@pytest.mark.parametrize(
    "command",
    [
        RetryTask(task_id="1.1", note=f"use {KEYS['GitHub']}"),
        MessageTask(task_id="1.1", text="password=hunter2-hunter2"),
        SkipTask(task_id="1.1", reason=f"because of {KEYS['npm']}"),
    ],
)
def test_a_note_with_a_secret_says_that_it_was_redacted(command):
    assert settled(command) == f"Done. {REDACTED_MESSAGE}"


def test_a_note_without_one_says_nothing_of_it():
    assert settled(RetryTask(task_id="1.1", note="use the key in the environment")) == "Done."
