"""The plan as a value: phases, tasks, checks, problems, each with its place in the file.

How the text is read stands in `plan_parser`; what happens to tasks stands in `run_state`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal, NewType

TaskId = NewType("TaskId", str)
"""A task's id as written in the plan, such as `1.2`, `3.1.4`, `1.2a` or `2.verify`."""


class TaskKind(StrEnum):
    """What a task is for."""

    TASK = "task"
    VERIFY = "verify"


class Severity(StrEnum):
    """How bad a problem is: a run refuses a plan with errors."""

    ERROR = "error"
    WARNING = "warning"


Permissions = Literal["read-only", "ask", "edits", "full"]
"""What an agent may do by itself, from the narrowest to the widest; see `permissions`."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range `[start, end)` of characters in the plan's text, exactly as it was read."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the plan that its writer should know. Lines and columns count from 1."""

    severity: Severity
    code: str
    message: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block under a task: `language` is the first word of its info string, lower-case."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Checklist:
    """The checkboxes nested under a task: its details, not tasks of their own."""

    total: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work that an agent does and the orchestrator checks.

    `depends_on` holds ids of tasks with `all Phase N` already spelled out. `runs_after_preceding`
    is true for what stands under a VERIFY heading: it waits for every task of its phase before it.
    `shell_blocks` are its sh/bash blocks, and `is_script` says that they are all there is to it, so that
    the shell runs them unless an `agent:` line names another agent; beside text or steps they are part of
    an agent's instruction. `verify` holds the commands that must succeed before the task counts as
    completed. `box` is the one character between the brackets of the task's checkbox; a task written as
    a heading has none. `has_own_id` is false where the plan leaves the id out, and it was made up.
    """

    id: TaskId
    description: str
    phase: int
    line: int
    span: Span
    kind: TaskKind = TaskKind.TASK
    box: Span | None = None
    checked: bool = False
    depends_on: tuple[TaskId, ...] = ()
    runs_after_preceding: bool = False
    checklist: Checklist = field(default_factory=Checklist)
    details: str = ""
    shell_blocks: tuple[CodeBlock, ...] = ()
    is_script: bool = False
    verify: tuple[str, ...] = ()
    agent: str | None = None
    model: str | None = None
    timeout_seconds: float | None = None
    verify_timeout_seconds: float | None = None
    attempts: int | None = None
    files: tuple[str, ...] = ()
    once: bool = False
    gate: str | None = None
    permissions: Permissions | None = None
    has_own_id: bool = True


@dataclass(frozen=True, slots=True)
class Phase:
    """A numbered stretch of the plan. Phases without tasks are kept."""

    number: int
    name: str
    line: int
    span: Span
    objective: str = ""
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the text below it that belongs to no task; the plan's first one may have no heading.

    `line` (from 1) is where it begins and `end` where its scope does: at the next heading of the same or a
    higher level. `has_tasks` says whether tasks are in its scope, `phase` in which phase it is, if in one.
    """

    heading: str
    text: str
    line: int
    end: int
    phase: int | None = None
    has_tasks: bool = False

    def concerns(self, task: Task) -> bool:
        """Whether the task's agent should know it: text of no phase, of its phase, or above the task."""
        if self.has_tasks:
            return self.line <= task.line < self.end
        return self.phase in (None, task.phase)


@dataclass(frozen=True, slots=True)
class PlanDefaults:
    """What the front matter says for all tasks; each task's own fields have it already where it counts."""

    agent: str | None = None
    attempts: int | None = None
    timeout_seconds: float | None = None
    permissions: Permissions | None = None
    verify: tuple[str, ...] = ()
    gate: str | None = None


@dataclass(frozen=True)
class Plan:
    """A plan as it was read. `text` is the source that every span points into.

    `sections` are its text outside tasks, in the order of the file.
    `sequential_groups` are task ids that run one after another in the given order;
    `parallel_phases` are groups of phase numbers that are open at the same time.
    `parallel` is how many tasks the plan itself wants to run at once; `strict` whether what makes a task's
    success doubtful fails its attempt.
    """

    title: str
    text: str = ""
    phases: tuple[Phase, ...] = ()
    sections: tuple[Section, ...] = ()
    sequential_groups: tuple[tuple[TaskId, ...], ...] = ()
    parallel_phases: tuple[frozenset[int], ...] = ()
    parallel: int | None = None
    strict: bool | None = None
    defaults: PlanDefaults = PlanDefaults()
    problems: tuple[Problem, ...] = ()

    def tasks(self) -> Iterator[Task]:
        """Every task, in the order of the file."""
        for phase in self.phases:
            yield from phase.tasks

    @cached_property
    def task_by_id(self) -> dict[TaskId, Task]:
        """The tasks by id; of a duplicated id, the first."""
        found: dict[TaskId, Task] = {}
        for task in self.tasks():
            found.setdefault(task.id, task)
        return found

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems because of which a run refuses this plan."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)
