import asyncio
import json
from contextlib import AsyncExitStack

import httpx
import pytest
import websockets
from stalled_client import GET, UPGRADE, stalled

EVENTS = "/api/orchestrators/orch-1/events"
ACTIVITY = "/api/orchestrators/orch-1/activity"
SSE = "/api/orchestrators/orch-1/events-sse"


@pytest.fixture(params=["direct", "through ASGI"])
def both_paths(request, monkeypatch):
    """Frames go to the transports, or through ASGI as with a uvicorn that is not known."""
    if request.param == "through ASGI":
        monkeypatch.setattr("orchestrator.api.direct.TESTED_VERSIONS", ())


def seqs(events):
    return [event.get("seq") for event in events]


@pytest.mark.usefixtures("both_paths")
async def test_a_websocket_begins_with_the_status_and_goes_on_live(running, take):
    run = await running.begin()
    async with running.socket(EVENTS) as client:
        first = (await take(client, 1))[0]
        assert (first["type"], first["seq"], first["data"]["seq"]) == ("initial_status", 2, 2)
        assert first["data"]["tasks"][0]["id"] == "1.1"
        await run.work(3)
        live = await take(client, 3)
    assert live == (await running.client.get(f"{EVENTS}?after=2")).json()


@pytest.mark.usefixtures("both_paths")
async def test_sse_lines_are_id_event_and_one_data(running):
    run = await running.begin()
    async with running.client.stream("GET", SSE) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache, no-transform"
        lines = response.aiter_lines()
        async with asyncio.timeout(10):
            assert await anext(lines) == "id: 2"
            assert await anext(lines) == "event: initial_status"
            assert json.loads((await anext(lines)).removeprefix("data: "))["seq"] == 2
            assert await anext(lines) == ""
            await run.work(1)
            assert await anext(lines) == "id: 3"
            assert await anext(lines) == "event: tool_started"


@pytest.mark.usefixtures("both_paths")
@pytest.mark.parametrize("cursor", range(8))
async def test_from_every_cursor_both_streams_give_the_rest_of_the_log(running, take, cursor):
    run = await running.begin()
    await run.work(5)
    log = (await running.client.get(f"{EVENTS}?limit=1000")).json()
    async with running.socket(f"{EVENTS}?after={cursor}") as client:
        assert await take(client, 7 - cursor) == log[cursor:]
    async with running.sse(f"{SSE}?after={cursor}") as events:
        assert await take(events, 7 - cursor) == log[cursor:]
    async with running.sse(f"{SSE}?after=0", headers={"Last-Event-ID": str(cursor)}) as events:
        assert await take(events, 7 - cursor) == log[cursor:]


@pytest.mark.usefixtures("both_paths")
@pytest.mark.parametrize("kind", ["socket", "sse"])
async def test_a_client_that_is_cut_off_after_every_event_loses_and_doubles_nothing(running, take, kind):
    run = await running.begin()
    found, total = [], 30
    connect, path = (running.socket, EVENTS) if kind == "socket" else (running.sse, SSE)

    async def write() -> None:
        for _ in range(total - 2):
            await run.work(1)

    writing = asyncio.create_task(write())
    while len(found) < total:
        async with connect(f"{path}?after={found[-1] if found else 0}") as messages:
            found += seqs(await take(messages, 1))
    await writing
    assert found == list(range(1, total + 1))


@pytest.mark.usefixtures("both_paths")
async def test_many_clients_get_the_same_while_events_keep_coming(running, take):
    run = await running.begin()
    async with AsyncExitStack() as stack:
        clients = []
        for number in range(20):
            path = f"{EVENTS}?after=0" if number % 2 else EVENTS
            clients.append(await stack.enter_async_context(running.socket(path)))
            await run.work(1)
        for number, client in enumerate(clients):
            first = (await take(client, 1))[0]
            rest = seqs(await take(client, 22 - first["seq"]))
            assert rest == list(range(first["seq"] + 1, 23)), number


@pytest.mark.usefixtures("both_paths")
async def test_the_activity_stream_has_tools_only(running, take):
    run = await running.begin()
    await run.work(1)
    async with running.socket(f"{ACTIVITY}?after=0") as client:
        assert seqs(await take(client, 1)) == [3]
    async with running.socket(ACTIVITY) as client:
        await run.work(1)
        event = (await take(client, 1))[0]
        assert (event["seq"], event["type"]) == (4, "tool_started")


@pytest.mark.usefixtures("both_paths")
async def test_silent_streams_are_pinged_also_those_of_the_ended(make_server, take):
    running = await make_server(ping_seconds=0.05)
    run = await running.begin()
    await run.end()
    async with running.socket(f"{EVENTS}?after=0") as client:
        assert seqs(await take(client, 3)) == [1, 2, 3]
        ping = (await take(client, 1))[0]
        assert (ping["type"], ping["data"], "seq" in ping) == ("ping", {"up_to": 3}, False)
    async with running.client.stream("GET", f"{SSE}?after=3") as response:
        lines = response.aiter_lines()
        async with asyncio.timeout(10):
            assert await anext(lines) == "event: ping"
    async with running.socket(ACTIVITY) as client:
        assert (await take(client, 1))[0]["data"] == {"up_to": 3}


@pytest.mark.usefixtures("both_paths")
async def test_a_cursor_beyond_the_log_gives_resync_and_the_status(running, take):
    await running.begin()
    async with running.socket(f"{EVENTS}?after=500") as client:
        mark, status = await take(client, 2)
    assert mark["data"] == {"reason": "beyond_log", "requested": 500, "oldest": 1}
    assert (status["type"], status["seq"]) == ("initial_status", 2)


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=-1",
        "after=",
        "after=1.5",
        f"after={2**63}",
        f"after={10**30}",
        "after=٣",
        "after=1&after=2",
    ],
)
async def test_a_malformed_cursor_is_422_before_the_stream_begins(running, query):
    await running.begin()
    answer = await running.client.get(f"{SSE}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with running.socket(f"{EVENTS}?{httpx.QueryParams(query)}"):
            pass
    assert refused.value.response.status_code == 422
    assert json.loads(refused.value.response.body)["code"] == "invalid_request"


async def test_a_malformed_last_event_id_is_422_and_an_empty_one_is_none(running):
    await running.begin()
    answer = await running.client.get(SSE, headers={"Last-Event-ID": "abc"})
    assert answer.status_code == 422
    async with running.client.stream("GET", SSE, headers={"Last-Event-ID": ""}) as response:
        assert response.status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/orchestrators/nobody/events", "/api/orchestrators/%00/activity", "/nothing"]
)
async def test_what_is_not_there_refuses_the_websocket_with_404(running, path):
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with running.socket(path):
            pass
    assert refused.value.response.status_code == 404
    assert refused.value.response.headers["content-type"] == "application/problem+json"
    assert json.loads(refused.value.response.body)["status"] == 404


@pytest.mark.usefixtures("both_paths")
async def test_what_clients_say_is_ignored(running, take):
    run = await running.begin()
    async with running.socket(f"{EVENTS}?after=2") as client:
        await client.send("hello")
        await client.send(b"\x00\x01")
        await run.work(1)
        assert seqs(await take(client, 1)) == [3]


async def flood(client):
    while True:
        await client.send("hello")
        await asyncio.sleep(0)


@pytest.mark.usefixtures("both_paths")
async def test_who_says_too_much_is_closed(running):
    await running.begin()
    async with asyncio.timeout(10), running.socket(f"{EVENTS}?after=2") as client:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await flood(client)
    assert closed.value.rcvd.code == 1008


@pytest.mark.usefixtures("both_paths")
async def test_who_says_something_too_long_is_closed(running):
    await running.begin()
    async with asyncio.timeout(10), running.socket(f"{EVENTS}?after=2") as client:
        await client.send("x" * 20_000)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd.code == 1009


@pytest.mark.usefixtures("both_paths")
async def test_a_client_that_leaves_is_forgotten(running, until):
    await running.begin()
    hub = running.app.state.context.hub
    async with running.socket(EVENTS), running.client.stream("GET", SSE):
        await until(lambda: hub.streams == 2)
    await until(lambda: hub.streams == 0)
    assert not +running.app.state.context.metrics.streams


@pytest.mark.usefixtures("both_paths")
@pytest.mark.parametrize("request_text", [GET, UPGRADE])
async def test_a_slow_reader_is_resynced_and_healthy_ones_lose_nothing(
    make_server, take, until, request_text
):
    running = await make_server(queue_frames_max=200, queue_bytes_max=300_000)
    run = await running.begin()
    metrics = running.app.state.context.metrics
    slow = await asyncio.to_thread(stalled, running.url, request_text)
    try:
        async with running.socket(f"{EVENTS}?after=2") as healthy:
            hub = running.app.state.context.hub
            await until(lambda: hub.streams == 2)
            mailboxes, found = hub._channels["orch-1"].mailboxes, []
            for _ in range(80):
                await run.work(50, "x" * 1500)
                found += seqs(await take(healthy, 50))
                assert all(mailbox._bytes <= 300_000 for mailbox in mailboxes)
                if any(mailbox.has_overflowed for mailbox in mailboxes):
                    break
            assert any(mailbox.has_overflowed for mailbox in mailboxes)
            assert found == list(range(3, 3 + len(found)))
        # Now the slow one reads again: it is told of the hole, and gets the status.
        received = b""
        while b'"type":"initial_status"' not in received:
            part = await asyncio.to_thread(slow.recv, 1 << 20)
            assert part
            received = received[-100_000:] + part
        assert b'"reason":"fell_behind"' in received
        assert metrics.resyncs["fell_behind"] == 1
    finally:
        slow.close()


@pytest.mark.usefixtures("both_paths")
@pytest.mark.parametrize("request_text", [GET, UPGRADE])
async def test_a_client_that_is_stuck_for_long_is_cut_off(make_server, until, request_text, caplog):
    running = await make_server(stuck_seconds=0.3)
    run = await running.begin()
    context = running.app.state.context
    slow = await asyncio.to_thread(stalled, running.url, request_text)
    try:
        await until(lambda: context.hub.streams == 1)
        for _ in range(60):
            await run.work(100, "x" * 1500)
            if context.metrics.stuck_clients:
                break
        await until(lambda: context.metrics.stuck_clients == 1 and context.hub.streams == 0)
        await until(lambda: not running.server._server.server_state.connections)
    finally:
        slow.close()
    assert "Exception in ASGI" not in caplog.text
    assert "without completing" not in caplog.text


async def test_a_crash_of_another_process_is_on_the_stream_within_two_seconds(running, take):
    run = await running.begin()
    await run.work(1)
    async with running.socket(f"{EVENTS}?after=3") as client:
        running.processes.dead.add(77)
        async with asyncio.timeout(2):
            events = await take(client, 2)
    assert [event["type"] for event in events] == ["tool_completed", "orchestrator_changed"]
    assert events[-1]["data"]["new_status"] == "crashed"
    answer = await running.client.post("/api/orchestrators/orch-1/pause")
    assert (answer.status_code, answer.json()["code"]) == (503, "orchestrator_crashed")
