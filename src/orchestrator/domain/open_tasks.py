"""The part of a run that never changes, and an index of its tasks that are not settled yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.events import PlannedTask
from orchestrator.domain.file_claims import FileClaim, file_claims
from orchestrator.domain.plan_parts import PlanReading

TasksByPhase = Mapping[int, dict[str, PlannedTask]]


@dataclass(frozen=True)
class Outline:
    """The part of a run that never changes: what `plan_loaded` said."""

    plan_name: str = ""
    plan_path: str = ""
    title: str = ""
    predecessor: str | None = None
    parallel: int = 1
    options: ChosenOptions | None = None
    phases: tuple[tuple[int, str], ...] = ()
    tasks: Mapping[str, PlannedTask] = field(default_factory=dict)
    parallel_phases: tuple[frozenset[int], ...] = ()
    gone: tuple[PlannedTask, ...] = ()
    made_up: Mapping[str, int] = field(default_factory=dict)
    reading: PlanReading | None = None

    @cached_property
    def tasks_by_phase(self) -> Mapping[int, tuple[PlannedTask, ...]]:
        """The tasks of each phase, in the order of the plan."""
        found: dict[int, list[PlannedTask]] = {number: [] for number, _ in self.phases}
        for task in self.tasks.values():
            found.setdefault(task.phase, []).append(task)
        return {number: tuple(tasks) for number, tasks in found.items()}

    @cached_property
    def waits_for(self) -> Mapping[str, tuple[str, ...]]:
        """The tasks that each task names as coming before it, each once, as far as the plan has them."""
        found = {}
        for task in self.tasks.values():
            before = dict.fromkeys((*task.depends_on, *task.follows))
            found[task.id] = tuple(task_id for task_id in before if task_id in self.tasks)
        return found

    @cached_property
    def dependants(self) -> Mapping[str, tuple[str, ...]]:
        """The tasks that name each task as coming before them."""
        found: dict[str, list[str]] = {task_id: [] for task_id in self.tasks}
        for task_id, before in self.waits_for.items():
            for other in before:
                found[other].append(task_id)
        return {task_id: tuple(dependants) for task_id, dependants in found.items()}

    @cached_property
    def claims(self) -> Mapping[str, frozenset[FileClaim]]:
        """What each task that declares files claims."""
        return {task.id: file_claims(task.files) for task in self.tasks.values() if task.files}

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Each task's place in the plan, from 0."""
        return {task_id: place for place, task_id in enumerate(self.tasks)}


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """The tasks that are neither completed nor skipped, by phase and in the order of the plan.

    `free` are those for which every task that they name as coming before them is settled. It saves
    going through the whole plan each time that something happens.
    """

    unsettled: TasksByPhase = field(default_factory=dict)
    free: TasksByPhase = field(default_factory=dict)

    @classmethod
    def of(cls, outline: Outline, is_settled: Callable[[str], bool]) -> OpenTasks:
        """The index, made from scratch."""
        unsettled: dict[int, dict[str, PlannedTask]] = {}
        free: dict[int, dict[str, PlannedTask]] = {}
        for number, tasks in outline.tasks_by_phase.items():
            for task in tasks:
                if is_settled(task.id):
                    continue
                unsettled.setdefault(number, {})[task.id] = task
                if all(is_settled(before) for before in outline.waits_for[task.id]):
                    free.setdefault(number, {})[task.id] = task
        return cls(unsettled, free)

    def without(self, task_id: str, outline: Outline, is_settled: Callable[[str], bool]) -> OpenTasks:
        """The index after this task, too, is settled."""
        phase = outline.tasks[task_id].phase
        free = _without(self.free, phase, task_id)
        for other in outline.dependants[task_id]:
            if not is_settled(other) and all(is_settled(before) for before in outline.waits_for[other]):
                task = outline.tasks[other]
                of_phase = [*free.get(task.phase, {}).values(), task]
                of_phase.sort(key=lambda free_task: outline.position[free_task.id])
                free[task.phase] = {free_task.id: free_task for free_task in of_phase}
        return OpenTasks(_without(self.unsettled, phase, task_id), free)


def _without(tasks: TasksByPhase, phase: int, task_id: str) -> dict[int, dict[str, PlannedTask]]:
    # `copy` clones a dict that has gaps as it is; `dict()` would rebuild it entry by entry.
    of_phase = tasks.get(phase, {}).copy()
    of_phase.pop(task_id, None)
    changed = {**tasks, phase: of_phase}
    return {number: kept for number, kept in changed.items() if kept}
