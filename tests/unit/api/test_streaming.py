import asyncio
import json
from contextlib import aclosing, contextmanager

import pytest

from orchestrator.api.errors import ApiError
from orchestrator.api.frames import Frame
from orchestrator.api.mailbox import Mailbox
from orchestrator.api.streaming import Stream, StreamRequest
from orchestrator.domain.events import ACTIVITY_TYPES, FindingWritten
from orchestrator.domain.task_status import RunStatus


def box(**limits: int) -> Mailbox:
    return Mailbox(0, **{"frames_max": 10, "bytes_max": 1000, **limits})


def frame(seq: int | None, frame_type: str = "tool_started", size: int = 10) -> Frame:
    return Frame(frame_type, seq, b"x" * size)


class TestMailbox:
    async def test_gives_what_was_put_in_order(self):
        mailbox = box()
        mailbox.put([frame(1)])
        mailbox.put([frame(2), frame(3)])
        assert [f.seq for f in await mailbox.take()] == [1, 2, 3]

    async def test_too_many_frames_empty_it_and_it_says_so(self):
        mailbox = box(frames_max=2)
        mailbox.put([frame(1), frame(2)])
        assert not mailbox.has_overflowed
        mailbox.put([frame(3)])
        assert mailbox.has_overflowed
        assert await mailbox.take() == []

    async def test_too_many_bytes_do_so_too_but_one_big_frame_fits(self):
        mailbox = box(bytes_max=100)
        mailbox.put([frame(1, size=500)])
        assert not mailbox.has_overflowed
        mailbox.put([frame(2, size=1)])
        assert mailbox.has_overflowed

    async def test_after_an_overflow_nothing_is_kept_until_it_restarts(self):
        mailbox = box(frames_max=1)
        mailbox.put([frame(1), frame(2)])
        mailbox.put([frame(3)])
        mailbox.restart(3)
        mailbox.put([frame(4)])
        assert [f.seq for f in await mailbox.take()] == [4]

    async def test_takes_only_the_wanted_types_and_every_ping(self):
        mailbox = Mailbox(0, frames_max=10, bytes_max=1000, types={"tool_started"})
        mailbox.put([frame(1, "plan_loaded"), frame(2), frame(None, "ping")])
        assert [f.seq for f in await mailbox.take()] == [2, None]

    async def test_closing_wakes_who_waits(self):
        mailbox = box()
        taking = asyncio.create_task(mailbox.take())
        await asyncio.sleep(0)
        mailbox.close()
        assert await taking == []
        assert await mailbox.take() == []


def test_a_frame_as_text_and_as_sse_lines():
    logged = Frame("ping", 7, b'{"a":1}')
    assert logged.text == '{"a":1}'
    assert logged.chunk == b'id: 7\nevent: ping\ndata: {"a":1}\n\n'
    assert Frame("ping", None, b"{}").chunk == b"event: ping\ndata: {}\n\n"
    assert logged.chunk is logged.chunk


class Client:
    """Reads a stream frame by frame."""

    def __init__(self, batches):
        self._batches = batches
        self._frames = []

    async def next(self) -> dict:
        async with asyncio.timeout(5):
            while not self._frames:
                self._frames = list(await anext(self._batches))
        return json.loads(self._frames.pop(0).envelope)

    async def until(self, seq: int) -> list[int]:
        found = []
        while not found or found[-1] < seq:
            found.append((await self.next())["seq"])
        return found


@pytest.fixture
def join(world):
    context = world.app.state.context

    @contextmanager
    def joined(record, cursor, types=None, *, with_status=True):
        with context.hub.join(record, types) as mailbox:
            stream = Stream(
                StreamRequest(record, cursor, types, with_status=with_status),
                mailbox,
                hub=context.hub,
                log=context.ports.log,
                statuses=context.statuses,
                metrics=context.metrics,
            )
            yield Client(stream.batches())

    return joined


async def test_without_a_cursor_the_status_comes_first_then_all_after_it(world, join):
    run = await world.begin()
    with join(await run.record(), None) as client:
        first = await client.next()
        assert (first["type"], first["seq"], first["data"]["seq"]) == ("initial_status", 2, 2)
        await run.work(3)
        assert await client.until(5) == [3, 4, 5]


@pytest.mark.parametrize("cursor", range(9))
async def test_from_every_cursor_comes_exactly_the_rest(world, join, cursor):
    run = await world.begin()
    await run.work(6)
    with join(await run.record(), cursor) as client:
        await run.work(2)
        assert await client.until(10) == list(range(cursor + 1, 11))


async def test_events_that_come_while_the_past_is_read_are_neither_lost_nor_doubled(world, join, monkeypatch):
    monkeypatch.setattr("orchestrator.api.streaming.PAGE_EVENTS", 2)
    run = await world.begin()
    await run.work(8)
    with join(await run.record(), 0) as client:
        found = []
        for _ in range(5):
            found.append((await client.next())["seq"])
            await run.work(1)
            await asyncio.sleep(0)
        found += await client.until(15)
    assert found == list(range(1, 16))


async def test_a_past_longer_than_the_mailbox_comes_whole(make_world, until, monkeypatch):
    monkeypatch.setattr("orchestrator.api.streaming.PAGE_EVENTS", 3)
    world = await make_world(queue_frames_max=2)
    run = await world.begin()
    await run.work(10)
    context = world.app.state.context
    record = await run.record()
    with context.hub.join(record) as mailbox:
        stream = Stream(
            StreamRequest(record, 0), mailbox, hub=context.hub, log=context.ports.log,
            statuses=context.statuses, metrics=context.metrics,
        )  # fmt: skip
        client, found = Client(stream.batches()), []
        for _ in range(6):
            found.append((await client.next())["seq"])
            # More than the mailbox holds, and the hub has delivered it before the next page is read.
            await run.work(3)
            end = (await run.record()).seq
            await until(lambda end=end: context.hub.position(run.id) == end)
        found += await client.until(30)
    assert found == list(range(1, 31))
    assert not context.metrics.resyncs


async def test_who_falls_behind_is_told_and_gets_a_fresh_status(make_world, until):
    world = await make_world(queue_frames_max=5)
    run = await world.begin()
    context = world.app.state.context
    record = await run.record()
    with context.hub.join(record) as mailbox:
        stream = Stream(
            StreamRequest(record, None), mailbox, hub=context.hub, log=context.ports.log,
            statuses=context.statuses, metrics=context.metrics,
        )  # fmt: skip
        client = Client(stream.batches())
        assert (await client.next())["type"] == "initial_status"
        await run.work(1)
        assert (await client.next())["seq"] == 3
        await run.work(6)
        await until(lambda: mailbox.has_overflowed)
        mark = await client.next()
        assert mark["type"] == "resync"
        assert mark["data"] == {"reason": "fell_behind", "requested": 3, "oldest": 1}
        assert "seq" not in mark
        fresh = await client.next()
        assert (fresh["type"], fresh["seq"]) == ("initial_status", 9)
        await run.work(1)
        assert (await client.next())["seq"] == 10


async def test_a_cursor_beyond_the_log_is_told_so_and_gets_a_fresh_status(world, join):
    run = await world.begin()
    with join(await run.record(), 99) as client:
        assert (await client.next())["data"] == {"reason": "beyond_log", "requested": 99, "oldest": 1}
        assert (await client.next())["seq"] == 2
        await run.work(1)
        assert (await client.next())["seq"] == 3


async def test_a_log_that_was_cut_is_told_so(world, join, monkeypatch):
    run = await world.begin()
    await run.work(4)
    read = world.ports.log.read

    async def cut(instance_id, after=0, limit=1000, types=None):
        return await read(instance_id, max(after, 3), limit, types)

    record = await run.record()
    await world.app.state.context.reader.state(run.id)
    monkeypatch.setattr(world.ports.log, "read", cut)
    with join(record, 1) as client:
        assert (await client.next())["data"] == {"reason": "not_kept", "requested": 1, "oldest": 4}
        assert (await client.next())["type"] == "initial_status"


async def test_the_activity_stream_has_tools_only_and_no_status(world, join):
    run = await world.begin()
    await run.work(1)
    with join(await run.record(), None, ACTIVITY_TYPES, with_status=False) as client:
        await run.append(FindingWritten(task_id="1.1", attempt=1, file_path="f", size_bytes=1))
        await run.work(1)
        assert (await client.next())["seq"] == 5
    await run.append(FindingWritten(task_id="1.1", attempt=1, file_path="f", size_bytes=1))
    with join(await run.record(), 0, ACTIVITY_TYPES, with_status=False) as client:
        assert await client.until(5) == [3, 5]
        following = asyncio.create_task(client.next())
        await asyncio.sleep(0)
        await run.work(1)
        assert (await following)["seq"] == 7
    with join(await run.record(), 50, ACTIVITY_TYPES, with_status=False) as client:
        assert (await client.next())["type"] == "resync"
        await run.work(1)
        assert (await client.next())["seq"] == 8


async def test_a_silent_stream_is_pinged_with_the_last_position_looked_at(make_world):
    world = await make_world(ping_seconds=0.02)
    run = await world.begin()
    context = world.app.state.context
    record = await run.record()
    with context.hub.join(record, ACTIVITY_TYPES) as mailbox:
        stream = Stream(
            StreamRequest(record, None, ACTIVITY_TYPES, with_status=False), mailbox, hub=context.hub,
            log=context.ports.log, statuses=context.statuses, metrics=context.metrics,
        )  # fmt: skip
        client = Client(stream.batches())
        ping = await client.next()
        assert (ping["type"], ping["data"]) == ("ping", {"up_to": 2})
        assert "seq" not in ping
        await run.append(FindingWritten(task_id="1.1", attempt=1, file_path="f", size_bytes=1))
        async with asyncio.timeout(5):
            while (await client.next())["data"]["up_to"] != 3:
                pass


async def test_a_stream_that_is_not_silent_is_not_pinged(make_world):
    world = await make_world(ping_seconds=0.4)
    run = await world.begin()
    context = world.app.state.context
    with context.hub.join(await run.record()) as mailbox:
        for _ in range(3):
            await run.work(1)
            begun = asyncio.get_running_loop().time()
            assert [frame.type for frame in await mailbox.take()] == ["tool_started"]
        async with asyncio.timeout(5):
            assert [frame.type for frame in await mailbox.take()] == ["ping"]
        assert asyncio.get_running_loop().time() - begun >= 0.4


async def test_streams_of_an_ended_orchestrator_replay_and_cost_no_more_reads(world, join, monkeypatch):
    run, other = await world.begin(), await world.begin("orch-2")
    await run.end()
    with join(await run.record(), 0) as ended, join(await other.record(), 2) as live:
        assert await ended.until(3) == [1, 2, 3]
        read, reads = world.ports.log.read, []

        async def noted(instance_id, **options):
            reads.append(instance_id)
            return await read(instance_id, **options)

        monkeypatch.setattr(world.ports.log, "read", noted)
        await other.work(1)
        assert (await live.next())["seq"] == 3
    assert set(reads) == {"orch-2"}


async def test_an_end_in_the_middle_of_a_page_does_not_cut_the_rest_off(world, join):
    run = await world.begin()
    with join(await run.record(), 2) as client:
        await run.end(RunStatus.COMPLETED)
        assert (await client.next())["seq"] == 3


async def test_closing_the_hub_ends_every_stream_and_refuses_new_ones(world, join):
    run = await world.begin()
    record = await run.record()
    hub = world.app.state.context.hub
    with hub.join(record) as mailbox:
        stream = Stream(
            StreamRequest(record, 2), mailbox, hub=hub, log=world.ports.log,
            statuses=world.app.state.context.statuses, metrics=world.app.state.context.metrics,
        )  # fmt: skip
        hub.close()
        async with asyncio.timeout(5), aclosing(stream.batches()) as batches:
            assert [frames async for frames in batches if frames] == []
    with pytest.raises(ApiError) as caught, hub.join(record):
        pass
    assert caught.value.code == "shutting_down"


async def test_only_so_many_streams_are_open_at_once(make_world):
    world = await make_world(streams_max=1)
    record = await (await world.begin()).record()
    hub = world.app.state.context.hub
    with hub.join(record):
        with pytest.raises(ApiError) as caught, hub.join(record):
            pass
        assert caught.value.code == "too_many_streams"
    assert hub.streams == 0


async def test_the_hub_goes_on_after_the_storage_failed(world, join, until, monkeypatch, caplog):
    from orchestrator.domain.errors import StorageError

    monkeypatch.setattr("orchestrator.api.hub.RETRY_SECONDS", 0.01)
    run = await world.begin()
    read, fails = world.ports.log.read, [True]

    async def sometimes(*args, **options):
        if fails:
            raise StorageError("locked")
        return await read(*args, **options)

    with join(await run.record(), 2) as client:
        monkeypatch.setattr(world.ports.log, "read", sometimes)
        hub = world.app.state.context.hub
        await until(lambda: hub.is_failing)
        assert (await world.client.get("/health")).json()["status"] == "degraded"
        fails.clear()
        await run.work(1)
        assert (await client.next())["seq"] == 3
    assert caplog.text.count("live streams stand still") == 1


async def test_an_event_is_encoded_once_for_all(world, monkeypatch):
    from orchestrator.domain.events import StoredEvent

    calls = []
    envelope = StoredEvent.envelope
    monkeypatch.setattr(StoredEvent, "envelope", lambda event: calls.append(event.seq) or envelope(event))
    run = await world.begin()
    record = await run.record()
    hub = world.app.state.context.hub
    with hub.join(record) as one, hub.join(record) as two:
        await run.work(1)
        async with asyncio.timeout(5):
            first, second = (await one.take())[0], (await two.take())[0]
    assert first is second
    assert calls == [3]
