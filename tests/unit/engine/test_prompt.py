"""What an agent is told."""

from __future__ import annotations

from orchestrator.domain.plan import Phase, Plan, Span, Task, TaskId
from orchestrator.engine.prompt import EVIDENCE_LENGTH_MAX, FINDINGS_LENGTH_MAX, FINDINGS_MAX, task_prompt


def told(task: Task, **facts) -> str:
    plan = Plan("Build a house", phases=(Phase(1, "walls", 1, Span(0, 0), objective="four of them"),))
    return task_prompt(plan, task, **{"findings": {}, "last_error": None, "note": None, **facts})


def make(**fields) -> Task:
    return Task(TaskId("1.2"), "lay bricks", 1, 5, Span(0, 0), **fields)


def test_an_agent_is_told_its_task_and_what_it_is_part_of():
    text = told(make(details="Use mortar.", files=("wall.txt",), verify=("test -f wall.txt",)))
    for part in ("Build a house", "walls", "four of them", "1.2", "lay bricks", "Use mortar.", "wall.txt"):
        assert part in text
    assert "test -f wall.txt" in text
    assert "attempt before" not in text


def test_an_agent_is_told_why_it_is_asked_again():
    text = told(
        make(), last_error="it fell down", note="use more mortar", evidence="crack at brick 3" + "x" * 50_000
    )
    assert "it fell down" in text
    assert "crack at brick 3" in text
    assert len(text) < EVIDENCE_LENGTH_MAX + 3_000
    assert "use more mortar" in text


def test_long_findings_share_the_room():
    findings = {f"1.{n}": f"finding {n} " + "x" * 50_000 for n in range(5)}
    text = told(make(), findings=findings)
    assert len(text) < FINDINGS_LENGTH_MAX + 3_000
    assert all(f"finding {n} " in text for n in range(5))


def test_it_is_said_when_not_all_findings_are_told():
    many = make(depends_on=tuple(TaskId(f"1.{n}") for n in range(100)))
    assert f"the last {FINDINGS_MAX} of the 100 tasks" in told(many, findings={"1.99": "found"})
