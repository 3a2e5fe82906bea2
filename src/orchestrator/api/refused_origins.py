"""The answer to a page on a refused origin, which the log repeats.

A browser hides the answer from such a page: it reports that the request failed, but not why. So whoever runs
the server finds the reason in its log, with the flag that allows the page.
"""

from __future__ import annotations

import logging
import re

from orchestrator.api.settings import ENVIRONMENT_PREFIX

logger = logging.getLogger(__name__)

REPORTED_MAX = 50
"""How many refusals are logged: any page on the web can cause them, from as many origins as it likes."""

# An origin is foreign text: only one of these characters is safe on a terminal and in a shell.
_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_LENGTH_MAX = 267  # https://, a host name of 253 characters, and a port
_NO_WEB_ORIGIN = (
    "This page has no http or https origin, so it cannot be allowed to use this server. "
    "If it is yours, serve it over http instead of opening it as a file."
)
_NO_MORE = "Requests from pages on further origins are refused without a line in this log."


class RefusedOrigins:
    """Explains refusals, and logs each origin's first one."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def explain(self, origin: str) -> str:
        """Why pages on this origin are refused, and how to allow them."""
        reason = _reason(origin.lower())
        if reason not in self._reported and len(self._reported) <= REPORTED_MAX:
            logger.warning("%s", reason if len(self._reported) < REPORTED_MAX else _NO_MORE)
            self._reported.add(reason)
        return reason


def _reason(origin: str) -> str:
    if len(origin) > _LENGTH_MAX or not _ORIGIN.fullmatch(origin):
        return _NO_WEB_ORIGIN
    return (
        f"Pages on {origin} may not use this server. If this page is yours, add --allow-origin {origin} "
        f"to the server's command, or {ENVIRONMENT_PREFIX}ALLOWED_ORIGINS={origin} to its environment."
    )
