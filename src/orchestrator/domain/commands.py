"""What a person or program can ask of a running orchestrator, as values, and the receipt they get."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

TASK_ID_LENGTH_MAX = 64
TEXT_LENGTH_MAX = 2_000
APPROVAL_ID_LENGTH_MAX = 100
DIGEST_LENGTH_MAX = 100


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pause(_Command):
    """Start nothing new. Running attempts finish, or with mode `now` are interrupted."""

    command: Literal["pause"] = "pause"
    mode: Literal["drain", "now"] = "drain"


class Resume(_Command):
    """Go on after a pause."""

    command: Literal["resume"] = "resume"


class Shutdown(_Command):
    """End the run. Running tasks finish, or with `force` are interrupted."""

    command: Literal["shutdown"] = "shutdown"
    force: bool = False


class SkipTask(_Command):
    """Leave the task out: its dependants may run as if it were completed."""

    command: Literal["skip-task"] = "skip-task"
    task_id: str = Field(max_length=TASK_ID_LENGTH_MAX)
    reason: str | None = Field(default=None, max_length=TEXT_LENGTH_MAX)
    if_revision: int | None = None


class RetryTask(_Command):
    """Run a failed or skipped task again, with a fresh limit; a completed one only with `force`."""

    command: Literal["retry-task"] = "retry-task"
    task_id: str = Field(max_length=TASK_ID_LENGTH_MAX)
    note: str | None = Field(default=None, max_length=TEXT_LENGTH_MAX)
    force: bool = False
    if_revision: int | None = None


class AnswerApproval(_Command):
    """Answer an agent that asks whether it may do something."""

    command: Literal["answer-approval"] = "answer-approval"
    approval_id: str = Field(max_length=APPROVAL_ID_LENGTH_MAX)
    allow: bool
    reason: str | None = Field(default=None, max_length=TEXT_LENGTH_MAX)


class MessageTask(_Command):
    """Hand the agent at work on the task a note."""

    command: Literal["message-task"] = "message-task"
    task_id: str = Field(max_length=TASK_ID_LENGTH_MAX)
    text: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)


class ApprovePlan(_Command):
    """Let the tasks start that attempts have changed in the plan's file.

    `digest` is that of exactly what the person was shown, as the status has it.
    """

    command: Literal["approve-plan"] = "approve-plan"
    digest: str = Field(max_length=DIGEST_LENGTH_MAX)


Command = Annotated[
    Pause | Resume | Shutdown | SkipTask | RetryTask | AnswerApproval | MessageTask | ApprovePlan,
    Field(discriminator="command"),
]
COMMAND_ADAPTER: TypeAdapter[Command] = TypeAdapter(Command)


class CommandState(StrEnum):
    """How far a command has come. One that is kept waits for the plan's next run."""

    SENT = "sent"
    KEPT = "kept"
    APPLIED = "applied"
    REJECTED = "rejected"
    EXPIRED = "expired"


class CommandRecord(BaseModel):
    """A command and its receipt. `seq` is the position of its `command_settled` event in the log."""

    model_config = ConfigDict(frozen=True)

    id: str
    instance_id: str
    command: Command
    actor: str
    state: CommandState
    reason: str | None = None
    code: str | None = None
    seq: int | None = None
    submitted_at: datetime
    settled_at: datetime | None = None
