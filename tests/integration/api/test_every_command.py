"""Every verb in every state: HTTP, queue, the scheduler's answer, log and receipt, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from orchestrator.codegen.commands_page import PAGE, RUN_VERBS, TASK, TASK_VERBS, Cell, cell, tables
from orchestrator.domain.commands import CommandState
from orchestrator.domain.events import (
    CommandSettled,
    NewEvent,
    OrchestratorChanged,
    PlanLoaded,
    PlannedPhase,
    PlannedTask,
    TaskChanged,
)
from orchestrator.domain.task_status import RUN_TRANSITIONS, RunStatus, TaskStatus
from orchestrator.engine.command_handler import CommandHandler
from orchestrator.engine.inbox import Inbox
from orchestrator.engine.journal import Journal
from orchestrator.engine.records import NewInstance

R, S = RunStatus, TaskStatus
numbers = itertools.count(1)

BODIES = {
    "skip-task": {"task_id": TASK, "reason": "because"},
    "retry-task": {"task_id": TASK, "note": "again"},
    'retry-task with "force": true': {"task_id": TASK, "force": True},
    "message-task": {"text": "note"},
}
PATHS = {"message-task": f"tasks/{TASK}/message"}
CELLS = [
    (verb, command, run_status, task_status)
    for run_status in RunStatus
    for verb, command in {**RUN_VERBS, **TASK_VERBS}.items()
    for task_status in (TaskStatus if verb in TASK_VERBS else (TaskStatus.PENDING, TaskStatus.IN_PROGRESS))
]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request) -> str | None:
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"settle_wait_seconds": 10.0, "undertaker_seconds": 3600.0})


def path_to(status: RunStatus) -> list[RunStatus]:
    """The shortest way there from the beginning, by the table of steps."""
    ways = [[R.STARTING]]
    while ways[0][-1] is not status:
        way = ways.pop(0)
        ways += [[*way, following] for following in RUN_TRANSITIONS[way[-1]]]
    return ways[0]


def story(run_status: RunStatus, task_status: TaskStatus):
    """A log that leaves an orchestrator and its task in these states."""
    begins = S.PENDING if task_status is S.IN_PROGRESS else task_status
    task = PlannedTask(id=TASK, phase=1, description="task", status=begins)
    yield PlanLoaded(
        plan_name="p", plan_path="p", title="P", phases=(PlannedPhase(number=1, name="One"),), tasks=(task,)
    )
    if task_status is S.IN_PROGRESS:
        yield TaskChanged(
            task_id=TASK,
            description="task",
            phase=1,
            old_status=S.PENDING,
            new_status=S.IN_PROGRESS,
            attempt=1,
            revision=2,
        )
    for old, new in itertools.pairwise(path_to(run_status)):
        yield OrchestratorChanged(old_status=old, new_status=new)


@asynccontextmanager
async def orchestrator_in(running, run_status: RunStatus, task_status: TaskStatus):
    """Its journal; commands are answered by the run's own handler, and nothing starts by itself."""
    ports, number = running.ports, next(numbers)
    plan = f"docs/plans/p{number}.md"
    new = NewInstance(f"orch-{number}", ports.project, "p", plan, "/w", "here", 77, "1")
    lease = await ports.registry.claim(new)

    def now() -> datetime:
        return datetime.now(UTC)

    journal = Journal(ports.log, lease, now)
    await journal.record(*story(run_status, task_status))
    inbox = Inbox(ports.commands, lease.instance_id, lambda: None)
    working = set()
    handler = CommandHandler(journal, inbox, {}, lambda work: working.add(asyncio.ensure_future(work)))

    async def answer() -> None:
        async with ports.changes.subscribe() as subscription:
            while not journal.state.status.has_ended:
                inbox.commands_changed()
                await handler.obey()
                await subscription.wait(1.0)

    answering = asyncio.create_task(answer())
    try:
        yield journal
    finally:
        answering.cancel()
        await asyncio.gather(answering, *working, return_exceptions=True)


async def settled(ports, instance_id: str) -> list[CommandSettled]:
    entries = await ports.log.read(instance_id)
    return [entry.data for entry in entries if entry.type == CommandSettled.type]


async def test_every_verb_in_every_state(make_server) -> None:
    running = await make_server()
    hasty = await make_server(settle_wait_seconds=0.05)
    for verb, command, run_status, task_status in CELLS:
        expected = cell(run_status, task_status, command)
        where = f"{verb} when {run_status}, task {task_status}: {expected}"
        async with orchestrator_in(running, run_status, task_status) as journal:
            client = hasty.client if expected.http_status == 202 else running.client
            if expected.unless_taken:
                # Nobody is at work here who could take it.
                expected = Cell(409, expected.unless_taken)
            path = f"/api/orchestrators/{journal.lease.instance_id}/{PATHS.get(verb, verb.split(' ')[0])}"
            before = journal.state
            answer = await client.post(path, json=BODIES.get(verb))
            assert answer.status_code == expected.http_status, (where, answer.text)
            assert answer.json().get("code") == expected.code, where
            receipts = await settled(running.ports, journal.lease.instance_id)
            if run_status.has_ended or expected.http_status == 202:
                assert receipts == [], where
            else:
                [receipt] = receipts
                refused = expected.http_status >= 400
                assert receipt.state is (CommandState.REJECTED if refused else CommandState.APPLIED), where
                assert (receipt.actor, receipt.command) == ("api", command.command), where
                assert receipt.reason == answer.json()["detail" if refused else "message"], where
            after = await running.client.get(f"/api/orchestrators/{journal.lease.instance_id}/status")
            is_run_verb = verb in RUN_VERBS
            was = before.status if is_run_verb else task_status
            now = after.json()["status"] if is_run_verb else after.json()["tasks"][0]["status"]
            leads_to = (expected.becomes or was).split(",")[0] if expected.http_status == 200 else was
            assert now == leads_to, where


async def test_what_waits_when_the_orchestrator_ends_is_told_as_expired(make_server) -> None:
    running = await make_server(settle_wait_seconds=0.05)
    async with orchestrator_in(running, R.RUNNING, S.IN_PROGRESS) as journal:
        base = f"/api/orchestrators/{journal.lease.instance_id}"
        sent = await running.client.post(f"{base}/skip-task", json={"task_id": TASK})
        assert (sent.status_code, sent.json()["state"]) == (202, "sent")
        told = await running.client.get(sent.headers["location"])
        assert (told.status_code, told.json()["state"], told.json()["success"]) == (200, "sent", True)
        end = OrchestratorChanged(
            old_status=R.RUNNING,
            new_status=R.CRASHED,
            reason="The orchestrator crashed: its process is gone.",
        )
        await running.ports.log.append(journal.lease, [NewEvent(end, datetime.now(UTC))])
    told = await running.client.get(sent.headers["location"])
    assert (told.json()["state"], told.json()["success"]) == ("expired", False)
    assert told.json()["message"] == "The orchestrator crashed: its process is gone."
    [receipt] = await settled(running.ports, journal.lease.instance_id)
    assert (receipt.command_id, receipt.actor) == (sent.json()["command_id"], "api")


async def test_a_key_gives_the_same_receipt_to_all_who_ask_at_once_and_after_the_end(make_server) -> None:
    running = await make_server()
    async with orchestrator_in(running, R.RUNNING, S.PENDING) as journal:
        base = f"/api/orchestrators/{journal.lease.instance_id}"
        headers = {"Idempotency-Key": "once"}
        asked = [running.client.post(f"{base}/pause", headers=headers) for _ in range(20)]
        answers = await asyncio.gather(*asked)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert len(await settled(running.ports, journal.lease.instance_id)) == 1
        for path, body in (("resume", None), ("pause?mode=now", None), ("skip-task", {"task_id": TASK})):
            other = await running.client.post(f"{base}/{path}", headers=headers, json=body)
            assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict"), path
    end = OrchestratorChanged(old_status=R.PAUSED, new_status=R.STOPPED)
    await running.ports.log.append(journal.lease, [NewEvent(end, datetime.now(UTC))])
    again = await running.client.post(f"{base}/pause", headers=headers)
    assert (again.status_code, again.text) == (200, answers[0].text)
    without = await running.client.post(f"{base}/pause")
    assert (without.status_code, without.json()["code"]) == (409, "orchestrator_ended")


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("status", "code", "host", "content", "orchestrator", "task", "run_status", "match"),
    [
        (403, "host_not_allowed", "evil.example", "text/plain", "none", "9.9", R.STOPPED, '"7"'),
        (415, None, None, "text/plain", "none", "9.9", R.STOPPED, '"7"'),
        (422, "invalid_request", None, "application/json", "none", "", R.STOPPED, '"7"'),
        (404, "orchestrator_not_found", None, "application/json", "none", "9.9", R.STOPPED, '"7"'),
        (404, "task_not_found", None, "application/json", None, "9.9", R.STOPPED, '"7"'),
        (409, "orchestrator_ended", None, "application/json", None, TASK, R.STOPPED, '"7"'),
        (503, "orchestrator_crashed", None, "application/json", None, TASK, R.CRASHED, '"7"'),
        (412, "revision_mismatch", None, "application/json", None, TASK, R.RUNNING, '"7"'),
        (409, "illegal_transition", None, "application/json", None, TASK, R.RUNNING, '"1"'),
    ],
)
async def test_of_several_things_that_are_wrong_the_first_in_order_is_said(
    make_server, status, code, host, content, orchestrator, task, run_status, match
) -> None:
    running = await make_server()
    async with orchestrator_in(running, run_status, S.COMPLETED) as journal:
        headers = {"Content-Type": content, "If-Match": match} | ({"Host": host} if host else {})
        answer = await running.client.post(
            f"/api/orchestrators/{orchestrator or journal.lease.instance_id}/skip-task",
            content=f'{{"task_id": "{task}"}}',
            headers=headers,
        )
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code


def test_the_page_shows_the_tables_that_were_asked() -> None:
    page = PAGE.read_text()
    for name, table in tables().items():
        assert f"<!-- table: {name} -->\n{table}\n<!-- end -->" in page
