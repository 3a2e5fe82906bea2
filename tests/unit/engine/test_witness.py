"""What counts as evidence that a task is done, and what speaks against it."""

from __future__ import annotations

import pytest

from orchestrator.domain.evidence import TreeLook
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.agent_events import Finished, ToolCallCompleted, ToolCallStarted

PLAN = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n"
SCRIPT = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n\n  ```sh\n  make\n  ```\n"
SAME, OTHER = TreeLook("t", "f", "c"), TreeLook("u", "g", "d")


class FakeTree:
    """Gives one look after another, the last one again and again, and keeps what was asked for."""

    def __init__(self, *looks: TreeLook) -> None:
        self.looks = list(looks)
        self.asked: list[tuple[tuple[str, ...], tuple[str, ...], bool]] = []

    async def look(self, _root, files, apart, *, whole: bool) -> TreeLook:
        self.asked.append((tuple(files), tuple(apart), whole))
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


def task(house):
    return house.state().tasks["1.1"]


def kinds(house) -> list[str]:
    return [remark.kind for remark in task(house).remarks]


def call(outcome: str, number: int = 1):
    return (ToolCallStarted(str(number), "Write"), ToolCallCompleted(str(number), outcome))


@pytest.mark.parametrize(
    ("plan", "is_verified"),
    [
        (PLAN, False),
        (f"{PLAN}  - verify: `make test`\n", True),
        (SCRIPT, True),
    ],
)
async def test_only_a_check_or_the_work_of_a_block_makes_a_task_checked(make_house, plan, is_verified):
    house = make_house(plan)
    assert await house.run() is RunStatus.COMPLETED
    assert task(house).verified is is_verified
    assert house.state().unchecked == (not is_verified)
    word = "checked" if is_verified else "unchecked"
    assert f"Evidence: {word}." in house.finding("1.1")


@pytest.mark.parametrize("reports_calls", [True, False])
async def test_no_call_is_remarked_upon_only_of_an_agent_that_reports_them(make_house, reports_calls):
    house = make_house(PLAN)
    house.robot.reports_calls = reports_calls
    await house.run()
    assert kinds(house) == (["no_tool_call"] if reports_calls else [])


async def test_calls_that_were_denied_are_remarked_upon(make_house, plays):
    house = make_house(PLAN)
    house.robot.reports_calls = True
    house.robot.play("1.1", plays.say(*call("denied", 1), *call("ok", 2), Finished("completed", "done")))
    await house.run()
    assert [(r.kind, r.count) for r in task(house).remarks] == [("calls_denied", 1)]


async def test_the_tree_is_compared_with_what_it_was_before(make_house):
    house = make_house(f"{PLAN}  - files: a.txt\n")
    house.tree = FakeTree(SAME)
    await house.run()
    assert kinds(house) == ["no_declared_file", "nothing_changed"]
    assert house.tree.asked == [(("a.txt",), ("docs/plans/p.md",), True)] * 2
    changed = make_house(f"{PLAN}  - files: a.txt\n")
    changed.tree = FakeTree(SAME, OTHER)
    await changed.run()
    assert kinds(changed) == []


async def test_of_a_block_only_its_declared_files_are_looked_at(make_house):
    house = make_house(SCRIPT)
    house.tree = FakeTree(SAME)
    await house.run()
    assert (house.tree.asked, kinds(house)) == ([], [])
    declared = make_house(SCRIPT.replace("first\n", "first\n  - files: a.txt\n"))
    declared.tree = FakeTree(TreeLook(None, "f", "c"))
    await declared.run()
    assert [asked[2] for asked in declared.tree.asked] == [False, False]
    assert (task(declared).verified, kinds(declared)) == (True, ["no_declared_file"])


async def test_a_strict_run_refuses_what_is_doubtful_and_says_so_to_the_next_attempt(make_house, plays):
    house = make_house(PLAN + "  - verify: `make test`\n")
    house.robot.reports_calls = True
    house.robot.play(
        "1.1",
        plays.say(Finished("completed", "Shall I go on?")),
        plays.say(*call("ok"), Finished("completed", "done")),
    )
    assert await house.run(strict=True) is RunStatus.COMPLETED
    assert house.robot.jobs == ["1.1/1", "1.1/2"]
    # What is refused is not checked any more.
    assert house.shell.jobs == ["1.1/2"]
    prompt = house.robot.runs[1].job.prompt
    assert "The attempt before failed: Not accepted as done (strict): no tool call." in prompt
    assert "Shall I go on?" in prompt
    assert (task(house).verified, task(house).remarks) == (True, ())


@pytest.mark.parametrize(
    ("said", "chosen", "fails"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
async def test_strict_is_the_plans_word_unless_somebody_chose(make_house, said, chosen, fails):
    house = make_house(f"---\nstrict: {str(said).lower()}\n---\n{PLAN}")
    house.robot.reports_calls = True
    status = await house.run(strict=chosen, max_attempts=1)
    assert status is (RunStatus.FAILED if fails else RunStatus.COMPLETED)
    assert task(house).status is (TaskStatus.FAILED if fails else TaskStatus.COMPLETED)


async def test_a_strict_run_does_not_try_again_what_is_denied(make_house, plays):
    house = make_house(f"{PLAN}  - verify: `make test`\n")
    house.robot.play("1.1", plays.say(*call("denied"), Finished("completed", "I was not allowed to.")))
    assert await house.run(strict=True) is RunStatus.FAILED
    assert house.robot.jobs == ["1.1/1"]
