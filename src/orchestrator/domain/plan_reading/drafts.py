"""What is known of phases and tasks while a plan is read, before ids and dependencies are settled."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.plan import CodeBlock, TaskKind
from orchestrator.domain.plan_reading.blocks import Box
from orchestrator.domain.plan_reading.detail_lines import TaskFields


@dataclass(frozen=True, slots=True)
class WrittenDependency:
    """The text between the brackets of one `(depends: …)`. Line and column count from 1.

    `is_formal` means that it was written with a colon, so that it can't be prose.
    """

    text: str
    line: int
    column: int
    is_formal: bool


@dataclass(slots=True)
class TaskDraft:
    """A task as it stands in the file. `first` and `end` are lines from 0, `line` is from 1.

    `id` is the one that is written, until every task has one: `has_own_id` says then whether it was written;
    `number` is the N of `### Task N:`;
    `looks_like` is what may have been meant as an id;
    `verify_of` is what a task of kind verify checks, if the plan says so. `is_empty` marks a VERIFY
    that turned out to be no task. `depends_on` has the line and column where each id is asked for.
    """

    first: int
    end: int
    line: int
    column: int = 1
    kind: TaskKind = TaskKind.TASK
    id: str = ""
    has_own_id: bool = True
    number: int | None = None
    looks_like: str | None = None
    verify_of: str | None = None
    description: str = ""
    box: Box | None = None
    checked: bool = False
    runs_after_preceding: bool = False
    boxes_total: int = 0
    boxes_done: int = 0
    details: str = ""
    has_instruction: bool = False
    shell_blocks: list[CodeBlock] = field(default_factory=list)
    fields: TaskFields = field(default_factory=TaskFields)
    written_dependencies: list[WrittenDependency] = field(default_factory=list)
    depends_on: dict[str, tuple[int, int]] = field(default_factory=dict)
    is_empty: bool = False

    @property
    def is_script(self) -> bool:
        """Whether its shell blocks are all there is to it; a VERIFY with blocks is always the shell's."""
        return bool(self.shell_blocks) and (self.kind is TaskKind.VERIFY or not self.has_instruction)


@dataclass(slots=True)
class PhaseDraft:
    """A phase as it stands in the file; `level` is its heading's."""

    number: int
    name: str
    first: int
    end: int
    level: int
    objective: str = ""
    tasks: list[TaskDraft] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ExecutionNote:
    """The text of an `**Execution Note:**`, its line (from 1), and the phase it stands in."""

    text: str
    line: int
    phase: PhaseDraft | None


@dataclass(slots=True)
class Outline:
    """Everything that the blocks of a plan say.

    `groups` are headings with an id that only group tasks, by that id.
    """

    title: str = ""
    phases: list[PhaseDraft] = field(default_factory=list)
    notes: list[ExecutionNote] = field(default_factory=list)
    groups: dict[str, list[TaskDraft]] = field(default_factory=dict)
