import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import websockets

from orchestrator.api.server import ApiServer, bind, url_of
from orchestrator.api.settings import ApiSettings
from orchestrator.cli.interrupts import on_interrupt
from orchestrator.domain.errors import StorageError, UsageError

EVENTS = "/api/orchestrators/orch-1/events"
SSE = "/api/orchestrators/orch-1/events-sse"
TOKEN = "a-long-enough-token-0123"


async def raw(running, request: bytes, *, wait: bool = True) -> bytes:
    """What the server answers to these very bytes."""
    host, port = running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read() if wait else await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


def get(path: str, *headers: str, method: str = "GET", host: str = "localhost") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


@pytest.mark.parametrize(
    "path",
    [
        "/api/orchestrators/..",
        "/api/orchestrators/../../etc/passwd",
        "/api/orchestrators/%2e%2e/status",
        "/api/orchestrators/%2e%2e%2f%2e%2e%2fetc%2fpasswd/events",
        "/api/orchestrators/%00/events-sse",
        "/api/orchestrators/%ff%fe/status",
        "/api/orchestrators/%ed%a0%80/status",
        "/api/plans/../status",
        "/api/plans/%2e%2e/status",
        "/api/plans/..%2fsecret/tasks",
        "/api/plans/%00/findings",
        "/api/plans/a%0d%0ab/findings",
        "/api/plans/demo/findings/..%2f..%2fsecret",
        "/api/plans/demo/findings/%2e%2e",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/%00",
        "//evil.example/docs",
    ],
)
async def test_no_path_leads_astray(running, path):
    answer = await raw(running, get(path))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404"), answer
    assert json.loads(body)["status"] == 404


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get("/health", host="evil.example"), 403),
        (get("/health", "Host: localhost"), 403),
        (b"GET /health HTTP/1.0\r\n\r\n", 403),
        (get("/health", "Origin: https://evil.example"), 403),
        (get("/health"), 200),
        (get("/health", "Origin: http://localhost"), 200),
        (get("http://evil.example/health"), 200),
    ],
)
async def test_the_guard_on_the_wire(running, request_bytes, status):
    assert (await raw(running, request_bytes)).startswith(b"HTTP/1.1 %d" % status)


ORIGINS = {None: True, "http://localhost:3000": True, "https://evil.example": False, "null": False}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
@pytest.mark.parametrize("path", [EVENTS, "/api/orchestrators/orch-1/activity", "/nothing"])
async def test_the_guard_before_a_websocket_opens(running, origin, host, path):
    await running.begin()
    may = ORIGINS[origin] and host == "localhost"
    port = running.url.rpartition(":")[2]
    url = f"ws://{host}:{port}{path}"
    options = {"host": "127.0.0.1", "port": int(port), "origin": origin}
    if may and path != "/nothing":
        async with websockets.connect(url, **options):
            return
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with websockets.connect(url, **options):
            pass
    assert refused.value.response.status_code == (404 if may else 403)


@pytest.mark.parametrize(
    ("origin", "site", "may"),
    [
        (None, "cross-site", False),
        (None, "same-site", False),
        ("http://localhost:3000", "cross-site", True),
        (None, "same-origin", True),
        (None, "none", True),
    ],
)
async def test_fetch_metadata_counts_on_the_wire_for_requests_and_websockets(running, origin, site, may):
    await running.begin()
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    named = {"Origin": origin} if origin else {}
    answer = await running.client.get("/api/agents", headers={**headers, **named})
    assert answer.status_code == (200 if may else 403)
    connecting = running.socket(EVENTS, origin=origin, additional_headers=headers)
    if may:
        async with connecting:
            return
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connecting
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["code"] == "site_not_allowed"


async def test_a_page_of_the_server_itself_may_open_a_websocket(running):
    await running.begin()
    async with running.socket(EVENTS, origin=running.url):
        pass


async def test_the_token_opens_websockets_in_a_header_or_as_a_subprotocol(make_server):
    running = await make_server(token=TOKEN)
    await running.begin()
    async with running.socket(EVENTS, additional_headers={"Authorization": f"Bearer {TOKEN}"}):
        pass
    async with running.socket(EVENTS, subprotocols=["orchestrator.v1", f"bearer.{TOKEN}"]) as client:
        assert client.subprotocol == "orchestrator.v1"
    async with running.socket(EVENTS, subprotocols=[f"bearer.{TOKEN}"]) as client:
        assert client.subprotocol == f"bearer.{TOKEN}"
    for options in ({}, {"subprotocols": ["bearer.wrong"]}):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with running.socket(EVENTS, **options):
                pass
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["www-authenticate"].startswith("Bearer")
    async with running.client.stream("GET", SSE, headers={"Authorization": f"Bearer {TOKEN}"}) as response:
        assert response.status_code == 200


async def test_a_chunked_body_without_an_end_is_413(running):
    await running.begin()
    head = get(
        "/api/orchestrators/orch-1/skip-task",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
        method="POST",
    )
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    assert (await raw(running, head + chunk * 5, wait=False)).startswith(b"HTTP/1.1 413")


async def test_a_body_that_stops_half_way_is_408(make_server):
    running = await make_server(body_seconds=0.2)
    await running.begin()
    request = get("/api/orchestrators/orch-1/pause", "Content-Length: 100", method="POST") + b"{"
    assert (await raw(running, request, wait=False)).startswith(b"HTTP/1.1 408")


async def test_a_refused_websocket_is_logged_with_its_reason_and_as_no_error(running, caplog):
    caplog.set_level(logging.INFO)
    for _ in range(2):
        with pytest.raises(websockets.InvalidStatus):
            async with running.socket(EVENTS, origin="http://localhost:3001"):
                pass
    [alarm] = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert "--allow-origin http://localhost:3001 " in alarm


async def test_query_strings_are_not_logged(running, caplog):
    caplog.set_level(logging.INFO)
    await running.begin()
    await running.client.get("/health?token=very-secret")
    async with running.socket(f"{EVENTS}?after=0&x=very-secret"):
        pass
    paths = [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")]
    assert any("/health" in text for text in paths)
    assert any("/events" in text for text in paths)
    assert not any("very-secret" in text for text in paths)


async def test_the_server_stops_at_once_with_open_streams(make_server, take):
    running = await make_server()
    await running.begin()
    async with running.socket(EVENTS) as client, running.client.stream("GET", SSE) as response:
        await take(client, 1)
        chunks = response.aiter_bytes()
        assert b"initial_status" in await anext(chunks)
        begun = time.monotonic()
        running.server.stop()
        async with asyncio.timeout(2):
            with pytest.raises(StopAsyncIteration):
                await anext(chunks)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd.code == 1012
            await running.serving
        assert time.monotonic() - begun < 2
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))


async def test_it_stops_with_a_client_that_reads_nothing(make_server, until):
    running = await make_server(shutdown_seconds=1)
    run = await running.begin()
    host, port = running.url.removeprefix("http://").split(":")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect((host, int(port)))
    slow.sendall(get(f"{SSE}?after=0"))
    try:
        await until(lambda: running.app.state.context.hub.streams == 1)
        await run.work(2_000, "x" * 1900)
        running.server.stop()
        async with asyncio.timeout(3):
            await running.serving
    finally:
        slow.close()


def test_a_port_that_is_taken_is_a_usage_error_that_says_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: another program does already") as caught:
            bind(ApiSettings(port=port))
    assert "--port" in str(caught.value)


@pytest.mark.parametrize("host", ["no such host", "203.0.113.1"])
def test_an_address_that_is_not_ours_is_a_usage_error(host):
    with pytest.raises(UsageError, match="Cannot listen on"):
        bind(ApiSettings(host=host, port=0, token=TOKEN))


def test_another_address_without_a_token_is_refused():
    with pytest.raises(UsageError, match="without a token"):
        bind(ApiSettings(host="0.0.0.0", port=0))


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:"), ("[::1]", "http://[::1]:"), ("0.0.0.0", "http://127.0.0.1:")],
)
def test_the_url_of_a_socket(host, url):
    sock = bind(ApiSettings(host=host, port=0, token=TOKEN))
    with sock:
        assert url_of(sock).startswith(url)


async def test_the_signal_handlers_of_the_program_stay(running):
    before = signal.getsignal(signal.SIGTERM)
    assert (await running.client.get("/livez")).status_code == 200
    assert signal.getsignal(signal.SIGTERM) is before


async def test_beside_a_handler_it_ends_on_sigterm_and_the_handlers_are_given_back(make_server, until):
    running = await make_server()
    settings = ApiSettings(port=0)
    sock = bind(settings)
    url, before = url_of(sock), signal.getsignal(signal.SIGTERM)
    server = ApiServer(running.app, settings)
    with on_interrupt(lambda _count: server.stop(), asyncio.get_running_loop()):
        serving = asyncio.create_task(server.serve(sock))
        reached = await _answer(running.client, url)
        assert reached == 200
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await serving
    assert signal.getsignal(signal.SIGTERM) == before


async def _answer(client, url) -> int:
    return (await client.get(f"{url}/livez")).status_code


async def test_an_app_that_does_not_start_is_a_storage_error(running, caplog):
    class Broken:
        state = running.app.state

        async def __call__(self, scope, _receive, _send):
            raise RuntimeError(scope["type"])

    server = ApiServer(Broken(), ApiSettings(port=0))
    with pytest.raises(StorageError, match="could not start"):
        await server.serve()


def test_openapi_json_can_be_made_by_a_command_without_a_server(tmp_path):
    command = [sys.executable, "-m", "orchestrator.codegen", "--no-typescript", "--output-dir", str(tmp_path)]
    subprocess.run(command, check=True, timeout=60, cwd=tmp_path)
    assert json.loads((tmp_path / "openapi.json").read_bytes())["openapi"] == "3.0.3"
    subprocess.run([*command, "--check"], check=True, timeout=60, cwd=tmp_path)
