"""What agents ask, what they are told, and what they said."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from orchestrator.domain.commands import AnswerApproval, MessageTask
from orchestrator.domain.decisions import conclude_message, decide
from orchestrator.domain.events import ApprovalRequested, ApprovalSettled, CommandSettled, TaskChanged
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.agent_events import Text, ToolCallCompleted, ToolCallStarted
from orchestrator.engine.records import Abilities, AgentCheck, Artifact
from orchestrator.engine.transcript import MEDIA_TYPE, PIECE_BYTES, TEXT_LENGTH_MAX, Transcript, piece_name

BASE = "/api/orchestrators/orch-1"
QUESTION = ApprovalRequested(
    approval_id="1.1-1-1", task_id="1.1", attempt=1, question="May I?", expires_at=datetime(2030, 1, 1, tzinfo=UTC)
)  # fmt: skip
STARTED = TaskChanged(
    task_id="1.1", description="task 1", phase=1, old_status=TaskStatus.PENDING,
    new_status=TaskStatus.IN_PROGRESS, attempt=1, revision=2, agent="scripted",
)  # fmt: skip


@asynccontextmanager
async def engine(world, run, *, is_taken: bool = True):
    """Settles commands as an engine does, whose agent takes messages or not."""

    async def work():
        async with world.ports.changes.subscribe() as changes:
            while True:
                for record in await world.ports.commands.open(run.id):
                    state = await world.app.state.context.reader.state(run.id)
                    decision = decide(state, record.command)
                    if decision.outcome is None:
                        decision = conclude_message("scripted", is_taken=is_taken)
                    await run.append(
                        *decision.events,
                        CommandSettled(
                            command_id=record.id,
                            command=record.command.command,
                            state=decision.outcome,
                            reason=decision.message,
                            code=decision.code,
                            actor=record.actor,
                        ),
                    )
                await changes.wait(1.0)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()


@pytest.fixture
async def world(make_world):
    return await make_world(settle_wait_seconds=60.0)


@pytest.fixture
async def run(world):
    run = await world.begin()
    await run.append(STARTED, QUESTION)
    return run


async def test_the_open_questions_are_listed(world, run):
    [approval] = (await world.client.get(f"{BASE}/approvals")).json()
    assert (approval["id"], approval["task_id"], approval["question"]) == ("1.1-1-1", "1.1", "May I?")
    assert approval["expires_at"] == "2030-01-01T00:00:00Z"
    await run.append(ApprovalSettled(approval_id="1.1-1-1", task_id="1.1", attempt=1, allowed=False))
    assert (await world.client.get(f"{BASE}/approvals")).json() == []
    assert (await world.client.get("/api/orchestrators/nobody/approvals")).status_code == 404


async def test_a_question_that_does_not_say_what_would_be_done_is_not_allowed(world, run):
    unclear = QUESTION.model_copy(update={"approval_id": "1.1-1-2", "can_allow": False})
    await run.append(unclear)
    async with engine(world, run):
        allowed = await world.client.post(f"{BASE}/approvals/1.1-1-2", json={"allow": True})
        listed = (await world.client.get(f"{BASE}/approvals")).json()
        denied = await world.client.post(f"{BASE}/approvals/1.1-1-2", json={"allow": False})
    assert (allowed.status_code, allowed.json()["code"]) == (409, "approval_not_shown")
    assert "does not say what it would do" in allowed.json()["detail"]
    assert [(asked["id"], asked["can_allow"]) for asked in listed] == [("1.1-1-1", True), ("1.1-1-2", False)]
    assert (denied.status_code, denied.json()["message"]) == (200, "Denied.")


async def test_a_question_is_answered_once(world, run):
    headers = {"Idempotency-Key": "k"}
    async with engine(world, run):
        body = {"allow": True, "reason": "fine"}
        first = await world.client.post(f"{BASE}/approvals/1.1-1-1", json=body, headers=headers)
        same = await world.client.post(f"{BASE}/approvals/1.1-1-1", json=body, headers=headers)
        late = await world.client.post(f"{BASE}/approvals/1.1-1-1", json={"allow": False})
    assert (first.status_code, first.json()["message"]) == (200, "Allowed.")
    assert same.json() == first.json()
    assert (late.status_code, late.json()["code"]) == (409, "approval_not_open")
    [settled] = await world.ports.log.read("orch-1", types=("approval_settled",))
    assert (settled.data.allowed, settled.data.reason) == (True, "fine")
    command = (await world.ports.commands.get("orch-1", first.json()["command_id"])).command
    assert command == AnswerApproval(approval_id="1.1-1-1", allow=True, reason="fine")


@pytest.mark.parametrize("approval_id", ["1.1-1-2", "%2e%2e", "a%2Fb", "x" * 300])
async def test_a_question_that_nobody_asked_is_404_before_anything_is_queued(world, run, approval_id):
    answer = await world.client.post(f"{BASE}/approvals/{approval_id}", json={"allow": True})
    assert answer.status_code == 404
    assert answer.json()["code"] in {"approval_not_found", "not_found"}
    assert await world.ports.commands.open("orch-1") == []


async def test_the_agent_gets_the_message(world, run):
    async with engine(world, run):
        answer = await world.client.post(f"{BASE}/tasks/1.1/message", json={"text": "hurry"})
    assert (answer.status_code, answer.json()["message"]) == (200, "Agent scripted has the message.")
    command = (await world.ports.commands.get("orch-1", answer.json()["command_id"])).command
    assert command == MessageTask(task_id="1.1", text="hurry")


@pytest.mark.parametrize(
    ("task_id", "is_taken", "status", "code"),
    [
        ("9.9", True, 404, "task_not_found"),
        ("x" * 70, True, 404, "task_not_found"),
        ("1.2", True, 409, "illegal_transition"),
        ("1.1", False, 409, "message_not_taken"),
    ],
)
async def test_a_message_that_reaches_nobody(world, run, task_id, is_taken, status, code):
    async with engine(world, run, is_taken=is_taken):
        answer = await world.client.post(f"{BASE}/tasks/{task_id}/message", json={"text": "hurry"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("approvals/1.1-1-1", {}),
        ("approvals/1.1-1-1", {"allow": "yes"}),
        ("approvals/1.1-1-1", {"allow": True, "reason": "x" * 2_001}),
        ("tasks/1.1/message", {}),
        ("tasks/1.1/message", {"text": ""}),
        ("tasks/1.1/message", {"text": "x" * 2_001}),
        ("tasks/1.1/message", {"text": "x", "task_id": "1.1"}),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(world, run, path, body):
    answer = await world.client.post(f"{BASE}/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    text = await world.client.post(f"{BASE}/{path}", content=b"{}", headers={"Content-Type": "text/plain"})
    assert text.status_code == 415


@pytest.mark.parametrize(("status", "expected"), [(RunStatus.STOPPED, 409), (RunStatus.CRASHED, 503)])
async def test_whoever_has_ended_is_told_nothing_any_more(world, run, status, expected):
    await run.end(status)
    for path, body in (("approvals/1.1-1-1", {"allow": True}), ("tasks/1.1/message", {"text": "x"})):
        assert (await world.client.post(f"{BASE}/{path}", json=body)).status_code == expected
    for path, body in (("approvals/1.1-9-9", {"allow": True}), ("tasks/9.9/message", {"text": "x"})):
        assert (await world.client.post(f"{BASE}/{path}", json=body)).status_code == 404


async def test_a_transcript_is_sent_as_it_is_kept(world, run, conforms_line):
    transcript = Transcript(world.ports.artifacts, run.lease, "1.1", 1)
    for number in range(40):
        await transcript.add(Text(f"{number} {'é' * 15_000}"))
    await transcript.close()
    answer = await world.client.get(f"{BASE}/tasks/1.1/transcript")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == MEDIA_TYPE
    assert len(answer.content) > 2 * PIECE_BYTES
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert [line["text"].split()[0] for line in lines] == [str(number) for number in range(40)]
    conforms_line(lines[0])
    assert (await world.client.get(f"{BASE}/tasks/1.1/transcript?attempt=1")).content == answer.content


async def test_what_is_too_long_for_a_line_is_kept_whole(world, run):
    transcript = Transcript(world.ports.artifacts, run.lease, "1.1", 1)
    given, gave = "<script>é" * 10_000, "x" * TEXT_LENGTH_MAX
    assert await transcript.add(ToolCallStarted("a", "Write", given)) == "input-0001.txt"
    assert await transcript.add(ToolCallCompleted("a", "ok", gave)) is None
    assert await transcript.add(ToolCallCompleted("b", "ok", gave + "y")) == "output-0002.txt"
    await transcript.close()
    answer = await world.client.get(f"{BASE}/tasks/1.1/transcript")
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert [line.get("artifact") for line in lines] == ["input-0001.txt", None, "output-0002.txt"]
    assert all(len(line.get("input") or line["output"]) <= TEXT_LENGTH_MAX for line in lines)
    whole = (await world.client.get(f"{BASE}/tasks/1.1/artifacts/input-0001.txt")).json()
    assert whole == {"name": "input-0001.txt", "size_bytes": len(given.encode()), "text": given}


async def test_what_was_told_last_can_be_read_though_nothing_more_is_told(world, run, monkeypatch):
    monkeypatch.setattr("orchestrator.engine.transcript.FLUSH_SECONDS", 0.01)
    transcript = Transcript(world.ports.artifacts, run.lease, "1.1", 1, monotonic=lambda: 0.0)
    for number in range(3):
        await transcript.add(Text(f"word {number}"))
    path = f"{BASE}/tasks/1.1/transcript"
    assert (await world.client.get(path)).status_code == 404
    tending = asyncio.create_task(transcript.tend())

    async def lines():
        answer = await world.client.get(path)
        return answer.status_code == 200 and len(answer.content.splitlines())

    async with asyncio.timeout(5):
        while await lines() != 3:  # noqa: ASYNC110 - an answer is waited for
            await asyncio.sleep(0)
        await transcript.add(Text("word 3"))
        while await lines() != 4:  # noqa: ASYNC110 - an answer is waited for
            await asyncio.sleep(0)
    tending.cancel()
    await transcript.close()
    assert await lines() == 4


async def test_what_is_kept_whole_is_bounded(world, run, monkeypatch):
    monkeypatch.setattr("orchestrator.engine.transcript.WHOLE_BYTES_MAX", 50_000)
    transcript = Transcript(world.ports.artifacts, run.lease, "1.1", 1)
    kept = [await transcript.add(ToolCallCompleted(str(n), "ok", "x" * 20_000)) for n in range(4)]
    assert kept == ["output-0001.txt", "output-0002.txt", None, None]


@pytest.fixture
def conforms_line():
    from orchestrator.domain.answers import TranscriptLine

    return TranscriptLine.model_validate


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{BASE}/tasks/1.1/transcript", 404, "transcript_not_found"),
        (f"{BASE}/tasks/1.2/transcript?attempt=3", 404, "transcript_not_found"),
        (f"{BASE}/tasks/9.9/transcript", 404, "task_not_found"),
        ("/api/orchestrators/nobody/tasks/1.1/transcript", 404, "orchestrator_not_found"),
        (f"{BASE}/tasks/1.1/transcript?attempt=0", 422, "invalid_request"),
        (f"{BASE}/tasks/1.1/transcript?attempt=1&attempt=2", 422, "invalid_request"),
        (f"{BASE}/tasks/1.1/artifacts/output-0001.txt", 404, "artifact_not_found"),
        (f"{BASE}/tasks/1.1/artifacts/..%2Foutput-0001.txt", 404, "not_found"),
        (f"{BASE}/tasks/1.1/artifacts/.output", 404, "artifact_not_found"),
        (f"{BASE}/tasks/9.9/artifacts/output-0001.txt", 404, "task_not_found"),
    ],
)
async def test_where_there_is_no_transcript(world, run, path, status, code):
    answer = await world.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


class Named:
    """An agent that says this of itself, and counts how often it is asked."""

    def __init__(self, name, check):
        self.name, self._check, self.asked = name, check, 0

    async def check(self):
        self.asked += 1
        return self._check


async def test_the_agents_are_listed_with_what_they_can_do_or_lack(make_world):
    ready = Named("codex", AgentCheck(is_ready=True, version="1.2", abilities=Abilities(messages=True)))
    absent = Named("claude", AgentCheck(is_ready=False, problem="It is not installed: make claude."))
    world = await make_world(agents=lambda: (absent, ready))
    for _ in range(3):
        answer = await world.client.get("/api/agents")
    assert answer.json() == [
        {
            "name": "claude",
            "is_ready": False,
            "version": None,
            "problem": "It is not installed: make claude.",
            "abilities": [],
            "named_by_repository": False,
        },
        {
            "name": "codex",
            "is_ready": True,
            "version": "1.2",
            "problem": None,
            "abilities": ["messages"],
            "named_by_repository": False,
        },
    ]
    assert (ready.asked, absent.asked) == (1, 1)  # their programs are not started for each request


async def test_an_agent_that_the_repository_names_is_listed_as_such(make_world):
    check = AgentCheck(is_ready=False, problem="not run", named_by_repository=True)
    world = await make_world(agents=lambda: (Named("goose", check),))
    (told,) = (await world.client.get("/api/agents")).json()
    assert (told["is_ready"], told["named_by_repository"], told["problem"]) == (False, True, "not run")


async def test_a_task_that_nobody_has_begun_has_no_transcript_yet(world, run):
    answer = await world.client.get(f"{BASE}/tasks/1.2/transcript")
    assert answer.json()["detail"] == "No agent has been at work on task 1.2 in this orchestrator yet."


async def test_the_latest_attempt_is_the_one_that_is_meant(world, run):
    for attempt in (1, 2):
        content = b'{"attempt": %d}\n' % attempt
        await world.ports.artifacts.put(
            run.lease, Artifact("1.1", attempt, piece_name(1), MEDIA_TYPE, content)
        )
    again = STARTED.model_copy(update={"attempt": 2, "revision": 4})
    back = STARTED.model_copy(
        update={"old_status": TaskStatus.IN_PROGRESS, "new_status": TaskStatus.PENDING, "revision": 3}
    )
    await run.append(back, again)
    assert (await world.client.get(f"{BASE}/tasks/1.1/transcript")).json() == {"attempt": 2}
    assert (await world.client.get(f"{BASE}/tasks/1.1/transcript?attempt=1")).json() == {"attempt": 1}
