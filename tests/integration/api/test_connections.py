"""Connections of strangers: what is silent, slow, long or too many is let go, before anything is known of it."""

from __future__ import annotations

import asyncio
import resource
from contextlib import AsyncExitStack

import pytest

from orchestrator.api import connections
from orchestrator.domain.answers import Problem

LIMIT_SECONDS = 20
QUICK = {"head_seconds": 0.3}
PATIENT = {"head_seconds": 60.0}
REQUEST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Peer:
    """A client that sends exactly the bytes it is given."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """All that comes until the server ends the connection."""
        async with asyncio.timeout(LIMIT_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def answer(self) -> int:
        """The status of the next answer, whose body is read too."""
        async with asyncio.timeout(LIMIT_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await self.reader.readexactly(int(length.split(b":")[1]))
        return int(head.split()[1])


@pytest.fixture
async def connect():
    async with AsyncExitStack() as stack:

        async def connect(running) -> Peer:
            host, port = running.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            stack.callback(writer.close)
            return Peer(reader, writer)

        yield connect


def told(answer: bytes) -> tuple[int, str]:
    """Status and code of a problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"Connection: close" in head
    problem = Problem.model_validate_json(body)
    assert problem.status == int(head.split()[1])
    return problem.status, problem.code


async def test_a_silent_connection_is_closed(make_server, connect):
    peer = await connect(await make_server(**QUICK))
    assert await peer.rest() == b""


@pytest.mark.parametrize(
    "begun", [b"G", b"GET /livez HTTP/1.1\r\n", b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: y\r\n"]
)
async def test_half_a_head_is_refused_after_its_time(make_server, connect, begun: bytes):
    peer = await connect(await make_server(**QUICK))
    await peer.send(begun)
    assert told(await peer.rest()) == (408, "request_too_slow")


async def test_bytes_that_trickle_in_do_not_buy_time(make_server, connect):
    peer = await connect(await make_server(**QUICK))
    answer = asyncio.create_task(peer.rest())
    await peer.send(b"GET /livez HTTP/1.1\r\n")
    while not answer.done():
        peer.writer.write(b"X-A: b\r\n")
        await asyncio.wait([answer], timeout=0.02)
    assert (await answer)[:12] in {b"HTTP/1.1 408", b""}  # a reset may overtake the answer


async def test_blank_lines_on_a_used_connection_do_not_buy_time(make_server, connect):
    peer = await connect(await make_server(**QUICK))
    await peer.send(REQUEST)
    assert await peer.answer() == 200
    end = asyncio.create_task(peer.rest())
    while not end.done():
        peer.writer.write(b"\r\n")
        await asyncio.wait([end], timeout=0.02)
    assert (await end)[:12] in {b"HTTP/1.1 408", b""}


async def test_a_used_connection_takes_further_requests_each_with_its_own_time(make_server, connect):
    peer = await connect(await make_server(**QUICK))
    for _ in range(3):
        await peer.send(REQUEST[:10])
        await asyncio.sleep(0)
        await peer.send(REQUEST[10:])
        assert await peer.answer() == 200


async def test_a_body_that_never_ends_is_let_go(make_server, connect, monkeypatch):
    monkeypatch.setattr(connections, "BODY_EXTRA_SECONDS", 0.1)
    peer = await connect(await make_server(body_seconds=0.2))
    head = b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    await peer.send(head + b"x")
    assert (await peer.rest()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("request_head", "expected"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"y" * 40_000, (431, "head_too_large")),
        (b"GET /livez HTTP/1.1\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n", (431, "head_too_large")),
        (b"GET /livez?" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", (414, "url_too_long")),
        (b"\r\n" * 30_000, (431, "head_too_large")),
        (b"\x16\x03\x01\x02\x00\x01\x00", (400, "invalid_request")),
    ],
    ids=["long header", "many headers", "long URL", "blank lines", "TLS"],
)
async def test_a_head_that_is_too_long_or_none_at_all_is_refused(
    make_server, connect, request_head, expected
):
    peer = await connect(await make_server(**PATIENT))
    await peer.send(request_head)
    assert told(await peer.rest()) == expected


@pytest.mark.parametrize("path", ["/livez", "/api/orchestrators/orch-1/pause"])
async def test_what_follows_a_body_in_chunks_is_bounded_too(make_server, connect, path: str):
    peer = await connect(await make_server(**PATIENT))
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    peer.writer.write(head.encode() + b"X: " + b"y" * 2_000_000)
    await peer.rest()  # it ends: nothing of that is waited for


async def test_the_longest_head_that_is_allowed_is_answered(make_server, connect):
    peer = await connect(await make_server(**PATIENT))
    await peer.send(REQUEST[:-2] + b"X: " + b"y" * 32_000 + b"\r\n\r\n")
    assert await peer.answer() == 200


async def test_a_body_of_single_bytes_in_chunks_is_answered(make_server, connect):
    running = await make_server(**PATIENT)
    await running.begin()
    peer = await connect(running)
    body = b'{"reason": "' + b"x" * 1_000 + b'"}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = (
        b"POST /api/orchestrators/orch-1/pause HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    )
    await peer.send(head + b"Content-Type: application/json\r\n\r\n" + chunks)
    assert await peer.answer() in {200, 202, 422}


async def test_connections_have_a_cap_and_the_last_places_are_for_livez(make_server, connect):
    running = await make_server(**PATIENT, connections_max=40)
    idle = [await connect(running) for _ in range(40 - connections.RESERVED)]
    refused = await connect(running)
    await refused.send(REQUEST.replace(b"/livez", b"/health"))
    assert told(await refused.rest()) == (503, "too_many_connections")
    alive = [await connect(running) for _ in range(connections.RESERVED)]
    await alive[-1].send(REQUEST)
    assert await alive[-1].answer() == 200
    beyond = await connect(running)
    await beyond.send(REQUEST)
    assert await beyond.rest() == b""
    idle[0].writer.close()
    await idle[0].writer.wait_closed()
    for peer in alive:
        peer.writer.close()
    response = await running.client.get("/health")
    assert response.status_code == 200


async def test_who_is_silent_frees_the_place(make_server, connect):
    running = await make_server(**QUICK, connections_max=40)
    idle = [await connect(running) for _ in range(40)]
    assert {await peer.rest() for peer in idle} == {b""}
    assert (await running.client.get("/health")).status_code == 200


def test_places_stay_below_the_limit_of_descriptors():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        places = connections.places(100_000)
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert soft > 512
        assert places == soft - connections.DESCRIPTORS_ELSEWHERE
        assert connections.places(100) == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
