"""status.json, edited by hand: what a command could do is done, all else is refused, and the run goes on."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.commands import CommandState, RetryTask, SkipTask
from orchestrator.domain.events import CommandSettled, PlanChanged, StatusUpdated
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine import status_edits
from orchestrator.engine.status_edits import Edits, edits_of

S = TaskStatus
PATH = "docs/plan-outputs/p/status.json"
PLAN = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second\n- [ ] 1.3 third\n"


def document(**statuses: str) -> dict[str, object]:
    return {"tasks": [{"id": task_id, "status": status} for task_id, status in statuses.items()]}


WISHES = """
             pending   in_progress  completed  failed   skipped
pending      nothing   refused      refused    refused  skip
in_progress  refused   nothing      refused    refused  skip
completed    refused   refused      nothing    refused  refused
failed       retry     refused      refused    nothing  skip
skipped      retry     refused      refused    refused  nothing
"""


def cells():
    head, *rows = (line.split() for line in WISHES.strip().splitlines())
    for old, *answers in rows:
        for new, answer in zip(head, answers, strict=True):
            yield pytest.param(S(old), new, answer, id=f"{old}-to-{new}")


@pytest.mark.parametrize(("old", "new", "answer"), list(cells()))
def test_what_an_edit_of_a_status_means(old, new, answer) -> None:
    edits = edits_of(document(t=new), {"t": old})
    expected = {
        "nothing": Edits(),
        "skip": Edits((SkipTask(task_id="t", reason="skipped in status.json"),)),
        "retry": Edits((RetryTask(task_id="t"),)),
        "refused": Edits(refused=(f"task t was made {new}, but the log says {old}",)),
    }
    assert edits == expected[answer]


def test_the_reason_of_a_skip_is_the_editors() -> None:
    entry = {"id": "t", "status": "skipped", "skipReason": "x" * 5_000}
    [command] = edits_of({"tasks": [entry]}, {"t": S.PENDING}).commands
    assert command.reason == "x" * 2_000
    for strange in (None, "", "  ", 3, ["y"]):
        [command] = edits_of({"tasks": [{**entry, "skipReason": strange}]}, {"t": S.PENDING}).commands
        assert command.reason == "skipped in status.json"


def test_what_is_no_edit_of_a_status_is_refused() -> None:
    doubled = {"tasks": [{"id": "t", "status": "pending"}] * 2 + [{"id": "9.9", "status": "done"}]}
    assert edits_of(doubled, {"t": S.PENDING, "u": S.PENDING}).refused == (
        "task t stands there twice",
        "there is no task 9.9",
        "task u was removed",
    )


def test_only_so_many_are_taken_at_once(monkeypatch) -> None:
    monkeypatch.setattr(status_edits, "COMMANDS_MAX", 2)
    base = {f"1.{n}": S.PENDING for n in range(5)}
    edits = edits_of(document(**dict.fromkeys(base, "skipped")), base)
    assert (len(edits.commands), len(edits.refused)) == (2, 3)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.sampled_from(TaskStatus)))
def test_what_was_written_by_the_run_asks_for_nothing(base) -> None:
    assert edits_of(document(**{k: str(v) for k, v in base.items()}), base) == Edits()


@pytest.fixture
async def working(make_house, plays):
    """A run that works on 1.1 until `go` is set."""
    house = make_house(PLAN)
    house.go = asyncio.Event()
    house.robot.play("1.1", plays.hold(until=house.go))
    house.run_task = await house.begin(on_blocked="wait")
    await house.until_working("1.1")
    await house.until(lambda: shown(house).get("1.1") == "in_progress")
    yield house
    house.run_task.cancel()
    await asyncio.gather(house.run_task, return_exceptions=True)


def read(house) -> dict[str, object]:
    content = house.outputs.files.get(PATH)
    return json.loads(content[0]) if content else {"tasks": []}


def shown(house) -> dict[str, str]:
    return {task["id"]: task["status"] for task in read(house)["tasks"]}


def edit(house, **statuses: str) -> None:
    changed = read(house)
    for task in changed["tasks"]:
        task["status"] = statuses.get(f"t{task['id'].replace('.', '_')}", task["status"])
    house.outputs.put(PATH, json.dumps(changed).encode())


def receipts(house) -> list[tuple[str, str, CommandState]]:
    return [(event.actor, event.command, event.state) for event in house.events(CommandSettled)]


async def test_a_task_is_skipped_by_an_edit_with_a_receipt(working) -> None:
    edit(working, t1_2="skipped")
    await working.until(lambda: shown(working)["1.2"] == "skipped" and receipts(working))
    assert receipts(working) == [("file", "skip-task", CommandState.APPLIED)]
    working.go.set()
    assert await working.run_task is RunStatus.COMPLETED
    assert shown(working) == {"1.1": "completed", "1.2": "skipped", "1.3": "completed"}


async def test_a_running_task_that_is_skipped_is_ended_first(working) -> None:
    edit(working, t1_1="skipped")
    assert await working.run_task is RunStatus.COMPLETED
    assert shown(working)["1.1"] == "skipped"
    assert receipts(working) == [("file", "skip-task", CommandState.APPLIED)]


async def test_a_skipped_task_is_retried_by_an_edit(working) -> None:
    edit(working, t1_2="skipped")
    await working.until(lambda: len(receipts(working)) == 1 and shown(working)["1.2"] == "skipped")
    edit(working, t1_2="pending")
    await working.until(lambda: len(receipts(working)) == 2)
    assert receipts(working)[1] == ("file", "retry-task", CommandState.APPLIED)


async def test_completed_is_refused_and_written_over(working) -> None:
    edit(working, t1_2="completed", t1_3="failed")
    await working.until(lambda: working.events(PlanChanged))
    await working.until(lambda: shown(working)["1.2"] == "pending")
    [told] = working.events(PlanChanged)
    assert "task 1.2 was made completed, but the log says pending" in told.reason
    assert "task 1.3 was made failed" in told.reason
    assert receipts(working) == []
    working.go.set()
    assert await working.run_task is RunStatus.COMPLETED
    assert [run.job.task.id for run in working.robot.runs] == ["1.1", "1.2", "1.3"], receipts(working)


async def test_what_cannot_be_read_is_set_aside_and_written_anew(working) -> None:
    working.outputs.put(PATH, b"{ oops")
    await working.until(lambda: working.events(PlanChanged))
    assert "set aside as status.json.rejected" in working.events(PlanChanged)[0].reason
    await working.until(lambda: shown(working).get("1.1") == "in_progress")
    assert working.outputs.files[f"{PATH}.rejected"][0] == b"{ oops"


async def test_a_file_that_was_removed_is_written_anew(working) -> None:
    del working.outputs.files[PATH]
    working.outputs.put("docs/plan-outputs/p/other", b"")
    await working.until(lambda: shown(working).get("1.1") == "in_progress")
    assert "was removed" in working.events(PlanChanged)[0].reason


async def test_an_edit_of_what_was_written_before_is_compared_with_that_moment(working) -> None:
    """The editor has opened the file while 1.2 was pending; meanwhile it was skipped by command."""
    old = read(working)
    await working.commands.submit(working.last_id, SkipTask(task_id="1.2"), actor="api")
    await working.until(lambda: shown(working)["1.2"] == "skipped")
    old["tasks"][2]["status"] = "skipped"
    working.outputs.put(PATH, json.dumps(old).encode())
    await working.until(lambda: shown(working) == {"1.1": "in_progress", "1.2": "skipped", "1.3": "skipped"})
    assert [actor for actor, _, _ in receipts(working)] == ["api", "file"]


async def test_our_own_writes_are_no_edits(working) -> None:
    working.go.set()
    assert await working.run_task is RunStatus.COMPLETED
    assert working.events(PlanChanged) == []
    assert receipts(working) == []
    assert len(working.events(StatusUpdated)) <= 8


async def test_an_edit_between_two_runs_is_taken_over_by_the_next(make_house, plays) -> None:
    house = make_house(PLAN)
    house.robot.play("1.2", plays.fail())
    assert await house.run(max_attempts=1) is RunStatus.FAILED
    edit(house, t1_1="pending", t1_2="skipped")
    assert await house.run() is RunStatus.COMPLETED
    assert receipts(house) == [("file", "skip-task", CommandState.APPLIED)]
    [told] = house.events(PlanChanged)
    assert "task 1.1 was made pending, but the log says completed" in told.reason
    assert shown(house)["1.2"] == "skipped"


async def test_a_file_that_is_behind_its_log_is_no_edit(make_house, plays) -> None:
    """The first run died between an entry of its log and the write of the file."""
    house = make_house(PLAN)
    await house.die_at("1.2", plays)
    stale = read(house)
    stale["tasks"][0]["status"], stale["seq"] = "pending", 2
    house.outputs.put(PATH, json.dumps(stale).encode())
    house.robot.play("1.2", plays.succeed())
    assert await house.run() is RunStatus.COMPLETED
    assert (house.events(PlanChanged), receipts(house)) == ([], [])
