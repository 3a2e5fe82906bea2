"""From the text of a plan to the plan. It never fails: what cannot be read is a problem of the plan."""

from __future__ import annotations

from orchestrator.domain.plan import Checklist, Phase, Plan, Span, Task, TaskId
from orchestrator.domain.plan_blocks import read_blocks
from orchestrator.domain.plan_dependencies import ReferenceResolver
from orchestrator.domain.plan_drafts import Outline, PhaseDraft, TaskDraft
from orchestrator.domain.plan_numbering import assign_ids, report_phase_numbers
from orchestrator.domain.plan_order import report_cycles, report_later_phases
from orchestrator.domain.plan_outline import read_outline
from orchestrator.domain.plan_problems import ProblemLog
from orchestrator.domain.plan_settings import PlanSettings, read_settings
from orchestrator.domain.plan_text import PlanText, decode_plan, encode_plan, report_unreadable

__all__ = ["PLAN_CHARACTERS_MAX", "decode_plan", "encode_plan", "parse_plan", "tick"]

PLAN_CHARACTERS_MAX = 4 * 2**20


def parse_plan(text: str) -> Plan:
    """Read a plan. Every span of the result points into `text`, which is kept as it is."""
    log = ProblemLog()
    if len(text) > PLAN_CHARACTERS_MAX:
        log.add("plan_too_large", f"longer than {PLAN_CHARACTERS_MAX} characters; nothing was read", 1)
        return Plan(title="", text=text, problems=log.sorted())
    source = PlanText.of(text)
    report_unreadable(source, log)
    settings = read_settings(source, log)
    outline = _read_outline(source, settings, log)
    report_phase_numbers(outline.phases, log)
    assign_ids(outline.phases, log, has_phases=any(phase.level for phase in outline.phases))
    resolver = ReferenceResolver(outline, log)
    sequential, parallel = [], []
    if resolver.resolve_dependencies():
        sequential, parallel = resolver.sequential_groups(), resolver.parallel_phases()
        report_later_phases(outline.phases, parallel, log)
        report_cycles(outline.phases, sequential, log)
    phases = tuple(_phase(phase, settings, source, log) for phase in outline.phases)
    if not any(phase.tasks for phase in phases):
        log.add("no_tasks", "this plan has no tasks: write them as `- [ ] 1.1 What to do`", 1)
    return Plan(
        title=settings.title or outline.title,
        text=text,
        phases=phases,
        sequential_groups=tuple(tuple(TaskId(name) for name in group) for group in sequential),
        parallel_phases=tuple(parallel),
        parallel=settings.parallel,
        problems=log.sorted(),
    )


def tick(plan: Plan, task_id: TaskId, *, done: bool) -> str:
    """The plan's text with the box of one task ticked or emptied: one character differs, or none.

    Raises KeyError for an id that the plan has not, ValueError for a task that is no checkbox.
    """
    box = plan.task_by_id[task_id].box
    if box is None:
        raise ValueError(f"task {task_id} is a heading; it has no checkbox")
    return plan.text[: box.start] + ("x" if done else " ") + plan.text[box.end :]


def _read_outline(source: PlanText, settings: PlanSettings, log: ProblemLog) -> Outline:
    try:
        tree = read_blocks(source, settings.end)
    except Exception as error:  # noqa: BLE001 - a fault of the Markdown reader must not end a run
        log.add("unreadable_markdown", f"the Markdown reader failed: {type(error).__name__}", 1)
        return Outline()
    if tree.too_deep is not None:
        log.add("nesting_too_deep", "nested too deeply; what is within was not read", tree.too_deep + 1)
    return read_outline(source, tree.blocks, log)


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
    fields = draft.fields
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
        verify=tuple(fields.verify),
        agent=fields.agent or settings.agent,
        model=fields.model or settings.model,
        timeout_seconds=fields.timeout_seconds or settings.timeout_seconds,
        attempts=fields.attempts or settings.attempts,
        files=tuple(fields.files),
        once=fields.once,
        gate=fields.gate,
    )
