"""Frames that go straight to the transports: when they may, and what clients do to a server meanwhile."""

import asyncio
import re
import socket
from contextlib import AsyncExitStack

import httpx
import pytest
import websockets
from stalled_client import GET, UPGRADE, stalled
from uvicorn import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from orchestrator.api import direct
from orchestrator.api.frames import PIECE_BYTES

EVENTS = "/api/orchestrators/orch-1/events"
SSE = "/api/orchestrators/orch-1/events-sse"
HIGH_WATER_BYTES = 64 * 2**10


def seqs(events):
    return [event.get("seq") for event in events]


def mailboxes(running):
    channel = running.app.state.context.hub._channels.get("orch-1")
    return list(channel.mailboxes) if channel else []


def lines(running):
    """The lines to the clients that are live."""
    return [mailbox._line for mailbox in mailboxes(running) if mailbox._line is not None]


async def raw(running, *parts: str, headers: str = "", version: str = "1.1"):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
    for part in parts:
        writer.write(f"{part} HTTP/{version}\r\nHost: localhost\r\n{headers}\r\n".encode())
    return reader, writer


class TestNames:
    """What is used of uvicorn is there in the version that is installed."""

    def test_the_installed_version_is_known(self):
        http, ws = direct.protocols()
        assert (http.__name__, ws.__name__) == ("DirectHttp", "DirectSocket")

    def test_with_another_version_its_own_protocols_serve(self, monkeypatch):
        monkeypatch.setattr(direct.uvicorn, "__version__", "0.55.0")
        assert direct.protocols() == (HttpToolsProtocol, "websockets-sansio")

    async def test_of_a_websocket(self):
        protocol = WebSocketsSansIOProtocol(Config(None), ServerState(), {}, asyncio.get_running_loop())
        assert all(hasattr(protocol, name) for name in direct.SOCKET_NAMES)

    async def test_of_a_response(self):
        response = RequestResponseCycle(*[None] * 11)
        assert all(hasattr(response, name) for name in direct.RESPONSE_NAMES)
        assert all(hasattr(FlowControl(None), name) for name in direct.FLOW_NAMES)

    def test_without_one_frames_go_through_asgi(self):
        class Owner:
            transport = close_sent = writable = None
            handshake_complete = True

        owner = Owner()
        scope = {"type": "websocket", "extensions": {direct.EXTENSION: direct.weakref.ref(owner)}}
        assert direct.line_of(scope) is not None
        del Owner.writable
        assert direct.line_of(scope) is None

    @pytest.mark.parametrize("extensions", [None, {}, {direct.EXTENSION: {}}])
    def test_so_they_do_with_another_server(self, extensions):
        assert direct.line_of({"type": "http", "extensions": extensions}) is None
        assert direct.line_of({"type": "http"}) is None


async def test_live_clients_of_both_kinds_are_written_to_directly(running, take, until):
    run = await running.begin()
    metrics = running.app.state.context.metrics
    async with running.socket(f"{EVENTS}?after=2") as one, running.sse(f"{SSE}?after=2") as other:
        await until(lambda: len(lines(running)) == 2)
        sent = metrics.frames_sent
        await run.work(3)
        assert await take(one, 3) == await take(other, 3)
        assert metrics.frames_sent == sent + 6
        assert len(lines(running)) == 2


@pytest.mark.parametrize(("headers", "version"), [("", "1.0"), ("Connection: keep-alive\r\n", "1.0")])
async def test_a_client_that_knows_no_chunks_is_served_through_asgi(running, until, headers, version):
    run = await running.begin()
    reader, writer = await raw(running, f"GET {SSE}?after=2", headers=headers, version=version)
    await until(lambda: any(mailbox.waiting_since for mailbox in mailboxes(running)))
    assert not lines(running)
    await run.work(1)
    async with asyncio.timeout(10):
        await reader.readuntil(b"id: 3\n")
    writer.close()


async def test_head_gets_the_head_of_a_stream_and_no_frame(running, until):
    run = await running.begin()
    reader, writer = await raw(running, f"HEAD {SSE}?after=0", headers="Connection: close\r\n")
    async with asyncio.timeout(10):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")
    assert b"event:" not in answer
    await until(lambda: not mailboxes(running))
    await run.work(1)
    writer.close()


async def test_a_request_that_waits_behind_a_stream_does_not_get_its_frames(running, until):
    """HTTP/1.1 allows to send the next request before the answer; uvicorn answers in order."""
    run = await running.begin()
    reader, writer = await raw(running, f"GET {SSE}?after=2", "GET /livez")
    await until(lambda: len(lines(running)) == 1)
    await run.work(2)
    async with asyncio.timeout(10):
        head, body = await reader.readuntil(b"\r\n\r\n"), await reader.readuntil(b"id: 4\n")
    assert b"text/event-stream" in head
    assert re.fullmatch(rb"[0-9a-f]+\r\nid: 3\n.*", body, re.DOTALL)
    writer.close()


async def test_nothing_follows_the_end_of_a_stream(running, until):
    run = await running.begin()
    reader, writer = await raw(running, f"GET {SSE}?after=2")
    socket_reader, socket_writer = await raw(
        running,
        f"GET {EVENTS}?after=2",
        headers="Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
    )
    await until(lambda: len(lines(running)) == 2)
    kept = lines(running)
    running.app.state.context.hub.close()
    await run.work(3)
    running.server.stop()
    async with asyncio.timeout(10):
        assert (await reader.read()).endswith(b"0\r\n\r\n")
        # 1012, "service restart".
        assert (await socket_reader.read()).endswith(b"\x88\x02\x03\xf4")
    assert [line.write([None]) for line in kept] == [0, 0]
    writer.close()
    socket_writer.close()


async def test_a_quarter_that_stalls_costs_the_others_nothing_and_the_server_little(make_server, take, until):
    """Ten stalled clients of forty: the others get everything, the ten hold a mark and a piece each."""
    running = await make_server(queue_bytes_max=200_000)
    run = await running.begin()
    hub, metrics = running.app.state.context.hub, running.app.state.context.metrics
    async with AsyncExitStack() as stack:
        slow = [await asyncio.to_thread(stalled, running.url, (GET, UPGRADE)[n % 2]) for n in range(10)]
        for sock in slow:
            stack.callback(sock.close)
        healthy = [await stack.enter_async_context(running.socket(f"{EVENTS}?after=2")) for _ in range(20)]
        healthy += [await stack.enter_async_context(running.sse(f"{SSE}?after=2")) for _ in range(10)]
        await until(lambda: len(lines(running)) == 40)
        kept = lines(running)
        for line in kept:
            # Otherwise the kernel takes megabytes before a client counts as stalled.
            line._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        for turn in range(20):
            await run.work(20, "x" * 1500)
            end = 20 * (turn + 1) + 2
            for client in healthy:
                assert seqs(await take(client, 20)) == list(range(end - 19, end + 1))
            assert max(held(line) for line in kept) <= HIGH_WATER_BYTES + PIECE_BYTES
            assert all(mailbox._bytes <= 200_000 for mailbox in mailboxes(running))
        assert sum(held(line) > 0 for line in kept) == 10
        assert sum(mailbox.has_overflowed for mailbox in mailboxes(running)) == 10
        # They read again: each gets a resync, then the status, and then live events.
        for sock in slow:
            await asyncio.to_thread(_read_until, sock, b'"type":"initial_status"')
        await until(lambda: len(lines(running)) == 40)
        assert metrics.resyncs == {"fell_behind": 10}
        assert hub.streams == 40


def held(line) -> int:
    """What waits in the transport for a client to read."""
    return line._transport.get_write_buffer_size()


def _read_until(sock, text: bytes) -> bytes:
    received = b""
    while text not in received:
        part = sock.recv(1 << 20)
        assert part
        received += part
    return received


@pytest.mark.parametrize("request_text", [GET, UPGRADE])
async def test_a_client_that_falls_a_little_behind_gets_the_rest_in_order(running, until, request_text):
    run = await running.begin()
    slow = await asyncio.to_thread(stalled, running.url, request_text)
    try:
        await until(lambda: len(lines(running)) == 1)
        (mailbox,), (line,) = mailboxes(running), lines(running)
        line._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        count = 0
        while mailbox._line is not None:
            await run.work(20, "x" * 1500)
            count += 20
            await until(lambda end=count + 2: running.app.state.context.hub.position(run.id) == end)
        await run.work(30, "x" * 1500)
        count += 30
        received = await asyncio.to_thread(_read_until, slow, b'"seq":%d,' % (count + 2))
    finally:
        slow.close()
    found = [int(seq) for seq in re.findall(rb'"seq":(\d+),', received)]
    assert found == list(range(3, count + 3))
    assert not running.app.state.context.metrics.resyncs


async def test_five_hundred_come_and_go_while_events_keep_coming(running, take, until):
    run = await running.begin()
    hub, gate, problems = running.app.state.context.hub, asyncio.Semaphore(50), []

    async def visit(number: int) -> None:
        connect, path = ((running.socket, EVENTS), (running.sse, SSE))[number % 2]
        async with gate, connect(f"{path}?after=2") as client:
            found = seqs(await take(client, 5 + number % 20))
            if found != list(range(3, 3 + len(found))):
                problems.append(found)

    async def write() -> None:
        while True:
            await run.work(1)

    writing = asyncio.create_task(write())
    try:
        async with asyncio.timeout(60):
            await asyncio.gather(*(visit(number) for number in range(500)))
    finally:
        writing.cancel()
    assert not problems
    await until(lambda: hub.streams == 0)
    assert not hub._channels
    assert not +running.app.state.context.metrics.streams


async def test_when_the_token_is_changed_clients_go_on_with_the_new_one(make_server, take, until):
    """Another token is another server over the same log, as after a restart."""
    found, tokens = [], [f"the-token-of-the-day-{day}" for day in range(3)]
    run = await (await make_server(token=tokens[0])).begin()
    for day, token in enumerate(tokens):
        running = await make_server(token=token)
        options = {"additional_headers": {"Authorization": f"Bearer {token}"}}
        async with running.socket(f"{EVENTS}?after={found[-1] if found else 2}", **options) as client:
            await until(lambda r=running: len(lines(r)) == 1)
            await run.work(5)
            found += seqs(await take(client, 5))
            running.server.stop()
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(client.recv(), 10)
        if day:
            running = await make_server(token=token)
            old = {"Authorization": f"Bearer {tokens[day - 1]}"}
            with pytest.raises(websockets.InvalidStatus) as refused:
                await running.socket(EVENTS, additional_headers=old)
            assert refused.value.response.status_code == 401
            with pytest.raises(httpx.HTTPStatusError):
                async with running.sse(SSE, headers=old):
                    pass
    assert found == list(range(3, 18))
