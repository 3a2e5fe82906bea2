"""From a parsed plan to event 1 of a log: its tasks, with what earlier runs have done of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import pairwise

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.events import PlanLoaded, PlannedPhase, PlannedTask
from orchestrator.domain.evidence import CHECK_CHANGED
from orchestrator.domain.held_tasks import held_tasks, is_proposed, unapproved_text
from orchestrator.domain.permissions import UNBOUND, narrowed_tasks, unbound_commands
from orchestrator.domain.phase_checks import outdated_checks
from orchestrator.domain.plan import Permissions, Plan, Task
from orchestrator.domain.plan_ids import made_up_numbers
from orchestrator.domain.plan_matching import Match, Reworded, id_name
from orchestrator.domain.plan_parts import PlanReading, TaskParts, UnapprovedPart, reading_of
from orchestrator.domain.redaction import Redact, redact_known
from orchestrator.domain.run_state import RunState
from orchestrator.domain.task_agents import SHELL, task_agent
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.identified_plan import IdentifiedPlan, identify
from orchestrator.engine.known_tasks import NOTHING_KNOWN, Known, KnownTask, left_by
from orchestrator.engine.records import PlanFile
from orchestrator.engine.task_history import gone_tasks, handed_on_task, history, is_check_changed, not_done

CHECK_OUTDATED = "tasks that it checks have yet to run"
AGENT_ATTEMPTS = 2
SHELL_ATTEMPTS = 1
TICKED_BY_ATTEMPT = (
    "ticked in the plan during an attempt, which does not count; skip-task says that it need not be done"
)


@dataclass(frozen=True, slots=True)
class RunChoices:
    """What the one who starts a run chose, before the plan's own lines are looked at.

    `permissions` is a ceiling: the plan's own lines only narrow it. `options` is all that was chosen, for the
    log alone. `reworded` is for all tasks whose instruction was changed since they were done, and
    `reworded_answers` for single ones, by the wording of now; where neither says anything they stay done.
    """

    agent: str | None = None
    parallel: int = 1
    max_attempts: int | None = None
    permissions: Permissions = UNBOUND
    options: ChosenOptions | None = None
    reworded: Reworded | None = None
    reworded_answers: Mapping[str, Reworded] = field(default_factory=dict)

    def answer(self, wording: str) -> Reworded | None:
        """What was chosen for a task that says this now."""
        return self.reworded_answers.get(wording) or self.reworded


def plan_loaded(
    plan: Plan,
    file: PlanFile,
    *,
    known: Known = NOTHING_KNOWN,
    choices: RunChoices = RunChoices(),
    predecessor: str | None = None,
    redact: Redact = redact_known,
) -> PlanLoaded:
    """Event 1 for a plan as it was read: `identified_plan_loaded`, where nobody needs the plan's ids."""
    identified = identify(plan, known, redact)
    return identified_plan_loaded(identified, file, known=known, choices=choices, predecessor=predecessor)


def identified_plan_loaded(
    identified: IdentifiedPlan,
    file: PlanFile,
    *,
    known: Known,
    choices: RunChoices = RunChoices(),
    predecessor: str | None = None,
    unapproved: Sequence[UnapprovedPart] = (),
) -> PlanLoaded:
    """Event 1: a task that an earlier run knew keeps what the log said of it, a new one what its box says.

    A box that an attempt has ticked says nothing.
    """
    plan = identified.plan
    reading = reading_of(plan)
    follows: dict[str, list[str]] = {}
    for group in plan.sequential_groups:
        for earlier, later in pairwise(group):
            follows.setdefault(later, []).append(earlier)
    problems = [f"line {problem.line}: {problem.message}" for problem in plan.problems]
    tasks = []
    for task, match, key in zip(plan.tasks(), identified.matches, identified.keys, strict=True):
        planned = _planned(task, tuple(follows.get(task.id, ())), choices).model_copy(
            update={"headings": key.headings, "has_own_id": key.has_own_id, "wording": key.wording}
        )
        parts = reading.by_id[task.id]
        is_by_attempt = task.checked and is_proposed(parts, unapproved)
        believed = replace(task, checked=False) if is_by_attempt else task
        if is_by_attempt:
            planned = planned.model_copy(update={"reason": TICKED_BY_ATTEMPT})
        planned = _with_history(believed, planned, parts, match, known, choices)
        is_known = match.known is not None and match.kind != "similar"
        if task.checked and is_known and planned.status is not TaskStatus.COMPLETED:
            problems.append(f"line {task.line}: task {task.id} is ticked, but the log says {planned.status}")
        tasks.append(planned)
    outdated = outdated_checks(tasks)
    tasks = [not_done(task, CHECK_OUTDATED) if task.id in outdated else task for task in tasks]
    open_tasks = [
        task for task, planned in zip(plan.tasks(), tasks, strict=True) if not planned.status.is_settled
    ]
    # First, since a long list of problems is cut short.
    problems[:0] = (
        *_held_problems(reading, unapproved, {task.id for task in open_tasks}, file.name),
        *narrowed_tasks(open_tasks, choices.permissions),
        *unbound_commands(open_tasks, choices.permissions),
    )
    return PlanLoaded(
        plan_name=file.name,
        plan_path=file.path,
        title=plan.title,
        predecessor=predecessor,
        agent=choices.agent,
        parallel=choices.parallel,
        phases=tuple(PlannedPhase(number=phase.number, name=phase.name) for phase in plan.phases),
        tasks=tuple(tasks),
        parallel_phases=tuple(tuple(sorted(group)) for group in plan.parallel_phases),
        problems=tuple(problems),
        permissions=choices.permissions,
        options=choices.options,
        gone=gone_tasks(known, identified.gone, tasks, identified.matches),
        made_up=made_up_numbers(known.made_up, _not_to_be_given(tasks)),
        reading=reading,
        unapproved=tuple(unapproved),
    )


def _not_to_be_given(tasks: Sequence[PlannedTask]) -> Iterator[str]:
    """Ids that no other work may get: those that were made up, and those that tasks had before."""
    for task in tasks:
        if not task.has_own_id:
            yield task.id
        if task.previous_id is not None and task.previous_id != task.id:
            yield id_name(task.previous_id)


def _with_history(
    task: Task, planned: PlannedTask, parts: TaskParts, match: Match, known: Known, choices: RunChoices
) -> PlannedTask:
    """The task with what earlier runs have made of it."""
    before = None if match.known is None else known.tasks[match.known]
    planned = planned.model_copy(update=history(task, planned, match, before, choices.answer))
    if before is not None and is_check_changed(parts, planned, before, known.reading):
        planned = planned.model_copy(update={"verified": False, "reason": CHECK_CHANGED})
    return planned if known.tasks else planned.model_copy(update={"found": None})


def _held_problems(
    reading: PlanReading, unapproved: Sequence[UnapprovedPart], open_ids: AbstractSet[str], plan_name: str
) -> list[str]:
    """A sentence about the tasks that wait for an approval, if there are any."""
    held = held_tasks(reading, reading, unapproved)
    parts = [part.model_copy(update={"task_id": i}) for i in held if i in open_ids for part in held[i]]
    return [unapproved_text(parts, plan_name)] if parts else []


def _planned(task: Task, follows: tuple[str, ...], choices: RunChoices) -> PlannedTask:
    agent = task_agent(task, choices.agent)
    limit = SHELL_ATTEMPTS if agent == SHELL else AGENT_ATTEMPTS
    return PlannedTask(
        id=task.id,
        phase=task.phase,
        description=task.description,
        kind=task.kind.value,
        line=task.line,
        depends_on=tuple(task.depends_on),
        follows=follows,
        runs_after_preceding=task.runs_after_preceding,
        files=task.files,
        agent=agent,
        max_attempts=1 if task.once else (task.attempts or choices.max_attempts or limit),
        once=task.once,
        gate=task.gate,
    )


def handed_on(state: RunState, predecessor: str) -> PlanLoaded:
    """Event 1 of an orchestrator that died before it wrote one: what its predecessor left, as it was."""
    outline = state.outline
    tasks = (
        planned.model_copy(
            update=handed_on_task(KnownTask(planned, left_by(state.tasks[task_id], predecessor)))
        )
        for task_id, planned in outline.tasks.items()
    )
    return PlanLoaded(
        plan_name=outline.plan_name,
        plan_path=outline.plan_path,
        title=outline.title,
        predecessor=predecessor,
        parallel=outline.parallel,
        options=outline.options,
        phases=tuple(PlannedPhase(number=number, name=name) for number, name in outline.phases),
        tasks=tuple(tasks),
        parallel_phases=tuple(tuple(sorted(group)) for group in outline.parallel_phases),
        gone=outline.gone,
        made_up=dict(outline.made_up),
        reading=state.reading,
        unapproved=state.unapproved,
        suspects=state.suspects,
    )
