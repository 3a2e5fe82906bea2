"""What an agent is sent."""

from __future__ import annotations

import pytest

from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.run_state import TaskState
from orchestrator.domain.task_status import TaskStatus
from orchestrator.engine.prompt import (
    DETAILS_LENGTH_MAX,
    FINDINGS_MAX,
    NEIGHBOURS_MAX,
    PROMPT_LENGTH_MAX,
    PromptFacts,
    prompt_text,
    task_prompt,
)

PATH = "docs/plans/house.md"
PLAN = """\
# Build a house

Never use asbestos.

## Constraints

Everything is made of wood.

## Phase 1: Walls

**Objective:** Four of them.

- [ ] 1.1 Order the wood
  - from Norway
- [ ] 1.2 Saw it (depends: 1.1)
  - files: beams.txt
  - verify: `test -f beams.txt`
  - with the big saw

### Inside

Only dry wood.

- [ ] 1.3 Panel the kitchen

### Outside

Only tarred wood.

- [ ] 1.4 Board the north side

### Notes of the architect

Mind the cable.

## Phase 2: Roof

Mind the wind.

- [ ] 2.1 Tiles

## Risks

Rain.
"""


def parts(task_id: str, text: str = PLAN, **facts) -> dict[str, str]:
    plan = parse_plan(text)
    found = task_prompt(plan, PATH, plan.task_by_id[task_id], PromptFacts(**facts))
    assert len({part.name for part in found}) == len(found)
    return {part.name: part.text for part in found}


def told(task_id: str, text: str = PLAN, **facts) -> str:
    plan = parse_plan(text)
    return prompt_text(task_prompt(plan, PATH, plan.task_by_id[task_id], PromptFacts(**facts)))


def failed(error: str) -> TaskState:
    return TaskState(status=TaskStatus.PENDING, last_error=error)


def test_an_agent_is_sent_the_plan_s_path_and_what_it_says_to_all_tasks():
    text = told("1.2")
    for said in (PATH, "Never use asbestos.", "## Constraints", "made of wood", "## Risks", "Rain."):
        assert said in text


def test_it_is_sent_its_phase_and_the_headings_above_its_task_with_their_text():
    text = parts("1.3")["phase"]
    for said in ("## Phase 1: Walls", "Four of them.", "### Inside", "Only dry wood.", "Mind the cable."):
        assert said in text
    for other in ("Outside", "tarred", "Roof", "wind", "Saw it", "Norway"):
        assert other not in text


def test_it_is_sent_its_task_and_what_will_check_it():
    found = parts("1.2")
    assert found["task"].startswith("Your task, 1.2: Saw it")
    assert "with the big saw" in found["task"]
    assert "beams.txt" in found["task"]
    assert "test -f beams.txt" in found["checks"]
    assert list(found) == ["introduction", "plan", "phase", "neighbours", "task", "checks", "closing"]


def test_it_is_told_of_its_neighbours_and_how_far_they_are():
    states = {"1.1": TaskState(status=TaskStatus.COMPLETED), "1.4": TaskState(status=TaskStatus.IN_PROGRESS)}
    assert parts("1.2", tasks=states)["neighbours"].splitlines()[1:] == [
        "- 1.1 Order the wood (completed)",
        "- 1.3 Panel the kitchen",
        "- 1.4 Board the north side (in progress)",
    ]
    assert "neighbours" not in parts("2.1")


def test_of_many_neighbours_the_nearest_are_named():
    boxes = "".join(f"- [ ] 1.{n} Do {n}\n" for n in range(1, 100))
    lines = parts("1.50", f"## Phase 1: A\n\n{boxes}")["neighbours"].splitlines()
    assert len(lines) == 2 * NEIGHBOURS_MAX + 2
    assert (lines[1], lines[-1]) == ("- 1.42 Do 42", f"- and {99 - 2 * NEIGHBOURS_MAX - 1} more")


def test_an_agent_is_told_why_it_is_asked_again():
    found = parts("1.1", tasks={"1.1": failed("it fell down")}, evidence="crack", note="use more nails")
    assert "it fell down" in found["failure"]
    assert "crack" in found["failure"]
    assert "use more nails" in found["note"]
    assert "failure" not in parts("1.1", evidence="of a success")


def test_an_earlier_report_is_not_taken_for_what_the_failed_attempt_left():
    crashed = failed("the orchestrator crashed")
    found = parts("1.1", tasks={"1.1": crashed}, earlier="Attempt 1 by claude: completed.")
    assert "Attempt 1" not in found["failure"]
    assert "as it is written now" in found["earlier report"]
    assert "Attempt 1 by claude: completed." in found["earlier report"]
    assert list(found).index("earlier report") < list(found).index("failure")


def test_it_is_told_which_of_its_dependencies_were_skipped_or_done_for_an_earlier_wording():
    def standing(**state) -> str:
        return parts("1.2", tasks={"1.1": TaskState(**state)}, findings={"1.1": "oak"})["findings"]

    done = TaskStatus.COMPLETED
    assert "## 1.1\n\noak" in standing(status=done)
    assert "## 1.1 (skipped by command)\n\noak" in standing(
        status=TaskStatus.SKIPPED, reason="skipped by command"
    )
    assert "## 1.1 (skipped: Ada sawed it)\n\noak" in standing(
        status=TaskStatus.SKIPPED, reason="Ada sawed it"
    )
    assert "## 1.1 (completed for an earlier wording)\n\noak" in standing(
        status=done, stale="wording", reason="completed for an earlier wording"
    )
    skipped = {"1.1": TaskState(status=TaskStatus.SKIPPED)}
    assert "## 1.1 (skipped)\n\nNo report." in parts("1.2", tasks=skipped)["findings"]


def test_long_findings_share_the_room():
    findings = {f"1.{n}": f"finding {n} " + "x" * 50_000 for n in range(5)}
    boxes = "".join(f"- [ ] 1.{n} Order\n" for n in range(5))
    plan = f"Everything is made of wood.\n\n## Phase 1: A\n\n{boxes}- [ ] 1.5 Look (depends: 1.0-1.4)\n"
    text = told("1.5", plan, findings=findings)
    assert len(text) <= PROMPT_LENGTH_MAX
    assert all(f"finding {n} " in text for n in range(5))
    assert "made of wood" in text


def test_it_is_said_when_not_all_findings_are_sent():
    boxes = "".join(f"- [ ] 1.{n} Do\n" for n in range(1, 101))
    plan = f"## Phase 1: A\n\n{boxes}\n## Phase 2: B\n\n- [ ] 2.1 Look (depends: all Phase 1)\n"
    assert f"the last {FINDINGS_MAX} of the 100 tasks" in told("2.1", plan, findings={"1.99": "found"})


def test_a_huge_plan_stays_within_the_bound_with_whole_sections_only():
    sections = "".join(f"## Part {n}\n\nbegin-{n} {'word ' * 800}end-{n}\n\n" for n in range(100))
    text = told("1.3", PLAN.replace("## Constraints", f"{sections}## Constraints"))
    assert len(PLAN + sections) > 400_000
    assert PROMPT_LENGTH_MAX - 6_000 < len(text) <= PROMPT_LENGTH_MAX
    assert all((f"begin-{n} " in text) is (f"end-{n}\n" in text) for n in range(100))
    assert "Only dry wood." in text
    assert "Left out here for their length; read them in docs/plans/house.md: ## Part " in text


@pytest.mark.parametrize("length", [10_000, 47_000, 200_000])
def test_nothing_pushes_the_task_out(length):
    long = "word " * (length // 5)
    text = told(
        "1.2",
        PLAN.replace("with the big saw", long).replace("Mind the cable.", long),
        tasks={"1.2": failed(long)},
        findings={"1.1": long},
        evidence=long,
        earlier=long,
        note=long,
    )
    assert len(text) <= PROMPT_LENGTH_MAX
    assert "Your task, 1.2: Saw it" in text
    assert "test -f beams.txt" in text
    assert "Do this task only." in text
    assert len(parts("1.2", PLAN.replace("with the big saw", long))["task"]) <= DETAILS_LENGTH_MAX + 200


def test_a_plan_without_headings_is_sent_what_stands_before_its_tasks():
    found = parts("1.1", "Be careful.\n\n- [ ] Dig\n- [ ] Pour\n")
    assert "Be careful." in found["plan"]
    assert "Pour" not in found["plan"]
