"""A plan is written back as it was read: the same bytes, or one character different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.plan import Plan, Task, TaskId, TaskKind
from orchestrator.domain.plan_parser import decode_plan, encode_plan, parse_plan, tick

PLAN = """# A plan

## Phase 1: First

- [ ] 1.1 One thing
  - [x] a detail

1. [x] 1.2 Another
- [X] A third

### 1.4 In a heading
"""

EVERY_BYTE = [
    PLAN.encode(),
    PLAN.replace("\n", "\r\n").encode(),
    PLAN.replace("\n", "\r").encode(),
    PLAN.replace("  ", "\t").encode(),
    b"\xef\xbb\xbf" + PLAN.encode(),
    PLAN.replace("One", "\x0cOne\x0c").encode(),
    PLAN.rstrip("\n").encode(),
    PLAN.encode().replace(b"One", b"\xff\xc3One\xed\xa0\x80"),
    PLAN.replace("One", "\x00\x85\u2028\u202eOne").encode(),
    b"",
    b"\r",
]

FRAGMENTS = [
    "# T", "## Phase 1: A", "### Phase 2 – B", "## Phase 1", "### 1.1 H", "### Task 2: H", "## End",
    "- [ ] 1.1 x", "- [x] 1.2 y (depends: 1.1)", "* [X] z", "1. [ ] 1.1.1 q", "+ [ ] ", "- [ ]", "- []",
    "  - [ ] nested", "  - agent: shell", "  - verify:", "  - verify: `a`", "  timeout: 1h", "   files: a, b",
    "**VERIFY 1:** check", "- [ ] **VERIFY 1**: all", "VERIFY", "**Objective:** o", "---", "...", "agent: x",
    "**Execution Note:** Tasks 1.1-1.2 are [SEQUENTIAL]", "Phases 1-2 are [PARALLEL]", "> - [ ] q", "> ",
    "```sh", "```", "~~~", "  ```bash", "  ```", "<!--", "-->", "| a | b |", "|---|---|", "text", "    code",
    "(depends: all Phase 1)", "(depends on", "depends on 1.1)", "- depends: 1.2", "\t- [ ] tab", "* * *", "===",
    "- [ ] `1.1` **x** <!-- y -->", "- [x] 99.999999a z", "parallel: 2", "\\", "[a]: b", "<div>", "&amp;",
    "\x00", "\ufeff", "\udcff", "\u2028", "\x0c", "\x85", "\u202e", "ß", "𝔘", "",
]  # fmt: skip

lines = st.lists(st.sampled_from(FRAGMENTS), max_size=25)
ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "", " "])
markdown = st.builds(
    lambda parts, between, last: "".join(a + b for a, b in zip(parts, between, strict=False)) + last,
    lines,
    st.lists(ends, min_size=25, max_size=25),
    ends,
)
any_text = st.one_of(st.text(), st.text(st.characters(codec=None)), markdown)


@pytest.mark.parametrize("data", EVERY_BYTE)
def test_an_unchanged_plan_gives_the_same_bytes(data: bytes) -> None:
    assert encode_plan(parse_plan(decode_plan(data)).text) == data


@given(st.binary())
def test_any_bytes_give_the_same_bytes(data: bytes) -> None:
    assert encode_plan(parse_plan(decode_plan(data)).text) == data


@pytest.mark.parametrize("data", EVERY_BYTE[:-2])
def test_line_ends_and_strange_bytes_change_nothing_about_the_tasks(data: bytes) -> None:
    plan = parse_plan(decode_plan(data))
    assert plan.title == "A plan"
    assert [(str(task.id), task.checked, task.box is None) for task in plan.tasks()] == [
        ("1.1", False, False),
        ("1.2", True, False),
        ("1.3", True, False),
        ("1.4", False, True),
    ]
    assert [task.line for task in plan.tasks()] == [5, 8, 9, 11]
    assert [plan.text[slice_of(task)] for task in plan.tasks() if task.box] == [" ", "x", "X"]


def slice_of(task: Task) -> slice:
    assert task.box is not None
    return slice(task.box.start, task.box.end)


def check_spans(plan: Plan) -> None:
    size = len(plan.text)
    for phase in plan.phases:
        assert 0 <= phase.span.start <= phase.span.end <= size
        for task in phase.tasks:
            assert phase.span.start <= task.span.start < task.span.end <= phase.span.end
            if task.box:
                assert task.box.end == task.box.start + 1
                assert task.span.start <= task.box.start < task.span.end
                assert plan.text[slice_of(task)] in " xX"
                assert plan.text[task.box.start - 1] + plan.text[task.box.end] == "[]"
                assert task.checked == (plan.text[slice_of(task)] != " ")
    line_count = plan.text.count("\n") + plan.text.count("\r") + 1
    for problem in plan.problems:
        assert 1 <= problem.line <= line_count
        assert problem.column >= 1


def without_boxes(plan: Plan) -> list[tuple[object, ...]]:
    return [
        (task.id, task.description, task.phase, task.line, task.span, task.box, task.depends_on, task.details)
        for task in plan.tasks()
    ]


def check_ticks(plan: Plan) -> None:
    for task in plan.task_by_id.values():
        if task.box is None:
            continue
        ticked = tick(plan, task.id, done=not task.checked)
        assert len(ticked) == len(plan.text)
        assert [i for i, (a, b) in enumerate(zip(plan.text, ticked, strict=True)) if a != b] == [
            task.box.start
        ]
        again = parse_plan(ticked)
        assert without_boxes(again) == without_boxes(plan)
        pairs = zip(plan.tasks(), again.tasks(), strict=True)
        changed = [before for before, after in pairs if before.checked != after.checked]
        # A task that is a heading has no box: it is done when the check under it is ticked.
        assert [each.id for each in changed if each.box] == [task.id]
        assert task.kind is TaskKind.VERIFY or len(changed) == 1
        assert tick(again, task.id, done=not task.checked) == ticked


@given(any_text)
def test_any_text_gives_a_plan_whose_spans_lie_in_the_text(text: str) -> None:
    plan = parse_plan(text)
    assert plan.text == text
    check_spans(plan)


@given(any_text)
def test_a_tick_changes_one_character_and_one_task(text: str) -> None:
    check_ticks(parse_plan(text))


def test_a_tick_writes_a_small_x_or_a_blank() -> None:
    plan = parse_plan(PLAN)
    assert tick(plan, TaskId("1.1"), done=True) == PLAN.replace("- [ ] 1.1", "- [x] 1.1")
    assert tick(plan, TaskId("1.3"), done=False) == PLAN.replace("- [X] A", "- [ ] A")
    assert tick(plan, TaskId("1.3"), done=True) == PLAN


def test_a_task_without_a_box_cannot_be_ticked() -> None:
    plan = parse_plan(PLAN)
    with pytest.raises(ValueError, match=r"1\.4 has no checkbox"):
        tick(plan, TaskId("1.4"), done=True)
    with pytest.raises(KeyError):
        tick(plan, TaskId("9.9"), done=True)
