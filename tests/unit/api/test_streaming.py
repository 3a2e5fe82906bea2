import asyncio
import json
from contextlib import ExitStack, aclosing, contextmanager
from random import Random

import pytest

from orchestrator.api.errors import ApiError
from orchestrator.api.frames import Delivery, Frame
from orchestrator.api.mailbox import Mailbox
from orchestrator.api.metrics import Metrics
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
        mailbox.put(Delivery([frame(1)]))
        mailbox.put(Delivery([frame(2), frame(3)]))
        assert [f.seq for f in await mailbox.take()] == [1, 2, 3]

    async def test_too_many_frames_empty_it_and_it_says_so(self):
        mailbox = box(frames_max=2)
        mailbox.put(Delivery([frame(1), frame(2)]))
        assert not mailbox.has_overflowed
        mailbox.put(Delivery([frame(3)]))
        assert mailbox.has_overflowed
        assert await mailbox.take() == []

    async def test_too_many_bytes_do_so_too_but_one_big_frame_fits(self):
        mailbox = box(bytes_max=100)
        mailbox.put(Delivery([frame(1, size=500)]))
        assert not mailbox.has_overflowed
        mailbox.put(Delivery([frame(2, size=1)]))
        assert mailbox.has_overflowed

    async def test_after_an_overflow_nothing_is_kept_until_it_restarts(self):
        mailbox = box(frames_max=1)
        mailbox.put(Delivery([frame(1), frame(2)]))
        mailbox.put(Delivery([frame(3)]))
        mailbox.restart(3)
        mailbox.put(Delivery([frame(4)]))
        assert [f.seq for f in await mailbox.take()] == [4]

    async def test_takes_only_the_wanted_types_and_every_ping(self):
        mailbox = Mailbox(0, frames_max=10, bytes_max=1000, types=frozenset({"tool_started"}))
        mailbox.put(Delivery([frame(1, "plan_loaded"), frame(2), frame(None, "ping")]))
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


def test_a_frame_as_it_goes_over_the_wire():
    for size, head in (
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ):
        assert frame(1, size=size).wire == head + b"x" * size
    assert Frame("ping", None, b"{}").http_chunk == b"16\r\nevent: ping\ndata: {}\n\n\r\n"


class TestDelivery:
    def test_is_filtered_and_joined_once_for_all_clients(self):
        delivery = Delivery([frame(1), frame(2, "plan_loaded"), frame(None, "ping")])
        assert delivery.wanted(None) is delivery
        tools = delivery.wanted(ACTIVITY_TYPES)
        assert [f.seq for f in tools.frames] == [1, None]
        assert delivery.wanted(ACTIVITY_TYPES) is tools
        assert tools.pieces is tools.pieces
        assert tools.pieces[0].wire == tools.frames[0].wire + tools.frames[1].wire

    def test_its_pieces_are_small_and_a_big_frame_is_one_alone(self):
        sizes = [9_000, 9_000, 7_000, 50_000, 1]
        pieces = Delivery([frame(seq, size=size) for seq, size in enumerate(sizes, 1)]).pieces
        assert [[f.seq for f in piece.frames] for piece in pieces] == [[1], [2, 3], [4], [5]]
        assert [piece.last_seq for piece in pieces] == [1, 3, 4, 5]

    def test_leaves_out_what_a_client_has(self):
        delivery = Delivery([frame(4), frame(None, "ping"), frame(5)])
        assert delivery.after(3) is delivery
        assert [f.seq for f in delivery.after(4).frames] == [None, 5]


class FakeLine:
    """Takes every piece, unless its client has stalled."""

    def __init__(self):
        self.frames = asyncio.Queue()
        self.is_open = True
        self.writable = asyncio.Event()
        self.writable.set()

    def write(self, pieces):
        if not (self.is_open and self.writable.is_set()):
            return 0
        for piece in pieces:
            for each in piece.frames:
                self.frames.put_nowait(each)
        return len(pieces)

    async def drained(self):
        await self.writable.wait()


class TestForwarding:
    """A mailbox that writes to a client's line itself."""

    @pytest.fixture
    async def live(self):
        """A live client: its mailbox, its line, and the task that is parked."""
        mailbox, line, metrics = box(frames_max=3), FakeLine(), Metrics()
        task = asyncio.create_task(mailbox.forward(line, 0.05, metrics))
        await asyncio.sleep(0)
        yield mailbox, line, task
        task.cancel()

    def taken(self, line):
        return [line.frames.get_nowait().seq for _ in range(line.frames.qsize())]

    async def test_no_task_wakes_up_for_a_live_client(self, live):
        mailbox, line, _ = live
        assert mailbox.put(Delivery([frame(1), frame(2)], 7.5)) == 2
        assert self.taken(line) == [1, 2]
        assert (mailbox.cursor, mailbox.waiting_since) == (2, 7.5)
        assert not mailbox._is_awake

    async def test_what_a_client_does_not_take_waits_and_goes_on_in_order(self, live, until):
        mailbox, line, _ = live
        line.writable.clear()
        assert mailbox.put(Delivery([frame(1)])) == 0
        await asyncio.sleep(0)
        line.writable.set()
        # Its task has not run since: what comes now has to wait behind the first.
        assert mailbox.put(Delivery([frame(2)])) == 0
        await until(lambda: mailbox.cursor == 2)
        assert self.taken(line) == [1, 2]
        await until(lambda: mailbox.waiting_since is not None)
        assert mailbox.put(Delivery([frame(3)])) == 1

    async def test_entries_that_it_has_from_the_log_do_not_come_again(self, live):
        mailbox, line, _ = live
        mailbox.cursor = 5
        assert mailbox.put(Delivery([frame(4), frame(5), frame(6)])) == 1
        assert mailbox.put(Delivery([frame(6)])) == 0
        assert self.taken(line) == [6]

    async def test_returns_when_too_much_waits(self, live):
        mailbox, line, task = live
        line.writable.clear()
        for seq in range(1, 6):
            mailbox.put(Delivery([frame(seq)]))
        assert mailbox.has_overflowed
        line.writable.set()
        await asyncio.wait_for(task, 5)
        assert self.taken(line) == []

    async def test_a_client_that_takes_nothing_for_long_is_given_up(self, live):
        mailbox, line, task = live
        line.writable.clear()
        mailbox.put(Delivery([frame(1)]))
        with pytest.raises(TimeoutError):
            await task

    async def test_returns_when_the_mailbox_is_closed_or_the_client_is_gone(self, live):
        mailbox, line, task = live
        line.is_open = False
        mailbox.put(Delivery([frame(1)]))
        await asyncio.wait_for(task, 5)
        assert mailbox.is_closed
        assert mailbox.put(Delivery([frame(2)])) == 0
        await asyncio.wait_for(mailbox.forward(line, None, Metrics()), 5)


class Client:
    """Reads a stream frame by frame: from its batches, or where it has a line from there."""

    def __init__(self, stream, line):
        self._line = line
        self._batches = stream.batches(line)
        self._pumping = asyncio.create_task(self._pump()) if line else None
        self._frames = []

    async def _pump(self):
        async with aclosing(self._batches) as batches:
            async for frames in batches:
                for each in frames:
                    self._line.frames.put_nowait(each)

    def stall(self):
        """Read no more, which without a line is what a client does that does not ask."""
        if self._line:
            self._line.writable.clear()

    async def next(self) -> dict:
        async with asyncio.timeout(5):
            if self._line:
                self._line.writable.set()
                return json.loads((await self._line.frames.get()).envelope)
            while not self._frames:
                self._frames = list(await anext(self._batches))
        return json.loads(self._frames.pop(0).envelope)

    async def until(self, seq: int) -> list[int]:
        found = []
        while not found or found[-1] < seq:
            found.append((await self.next())["seq"])
        return found

    def close(self):
        if self._pumping:
            self._pumping.cancel()


@pytest.fixture(params=["through ASGI", "direct"])
def join(request):
    @contextmanager
    def joined(world, record, cursor, types=None, *, with_status=True):
        context = world.app.state.context
        with context.hub.join(record, types) as mailbox:
            stream = Stream(
                StreamRequest(record, cursor, types, with_status=with_status),
                mailbox,
                hub=context.hub,
                log=context.ports.log,
                statuses=context.statuses,
                metrics=context.metrics,
            )
            client = Client(stream, FakeLine() if request.param == "direct" else None)
            client.mailbox = mailbox
            yield client
            client.close()

    return joined


async def test_without_a_cursor_the_status_comes_first_then_all_after_it(world, join):
    run = await world.begin()
    with join(world, await run.record(), None) as client:
        first = await client.next()
        assert (first["type"], first["seq"], first["data"]["seq"]) == ("initial_status", 2, 2)
        await run.work(3)
        assert await client.until(5) == [3, 4, 5]


@pytest.mark.parametrize("cursor", range(9))
async def test_from_every_cursor_comes_exactly_the_rest(world, join, cursor):
    run = await world.begin()
    await run.work(6)
    with join(world, await run.record(), cursor) as client:
        await run.work(2)
        assert await client.until(10) == list(range(cursor + 1, 11))


async def test_events_that_come_while_the_past_is_read_are_neither_lost_nor_doubled(world, join, monkeypatch):
    monkeypatch.setattr("orchestrator.api.streaming.PAGE_EVENTS", 2)
    run = await world.begin()
    await run.work(8)
    with join(world, await run.record(), 0) as client:
        found = []
        for _ in range(5):
            found.append((await client.next())["seq"])
            await run.work(1)
            await asyncio.sleep(0)
        found += await client.until(15)
    assert found == list(range(1, 16))


async def test_a_past_longer_than_the_mailbox_comes_whole(make_world, join, until, monkeypatch):
    monkeypatch.setattr("orchestrator.api.streaming.PAGE_EVENTS", 3)
    world = await make_world(queue_frames_max=2)
    run = await world.begin()
    await run.work(10)
    context = world.app.state.context
    with join(world, await run.record(), 0) as client:
        found = []
        for _ in range(6):
            found.append((await client.next())["seq"])
            # More than the mailbox holds, and the hub has delivered it before the next page is read.
            await run.work(3)
            end = (await run.record()).seq
            await until(lambda end=end: context.hub.position(run.id) == end)
        found += await client.until(30)
    assert found == list(range(1, 31))
    assert not context.metrics.resyncs


async def test_who_falls_behind_is_told_and_gets_a_fresh_status(make_world, join, until):
    world = await make_world(queue_frames_max=5)
    run = await world.begin()
    with join(world, await run.record(), None) as client:
        assert (await client.next())["type"] == "initial_status"
        await run.work(1)
        assert (await client.next())["seq"] == 3
        client.stall()
        await run.work(6)
        await until(lambda: client.mailbox.has_overflowed)
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
    with join(world, await run.record(), 99) as client:
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
    with join(world, record, 1) as client:
        assert (await client.next())["data"] == {"reason": "not_kept", "requested": 1, "oldest": 4}
        assert (await client.next())["type"] == "initial_status"


async def test_the_activity_stream_has_tools_only_and_no_status(world, join):
    run = await world.begin()
    await run.work(1)
    with join(world, await run.record(), None, ACTIVITY_TYPES, with_status=False) as client:
        await run.append(FindingWritten(task_id="1.1", attempt=1, file_path="f", size_bytes=1))
        await run.work(1)
        assert (await client.next())["seq"] == 5
    await run.append(FindingWritten(task_id="1.1", attempt=1, file_path="f", size_bytes=1))
    with join(world, await run.record(), 0, ACTIVITY_TYPES, with_status=False) as client:
        assert await client.until(5) == [3, 5]
        following = asyncio.create_task(client.next())
        await asyncio.sleep(0)
        await run.work(1)
        assert (await following)["seq"] == 7
    with join(world, await run.record(), 50, ACTIVITY_TYPES, with_status=False) as client:
        assert (await client.next())["type"] == "resync"
        await run.work(1)
        assert (await client.next())["seq"] == 8


async def test_a_silent_stream_is_pinged_with_the_last_position_looked_at(make_world, join):
    world = await make_world(ping_seconds=0.02)
    run = await world.begin()
    with join(world, await run.record(), None, ACTIVITY_TYPES, with_status=False) as client:
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
    with join(world, await run.record(), 0) as ended, join(world, await other.record(), 2) as live:
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
    with join(world, await run.record(), 2) as client:
        await run.end(RunStatus.COMPLETED)
        assert (await client.next())["seq"] == 3


async def test_closing_the_hub_ends_every_stream_and_refuses_new_ones(world):
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

    with join(world, await run.record(), 2) as client:
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


class Visitor:
    """A client of a crowd, and what it has got."""

    def __init__(self, client, cursor, leaving):
        self.client, self.cursor, self.leave = client, cursor, leaving
        self.seqs, self.was_resynced = [], False

    async def read(self, up_to: int, count: int = 1_000) -> None:
        while count and (not self.seqs or self.seqs[-1] < up_to) and self.cursor < up_to:
            message = await self.client.next()
            count -= 1
            if "seq" in message:
                self.seqs.append(message["seq"])
            else:
                assert message["type"] == "resync"
                self.was_resynced = True

    def has_all(self, up_to: int) -> bool:
        if self.was_resynced:
            return self.seqs == sorted(set(self.seqs))
        return self.seqs == list(range(self.cursor + 1, up_to + 1))


class TestPass:
    """The hub's pass over the clients makes pauses; here after each client."""

    @pytest.fixture(autouse=True)
    def _always_pausing(self, monkeypatch):
        monkeypatch.setattr("orchestrator.api.hub.SLICE_CLIENTS", 1)
        monkeypatch.setattr("orchestrator.api.hub.SLICE_SECONDS", 0)

    @pytest.mark.parametrize("seed", range(8))
    async def test_who_joins_leaves_or_stalls_meanwhile_misses_and_doubles_nothing(
        self, make_world, join, seed
    ):
        world = await make_world(queue_frames_max=6)
        chance, run = Random(seed), await world.begin()
        crowd, resynced = [], 0
        with ExitStack() as stack:
            for _ in range(80):
                record = await run.record()
                mine, cursor = stack.enter_context(ExitStack()), chance.randrange(record.seq + 1)
                crowd.append(Visitor(mine.enter_context(join(world, record, cursor)), cursor, mine.close))
                await run.work(chance.randrange(3))
                for _ in range(chance.randrange(6)):
                    await asyncio.sleep(0)
                visitor = chance.choice(crowd)
                if chance.random() < 0.2:
                    crowd.remove(visitor)
                    visitor.leave()
                elif chance.random() < 0.4:
                    visitor.client.stall()
                else:
                    await visitor.read((await run.record()).seq, chance.randrange(4))
            end = (await run.record()).seq
            for visitor in crowd:
                await visitor.read(end)
                assert visitor.has_all(end), (visitor.cursor, visitor.seqs)
                resynced += visitor.was_resynced
        assert resynced < len(crowd) / 2

    async def test_a_ping_does_not_overtake_the_entries_that_it_says_were_looked_at(self, make_world):
        world = await make_world(ping_seconds=0.02)
        run, metrics, hub = await world.begin(), Metrics(), world.app.state.context.hub
        with ExitStack() as stack:
            lines = [FakeLine() for _ in range(100)]
            for line in lines:
                mailbox = stack.enter_context(hub.join(await run.record()))
                task = asyncio.create_task(mailbox.forward(line, None, metrics))
                stack.callback(task.cancel)
            last, pings, rounds = dict.fromkeys(lines, 2), 0, 0
            while rounds < 20 or not pings:
                rounds += 1
                # On a fast machine no client is silent for long enough while there is work.
                is_silent = rounds > 20
                if not is_silent:
                    await run.work(1)
                end = (await run.record()).seq
                for line in lines:
                    while last[line] < end or (is_silent and not pings):
                        frame = await asyncio.wait_for(line.frames.get(), 5)
                        if frame.seq is None:
                            pings += 1
                            assert json.loads(frame.envelope)["data"]["up_to"] <= last[line]
                        else:
                            assert frame.seq == last[line] + 1
                            last[line] = frame.seq

    async def test_a_client_whose_line_breaks_does_not_take_the_others_along(self, world, until, caplog):
        run, hub = await world.begin(), world.app.state.context.hub
        with ExitStack() as stack:
            lines = [FakeLine() for _ in range(3)]
            for line in lines:
                mailbox = stack.enter_context(hub.join(await run.record()))
                line.task = asyncio.create_task(mailbox.forward(line, None, Metrics()))
            await asyncio.sleep(0)
            lines[1].write = None
            await run.work(1)
            assert [(await line.frames.get()).seq for line in (lines[0], lines[2])] == [3, 3]
            await asyncio.wait_for(lines[1].task, 5)
            lines[0].task.cancel()
            lines[2].task.cancel()
        assert "a stream of orch-1 broke" in caplog.text
