"""What holds for every plan: it parses to what it was built from, in bounded time, and can be finished."""

from __future__ import annotations

import graphlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.domain.events import PlannedTask
from orchestrator.domain.plan import Plan
from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.task_status import TaskStatus

HEAD = "# T\n\n## Phase 1: A\n\n"


def hostile(size: int) -> dict[str, str]:
    """Texts of about `size` characters, each of a kind that a careless reader takes quadratic time for."""
    return {
        "brackets": "[" * size,
        "quotes": ">" * size,
        "stars": "*" * size,
        "stars and blanks": "* " * (size // 2),
        "dashes": "- " * (size // 2),
        "boxes in a line": "- [ ] " * (size // 6),
        "nested lists": "".join("  " * level + "- [ ] x\n" for level in range(900)),
        "nested quotes": ("> - [ ] " * 20 + "x\n") * 5000,
        "backticks": "- [ ] depend" + "".join("`" * (n % 300 + 1) + " " for n in range(6000)),
        "comments": "- [ ] 1.1 " + "<!--" * (size // 4),
        "bold": "- [ ] **" * (size // 8),
        "blanks": "**VERIFY 1" + " " * size + "x",
        "numbers": "- [ ] " + "1." * (size // 2),
        "open dependencies": "- [ ] 1.1 x " + "(depends: (" * (size // 11),
        "many dependencies": "- [ ] 1.1 x " + "(depends: 1.1)" * (size // 14),
        "long dependency": "- [ ] 1.1 x (depends: " + "1.1," * (size // 4) + ")",
        "endless range": "- [ ] 1.1 x (depends: 1-999999999)",
        "wide ranges": "".join(f"- [ ] 1.{n} x (depends: 1.1-1.2000)\n" for n in range(1, 2001)),
        "shared dependencies": "### 1.1 (depends: " + "9.9 z " * 5000 + ")\n" + "- [ ] 1.2 x\n" * 2000,
        "notes": "**Execution Note:** " + "Phase 1 and Tasks 1-9 are [SEQUENTIAL] " * (size // 39),
        "keywords": "**Execution Note:** " + "phase 1 " * (size // 8) + "[PARALLEL]",
        "one circle after the other": "".join(f"- [ ] 1.{n} x (depends: 1.1-1.{n})\n" for n in range(1, 500)),
        "phases": "## Phase 1\n" * (size // 11),
        "lines": "\n" * size,
        "pipes": "|" * size,
        "a wide table": "|" + "a|" * (size // 4) + "\n|" + "-|" * (size // 4) + "\n",
        "lazy lines of a deep quote": "> " * 60 + "a\n" + "b\n" * min(size // 2 - 100, 90_000),
        "control characters": "\x00" * size,
    }


KINDS = tuple(hostile(1))
FRONT_MATTER = {
    "deep lists": "[" * 16_000,
    "deep mappings": "{a: " * 4_000,
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "digits": "attempts: " + "9" * 16_000,
    "sexagesimal": "attempts: 1" + ":1" * 8_000,
    "too long": "a: b\n" * 10_000,
    "python object": "agent: !!python/object/apply:os.system [x]",
    "infinite": "attempts: 1e999999\ntimeout: .inf",
    "impossible date": "agent: 2026-99-99",
    "merge": "<<: {a: 1}\n? [a]\n: b",
    "binary": "agent: !!binary abc",
}


@pytest.mark.parametrize("size", [100_000, pytest.param(1_000_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_gives_a_plan_in_bounded_time(kind: str, size: int) -> None:
    text = hostile(size)[kind]
    began = time.process_time()
    parse_plan(HEAD + text)
    assert time.process_time() - began < 30  # a quadratic reader would need minutes for the longer ones


@pytest.mark.parametrize("name", FRONT_MATTER)
def test_hostile_front_matter_gives_a_plan_and_an_error(name: str) -> None:
    began = time.process_time()
    plan = parse_plan(f"---\n{FRONT_MATTER[name]}\n---\n{HEAD}- [ ] 1.1 a\n")
    assert time.process_time() - began < 10
    assert plan.errors
    assert [task.id for task in plan.tasks()] == ["1.1"]


@dataclass(frozen=True)
class Wanted:
    """What a generated task must come out as."""

    id: str
    checked: bool
    description: str
    depends_on: tuple[str, ...]


WORDS = ["build", "the", "shed", "`code`", "quickly", "and", "3", "läuft", "(maybe)", "[link](x)", "a*b"]
descriptions = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(
    lambda words: " ".join(["Do", *words])
)


@st.composite
def plans(draw: st.DrawFn) -> tuple[str, list[tuple[int, str, list[Wanted]]]]:
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    written = ["# Generated", ""]
    wanted: list[tuple[int, str, list[Wanted]]] = []
    known: list[str] = []
    for number in sorted(draw(st.sets(st.integers(0, 99), min_size=1, max_size=4))):
        name = draw(descriptions)
        mark = draw(st.sampled_from(["##", "###"])) if not wanted else "##"
        separator = draw(st.sampled_from([": ", " – ", " — ", " - ", ". ", " "]))
        written += [f"{mark} Phase {number}{separator}{name}", ""]
        tasks: list[Wanted] = []
        for position in range(1, draw(st.integers(0, 5)) + 1):
            task = Wanted(
                draw(
                    st.sampled_from(
                        [f"{number}.{position}", f"{number}.{position}.7", f"{number}.{position}c"]
                    )
                ),
                draw(st.booleans()),
                draw(descriptions),
                tuple(draw(st.lists(st.sampled_from(known), max_size=3, unique=True))) if known else (),
            )
            bullet = draw(st.sampled_from(["-", "*", "+", "1.", "7)"]))
            box = draw(st.sampled_from(["[x]", "[X]"])) if task.checked else "[ ]"
            shown = draw(st.sampled_from([task.id, f"{task.id}:", f"**{task.id}**", f"Task {task.id}."]))
            word = draw(st.sampled_from(["depends:", "depends on", "Depends On:"]))
            depends = f" ({word} {', '.join(task.depends_on)})" if task.depends_on else ""
            written.append(f"{bullet} {box} {shown} {task.description}{depends}")
            written += draw(st.sampled_from([[], [""], ["   - [ ] a detail"]]))
            tasks.append(task)
            known.append(task.id)
        wanted.append((number, name, tasks))
        written.append("")
    return end.join(written), wanted


@given(plans())
def test_a_generated_plan_parses_back_to_what_it_was_built_from(
    made: tuple[str, list[tuple[int, str, list[Wanted]]]],
) -> None:
    text, wanted = made
    plan = parse_plan(text)
    assert [p for p in plan.problems if p.code != "no_tasks"] == []
    found = [
        (
            phase.number,
            phase.name,
            [Wanted(task.id, task.checked, task.description, task.depends_on) for task in phase.tasks],
        )
        for phase in plan.phases
    ]
    assert found == wanted


@st.composite
def tangled(draw: st.DrawFn) -> str:
    """Phases whose tasks depend on any others, with VERIFY and execution notes at random."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    ids = [f"{phase}.{n}" for phase, size in enumerate(sizes, 1) for n in range(1, size + 1)]
    written = []
    if len(sizes) > 1 and draw(st.booleans()):
        for first, last in draw(st.lists(st.tuples(*[st.integers(1, len(sizes))] * 2), max_size=2)):
            written.append(f"**Execution Note:** Phases {min(first, last)}-{max(first, last)} are [PARALLEL]")
    if draw(st.booleans()):
        group = (
            draw(st.lists(st.sampled_from(ids), min_size=2, max_size=3, unique=True)) if len(ids) > 1 else ids
        )
        written.append(f"**Execution Note:** Tasks {', '.join(group)} are [SEQUENTIAL]")
    few = st.lists(st.sampled_from(ids), max_size=2) if draw(st.booleans()) else st.just([])
    for phase, size in enumerate(sizes, 1):
        written.append(f"\n## Phase {phase}: x\n")
        verify_at = draw(st.integers(0, 2 * size))
        for n in range(1, size + 1):
            if n == verify_at:
                written.append(f"\n**VERIFY {phase}:** look\n")
            near = draw(st.lists(st.sampled_from([i for i in ids if i.startswith(f"{phase}.")]), max_size=1))
            depends = [*near, *draw(few)]
            written.append(f"- [ ] {phase}.{n} do" + (f" (depends: {', '.join(depends)})" if depends else ""))
    return "\n".join(written) + "\n"


def waits(plan: Plan) -> dict[str, set[str]]:
    """Who waits for whom inside the phases, spelled out."""
    graph: dict[str, set[str]] = {}
    for phase in plan.phases:
        for position, task in enumerate(phase.tasks):
            before = {other.id for other in phase.tasks[:position]} if task.runs_after_preceding else set()
            graph[task.id] = set(task.depends_on) | before
    for group in plan.sequential_groups:
        for earlier, later in itertools.pairwise(group):
            graph[later].add(earlier)
    return graph


@given(tangled())
def test_a_circle_is_reported_if_and_only_if_there_is_one(text: str) -> None:
    plan = parse_plan(text)
    assume(not plan.parallel_phases)  # those wait for each other in ways of their own
    try:
        graphlib.TopologicalSorter(waits(plan)).prepare()
    except graphlib.CycleError:
        has_circle = True
    else:
        has_circle = False
    assert ("dependency_cycle" in {problem.code for problem in plan.problems}) is has_circle


def is_finished_by_doing_what_is_ready(plan: Plan, make_run: Callable[..., object]) -> bool:
    pairs = [pair for group in plan.sequential_groups for pair in itertools.pairwise(group)]
    run = make_run(
        *(
            PlannedTask(
                id=task.id,
                phase=task.phase,
                description=task.description,
                depends_on=tuple(task.depends_on),
                follows=tuple(earlier for earlier, later in pairs if later == task.id),
                runs_after_preceding=task.runs_after_preceding,
            )
            for task in plan.tasks()
        ),
        parallel_phases=tuple(tuple(sorted(group)) for group in plan.parallel_phases),
    )
    while ready := run.ready():
        run.set(ready[0], TaskStatus.COMPLETED)
    return all(status == "completed" for status in run.statuses().values())


@given(text=tangled())
def test_a_plan_can_be_finished_if_and_only_if_it_has_no_errors(
    text: str, make_run: Callable[..., object]
) -> None:
    plan = parse_plan(text)
    assert is_finished_by_doing_what_is_ready(plan, make_run) is not bool(plan.errors)
