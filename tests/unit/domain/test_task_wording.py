"""What counts as the same wording of a task, and under which headings a task is."""

from __future__ import annotations

import pytest

from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.redaction import Redactor, redact_known
from orchestrator.domain.task_wording import heading_name, headings_of, plain_words, wording

HEAD = "# T\n\n## Phase 1: Work\n\n"
BASE = "- [ ] 1.1 Make the parser fast\n\n  Use a table, at most 1.5 s.\n\n  ```sh\n  make fast\n  ```\n"


def digest(task: str, redact=redact_known) -> str:
    (found,) = parse_plan(HEAD + task).tasks()
    return wording(found, redact)


@pytest.mark.parametrize(
    "same",
    [
        BASE.replace("[ ]", "[x]"),
        BASE.replace("1.1 Make", "1.7 Make"),
        BASE.replace("1.1 Make", "Make"),
        BASE.replace("Make the parser fast", "make the **parser** `fast`."),
        BASE.replace("Use a table,", "Use a\n  table —"),
        BASE.replace("  make fast\n", "  make fast   \n\n"),
        BASE.replace("```sh\n  make fast\n  ```", "````sh\n  make fast\n  ````"),
        BASE + "  timeout: 5m\n  agent: codex\n  - verify: `make test`\n",
        BASE + "  verify:\n\n  ```sh\n  make test\n  ```\n",
        BASE.replace("fast\n", "fast (depends: 1.2)\n", 1) + "- [ ] 1.2 b\n",
    ],
)
def test_what_leaves_the_wording_as_it_was(same):
    first = next(iter(parse_plan(HEAD + same).tasks()))
    assert wording(first, redact_known) == digest(BASE)


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("fast\n", "slow\n", 1),
        BASE.replace("Make the parser", "Make no parser"),
        BASE.replace("1.5 s", "15 s"),
        BASE.replace("1.5 s", "1.6 s"),
        BASE.replace("make fast\n", "make fast slow\n"),
        BASE.replace("make fast\n", "make FAST\n"),
        BASE.replace("make fast\n", "make -fast\n"),
        BASE.replace("make fast\n", "makefast\n"),
        BASE + "  And then tell somebody.\n",
        BASE + "  files: a.py\n",
    ],
)
def test_what_makes_it_another_one(other):
    assert digest(other) != digest(BASE)


def test_ticks_of_nested_boxes_do_not_count():
    steps = "- [ ] 1.1 a\n  - [ ] one\n  - [ ] two\n"
    assert digest(steps) == digest(steps.replace("- [ ] two", "- [x] two"))
    assert digest(steps) != digest(steps.replace("two", "three"))


def test_words_of_other_scripts_keep_all_their_letters():
    assert plain_words("की") != plain_words("कि")
    assert plain_words("Straße,") == plain_words("STRASSE")


def test_a_comparison_keeps_its_sign():
    assert plain_words("fail if x > 5") != plain_words("fail if x < 5")


def test_secrets_are_taken_out_before_texts_are_compared():
    redact = Redactor(["hunter2hunter2"])
    assert digest("- [ ] 1.1 Use hunter2hunter2\n", redact) == digest("- [ ] 1.1 Use [redacted]\n", redact)


def test_headings_between_phase_and_task():
    plan = parse_plan(
        "# T\n\n## Phase 1: A\n\n- [ ] a\n\n### Back end\n\n- [ ] b\n\n#### Store\n\n- [ ] c\n\n"
        "### Front end\n\n- [ ] d\n\n## Phase 2: B\n\n- [ ] e\n"
    )
    assert headings_of(plan, redact_known) == [
        ("A",),
        ("A", "### Back end"),
        ("A", "### Back end", "#### Store"),
        ("A", "### Front end"),
        ("B",),
    ]


def test_a_plan_without_phases_is_not_under_its_title():
    plan = parse_plan("# T\n\n- [ ] a\n\n## More\n\n- [ ] b\n")
    assert headings_of(plan, redact_known) == [("",), ("", "## More")]


def test_the_number_of_a_heading_is_no_part_of_its_name():
    assert heading_name("### 1.2 Back end") == heading_name("## 3) Back-end") != heading_name("## 2nd end")
