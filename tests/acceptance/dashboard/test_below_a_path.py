"""The dashboard below a path that a proxy strips: everything it asks for is asked for there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import dashboard
import pytest
from doors import Project
from playwright.sync_api import expect
from stage import begin
from threaded_server import serving

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(120)]

PREFIX = b"/tools/plans"


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """One request a connection: its prefix is taken away; without it there is nothing."""
    with suppress(OSError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, rest = head.split(b" ", 2)
        if not target.startswith(PREFIX + b"/"):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        lines = rest.split(b"\r\n")
        if b"upgrade: websocket" not in head.lower():
            lines = [line for line in lines if not line.lower().startswith(b"connection:")]
            lines.insert(1, b"Connection: close")
        there, back = await asyncio.open_connection("127.0.0.1", port)
        back.write(b" ".join([method, target.removeprefix(PREFIX), b"\r\n".join(lines)]))
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()


def test_everything_is_asked_for_below_the_path(project: Project):
    begin(project, "long", "# Long\n\n## Phase 1: One\n\n- [ ] 1.1 Wait\n", "default: [{hang: true}]\n")
    port = urlsplit(project.serve().url).port
    assert port
    with (
        serving(lambda reader, writer: _pass_on(reader, writer, port)) as own_port,
        dashboard.opened_dashboard(f"http://127.0.0.1:{own_port}{PREFIX.decode()}") as opened,
    ):
        page = opened.page
        page.goto(f"{opened.url}/")
        page.get_by_role("region", name="Running").get_by_role("link").click()
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        opened.button("Pause").click()
        expect(opened.button("Resume")).to_be_visible()
        assert [
            url for url in opened.tab.requests if urlsplit(url).path.startswith(PREFIX.decode())
        ] == opened.tab.requests
        assert any(url.startswith("ws:") for url in opened.tab.requests)
        assert opened.tab.page_errors == []
