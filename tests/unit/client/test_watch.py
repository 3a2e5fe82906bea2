"""A watch over a feed that does what the test says: no server, no time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
import stream_texts as say

from orchestrator.client.errors import ApiError, failure
from orchestrator.client.messages import InitialStatus, Resync
from orchestrator.client.watch import Watch

SILENT = object()


class Script:
    """What each connection brings, in turn; an exception stands for one that fails."""

    def __init__(self, *connections, infos=()) -> None:
        self.connections = list(connections)
        self.infos = list(infos)
        self.asked: list[int | None] = []
        self.open = 0

    async def info(self):
        found = self.infos.pop(0) if self.infos else say.info()
        if isinstance(found, Exception):
            raise found
        return found

    @asynccontextmanager
    async def messages(self, after):
        self.asked.append(after)
        connection = self.connections.pop(0)
        if isinstance(connection, Exception):
            raise connection
        self.open += 1
        try:
            yield self._texts(connection)
        finally:
            self.open -= 1

    async def _texts(self, connection):
        for text in connection:
            if text is SILENT:
                await asyncio.Event().wait()
            if isinstance(text, Exception):
                raise text
            yield text


class Watched:
    """A watch, and all that it tells."""

    def __init__(self, script, after=None, **options) -> None:
        self.script, self.statuses, self.pauses = script, [], []
        self.watch = Watch(
            script,
            after=after,
            on_state=self.statuses.append,
            pause=self.pause,
            jitter=lambda: 1.0,
            **options,
        )

    async def pause(self, seconds):
        self.pauses.append(seconds)

    async def all(self):
        async with asyncio.timeout(5):
            return [item async for item in self.watch]

    @property
    def states(self):
        return [status.state for status in self.statuses]


def lost(code="network_error"):
    return failure(code, "The line is dead.", "")


def refused(status):
    return failure(f"http_{status}", "No.", "", status=status)


def seqs(items):
    return [item.seq for item in items]


async def test_from_a_position_to_the_end():
    watched = Watched(Script([say.event(2), say.event(3), say.event(4), say.ended(5)]), after=1)
    assert seqs(await watched.all()) == [2, 3, 4, 5]
    assert watched.states == ["connecting", "catching_up", "live", "ended"]
    assert [s.complete_up_to for s in watched.statuses] == [1, 1, 3, 5]
    assert (watched.watch.state, watched.watch.complete_up_to) == ("ended", 5)
    assert (watched.script.asked, watched.script.open, watched.pauses) == ([1], 0, [])


async def test_without_a_position_the_status_comes_first_and_covers_what_was_before():
    watched = Watched(Script([say.status(3), say.event(4), say.ended(5)]))
    assert watched.watch.complete_up_to is None
    first = await anext(watched.watch)
    assert isinstance(first, InitialStatus)
    assert watched.watch.complete_up_to is None  # it is still in hand
    assert seqs(await watched.all()) == [4, 5]
    assert watched.states == ["connecting", "catching_up", "live", "ended"]


async def test_a_lost_connection_goes_on_behind_the_last_event_and_hands_over_nothing_twice():
    script = Script(
        [say.status(3), say.event(4)],
        [lost()],
        lost(),
        [say.event(4), say.event(5), say.event(5), lost()],
        [say.ended(6)],
    )
    watched = Watched(script)
    assert seqs(await watched.all()) == [3, 4, 5, 6]
    assert script.asked == [None, 4, 4, 4, 5]
    assert watched.pauses == [0.5, 1.0, 2.0, 0.5]
    again = next(s for s in watched.statuses if s.state == "reconnecting")
    assert (again.complete_up_to, again.retry_in_seconds, again.error.code) == (4, 0.5, "network_error")


@pytest.mark.parametrize("text", [say.event(5), say.ping(4), say.resync("fell_behind", 3), "nonsense"])
async def test_a_hole_is_filled_by_a_new_connection_at_the_last_event(text):
    script = Script([say.event(3), text, say.event(6)], [say.event(4), say.event(5), say.ended(6)])
    watched = Watched(script, after=2)
    assert seqs(await watched.all()) == [3, 4, 5, 6]
    assert script.asked == [2, 3]
    assert watched.states == ["connecting", "catching_up", "live", "reconnecting", "live", "ended"]


async def test_a_hole_that_stays_is_not_asked_for_ever_faster():
    watched = Watched(Script(*[[say.event(9)]] * 8, [say.ended(2)]), after=1)
    assert seqs(await watched.all()) == [2]
    assert watched.pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


async def test_the_back_off_is_jittered():
    watched = Watched(Script(lost(), [say.ended(2)]), after=1)
    watched.watch._jitter = lambda: 0.5
    await watched.all()
    assert watched.pauses == [0.375]


async def test_a_server_that_asks_to_wait_longer_is_not_asked_before():
    busy = failure("too_many_streams", "Too many.", "", status=503, retry_after_seconds=10)
    watched = Watched(Script(busy, lost(), [say.ended(2)]), after=1)
    await watched.all()
    assert watched.pauses == [10, 1.0]


@pytest.mark.parametrize("reason", ["not_kept", "beyond_log"])
async def test_what_is_not_in_the_log_is_told_with_a_fresh_status_which_is_the_new_truth(reason):
    script = Script([say.resync(reason, 500), say.status(2), say.event(3)], [say.ended(4)])
    watched = Watched(script, after=500)
    items = await watched.all()
    assert isinstance(items[0], Resync)
    assert seqs(items[1:]) == [2, 3, 4]
    assert script.asked == [500, 3]
    assert watched.watch.complete_up_to == 4


async def test_silence_is_a_dead_connection():
    script = Script([say.event(2), SILENT], [say.ended(3)])
    watched = Watched(script, after=1, silence_seconds=0.01)
    assert seqs(await watched.all()) == [2, 3]
    assert "Nothing has come" in str(next(s.error for s in watched.statuses if s.error))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
@pytest.mark.parametrize("where", ["info", "stream"])
async def test_a_refusal_for_good_is_raised(status, where):
    script = Script(infos=[refused(status)]) if where == "info" else Script(refused(status))
    watched = Watched(script, after=1)
    with pytest.raises(ApiError) as refusal:
        await watched.all()
    assert refusal.value.status == status
    assert watched.states[-1] == watched.watch.state == "failed"
    assert watched.statuses[-1].error is refusal.value
    assert await watched.all() == []


@pytest.mark.parametrize("status", [0, 408, 425, 429, 500, 502, 503, 302, 200])
async def test_any_other_failure_is_tried_again(status):
    script = Script(refused(status), [say.ended(4)], infos=[refused(status)])
    watched = Watched(script, after=3)
    assert seqs(await watched.all()) == [4]
    assert watched.states == ["connecting", "reconnecting", "reconnecting", "live", "ended"]


async def test_an_orchestrator_that_has_ended_is_watched_to_its_end_and_no_longer():
    watched = Watched(Script(infos=[say.info(3, "stopped")]), after=3)
    assert await watched.all() == []
    assert watched.states == ["connecting", "ended"]
    watched = Watched(Script([say.status(3, "crashed")], infos=[say.info(3, "crashed")]))
    assert seqs(await watched.all()) == [3]
    watched = Watched(Script([say.event(2), say.ended(3)], infos=[say.info(3, "completed")]), after=1)
    assert seqs(await watched.all()) == [2, 3]
    watched = Watched(Script([say.event(2), lost()], infos=[say.info(3), say.info(2, "stopped")]), after=1)
    assert seqs(await watched.all()) == [2]


async def test_whoever_stops_early_leaves_nothing_open():
    script = Script([say.event(2), say.event(3), SILENT])
    watched = Watched(script, after=1)
    async with watched.watch as watch:
        assert (await anext(watch)).seq == 2
        assert script.open == 1
    assert script.open == 0
    assert await watched.all() == []
    assert watch.complete_up_to == 1  # what was in hand may not have been dealt with


async def test_cancelling_whoever_iterates_closes_the_connection():
    script = Script([say.event(2), SILENT])
    watched = Watched(script, after=1)
    await anext(watched.watch)
    waiting = asyncio.ensure_future(anext(watched.watch))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert script.open == 0
