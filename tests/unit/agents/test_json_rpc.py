from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from patience import until

from orchestrator.agents import json_rpc
from orchestrator.agents.json_rpc import JsonRpcPeer, Notification, PeerGone, Request, RequestFailed
from orchestrator.engine.agent_events import Log


class Stream:
    """The test is the other side."""

    def __init__(self) -> None:
        self.sent: list[dict] = []
        self.incoming: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.is_broken = False

    async def send(self, line: bytes) -> None:
        if self.is_broken:
            raise BrokenPipeError("nobody reads")
        self.sent.append(json.loads(line))

    def lines(self) -> AsyncIterator[bytes]:
        return self

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        line = await self.incoming.get()
        if line is None:
            raise StopAsyncIteration
        if isinstance(line, Exception):
            raise line
        return line

    def say(self, message: object) -> None:
        self.incoming.put_nowait(json.dumps(message).encode())

    def end(self) -> None:
        self.incoming.put_nowait(None)


@pytest.fixture
async def stream():
    return Stream()


@pytest.fixture
async def peer(stream):
    peer = JsonRpcPeer(stream)
    async with asyncio.timeout(5):
        yield peer
    await peer.close()


async def asking(peer: JsonRpcPeer, stream: Stream, method: str = "m") -> asyncio.Task:
    """A question that is on its way."""
    count = len(stream.sent)
    task = asyncio.create_task(peer.request(method, {"a": 1}))
    await until(lambda: len(stream.sent) > count)
    return task


async def test_answers_find_who_asked_in_any_order(peer, stream):
    first, second = await asking(peer, stream, "one"), await asking(peer, stream, "two")
    assert stream.sent[0] == {"jsonrpc": "2.0", "id": 1, "method": "one", "params": {"a": 1}}
    stream.say({"id": 2, "result": {"b": 2}})
    stream.say({"id": 1, "result": None})
    assert await second == {"b": 2}
    assert await first is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"code": -32600, "message": "no", "data": [1]}, (-32600, "no", [1])),
        ({"message": "no"}, (0, "no", None)),
        ("broken", (0, "broken", None)),
    ],
)
async def test_an_error_is_raised_where_it_was_asked(peer, stream, error, told):
    asked = await asking(peer, stream)
    stream.say({"id": 1, "error": error})
    with pytest.raises(RequestFailed) as raised:
        await asked
    assert (raised.value.code, raised.value.message, raised.value.data) == told


async def test_notifications_and_requests_are_received_in_order(peer, stream):
    stream.say({"method": "told", "params": {"a": 1}})
    stream.say({"method": "told"})
    stream.say({"method": "asked", "id": 0, "params": {}})
    stream.say({"method": "asked", "id": "x", "params": [1]})
    assert [await peer.receive() for _ in range(4)] == [
        Notification("told", {"a": 1}),
        Notification("told", {}),
        Request(0, "asked", {}),
        Request("x", "asked", {}),
    ]
    await peer.respond(0, {"ok": True})
    await peer.refuse("x", "unknown")
    await peer.notify("done")
    assert stream.sent == [
        {"jsonrpc": "2.0", "id": 0, "result": {"ok": True}},
        {"jsonrpc": "2.0", "id": "x", "error": {"code": -32601, "message": "unknown"}},
        {"jsonrpc": "2.0", "method": "done"},
    ]


@pytest.mark.parametrize(
    "line", [b"npm warn: old", b"[1, 2]", b'{"a": 1}', b'{"method"', b"\xff\xfe", b"[" * 100_000, b'"text"']
)
async def test_what_is_no_message_is_a_log_and_the_next_one_counts(peer, stream, line):
    stream.incoming.put_nowait(line)
    stream.incoming.put_nowait(b"  ")
    stream.say({"method": "told"})
    log = await peer.receive()
    assert isinstance(log, Log)
    assert 0 < len(log.text) <= 8_000
    assert await peer.receive() == Notification("told", {})


async def test_a_line_that_cannot_be_taken_is_a_log(peer, stream):
    stream.incoming.put_nowait(ValueError("too long"))
    stream.say({"method": "told"})
    assert [await peer.receive(), await peer.receive()] == [Log("too long"), Notification("told", {})]


async def test_answers_that_nobody_waits_for_are_dropped(peer, stream):
    asked = await asking(peer, stream)
    asked.cancel()
    await asyncio.wait({asked})
    stream.say({"id": 1, "result": 1})
    stream.say({"id": 77, "result": 1})
    stream.say({"id": [], "result": 1})
    stream.say({"id": None, "error": {"message": "what?"}})
    assert "what?" in (await peer.receive()).text


async def test_at_the_end_all_who_wait_are_told(peer, stream):
    asked = await asking(peer, stream)
    stream.say({"method": "last"})
    stream.end()
    with pytest.raises(PeerGone):
        await asked
    assert await peer.receive() == Notification("last", {})
    assert [await peer.receive(), await peer.receive()] == [None, None]
    with pytest.raises(PeerGone):
        await peer.request("m")


async def test_a_broken_pipe_is_the_other_sides_end(peer, stream):
    stream.is_broken = True
    with pytest.raises(PeerGone, match="nobody reads"):
        await peer.request("m")
    with pytest.raises(PeerGone):
        await peer.notify("m")
    stream.incoming.put_nowait(BrokenPipeError())
    assert await peer.receive() is None


async def test_closing_tells_all_who_wait_and_can_be_done_twice(peer, stream):
    asked = await asking(peer, stream)
    receiving = asyncio.create_task(peer.receive())
    await asyncio.sleep(0)
    await peer.close()
    await peer.close()
    with pytest.raises(PeerGone):
        await asked
    assert await receiving is None


async def test_receiving_may_be_cancelled_without_loss(peer, stream):
    receiving = asyncio.create_task(peer.receive())
    await asyncio.sleep(0)
    receiving.cancel()
    await asyncio.wait({receiving})
    stream.say({"method": "told"})
    assert await peer.receive() == Notification("told", {})


async def test_nothing_is_read_while_too_much_waits(peer, stream, monkeypatch):
    monkeypatch.setattr(json_rpc, "INBOX_BYTES_MAX", 150)
    for number in range(10):
        stream.say({"method": "told", "params": {"text": "x" * 50, "number": number}})
    for _ in range(100):
        await asyncio.sleep(0)
    assert stream.incoming.qsize() == 8
    assert [(await peer.receive()).params["number"] for _ in range(10)] == list(range(10))
