"""docs/plan-problems.md: every code stands there once, under its severity, and its example has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.domain.plan_lint import lint_problems
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.plan_problems import PROBLEM_KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "plan-problems.md").read_text()
SECTIONS = re.findall(r"^### (\w+)\n\n(.*?)(?=^### \w+$|^## Warnings$|\Z)", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [
    (code, *found.groups())
    for code, section in SECTIONS
    if (found := re.search(r"````(\w+)\n(.*?)\n````", section, re.DOTALL))
]


def test_every_code_stands_there_once_under_its_severity() -> None:
    errors, warnings = PAGE.split("## Errors")[1].split("## Warnings")
    for text, severity in ((errors, "error"), (warnings, "warning")):
        codes = [code for code, kind in PROBLEM_KINDS.items() if kind.severity == severity]
        assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == codes


def test_every_code_has_an_example_but_the_fault_of_the_reader() -> None:
    assert {code for code, *_ in EXAMPLES} | {"unreadable_markdown"} == set(PROBLEM_KINDS)


@pytest.mark.parametrize(("code", "language", "text"), EXAMPLES, ids=[code for code, *_ in EXAMPLES])
def test_an_example_has_its_problem_and_no_other(code: str, language: str, text: str) -> None:
    plan = eval(text, {"__builtins__": {}}) if language == "python" else f"{text}\n"
    read = parse_plan(decode_plan(plan) if isinstance(plan, bytes) else plan)
    side_by_side = "may overwrite one another" if code == "parallel_without_files" else None
    problems = lint_problems(read, {"claude", "codex", "shell"}, side_by_side)
    assert {problem.code for problem in problems} - ({"no_tasks", "no_check"} - {code}) == {code}


@pytest.mark.parametrize(("code", "section"), SECTIONS, ids=[code for code, _ in SECTIONS])
def test_a_section_begins_with_what_the_code_means(code: str, section: str) -> None:
    assert section.startswith(PROBLEM_KINDS[code].meaning.replace("\ufffd", "\ufffd"))
    assert len(section.partition("````")[0].strip()) > len(PROBLEM_KINDS[code].meaning)
