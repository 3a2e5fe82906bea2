"""From the text of a plan to the plan. It never fails: what cannot be read is a problem of the plan."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from orchestrator.domain.plan import Checklist, Phase, Plan, PlanDefaults, Span, Task, TaskId
from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_reading.blocks import Block, read_blocks
from orchestrator.domain.plan_reading.bounds import PLAN_CHARACTERS_MAX, PLAN_LINES_MAX, within_bounds
from orchestrator.domain.plan_reading.context import read_context
from orchestrator.domain.plan_reading.dependencies import (
    DEPENDENCIES_MAX,
    TaskNames,
    TooManyDependenciesError,
    resolve_dependencies,
)
from orchestrator.domain.plan_reading.drafts import Outline, PhaseDraft, TaskDraft
from orchestrator.domain.plan_reading.execution_notes import NoteReader
from orchestrator.domain.plan_reading.front_matter import PlanSettings, read_settings
from orchestrator.domain.plan_reading.near_tasks import near_tasks
from orchestrator.domain.plan_reading.numbering import assign_ids, report_phase_numbers
from orchestrator.domain.plan_reading.order import report_cycles, report_later_phases
from orchestrator.domain.plan_reading.outline import read_outline
from orchestrator.domain.plan_reading.text import PlanText, decode_plan, encode_plan, report_unreadable

__all__ = ["PLAN_CHARACTERS_MAX", "PLAN_LINES_MAX", "decode_plan", "encode_plan", "parse_plan", "tick"]


def parse_plan(text: str) -> Plan:
    """Read a plan. Every span of the result points into `text`, which is kept as it is."""
    log = ProblemLog()
    source = within_bounds(text, log)
    if source is None:
        return Plan(title="", text=text, problems=log.sorted())
    report_unreadable(source, log)
    settings = read_settings(source, log)
    blocks = _read_blocks(source, settings, log)
    outline = read_outline(source, blocks, log)
    report_phase_numbers(outline.phases, log)
    assign_ids(outline.phases, log, has_phases=any(phase.level for phase in outline.phases))
    notes = _resolve(outline, log)
    phases = tuple(_phase(phase, settings, source, log) for phase in outline.phases)
    _report_nothing_found(outline, blocks, source, log)
    return Plan(
        title=settings.title or outline.title,
        text=text,
        phases=phases,
        sections=read_context(source, blocks, outline.phases, settings.end),
        sequential_groups=tuple(tuple(TaskId(name) for name in group) for group in notes.sequential),
        parallel_phases=tuple(notes.parallel),
        parallel=settings.parallel,
        strict=settings.strict,
        defaults=PlanDefaults(
            agent=settings.defaults.agent,
            attempts=settings.defaults.attempts,
            timeout_seconds=settings.defaults.timeout_seconds,
            permissions=settings.defaults.permissions,
            verify=tuple(settings.defaults.verify or ()),
            gate=settings.defaults.gate,
        ),
        problems=log.sorted(),
    )


def tick(plan: Plan, task_id: TaskId, *, done: bool) -> str:
    """The plan's text with the box of one task ticked or emptied: one character differs.

    A box that says so already stays as it is. Raises KeyError for an id that the plan has not,
    ValueError for a task that is no checkbox.
    """
    task = plan.task_by_id[task_id]
    box = task.box
    if box is None:
        raise ValueError(f"task {task_id} has no checkbox")
    if task.checked is done:
        return plan.text
    return plan.text[: box.start] + ("x" if done else " ") + plan.text[box.end :]


def _read_blocks(source: PlanText, settings: PlanSettings, log: ProblemLog) -> list[Block]:
    try:
        tree = read_blocks(source, settings.end)
    except Exception as error:  # noqa: BLE001 - a fault of the Markdown reader must not end a run
        log.add("unreadable_markdown", f"the Markdown reader failed: {type(error).__name__}", 1)
        return []
    if tree.too_deep is not None:
        log.add("nesting_too_deep", "nested too deeply; what is within was not read", tree.too_deep + 1)
    return tree.blocks


def _report_nothing_found(
    outline: Outline, blocks: Sequence[Block], source: PlanText, log: ProblemLog
) -> None:
    """An error for a plan without tasks, a warning for a phase of another, with what comes nearest to one."""
    empty = [phase for phase in outline.phases if not phase.tasks]
    if len(empty) == len(outline.phases):
        near = near_tasks(blocks, source)
        found = f"; what comes nearest: {near.text}" if near else ""
        looked_for = "neither a checkbox `- [ ] 1.1 What to do` nor a heading `### 1.1 What to do`"
        log.add("no_tasks", f"no task was found, {looked_for}{found}", near.line if near else 1)
        return
    starts = [block.first for block in blocks]
    for phase in empty:
        inside = blocks[bisect_right(starts, phase.first) : bisect_left(starts, phase.end)]
        if near := near_tasks(inside, source):
            message = f"no task was found in phase {phase.number}; what comes nearest: {near.text}"
            log.add("phase_without_tasks", message, near.line)


def _resolve(outline: Outline, log: ProblemLog) -> NoteReader:
    """Settle who waits for whom, and report what cannot be; gives the execution notes."""
    names = TaskNames(outline)
    notes = NoteReader(names, log)
    try:
        resolve_dependencies(outline, names, log)
        for note in outline.notes:
            notes.read(note)
    except TooManyDependenciesError:
        log.add("plan_too_large", f"more than {DEPENDENCIES_MAX} dependencies, with ranges spelled out", 1)
        return notes
    too_late = report_later_phases(outline.phases, notes.sequential, notes.parallel, log)
    # What waits for a later phase is told already, and not once more as a circle through the phases.
    report_cycles(outline.phases, notes.sequential, () if too_late else notes.parallel, log)
    return notes


def _phase(draft: PhaseDraft, settings: PlanSettings, source: PlanText, log: ProblemLog) -> Phase:
    return Phase(
        number=draft.number,
        name=draft.name,
        line=draft.first + 1,
        span=source.span(draft.first, max(draft.end, draft.first + 1)),
        objective=draft.objective,
        tasks=tuple(_task(task, draft.number, settings, source, log) for task in draft.tasks),
    )


def _task(draft: TaskDraft, phase: int, settings: PlanSettings, source: PlanText, log: ProblemLog) -> Task:
    if not draft.description:
        log.add("empty_description", f"task {draft.id} does not say what to do", draft.line, draft.column)
    own, plan = draft.fields, settings.defaults
    # A task that is nothing but shell blocks is the shell's, whatever agent does the rest of the plan.
    agent = own.agent or (None if draft.is_script else plan.agent)
    once = own.once if own.once is not None else plan.once
    if agent == "shell" and not (draft.shell_blocks or draft.checked):
        log.add("nothing_to_run", f"task {draft.id} has no sh block to run", draft.line, draft.column)
    return Task(
        id=TaskId(draft.id),
        description=draft.description,
        phase=phase,
        line=draft.line,
        span=source.span(draft.first, max(draft.end, draft.first + 1)),
        kind=draft.kind,
        box=Span(draft.box.offset, draft.box.offset + 1) if draft.box else None,
        checked=draft.checked,
        depends_on=tuple(TaskId(name) for name in draft.depends_on),
        runs_after_preceding=draft.runs_after_preceding,
        checklist=Checklist(draft.boxes_total, draft.boxes_done),
        details=draft.details,
        shell_blocks=tuple(draft.shell_blocks),
        is_script=draft.is_script,
        verify=tuple(own.verify or plan.verify),
        agent=agent,
        model=own.model or plan.model,
        timeout_seconds=own.timeout_seconds or plan.timeout_seconds,
        verify_timeout_seconds=own.verify_timeout_seconds or plan.verify_timeout_seconds,
        attempts=own.attempts or plan.attempts,
        files=tuple(own.files or plan.files),
        once=once or False,
        gate=own.gate or plan.gate,
        permissions=own.permissions or plan.permissions,
        has_own_id=draft.has_own_id,
    )
