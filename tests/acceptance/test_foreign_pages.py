"""Pages on other origins, in a real browser: they reach nothing but the pages that a link may open."""

from __future__ import annotations

import asyncio
import re

import browser
import pytest
import threaded_server
from doors import Project, wait_until

pytestmark = pytest.mark.needs_chromium

ATTEMPTS = """
<!doctype html><meta charset="utf-8"><title>Elsewhere</title>
<img src="{url}/api/agents?by=img">
<script src="{url}/api/agents?by=script"></script>
<link rel="stylesheet" href="{url}/api/agents?by=link">
<iframe src="{url}/?by=iframe"></iframe>
<object data="{url}/api/agents?by=object"></object>
<iframe name="one"></iframe>
<iframe name="two"></iframe>
<form id="get" action="{url}/api/agents" target="one"><input name="by" value="form"></form>
<form id="post" action="{url}/api/orchestrators" target="two" method="post"><input name="by"></form>
<a id="page" href="{url}/docs">a link to a page</a>
<a id="api" href="{url}/api/agents?by=a-link">a link to the API</a>
<script>
document.getElementById('get').submit();
document.getElementById('post').submit();
const given_up = [
  fetch('{url}/api/agents?by=no-cors', {{ mode: 'no-cors' }}),
  fetch('{url}/api/agents?by=cors').catch(() => 0),
  fetch('{url}/api/orchestrators', {{ method: 'POST', mode: 'no-cors', body: '{{}}' }}),
  new Promise((done) => {{
    const socket = new WebSocket('{socket}/api/orchestrators/x/events');
    socket.onclose = socket.onerror = done;
  }}),
];
navigator.sendBeacon('{url}/api/orchestrators/x/pause', '');
Promise.allSettled(given_up).then(() => {{ document.title = 'Tried'; }});
</script>
"""


def elsewhere(url: str) -> threaded_server.Handler:
    page = ATTEMPTS.format(url=url, socket=url.replace("http", "ws", 1)).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + page)
        await writer.drain()
        writer.close()

    return answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_elsewhere_reaches_nothing_but_pages(project: Project, host: str):
    """The server is 127.0.0.1: the same host at another port is `same-site`, `localhost` is `cross-site`."""
    server = project.serve()
    url = server.url

    def answered() -> list[tuple[str, str]]:
        """Method and path, and status, of all requests but the test's own, as the server has logged them."""
        found = re.findall(r'"(\w+ \S+?)(?: HTTP/1\.1)?" (\d+)', server.text)
        return [(request, status) for request, status in found if "/livez" not in request]

    with threaded_server.serving(elsewhere(url)) as port, browser.opened_tab() as tab:
        tab.page.goto(f"http://{host}:{port}/", wait_until="domcontentloaded")
        tab.page.wait_for_function("document.title === 'Tried'")
        # Each of img, script, link, object, form, no-cors and cors; the frame; form, fetch and beacon; the socket.
        wait_until(lambda: len(answered()) >= 12)
        tried = answered()
        assert {status for _, status in tried} == {"403"}, tried
        assert {"GET /api/agents", "GET /", "POST /api/orchestrators"} < {request for request, _ in tried}

        tab.page.click("#api")
        tab.page.wait_for_url(f"{url}/api/agents**")
        assert "site_not_allowed" in tab.page.content()

        tab.page.goto(f"http://{host}:{port}/", wait_until="domcontentloaded")
        tab.page.click("#page")
        tab.page.wait_for_url(f"{url}/docs")
        tab.page.get_by_text("Work through a plan").first.wait_for()
    passed = {request for request, status in answered() if status.startswith("2")}
    assert all(re.match(r"GET /(docs|static/\S+|openapi\.json|favicon\.ico)$", one) for one in passed), passed
