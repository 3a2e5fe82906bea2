"""What an agent is sent: the plan around its task, the task, what came before, and what will check it.

All of it stays within `PROMPT_LENGTH_MAX`. The task itself comes first when room is given out, then why it is
tried again, then what its dependencies found; the plan's own sections get the rest, whole or not at all, and
those left out are named. The most specific part comes last, where models pay most attention to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.events import clip
from orchestrator.domain.plan import Plan, Section, Task
from orchestrator.domain.run_state import TaskState
from orchestrator.domain.task_status import TaskStatus

PROMPT_LENGTH_MAX = 48_000
"""Characters of the whole prompt."""
FINDINGS_MAX = 40
"""How many dependencies' findings are sent, those of the last ones."""
FINDINGS_LENGTH_MAX = 24_000
DETAILS_LENGTH_MAX = 20_000
CHECKS_LENGTH_MAX = 2_000
FAILURE_LENGTH_MAX = 4_000
EVIDENCE_LENGTH_MAX = 6_000
NOTE_LENGTH_MAX = 4_000
NEIGHBOURS_MAX = 8
"""How many tasks before and behind the agent's own are named."""
NEIGHBOUR_LENGTH_MAX = 160
LEFT_OUT_LENGTH_MAX = 1_000
STANDING_LENGTH_MAX = 200

CLOSING = (
    "Do this task only. Don't tick boxes in the plan: the orchestrator keeps its own record. "
    "End with a short report in Markdown of what you did and found; it is kept for later tasks. If you "
    "cannot do the task, or need something that only a person can give, do not pretend: let the last line "
    "of your report be `BLOCKED: why`."
)


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """What is known beside the plan when a task is begun.

    `findings` are those of its dependencies, and `tasks` what has become of the plan's tasks, by task id;
    `evidence` is the finding of the attempt before, if that failed. `earlier` is the latest finding where it
    is of another attempt: one that succeeded, before the task was reworded or retried, or one before an
    attempt that crashed and so left none. `note` is from the run's people.
    """

    findings: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    evidence: str | None = None
    earlier: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A part of a prompt, with the name under which its size is shown."""

    name: str
    text: str


def prompt_text(parts: Sequence[PromptPart]) -> str:
    """The parts as the agent gets them."""
    return "\n\n".join(part.text for part in parts)


def task_prompt(plan: Plan, path: str, task: Task, facts: PromptFacts) -> tuple[PromptPart, ...]:
    """The prompt of one attempt; `path` is where the plan is, relative to the root."""
    introduction = [PromptPart("introduction", f"You work on one task of the plan “{plan.title}” ({path}).")]
    neighbours = list(_neighbours(plan, task, facts.tasks))
    last_error = facts.tasks[task.id].last_error if task.id in facts.tasks else None
    again = [*_earlier(facts.earlier), *_failure(last_error, facts.evidence), *_note(facts.note)]
    work = [*_work(task), *_checks(task), *again, PromptPart("closing", CLOSING)]
    room = PROMPT_LENGTH_MAX - _length([*introduction, *neighbours, *work])
    findings = list(_findings(task, facts, min(FINDINGS_LENGTH_MAX, room * 2 // 3)))
    around = list(_around(plan, path, task, room - _length(findings)))
    return (*introduction, *around, *neighbours, *findings, *work)


def _length(parts: Sequence[PromptPart]) -> int:
    """How long they are with the blank lines between them."""
    return sum(len(part.text) + 2 for part in parts)


def _around(plan: Plan, path: str, task: Task, room: int) -> Iterator[PromptPart]:
    """The plan's sections that concern the task: those outside phases, and those of its phase."""
    sections = [section for section in plan.sections if section.concerns(task) and _says_something(section)]
    kept = _that_fit(sections, task, room - LEFT_OUT_LENGTH_MAX)
    left_out = [section for section in sections if section not in kept]
    outside = [_section_text(section) for section in kept if section.phase is None]
    inside = [_section_text(section) for section in kept if section.phase is not None]
    if outside:
        yield PromptPart("plan", "What the plan says to all of its tasks:\n\n" + "\n\n".join(outside))
    if left_out:
        named = ", ".join(f"{s.heading or 'its first lines'} ({len(s.text):,} characters)" for s in left_out)
        text = f"Left out here for their length; read them in {path}: {named}"
        yield PromptPart("left out", clip(text, LEFT_OUT_LENGTH_MAX - 2))
    if inside:
        yield PromptPart("phase", "What it says of your part of it:\n\n" + "\n\n".join(inside))


def _says_something(section: Section) -> bool:
    """The title alone says nothing that the introduction does not say."""
    return bool(section.text) or not section.heading.startswith("# ")


def _that_fit(sections: Sequence[Section], task: Task, room: int) -> list[Section]:
    """The sections that there is room for, whole; what is nearest to the task comes first."""
    nearest_first = sorted(sections, key=lambda s: (s.phase != task.phase, not s.has_tasks, s.line))
    chosen: set[int] = set()
    for section in nearest_first:
        length = len(_section_text(section)) + 2
        if length <= room:
            chosen.add(section.line)
            room -= length
    return [section for section in sections if section.line in chosen]


def _section_text(section: Section) -> str:
    return "\n\n".join(filter(None, (section.heading, section.text)))


def _neighbours(plan: Plan, task: Task, states: Mapping[str, TaskState]) -> Iterator[PromptPart]:
    """The tasks before and behind it in its phase, so that it neither does their work nor undoes it."""
    tasks = next((phase.tasks for phase in plan.phases if phase.number == task.phase), ())
    at = next((index for index, other in enumerate(tasks) if other.id == task.id), 0)
    near = tasks[max(at - NEIGHBOURS_MAX, 0) : at + NEIGHBOURS_MAX + 1]
    lines = [_neighbour(other, states.get(other.id)) for other in near if other.id != task.id]
    if len(near) < len(tasks):
        lines.append(f"- and {len(tasks) - len(near)} more")
    if lines:
        yield PromptPart("neighbours", "Other tasks of this phase, not yours:\n" + "\n".join(lines))


def _neighbour(task: Task, state: TaskState | None) -> str:
    status = f" ({state.status.value.replace('_', ' ')})" if state else ""
    return f"- {task.id} {clip(task.description, NEIGHBOUR_LENGTH_MAX)}{status}"


def _findings(task: Task, facts: PromptFacts, room: int) -> Iterator[PromptPart]:
    """What its dependencies found. One that was skipped is named all the same: perhaps nobody has done it."""
    standings = {id_: _standing(facts.tasks.get(id_)) for id_ in task.depends_on[-FINDINGS_MAX:]}
    told = [id_ for id_, standing in standings.items() if id_ in facts.findings or standing]
    if not told:
        return
    each = max(room // len(told) - STANDING_LENGTH_MAX - 40, 0)
    texts = (
        f"## {id_}{standings[id_]}\n\n{clip(facts.findings.get(id_, 'No report.'), each)}" for id_ in told
    )
    whose = "the tasks it depends on"
    if len(task.depends_on) > FINDINGS_MAX:
        whose = f"the last {FINDINGS_MAX} of the {len(task.depends_on)} tasks it depends on"
    yield PromptPart("findings", f"What {whose} found:\n\n" + "\n\n".join(texts))


def _standing(state: TaskState | None) -> str:
    """What a report does not say: that its task was skipped since, or that its instruction was changed."""
    if state is None or not (state.stale or state.status is TaskStatus.SKIPPED):
        return ""
    status = state.status.value
    reason = state.reason or status
    return " (" + clip(reason if status in reason else f"{status}: {reason}", STANDING_LENGTH_MAX) + ")"


def _work(task: Task) -> Iterator[PromptPart]:
    text = f"Your task, {task.id}: {task.description}"
    if task.details:
        text += f"\n\n{clip(task.details, DETAILS_LENGTH_MAX)}"
    if task.files:
        text += "\n\nFiles it is about: " + clip(", ".join(task.files), CHECKS_LENGTH_MAX)
    yield PromptPart("task", text)


def _checks(task: Task) -> Iterator[PromptPart]:
    if task.verify:
        commands = clip("\n".join(task.verify), CHECKS_LENGTH_MAX)
        yield PromptPart("checks", f"These commands will check the result:\n{commands}")


def _earlier(report: str | None) -> Iterator[PromptPart]:
    if report:
        text = (
            "The latest report on this task. The task is to be done as it is written now, whatever it says:"
        )
        yield PromptPart("earlier report", f"{text}\n\n{clip(report, EVIDENCE_LENGTH_MAX)}")


def _failure(last_error: str | None, evidence: str | None) -> Iterator[PromptPart]:
    if last_error:
        text = f"The attempt before failed: {clip(last_error, FAILURE_LENGTH_MAX)}"
        if evidence:
            text += f"\n\nWhat it left behind:\n\n{clip(evidence, EVIDENCE_LENGTH_MAX)}"
        yield PromptPart("failure", text)


def _note(note: str | None) -> Iterator[PromptPart]:
    if note:
        yield PromptPart(
            "note", f"A note from the people who follow your work: {clip(note, NOTE_LENGTH_MAX)}"
        )
