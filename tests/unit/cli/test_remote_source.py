"""A server as the command line's source; what a real one says stands in the acceptance tests."""

from __future__ import annotations

import httpx
import stream_texts as say

from orchestrator.cli.remote_source import RemoteSource
from orchestrator.client import ApiClient


async def test_a_long_log_is_read_page_by_page_to_its_end():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["after"])
        asked.append(after)
        texts = [say.event(seq) for seq in range(after + 1, min(after + 1_000, 2_500) + 1)]
        return httpx.Response(200, text=f"[{','.join(texts)}]")

    async with ApiClient("http://server", http_transport=httpx.MockTransport(answer)) as client:
        source = RemoteSource(client, "http://server")
        found = [event.seq async for event in source.events("orch-1", 5, follow=False)]
    assert found == list(range(6, 2_501))
    assert asked == [5, 1_005, 2_005, 2_500]
