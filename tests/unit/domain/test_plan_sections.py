"""The text of a plan outside its tasks, and which tasks it concerns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.plan import Plan
from orchestrator.domain.plan_parser import parse_plan


def concerning(plan: Plan, task_id: str) -> list[str]:
    task = plan.task_by_id[task_id]
    return [section.heading or section.text for section in plan.sections if section.concerns(task)]


def test_sections_have_their_text_without_tasks_rules_and_front_matter():
    plan = parse_plan(
        "---\nagent: claude\n---\n\nFirst words.\n\n# T\n\n## Why\n\nBecause.\n\n---\n\n"
        "## Phase 1: A\n\nOn A.\n\n- [ ] 1.1 a\n  with this\n\n  ```sh\n  make\n  ```\n\nMore on A.\n"
    )
    assert [(s.heading, s.text, s.line, s.phase, s.has_tasks) for s in plan.sections] == [
        ("", "First words.", 4, None, False),
        ("# T", "", 7, None, True),
        ("## Why", "Because.", 9, None, False),
        ("## Phase 1: A", "On A.\n\nMore on A.", 15, 1, True),
    ]


def test_headings_that_are_tasks_and_those_within_are_no_sections():
    plan = parse_plan("# T\n\n### Task 1: a\n\nDo a.\n\n#### How\n\nWell.\n\n### Task 2: b\n\n- [ ] b\n")
    assert [section.heading for section in plan.sections] == ["# T"]


def test_a_section_with_tasks_concerns_those_alone():
    plan = parse_plan(
        "# T\n\n## Goals\n\ng\n\n## Phase 1: A\n\n### In\n\n- [ ] 1.1 a\n\n### Out\n\n- [ ] 1.2 b\n\n"
        "### Notes\n\nn\n\n## Phase 2: B\n\n- [ ] 2.1 c\n\n## Risks\n\nr\n"
    )
    assert concerning(plan, "1.1") == ["# T", "## Goals", "## Phase 1: A", "### In", "### Notes", "## Risks"]
    assert concerning(plan, "1.2") == ["# T", "## Goals", "## Phase 1: A", "### Out", "### Notes", "## Risks"]
    assert concerning(plan, "2.1") == ["# T", "## Goals", "## Phase 2: B", "## Risks"]


def test_a_plan_without_phases_has_sections_too():
    plan = parse_plan(
        "# T\n\n## Overview\n\no\n\n## Steps\n\n### Task 1: a\n\n- [ ] a\n\n### Task 2: b\n\n- [ ] b\n"
    )
    assert concerning(plan, "1.2") == ["# T", "## Overview", "## Steps"]


LINES = st.sampled_from(
    [
        "# T",
        "## Phase 1: A",
        "## Phase 2: B",
        "### C",
        "### Task 3: d",
        "- [ ] 1.1 a",
        "- [ ] b",
        "  more",
        "",
        "words",
        "**VERIFY 1:** v",
        "---",
        "```sh",
        "```",
    ]
)


@given(st.lists(LINES, max_size=30))
def test_every_word_is_in_a_task_or_in_a_section_but_not_in_both(lines: list[str]):
    numbered = [f"{line} w{index}" if line.strip(" -`sh") else line for index, line in enumerate(lines)]
    plan = parse_plan("\n".join(["No front matter.", "", *numbered]))
    in_sections = " ".join(f"{section.heading} {section.text}" for section in plan.sections).split()
    in_tasks = " ".join(plan.text[task.span.start : task.span.end] for task in plan.tasks()).split()
    words = [word for line in numbered for word in line.split() if word.startswith("w") and word != "words"]
    for word in words:
        assert (word in in_sections) is not (word in in_tasks), word
