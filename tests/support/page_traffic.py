"""What a page asks its server for, and the bytes that come over the wire for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Traffic:
    """Counts from the moment it is made, and by what Chromium's debugger says: heads and bodies as they were sent."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._urls: dict[str, str] = {}
        self.requests: list[str] = []
        """The address of each request without host and query; that of a WebSocket begins with `ws:`."""
        self.bytes_by_address: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on(
            "Network.requestWillBeSent", lambda told: self._ask(told["requestId"], told["request"]["url"])
        )
        session.on("Network.webSocketCreated", lambda told: self._ask(told["requestId"], told["url"]))
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.webSocketFrameReceived", self._framed)

    @property
    def bytes(self) -> int:
        """All that was received."""
        return sum(self.bytes_by_address.values())

    def reset(self) -> None:
        """Count from now on."""
        self.requests.clear()
        self.bytes_by_address.clear()

    def settle(self, quiet_seconds: float = 1.5, limit_seconds: float = 60.0) -> None:
        """Wait until nothing was asked for so long; what comes over open streams does not count."""
        deadline, known, since = time.monotonic() + limit_seconds, -1, time.monotonic()
        while time.monotonic() < deadline:
            if len(self.requests) != known:
                known, since = len(self.requests), time.monotonic()
            elif time.monotonic() - since > quiet_seconds:
                return
            # Playwright reports no requests while Python sleeps.
            self._page.wait_for_timeout(50)

    def _ask(self, request_id: str, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"}:
            address = f"ws:{parts.path}" if parts.scheme.startswith("ws") else parts.path
            self._urls[request_id] = address
            self.requests.append(address)

    def _finished(self, told: Mapping[str, Any]) -> None:
        self._add(told["requestId"], round(told["encodedDataLength"]))

    def _framed(self, told: Mapping[str, Any]) -> None:
        self._add(told["requestId"], len(told["response"]["payloadData"]))

    def _add(self, request_id: str, count: int) -> None:
        address = self._urls.get(request_id, "?")
        self.bytes_by_address[address] = self.bytes_by_address.get(address, 0) + count
