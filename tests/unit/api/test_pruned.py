"""A pruned run is a line in the list; whatever needs its log is refused with the reason."""

from __future__ import annotations

import pytest

from orchestrator.api.streaming import Stream, StreamRequest
from orchestrator.domain.events import ACTIVITY_TYPES, NewEvent
from orchestrator.engine.records import NewInstance

ID = "orch-1"
BASE = f"/api/orchestrators/{ID}"


async def prune(ports):
    """Let another run follow, so that the first may go."""
    record = await ports.registry.get(ID)
    lease = await ports.registry.claim(
        NewInstance("orch-2", record.project, "demo", record.plan_path, "/w", "here", 1, "1", "shell")
    )
    await ports.log.append(lease, [_first(await ports.log.read(ID, limit=1))])
    assert await ports.storage.mark_pruned(ID)
    async for _ in ports.storage.remove(ID, set()):
        pass


def _first(events):
    return NewEvent(events[0].data, events[0].timestamp)


@pytest.fixture
async def pruned(world):
    run = await world.begin()
    await run.end()
    await world.client.get(f"{BASE}/status")
    await prune(world.ports)
    return world


async def test_it_stays_in_the_list_with_the_moment(pruned):
    listed = (await pruned.client.get("/api/orchestrators")).json()
    assert [(info["id"], info["pruned_at"] is not None) for info in listed] == [
        ("orch-2", False),
        (ID, True),
    ]
    one = (await pruned.client.get(BASE)).json()
    assert (one["status"], one["seq"], one["pruned_at"]) == ("stopped", 3, listed[1]["pruned_at"])


@pytest.mark.parametrize(
    "path",
    [
        "status",
        "status?at_seq=1",
        "events",
        "events?after=99",
        "events-sse",
        "events-sse?after=0",
        "approvals",
        "tasks/1.1/transcript",
        "tasks/1.1/artifacts/finding.md",
        "commands/cmd-1",
    ],
)
async def test_what_needs_its_log_is_gone(pruned, path):
    answer = await pruned.client.get(f"{BASE}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (410, "orchestrator_pruned")
    assert "its log and outputs are gone" in answer.json()["detail"]


async def test_a_command_is_answered_as_by_any_run_that_has_ended(pruned):
    answer = await pruned.client.post(f"{BASE}/skip-task", json={"task_id": "1.1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "orchestrator_ended")
    assert (await pruned.client.post(f"{BASE}/shutdown")).status_code == 200


@pytest.mark.parametrize("activity", [False, True])
async def test_a_stream_in_the_middle_of_the_log_is_told(world, activity):
    run = await world.begin()
    await run.work(600)
    await run.end()
    context = world.app.state.context
    types = ACTIVITY_TYPES if activity else None
    request = StreamRequest(await run.record(), 0, types, with_status=not activity)
    with context.hub.join(request.record, types) as mailbox:
        stream = Stream(
            request,
            mailbox,
            hub=context.hub,
            log=world.ports.log,
            statuses=context.statuses,
            metrics=context.metrics,
        )
        frames = []
        async for batch in stream.batches():
            frames += batch
            if len(frames) == 250:
                await prune(world.ports)
            if activity and frames and frames[-1].type == "resync":
                break
    assert [frame.type for frame in frames[250:]] == ["resync"]
