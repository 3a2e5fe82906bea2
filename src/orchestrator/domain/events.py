"""What happens, as a closed union of frozen values. Fields are only ever added.

A log entry is a `StoredEvent`: its data stays encoded, so that it is encoded once however many read it.
`initial_status`, `ping` and `resync` are frames of a stream, never entries of a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.commands import CommandState
from orchestrator.domain.evidence import Remark
from orchestrator.domain.plan import Permissions
from orchestrator.domain.plan_parts import (
    AttemptName,
    PartKind,
    PlanReading,
    ReadingChange,
    UnapprovedPart,
)
from orchestrator.domain.task_status import RunStatus, TaskStatus

SUMMARY_LENGTH_MAX = 2_000
MESSAGE_LENGTH_MAX = 8_000
COMMAND_LENGTH_MAX = 16_000
"""A person who allows a command must be able to read all of it; a longer one is kept as an artifact."""

_ARTIFACT = "Where the whole text is kept, when the transcript is too short for it too."

Stale = Literal["wording"]
"""Why a task that is done may not be what is meant now: its instruction was changed since."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class EventData(BaseModel):
    """The `data` of an event. Unknown fields are ignored: a newer writer may know more of them."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]


class PlannedPhase(EventData):
    """A phase as the run knows it."""

    number: int
    name: str


class AttemptPlace(EventData):
    """Where the database keeps what an attempt left: its prompt, transcript and finding.

    `instance_id` is the orchestrator in which it took place, None for the one whose log this is; `task_id` is
    what the task was called there.
    """

    instance_id: str | None = None
    task_id: str
    attempt: int


class FindingPlace(AttemptPlace):
    """Which attempt's finding is the latest of a task, and where the database keeps it."""

    size_bytes: int
    written_at: datetime


class PlannedTask(EventData):
    """A task as the run knows it: its part of the plan, and what was taken over from earlier runs.

    `follows` are the tasks right before it in its [SEQUENTIAL] groups; `runs_after_preceding` makes it
    wait for every earlier task of its phase; `files` are those that it declares.

    The next run finds it again by its `wording`, a digest of its instruction, and the `headings` above it;
    `has_own_id` is false where its id was made up. `found` says how this run found it among the tasks of
    the run before, where it was `previous_id`; `gone` is for what was in that run's plan and is not in this
    one's, and a task that is gone but `similar` or `reworded` is there with another wording than the one that
    was done. `done_wording` is the wording that it was completed or skipped for, and `kept_wordings` are
    later ones for which a person let that stand; it is `stale` while the plan's is another one, and
    `done_description` is then the line that it was done for.
    `tick_unchecked`: its box is ticked, and before anything else its check says whether that is so.
    """

    id: str
    phase: int
    description: str
    kind: str = "task"
    line: int = 0
    depends_on: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    runs_after_preceding: bool = False
    files: tuple[str, ...] = ()
    agent: str | None = None
    max_attempts: int = 1
    once: bool = False
    gate: str | None = None
    status: TaskStatus = TaskStatus.PENDING
    attempt: int = 0
    retry_count: int = 0
    revision: int = 1
    last_error: str | None = None
    reason: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_ms: int | None = None
    verified: bool = False
    remarks: tuple[Remark, ...] = ()
    finding: str | None = None
    finding_place: FindingPlace | None = None
    headings: tuple[str, ...] = ()
    has_own_id: bool = True
    wording: str | None = None
    done_wording: str | None = None
    done_description: str | None = None
    kept_wordings: tuple[str, ...] = ()
    stale: Stale | None = None
    found: Literal["same", "reworded", "similar", "new", "gone"] | None = None
    previous_id: str | None = None
    attempt_place: AttemptPlace | None = None
    tick_unchecked: bool = False


class AgentLimit(EventData):
    """A vendor's limit: the agent starts nothing before `until`."""

    agent: str
    until: datetime
    message: str = ""


class PlanLoaded(EventData):
    """Event 1 of every log: what is to be done, and what earlier runs have done of it.

    `permissions` is the most that an agent of this run may do by itself, and `options` what was chosen when
    the run was started; both are None in logs of earlier versions. `gone` are the tasks that earlier runs
    knew and the plan no longer has, the latest first, and `made_up` the highest number of each kind of id
    that was ever made up, or that a task had before it got another. `reading` has the digests of what the
    plan would have executed, and `unapproved` is what attempts of earlier runs have changed in it and nobody
    has approved. `suspects` are attempts that may have changed the file since that reading: a run that died
    before it began hands them on.
    """

    type: ClassVar[str] = "plan_loaded"
    plan_name: str
    plan_path: str
    title: str
    predecessor: str | None = None
    agent: str | None = None
    parallel: int = 1
    phases: tuple[PlannedPhase, ...] = ()
    tasks: tuple[PlannedTask, ...] = ()
    parallel_phases: tuple[tuple[int, ...], ...] = ()
    problems: tuple[str, ...] = ()
    limits: tuple[AgentLimit, ...] = ()
    permissions: Permissions | None = None
    options: ChosenOptions | None = None
    gone: tuple[PlannedTask, ...] = ()
    made_up: dict[str, int] = Field(default_factory=dict)
    reading: PlanReading | None = None
    unapproved: tuple[UnapprovedPart, ...] = ()
    suspects: tuple[AttemptName, ...] = ()


class StatusSummary(EventData):
    """The counts at the head of a status. `unchecked` of the completed tasks are so without a check.

    `stale` of the completed and skipped tasks are so for an earlier wording of their instruction.
    """

    total_tasks: int = 0
    completed: int = 0
    pending: int = 0
    in_progress: int = 0
    failed: int = 0
    skipped: int = 0
    unchecked: int = 0
    stale: int = 0
    current_phase: int | None = None
    progress_percent: float = 0.0


class StatusUpdated(EventData):
    """status.json was written: the counts in it, and which tasks changed since it was last written."""

    type: ClassVar[str] = "status_updated"
    summary: StatusSummary
    changed: tuple[str, ...] = ()
    revision: int = 0


class TaskChanged(EventData):
    """A task moved from one status to another.

    `attempt` counts every attempt ever begun; `failures` those that failed since the limit was last
    fresh. `retry_at` is when a failed attempt is tried again; `error` what went wrong. A completed task is
    checked if it is `verified`, else unchecked; `remarks` are what makes its success doubtful.
    """

    type: ClassVar[str] = "task_changed"
    task_id: str
    description: str
    phase: int
    old_status: TaskStatus
    new_status: TaskStatus
    attempt: int
    revision: int
    reason: str | None = None
    error: str | None = None
    agent: str | None = None
    failures: int = 0
    retry_at: datetime | None = None
    duration_ms: int | None = None
    verified: bool = False
    remarks: tuple[Remark, ...] = ()


class PhaseChanged(EventData):
    """The first phase with unfinished tasks is another one now; none when all are finished."""

    type: ClassVar[str] = "phase_changed"
    old_phase: int | None
    new_phase: int | None


class ToolStarted(EventData):
    """An agent began a tool call."""

    type: ClassVar[str] = "tool_started"
    task_id: str
    attempt: int
    tool_id: str
    tool_name: str
    input_summary: str = Field(default="", max_length=SUMMARY_LENGTH_MAX)
    input_artifact: str | None = Field(default=None, description=_ARTIFACT)
    parent_tool_id: str | None = None


class ToolCompleted(EventData):
    """A tool call ended."""

    type: ClassVar[str] = "tool_completed"
    task_id: str
    attempt: int
    tool_id: str
    tool_name: str
    status: Literal["ok", "error", "denied", "interrupted"]
    success: bool
    duration_ms: int
    output_summary: str = Field(default="", max_length=SUMMARY_LENGTH_MAX)
    output_artifact: str | None = Field(default=None, description=_ARTIFACT)


class OrchestratorChanged(EventData):
    """The orchestrator moved from one status to another. `waits_for` says what a paused one waits for.

    `interrupted` are the attempts that were at work when it crashed.
    """

    type: ClassVar[str] = "orchestrator_changed"
    old_status: RunStatus
    new_status: RunStatus
    reason: str | None = None
    waits_for: str | None = None
    interrupted: tuple[AttemptName, ...] = ()


class CommandSettled(EventData):
    """A command got its receipt. `code` names the reason of a rejection for programs.

    `task_id` is the task that it was about, where it was about one.
    """

    type: ClassVar[str] = "command_settled"
    command_id: str
    command: str
    state: CommandState
    reason: str | None = None
    code: str | None = None
    actor: str = "unknown"
    task_id: str | None = None


class FindingWritten(EventData):
    """An attempt left a finding, which the database keeps.

    `file_path` is its copy for people; where that could not be written, a `plan_changed` says why.
    """

    type: ClassVar[str] = "finding_written"
    task_id: str
    attempt: int
    file_path: str
    size_bytes: int


class AgentMessage(EventData):
    """Text from the agent, or output of the tool call that `tool_id` names."""

    type: ClassVar[str] = "agent_message"
    task_id: str
    attempt: int
    text: str = Field(max_length=MESSAGE_LENGTH_MAX)
    tool_id: str | None = None


class UsageUpdated(EventData):
    """What an attempt has used since the last such event. An unknown price is null, never zero."""

    type: ClassVar[str] = "usage_updated"
    task_id: str
    attempt: int
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None


class AgentStarted(EventData):
    """The agent of an attempt is up. `session_id` names its conversation, to go on with later."""

    type: ClassVar[str] = "agent_started"
    task_id: str
    attempt: int
    agent: str
    version: str | None = None
    model: str | None = None
    session_id: str | None = None


class PromptSent(EventData):
    """What the agent of an attempt was sent: its size, its SHA-256, and the artifact that holds its text.

    Secrets are taken out of the artifact, so that its own digest may differ.
    """

    type: ClassVar[str] = "prompt_sent"
    task_id: str
    attempt: int
    artifact: str
    characters: int
    sha256: str


class AgentLimited(EventData):
    """An agent met a limit of its vendor and starts nothing before `until`; null: it may start again.

    `count` is how many limits it has met since it last completed a task.
    """

    type: ClassVar[str] = "agent_limited"
    agent: str
    until: datetime | None
    message: str = ""
    count: int = 1
    task_id: str | None = None


class ApprovalRequested(EventData):
    """An agent asks whether it may do something. Unanswered, it is denied at `expires_at`.

    `question` says it in a few lines. `command` is all that the tool would be given, and `context` what else
    the agent says about it: where it would run, and why. Where the agent does not say what it would do,
    `can_allow` is false: the question can only be denied.
    """

    type: ClassVar[str] = "approval_requested"
    approval_id: str
    task_id: str
    attempt: int
    question: str = Field(default="", max_length=SUMMARY_LENGTH_MAX)
    tool_id: str | None = None
    agent: str | None = None
    tool_name: str | None = None
    command: str | None = Field(default=None, max_length=COMMAND_LENGTH_MAX)
    command_artifact: str | None = Field(
        default=None, description="Where the whole command is kept, when it is too long for this event."
    )
    context: str | None = Field(default=None, max_length=SUMMARY_LENGTH_MAX)
    can_allow: bool = True
    expires_at: datetime | None = None


class ApprovalSettled(EventData):
    """The agent's question was answered, or nobody answered in time."""

    type: ClassVar[str] = "approval_settled"
    approval_id: str
    task_id: str
    attempt: int
    allowed: bool
    reason: str | None = None
    actor: str = "unknown"


class PlanChanged(EventData):
    """The plan's file or an output of the run is not as the run left it; `reason` says what was done.

    Of another content of the plan's file, `old_sha256` and `new_sha256` say between which two, `attempts`
    which ones were at work meanwhile, `reading` what would be executed now, and `unapproved` what of that
    waits for a person because an attempt may have written it. Without a `reading` the file could not be read.
    """

    type: ClassVar[str] = "plan_changed"
    reason: str
    problems: tuple[str, ...] = ()
    old_sha256: str | None = None
    new_sha256: str | None = None
    attempts: tuple[AttemptName, ...] = ()
    reading: ReadingChange | None = None
    unapproved: tuple[UnapprovedPart, ...] = ()


class ApprovedPart(EventData):
    """A part of a task that a person has approved."""

    task_id: str
    kind: PartKind
    digest: str


class PlanApproved(EventData):
    """A person has approved what attempts had changed in the plan; `freed` are the tasks it held up."""

    type: ClassVar[str] = "plan_approved"
    parts: tuple[ApprovedPart, ...]
    freed: tuple[str, ...] = ()


EVENT_TYPES: Mapping[str, type[EventData]] = {
    cls.type: cls
    for cls in (
        PlanLoaded,
        StatusUpdated,
        TaskChanged,
        PhaseChanged,
        ToolStarted,
        ToolCompleted,
        OrchestratorChanged,
        CommandSettled,
        FindingWritten,
        AgentMessage,
        UsageUpdated,
        PromptSent,
        AgentStarted,
        AgentLimited,
        ApprovalRequested,
        ApprovalSettled,
        PlanChanged,
        PlanApproved,
    )
}
"""Every type that a log can hold, by its name on the wire."""

ACTIVITY_TYPES = frozenset({ToolStarted.type, ToolCompleted.type})
"""The types that the activity stream carries."""


def ends_run(event: EventData) -> bool:
    """Whether nothing can come after this event in its log."""
    return isinstance(event, OrchestratorChanged) and event.new_status.has_ended


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened, stamped when it was heard of, on its way into a log."""

    data: EventData
    timestamp: datetime


class StoredEvent(NamedTuple):
    """An entry of a log: `body` is the JSON of its data, `seq` its position (from 1, without gaps).

    `time` is in microseconds since 1970. A named tuple, because a replay makes a great many.
    """

    instance_id: str
    seq: int
    type: str
    time: int
    body: bytes

    @property
    def timestamp(self) -> datetime:
        """When it happened, in UTC."""
        return EPOCH + timedelta(microseconds=self.time)

    @property
    def data(self) -> EventData:
        """The decoded data; raises KeyError for a type this version does not know."""
        return EVENT_TYPES[self.type].model_validate_json(self.body)

    def envelope(self) -> bytes:
        """The JSON that clients get: `{type, timestamp, instance_id, seq, data}`."""
        seconds, rest = divmod(self.time, 1_000_000)
        return b'{"type":"%s","timestamp":"%s.%06dZ","instance_id":"%s","seq":%d,"data":%s}' % (
            self.type.encode(),
            _second_text(seconds),
            rest,
            self.instance_id.encode(),
            self.seq,
            self.body,
        )


def microseconds(moment: datetime) -> int:
    """The moment as a whole number of microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


@lru_cache(maxsize=1_024)
def _second_text(seconds: int) -> bytes:
    """`utc_text` up to the second, which neighbours in a log share: a page takes half the time."""
    return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat().encode()


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`, so that texts sort as the moments do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def clip(text: str, length_max: int) -> str:
    """`text` fit to be stored: where it is longer than `length_max`, its head and tail with a mark between.

    Halves of surrogate pairs, which no encoding can carry, become question marks.
    """
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if len(text) <= length_max:
        return text
    keep = max(length_max - len(_cut_mark(len(text))), 0)
    head = keep // 2
    return (text[:head] + _cut_mark(len(text) - keep) + text[len(text) - (keep - head) :])[:length_max]


def _cut_mark(left_out: int) -> str:
    return f"\n… {left_out} characters left out …\n"
