"""Random edits of a plan between runs: what is done stays with what was asked for.

A little world keeps what really happened: which instructions attempts were sent, under which ids. The log's
way is the real one: a plan is parsed, matched, loaded into a log, folded, and handed to the next run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.event_lines import task_evidence
from orchestrator.domain.events import FindingWritten, PlannedTask
from orchestrator.domain.evidence import CHECK_CHANGED
from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.projection import document_task
from orchestrator.domain.run_state import RunState, evolve
from orchestrator.domain.steps import AttemptResult, end_attempt, start_attempt, task_step
from orchestrator.domain.task_status import TaskStatus, TaskTrigger
from orchestrator.engine.known_tasks import NOTHING_KNOWN, Known, known_of_document, known_of_run
from orchestrator.engine.outline import RunChoices, plan_loaded
from orchestrator.engine.records import PlanFile

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NO_CHOICES = RunChoices()
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet")
RUNS = 4


@dataclass(frozen=True)
class Written:
    """A task as its writer wrote it: its work, which wording of it, and the id, if it has one."""

    work: str
    version: int = 0
    id: str | None = None

    @property
    def text(self) -> str:
        """Wordings of one work are alike; those of others share at most two words."""
        return f"{self.work} {self.work}ing the {self.work}er for {self.work}s v{self.version}"


@dataclass
class World:
    """What really happened to the works so far."""

    sent: set[str] = field(default_factory=set)
    """Every instruction that an attempt was sent, or that the writer's tick spoke of."""
    works_of_finding: dict[tuple[str, str, int], set[str]] = field(default_factory=dict)
    """The work of each finding, by run, task and attempt, and works that the writer gave its task's id to."""
    work_of_id: dict[str, str] = field(default_factory=dict)
    """The work that each id stood for last; the writer may give an id of their own to other work."""


def plan_text(phases: list[list[Written]]) -> str:
    lines = ["# Plan"]
    for number, tasks in enumerate(phases, start=1):
        lines += ["", f"## Phase {number}: Part {chr(64 + number)}", ""]
        lines += [f"- [ ] {f'{task.id} ' if task.id else ''}{task.text}" for task in tasks]
    return "\n".join(lines) + "\n"


def works(phases: list[list[Written]]) -> list[Written]:
    return [task for phase in phases for task in phase]


@st.composite
def an_edit(draw: st.DrawFn, before: list[list[Written]], ids: list[str]) -> list[list[Written]]:
    """One thing that people do to a plan."""
    phases = [list(phase) for phase in before]
    filled = [number for number, phase in enumerate(phases) if phase]
    kind = draw(st.sampled_from(("insert", "delete", "reorder", "reword", "renumber", "double", "move")))
    if kind == "insert" or not filled:
        phase = phases[draw(st.integers(0, len(phases) - 1))]
        with_id = draw(st.booleans())
        new = Written(draw(st.sampled_from(WORDS)), 0, next_id(phases, ids) if with_id else None)
        phase.insert(draw(st.integers(0, len(phase))), new)
        return phases
    phase = phases[draw(st.sampled_from(filled))]
    place = draw(st.integers(0, len(phase) - 1))
    match kind:
        case "delete":
            del phase[place]
        case "reorder":
            phase[:] = draw(st.permutations(phase))
        case "reword":
            phase[place] = replace(phase[place], version=phase[place].version + draw(st.integers(1, 3)))
        case "renumber":
            phase[place] = replace(phase[place], id=draw(st.sampled_from((None, next_id(phases, ids)))))
        case "double":
            phase.insert(place, replace(phase[place], id=None))
        case _:
            task = phase.pop(place)
            phases[draw(st.integers(0, len(phases) - 1))].append(task)
    return phases


def next_id(phases: list[list[Written]], ids: list[str]) -> str | None:
    """An id that is free in the plan now; earlier plans may have had it, as people count on again."""
    used = {task.id for task in works(phases)}
    return next((each for each in ids if each not in used), None)


def run_some(begun_state: RunState, data: st.DataObject, world: World, run: str) -> RunState:
    """A run that works on some of the tasks and ends, however it ends."""
    state = begun_state
    for task_id, planned in begun_state.outline.tasks.items():
        if state.tasks[task_id].status is not TaskStatus.PENDING:
            continue
        outcome = data.draw(st.sampled_from(("done", "done", "failed", "not yet")))
        if outcome == "not yet":
            continue
        state = evolve(state, start_attempt(state, task_id, "robot"), NOON)
        world.sent.add(planned.description)
        attempt = state.tasks[task_id].attempt
        world.works_of_finding[run, task_id, attempt] = {work(planned)}
        written = FindingWritten(task_id=task_id, attempt=attempt, file_path="f", size_bytes=1)
        state = evolve(state, written, NOON)
        result = AttemptResult(succeeded=outcome == "done", is_final=True, error="no")
        state = evolve(state, end_attempt(state, task_id, result, NOON, 1.0), NOON)
    return state


def work(planned: PlannedTask) -> str:
    return planned.description.split()[0]


def check(
    state: RunState,
    before: RunState | None,
    texts: tuple[list[Written], list[Written]],
    world: World,
    run: str,
) -> None:
    counts = [Counter(task.text for task in tasks) for tasks in texts]
    was_done = Counter(
        planned.description
        for task_id, planned in (before.outline.tasks if before else {}).items()
        if before and before.tasks[task_id].status is TaskStatus.COMPLETED
    )
    for task_id, planned in state.outline.tasks.items():
        task = state.tasks[task_id]
        text = planned.description
        if task.status is TaskStatus.COMPLETED and not task.stale:
            assert text in world.sent, f"a tick for what nobody was sent: {text}"
        is_unambiguous = counts[0][text] == counts[1][text] == 1
        if is_unambiguous and was_done[text] and before and not was_stale(before, text):
            assert task.status is TaskStatus.COMPLETED, f"unchanged, and runs again: {text}"
            assert not task.stale
        if task.finding_place is not None:
            place = task.finding_place
            works_of_finding = world.works_of_finding[place.instance_id or run, place.task_id, place.attempt]
            if planned.found == "reworded":
                assert planned.has_own_id
                assert planned.previous_id == task_id
                works_of_finding.add(work(planned))
            assert work(planned) in works_of_finding, "a finding of other work"
        if not planned.has_own_id and planned.previous_id != task_id:
            assert world.work_of_id.get(task_id, work(planned)) == work(planned), "an id of other work"
    world.work_of_id |= {task_id: work(planned) for task_id, planned in state.outline.tasks.items()}


def was_stale(before: RunState, text: str) -> bool:
    return any(
        before.tasks[task_id].stale is not None
        for task_id, planned in before.outline.tasks.items()
        if planned.description == text
    )


@given(st.data())
def test_what_is_done_stays_with_what_was_asked_for(data: st.DataObject) -> None:
    world, ids = World(), [f"1.{n}" for n in range(1, 9)]
    phases: list[list[Written]] = [[], []]
    known: Known = NOTHING_KNOWN
    before: RunState | None = None
    texts: list[Written] = []
    for number in range(RUNS):
        run = f"orch-{number}"
        for _ in range(data.draw(st.integers(4 if number == 0 else 0, 6))):
            phases = data.draw(an_edit(phases, ids))
        plan = parse_plan(plan_text(phases))
        if plan.errors:
            return
        file = PlanFile("p", "docs/plans/p.md", b"", NOON)
        begun = plan_loaded(plan, file, known=known, predecessor=f"orch-{number - 1}" if number else None)
        assert len({task.id for task in begun.tasks}) == len(begun.tasks)
        state = evolve(RunState(), begun, NOON)
        check(state, before, (texts, works(phases)), world, run)
        before = run_some(state, data, world, run)
        known, texts = known_of_run(before, run), works(phases)


def begin(text: str, before: tuple[RunState, str] | None = None, choices: RunChoices = NO_CHOICES):
    """A run of a plan that says this, at its first event; `before` is the run before and its name."""
    known = known_of_run(*before) if before else NOTHING_KNOWN
    begun = plan_loaded(
        parse_plan(text), PlanFile("p", "docs/plans/p.md", b"", NOON), known=known, choices=choices
    )
    return evolve(RunState(), begun, NOON)


def work_on(state: RunState, task_id: str, *, succeeds: bool = True, verified: bool = False) -> RunState:
    state = evolve(state, start_attempt(state, task_id, "robot"), NOON)
    result = AttemptResult(succeeded=succeeds, is_final=True, error="no", verified=verified)
    return evolve(state, end_attempt(state, task_id, result, NOON, 1.0), NOON)


def begin_in_a_clone(text: str, before: RunState) -> RunState:
    """A first run there: its database knows nothing, and status.json came with the repository."""
    tasks = [document_task(before.outline.tasks[task_id], task) for task_id, task in before.tasks.items()]
    known = known_of_document({"tasks": tasks})
    begun = plan_loaded(parse_plan(text), PlanFile("p", "docs/plans/p.md", b"", NOON), known=known)
    return evolve(RunState(), begun, NOON)


def found_now(state: RunState, description: str) -> tuple[str, TaskStatus, str | None]:
    (task_id,) = (i for i, planned in state.outline.tasks.items() if planned.description == description)
    return task_id, state.tasks[task_id].status, state.tasks[task_id].stale


HEAD = "# Plan\n\n## Phase 1: Work\n\n"
RERUN = RunChoices(reworded="rerun")
ALPHA = "- [ ] Alpha\n\n  ```sh\n  echo a\n  ```\n"


@pytest.mark.parametrize("runs_between", [1, 3])
@pytest.mark.parametrize(
    ("text", "edited", "choices"),
    [
        (ALPHA, ALPHA.replace("echo a", "echo b"), RunChoices()),
        (ALPHA, ALPHA.replace("Alpha", "Write down that Alpha"), RunChoices()),
        (ALPHA.replace("Alpha", "1.1 Alpha"), ALPHA.replace("Alpha", "1.1 Beta"), RERUN),
        (ALPHA.replace("Alpha", "1.1 Alpha"), ALPHA.replace("Alpha", "1.1 Beta"), RunChoices()),
        (ALPHA, "- [ ] Other work\n", RunChoices()),
    ],
)
def test_an_edit_that_is_taken_back_finds_what_was_done(text, edited, choices, runs_between):
    state = work_on(begin(HEAD + text), "1.1")
    for number in range(runs_between):
        state = begin(HEAD + edited, (state, f"orch-{number}"), choices)
    again = begin(HEAD + text, (state, "orch-9"))
    assert found_now(again, "Alpha") == ("1.1", TaskStatus.COMPLETED, None)
    assert again.tasks["1.1"].attempt_place.instance_id == "orch-0"
    assert [task for task in again.outline.gone if task.found == "gone" and task.id == "1.1"] == []


@pytest.mark.parametrize("line", ["- [ ] 1.1 Alpha", "- [ ] Alpha"])
def test_in_a_clone_only_what_was_done_for_this_instruction_counts_as_done(line):
    """The line alone says too little: an agent may have changed the block under it."""
    text = HEAD + ALPHA.replace("- [ ] Alpha", line)
    state = work_on(begin(text), "1.1")
    assert found_now(begin_in_a_clone(text, state), "Alpha") == ("1.1", TaskStatus.COMPLETED, None)
    moved = text.replace("Phase 1: Work", "Phase 1: Other\n\n- [ ] New\n\n## Phase 2: Work")
    assert found_now(begin_in_a_clone(moved, state), "Alpha")[1:] == (TaskStatus.COMPLETED, None)
    edited = text.replace("echo a", "echo b")
    has_own_id = "1.1" in line
    expected = (TaskStatus.COMPLETED, "wording") if has_own_id else (TaskStatus.PENDING, None)
    assert found_now(begin_in_a_clone(edited, state), "Alpha")[1:] == expected
    if has_own_id:
        kept = begin(edited, (state, "r1"))
        assert found_now(begin_in_a_clone(edited, kept), "Alpha")[1:] == expected
        assert found_now(begin_in_a_clone(text, kept), "Alpha")[1:] == (TaskStatus.COMPLETED, None)


CHECKED = "- [ ] 1.1 Alpha\n  - verify: `test -s a`\n"


@pytest.mark.parametrize(
    ("edited", "is_checked"),
    [
        (CHECKED, True),
        (CHECKED.replace("1.1", "1.7"), True),
        (CHECKED.replace("  - verify: `test -s a`\n", ""), True),
        (CHECKED.replace("test -s a", "test -s b"), False),
        (CHECKED.replace("test -s a", "test -s b").replace("1.1", "1.7"), False),
    ],
)
def test_a_task_is_checked_only_by_the_check_that_it_has_now(edited, is_checked):
    state = work_on(begin(HEAD + CHECKED), "1.1", verified=True)
    again = begin(HEAD + edited, (state, "r1"))
    (task,) = again.tasks.values()
    assert (task.status, task.stale) == (TaskStatus.COMPLETED, None)
    assert (task.verified, task.reason) == (is_checked, None if is_checked else CHECK_CHANGED)
    assert task_evidence(task) == ("checked" if is_checked else f"unchecked: {CHECK_CHANGED}")
    (later,) = begin(HEAD + edited, (again, "r2")).tasks.values()
    assert later.verified is is_checked
    (task_id,) = again.tasks
    retried = evolve(again, task_step(again, task_id, TaskTrigger.FORCE_RETRY), NOON)
    done = work_on(retried, task_id, verified=True)
    (task,) = begin(HEAD + edited, (done, "r3")).tasks.values()
    assert task_evidence(task) == "checked"


def test_a_command_that_was_done_is_unchecked_by_a_check_that_it_did_not_have():
    state = work_on(begin(HEAD + ALPHA), "1.1", verified=True)
    edited = HEAD + ALPHA.replace("Alpha\n", "Alpha\n  - verify: `test -s a`\n")
    (task,) = begin(edited, (state, "r1")).tasks.values()
    assert (task.status, task.verified, task.reason) == (TaskStatus.COMPLETED, False, CHECK_CHANGED)


def test_what_failed_for_the_other_wording_leaves_the_first_one_done():
    state = work_on(begin(HEAD + ALPHA), "1.1")
    state = work_on(begin(HEAD + ALPHA.replace("echo a", "echo b"), (state, "r1")), "1.1", succeeds=False)
    assert found_now(begin(HEAD + ALPHA, (state, "r2")), "Alpha") == ("1.1", TaskStatus.COMPLETED, None)


def test_what_was_done_for_another_wording_since_is_no_plain_tick_and_does_not_run_by_itself():
    edited = ALPHA.replace("echo a", "echo b")
    state = work_on(begin(HEAD + ALPHA), "1.1")
    state = work_on(begin(HEAD + edited, (state, "r1")), "1.1")
    again = begin(HEAD + ALPHA, (state, "r2"))
    assert found_now(again, "Alpha") == ("1.1", TaskStatus.COMPLETED, "wording")
    assert found_now(begin(HEAD + edited, (again, "r3")), "Alpha") == ("1.1", TaskStatus.COMPLETED, None)
    state = work_on(begin(HEAD + ALPHA, (state, "r2"), RERUN), "1.1")
    assert found_now(begin(HEAD + edited, (state, "r3")), "Alpha") == ("1.1", TaskStatus.COMPLETED, "wording")


def test_a_task_that_was_kept_for_another_wording_and_removed_comes_back_in_either():
    text, edited = HEAD + ALPHA.replace("Alpha", "1.1 Alpha"), HEAD + ALPHA.replace("Alpha", "1.1 Beta")
    state = work_on(begin(text), "1.1")
    state = begin(edited, (state, "r1"))
    state = begin(HEAD + "- [ ] 1.2 Other work\n", (state, "r2"))
    state = begin(HEAD + "- [ ] 1.2 Other work\n", (state, "r3"))
    assert len(state.outline.gone) == 2
    assert found_now(begin(text, (state, "r4")), "Alpha") == ("1.1", TaskStatus.COMPLETED, None)
    assert found_now(begin(edited, (state, "r4")), "Beta") == ("1.1", TaskStatus.COMPLETED, "wording")


@given(st.data())
def test_edits_that_are_taken_back_before_their_tasks_ran_change_nothing(data: st.DataObject) -> None:
    world, ids = World(), [f"1.{n}" for n in range(1, 9)]
    phases: list[list[Written]] = [[], []]
    for _ in range(data.draw(st.integers(3, 8))):
        phases = data.draw(an_edit(phases, ids))
    if parse_plan(plan_text(phases)).errors:
        return
    first = run_some(begin(plan_text(phases)), data, world, "orch-0")
    seen, edited, state = [works(phases)], phases, first
    for number in range(data.draw(st.integers(1, 3))):
        for _ in range(data.draw(st.integers(1, 4))):
            edited = data.draw(an_edit(edited, ids))
        if parse_plan(plan_text(edited)).errors:
            return
        seen.append(works(edited))
        choices = RunChoices(reworded=data.draw(st.sampled_from((None, "keep", "rerun"))))
        state = begin(plan_text(edited), (state, f"orch-{number}"), choices)
    again = begin(plan_text(phases), (state, "orch-9"))
    for task_id, planned in first.outline.tasks.items():
        text = planned.description
        is_unambiguous = all(Counter(task.text for task in each)[text] <= 1 for each in seen)
        if first.tasks[task_id].status is TaskStatus.COMPLETED and is_unambiguous:
            assert found_now(again, text)[1:] == (TaskStatus.COMPLETED, None)


def test_an_edit_of_a_task_with_an_id_that_is_taken_back_without_the_id_finds_what_was_done():
    """In between the task was kept as done for another wording."""
    state = work_on(begin(HEAD + "- [ ] Alpha\n"), "1.1")
    state = begin(HEAD + "- [ ] 1.1 Alpha\n", (state, "r1"))
    state = begin(HEAD + "- [ ] 1.1 Beta\n", (state, "r2"))
    assert found_now(state, "Beta") == ("1.1", TaskStatus.COMPLETED, "wording")
    again = begin(HEAD + "- [ ] Alpha\n", (state, "r3"))
    assert found_now(again, "Alpha") == ("1.1", TaskStatus.COMPLETED, None)


def test_an_id_that_a_task_had_before_it_was_renumbered_is_given_to_no_other_work():
    text = "# Plan\n\n## Phase 1: Work\n\n## Phase 2: More\n\n- [ ] Alpha\n"
    state = begin(text)
    state = begin(text.replace("Alpha", "1.1 Alpha"), (state, "r1"))
    text = text.replace("Alpha", "1.2 Alpha")
    state = begin(text, (state, "r2"))
    state = begin(text.replace("Work\n", "Work\n\n- [ ] Beta\n"), (state, "r3"))
    assert found_now(state, "Beta")[0] == "1.3"


def test_a_finding_stays_with_a_task_whose_id_the_writer_gave_to_other_work_and_then_took_away():
    """The writer said with the id that it is the same task: it is kept, and never a plain tick."""
    state = begin(HEAD + "- [ ] 1.1 Alpha\n")
    state = evolve(state, start_attempt(state, "1.1", "robot"), NOON)
    written = FindingWritten(task_id="1.1", attempt=1, file_path="f", size_bytes=1)
    result = AttemptResult(succeeded=True, is_final=True, error="no")
    state = evolve(evolve(state, written, NOON), end_attempt(state, "1.1", result, NOON, 1.0), NOON)
    state = begin(HEAD + "- [ ] 1.1 Beta\n", (state, "r1"))
    state = begin(HEAD + "- [ ] Beta\n", (state, "r2"))
    assert found_now(state, "Beta") == ("1.1", TaskStatus.COMPLETED, "wording")
    assert state.tasks["1.1"].finding_place.instance_id == "r1"
    assert state.outline.tasks["1.1"].done_description == "Alpha"
