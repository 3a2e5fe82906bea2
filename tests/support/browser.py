"""A tab of the system's Chromium that reaches this machine alone, and remembers all it asked for."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

ARGUMENTS = [
    "--no-sandbox",  # Chromium has none for root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
LIMIT_SECONDS = 15.0


@dataclass
class Tab:
    """A page, and what happened in it so far."""

    page: Page
    requests: list[str] = field(default_factory=list)
    """Every URL that was asked for, those of WebSockets too; but not a favicon's, which Playwright hides."""
    failed_requests: list[str] = field(default_factory=list)
    """A line each: method, URL, reason. A request that the page itself gave up has net::ERR_ABORTED."""
    console_errors: list[str] = field(default_factory=list)
    """Text and place of each. Chromium also writes one for each answer with status 400 and above."""
    page_errors: list[str] = field(default_factory=list)
    """Exceptions that nobody caught."""

    def requests_beyond(self, *origins: str) -> list[str]:
        """The requests to any other host and port than those of the origins."""
        allowed = {urlsplit(origin).netloc for origin in origins}
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme not in {"data", "blob", "about"} and urlsplit(url).netloc not in allowed
        ]


@contextlib.contextmanager
def opened_tab(**context_options: Any) -> Iterator[Tab]:
    """A new tab in a browser of its own, which ends with the block; the options are Playwright's for a context.

    Only for tests that are not async, and no `asyncio.run` inside the block: Playwright's loop runs meanwhile.
    """
    # Not above: its import takes 0.3 s, and every test session reads this file.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        try:
            context = browser.new_context(**context_options)
            context.set_default_timeout(LIMIT_SECONDS * 1000)
            tab = Tab(context.new_page())
            _record(context, tab)
            yield tab
        finally:
            browser.close()


def executable() -> str | None:
    """Where Chromium lies, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def _record(context: BrowserContext, tab: Tab) -> None:
    context.on("request", lambda request: tab.requests.append(request.url))
    context.on("requestfailed", lambda request: tab.failed_requests.append(_failure(request)))
    context.on("weberror", lambda error: tab.page_errors.append(str(error.error)))
    context.on("console", lambda message: _record_message(message, tab))
    tab.page.on("websocket", lambda socket: tab.requests.append(socket.url))


def _record_message(message: ConsoleMessage, tab: Tab) -> None:
    if message.type == "error":
        tab.console_errors.append(f"{message.text} [{message.location['url']}]")


def _failure(request: Request) -> str:
    return f"{request.method} {request.url}: {request.failure}"
