from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.domain.commands import CommandState
from orchestrator.domain.errors import UsageError
from orchestrator.domain.events import (
    AgentMessage,
    CommandSettled,
    NewEvent,
    OrchestratorChanged,
    microseconds,
)
from orchestrator.domain.task_status import RunStatus
from orchestrator.store.entries import (
    OpenCommand,
    check_burial,
    entries_of,
    last_status,
    with_expired_commands,
)

AT = datetime(2030, 1, 1, tzinfo=UTC)
MESSAGE = NewEvent(AgentMessage(task_id="1.1", attempt=1, text="x"), AT)
END = NewEvent(OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=RunStatus.COMPLETED), AT)
PAUSED = NewEvent(OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=RunStatus.PAUSED), AT)
RECEIPT = NewEvent(CommandSettled(command_id="cmd-1", command="pause", state=CommandState.APPLIED), AT)


def test_the_last_status_counts() -> None:
    assert last_status(entries_of([MESSAGE])) is None
    assert last_status(entries_of([PAUSED, MESSAGE, END, MESSAGE])) is RunStatus.COMPLETED


def test_receipts_come_right_before_the_end_and_only_for_commands_that_have_none() -> None:
    commands = [OpenCommand("cmd-1", "pause", "me"), OpenCommand("cmd-2", "resume", "you")]
    entries = with_expired_commands(entries_of([MESSAGE, RECEIPT, END]), commands)
    assert [entry.is_own for entry in entries] == [False, False, True, False]
    assert entries[2].event.command_id == "cmd-2"
    assert entries[2].time == microseconds(AT)
    assert CommandSettled.model_validate_json(entries[2].body) == entries[2].event


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (RunStatus.CRASHED, "The orchestrator crashed: its process is gone.", None),
        (
            RunStatus.STOPPED,
            "shutdown was asked for",
            "The orchestrator ended before it took the command: it is stopped.",
        ),
        (RunStatus.COMPLETED, None, "The orchestrator ended before it took the command: it is completed."),
    ],
)
def test_a_receipt_says_why_nobody_obeys_any_more(status, said, reason) -> None:
    end = OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=status, reason=said)
    [receipt, _] = with_expired_commands(
        entries_of([NewEvent(end, AT)]), [OpenCommand("cmd-1", "pause", "me")]
    )
    assert receipt.event.reason == (reason or said)


def test_a_burial_without_a_crash_is_refused() -> None:
    crash = NewEvent(OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=RunStatus.CRASHED), AT)
    check_burial([MESSAGE, crash])
    for events in ([], [MESSAGE], [END], [crash, MESSAGE]):
        with pytest.raises(UsageError):
            check_burial(events)
