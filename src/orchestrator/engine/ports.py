"""The ports: all that the engine and delivery need from the outside. Adapters live in `store` and `agents`.

Adapters raise only `orchestrator.domain.errors`; a database or disk that fails is a `StorageError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from orchestrator.domain.commands import Command, CommandRecord
from orchestrator.domain.events import NewEvent, StoredEvent
from orchestrator.domain.evidence import TreeLook
from orchestrator.engine.agent_events import AgentEvent, Finished
from orchestrator.engine.records import (
    AgentCheck,
    Amount,
    Artifact,
    EndedRun,
    FindingFile,
    InstanceRecord,
    Job,
    LaunchedRun,
    Lease,
    NewInstance,
    NewRun,
    PlanFile,
    PlanKey,
    RunCounts,
    StatusFile,
    StoredRun,
)

LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0
EVENT_PAGE_MAX = 1_000


class InstanceRegistry(Protocol):
    """Who works on which plan."""

    async def claim(self, new: NewInstance) -> Lease:
        """Register the instance and take its plan's lease; raises PlanOwned while it is held."""

    async def renew(self, lease: Lease) -> None:
        """Hold the lease for LEASE_SECONDS more; raises LeaseLost when it was taken over."""

    async def bury(self, record: InstanceRecord, events: Sequence[NewEvent], *, force: bool) -> bool:
        """Append a dead instance's last events and free its plan; False when another did it first.

        Without `force` only an instance whose lease has expired, and that has written nothing since
        `record` was read, is buried (else False: look again); with it (its process is known to be
        dead) in any case. The last event must be an OrchestratorChanged to crashed.
        """

    async def get(self, instance_id: str) -> InstanceRecord:
        """Raises InstanceNotFound."""

    async def list(self, *, live_only: bool = False, limit: int = 1_000) -> list[InstanceRecord]:
        """Newest first; with `live_only`, those that have not ended."""

    async def latest(self, plan: PlanKey) -> InstanceRecord | None:
        """The instance of this plan that was registered last, of those whose log has begun."""

    async def latest_of_plans(self, project: str, checkout: str) -> Mapping[str, InstanceRecord]:
        """What `latest` gives for every plan of this checkout that has it, by the plan's path."""


class EventLog(Protocol):
    """The story of every orchestrator, in order."""

    async def append(
        self, lease: Lease, events: Sequence[NewEvent], *, counts: RunCounts | None = None
    ) -> list[StoredEvent]:
        """Store the events durably, all or none, and give them their `seq`; raises LeaseLost.

        In the same transaction an OrchestratorChanged moves the registry's status (one that has ended
        frees the lease) and a CommandSettled settles its row in the command queue. Right before an
        OrchestratorChanged that ends the run, commands that have no receipt yet are settled as expired
        by entries of the store's own; those are not among the returned ones.
        """

    async def read(
        self,
        instance_id: str,
        after: int = 0,
        limit: int = EVENT_PAGE_MAX,
        types: Collection[str] | None = None,
    ) -> list[StoredEvent]:
        """The entries with `seq` above `after`, in order; empty past the end or for an unknown id."""


class CommandQueue(Protocol):
    """Commands on their way to orchestrators, and their receipts."""

    async def submit(
        self, instance_id: str, command: Command, *, actor: str, key: str | None = None
    ) -> CommandRecord:
        """Queue the command, or give the record that the idempotency `key` already has.

        A command that makes sense for the next run too (ApprovePlan) is kept where the instance has ended and
        is its plan's latest; asked for the same again, it gives the record that is kept. Raises
        InstanceNotFound, InstanceEnded, and IdempotencyConflict for a key that was used for another command
        within a day.
        """

    async def open(self, instance_id: str) -> list[CommandRecord]:
        """The commands of a running instance that have no receipt yet, oldest first."""

    async def kept(self, plan: PlanKey) -> list[CommandRecord]:
        """The commands that wait for the plan's next run, oldest first; that run's log settles them."""

    async def get(self, instance_id: str, command_id: str) -> CommandRecord:
        """Raises CommandNotFound."""


class ArtifactStore(Protocol):
    """What tasks leave behind, kept with the log."""

    async def put(self, lease: Lease, artifact: Artifact) -> None:
        """Keep it; the same task, attempt and name again replaces it. Raises LeaseLost."""

    async def get(self, instance_id: str, task_id: str, attempt: int, name: str) -> Artifact | None:
        """The artifact, or None."""


class RunStorage(Protocol):
    """What runs take up in the database, and its removal."""

    async def runs(self, project: str) -> Sequence[StoredRun]:
        """All runs of a project, newest first."""

    async def size(self, instance_id: str, kept: Collection[tuple[str, int]]) -> Amount:
        """What `remove` would delete."""

    async def mark_pruned(self, instance_id: str) -> bool:
        """Let the run be a line in the history: from now on nobody reads its log.

        False for one that must stay: it has not ended, it is its plan's latest, or it is pruned already.
        """

    def remove(self, instance_id: str, kept: Collection[tuple[str, int]]) -> AsyncIterator[Amount]:
        """Delete the log, the commands and the artifacts of a run that is marked, in bounded steps.

        Yields what each step has deleted, and that stays deleted. The artifacts of the attempts `kept`, by
        task and number, stay.
        """

    async def give_back(self, bytes_max: int) -> int:
        """Make the database's file smaller by at most so many bytes; returns by how many, 0 when it is done.

        Always 0 for a database that looks after its free space by itself.
        """


class RunFiles(Protocol):
    """What runs have left in files, beside the database: their output, archived outputs, crash reports."""

    async def size(self, plan_name: str, instance_id: str) -> Amount:
        """The output of a detached run, and what it has archived when it was started with `--restart`."""

    async def remove(self, plan_name: str, instance_id: str) -> Amount:
        """Delete these; returns what there was."""

    async def reports_before(self, moment: datetime) -> Amount:
        """The crash reports that are older."""

    async def remove_reports_before(self, moment: datetime) -> Amount:
        """Delete these; returns what there was."""


class Subscription(Protocol):
    """One waiter for changes of the database."""

    async def wait(self, timeout_seconds: float) -> bool:
        """Return True as soon as something may have changed since the last call, False at the time-out.

        A wake-up carries no data and may be spurious; one that came between two calls is not lost.
        """


class Changes(Protocol):
    """Wake-ups: this and other processes' writes to the database."""

    def subscribe(self) -> AbstractAsyncContextManager[Subscription]:
        """Listen until the context ends."""

    def version(self) -> int | None:
        """A number that changes with every write of any process; None where asking for it would cost more.

        Takes microseconds, so that a reader can know that what it has read before still holds.
        """


class PlanFiles(Protocol):
    """The plans of a project."""

    async def list(self) -> Sequence[PlanFile]:
        """Every plan in docs/plans; two files with one stem, or an unreadable one, say so in `problem`."""

    async def read(self, name_or_path: str) -> PlanFile:
        """Raises PlanNotFound or PlanUnreadable; a name never leads out of docs/plans."""


class PlanOutputs(Protocol):
    """status.json of the plans, and copies of findings. They are written for people, never read as the truth.

    One instance remembers what it has written and read, so that it can tell the edits of others.
    """

    def directory(self, plan_name: str) -> str:
        """Where the plan's outputs are, relative to the root."""

    async def write_status(self, plan_name: str, document: dict[str, Any]) -> None:
        """Replace status.json as a whole: a reader sees the old or the new one, also after a crash."""

    async def read_status(self, plan_name: str, *, set_aside: bool = False) -> StatusFile:
        """What status.json holds; with `set_aside`, what is none is moved to status.json.rejected.

        With `set_aside` it also counts as seen by `edited_status`.
        """

    async def read_statuses(self, plan_names: Collection[str]) -> Mapping[str, StatusFile]:
        """What `read_status` gives for each of these plans, read in one go."""

    async def edited_status(self, plan_name: str) -> StatusFile | None:
        """What someone else has made of status.json since it was written or seen here, else None.

        What is no status document is moved to status.json.rejected, unless it is being written just now.
        """

    def status_changes(self, plan_name: str) -> AsyncIterator[None]:
        """Yields whenever status.json may have changed, also by our own hand, until it is closed."""

    def finding_path(self, plan_name: str, task_id: str) -> str | None:
        """Where the file of a task's finding is or would be, relative to the root.

        The same for both spellings, `1.1` and `1-1`; None for an invalid id.
        """

    async def write_finding(self, plan_name: str, task_id: str, text: str) -> FindingFile:
        """Replace the finding of a task."""

    async def list_findings(self, plan_name: str) -> list[FindingFile]:
        """The findings, in the order of their ids."""

    async def read_finding(self, plan_name: str, task_id: str) -> str | None:
        """A finding's text by `1.1` or `1-1`, or None."""

    async def move_findings(
        self, plan_name: str, moves: Mapping[str, str], aside: Sequence[str], label: str
    ) -> None:
        """Give findings other names, all at once: `moves` leads from path to path, relative to the root.

        Those `aside`, and what else lies where one is moved to, go to `archive/<label>/findings`. What is not
        there, and what is no path of a finding of this plan, is left out. Raises StorageError.
        """

    async def archive(self, plan_name: str, label: str) -> None:
        """Put findings and status.json aside under `archive/<label>`, so that a run starts afresh."""


class WorkTree(Protocol):
    """The files that tasks are about. Looking changes nothing, and runs nothing that the repository names."""

    async def look(self, root: Path, files: Sequence[str], apart: Sequence[str], *, whole: bool) -> TreeLook:
        """What the tree at `root` is like now; never raises.

        `files` are the declared ones, as the plan names them. `whole` looks at all of the repository too,
        but for the paths `apart`. What cannot be found out in a few seconds is left out.
        """


class Launcher(Protocol):
    """Starts runs in processes of their own, which outlive this one."""

    async def launch(self, run: NewRun, *, may_run_repository: bool) -> LaunchedRun:
        """Start it; raises StorageError where its log cannot be written.

        Unless it `may_run_repository`, the run itself refuses what the repository names, shell blocks and
        agents' programs: the plan and the files may have changed since they were looked at.
        """

    async def ended(self, launched: LaunchedRun) -> EndedRun:
        """Return when its process has ended."""


class AgentRun(Protocol):
    """An agent at work on one job."""

    def events(self) -> AsyncIterator[AgentEvent]:
        """What happens, as it happens; exactly one Finished, last, whatever happens."""

    async def interrupt(self, reason: str) -> None:
        """Ask it to end, and after a grace make it; returns when no process of it is left. Idempotent."""

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """Answer a PermissionAsked; one that does not wait for an answer any more is ignored."""

    async def tell(self, text: str) -> bool:
        """Hand the agent a note while it works; False where it takes none."""


class Agent(Protocol):
    """Something that does tasks."""

    @property
    def name(self) -> str:
        """As in a plan's `agent:` line."""

    async def check(self) -> AgentCheck:
        """Whether it is installed and ready."""

    def run(self, job: Job) -> AgentRun:
        """Begin the job; nothing happens before `events` is read."""

    def refusal(self, text: str) -> Finished | None:
        """How an attempt ended in which no call went well, if these words are a vendor's refusal."""


class Agents(Protocol):
    """The agents there are."""

    def get(self, name: str) -> Agent:
        """Raises AgentUnavailable with the names there are."""

    async def first_ready(self) -> Agent | None:
        """The first general agent that is installed and ready; the shell agent is not general."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All that delivery is given.

    `root` is the project's folder, `project` its id, and `checkout` which of its checkouts this is: empty for
    the main one.
    """

    root: Path
    project: str
    checkout: str
    registry: InstanceRegistry
    log: EventLog
    commands: CommandQueue
    artifacts: ArtifactStore
    changes: Changes
    plans: PlanFiles
    outputs: PlanOutputs
    storage: RunStorage

    def plan_key(self, plan_path: str) -> PlanKey:
        """A plan of this project and checkout."""
        return PlanKey(self.project, self.checkout, plan_path)
