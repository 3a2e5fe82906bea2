"""What the command line prints goes through here, or through `safe_view`; a test keeps that.

What agents, plans, servers and their errors say is the text of others, and most lines hold some. So no other
module of this package writes to the terminal, and what these two write was made safe. A line that is made of
several texts goes through `safe_line` as a whole: a newline in a name must not begin a line.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import cache

from orchestrator.domain.safe_text import safe_json, safe_line, safe_text


def write(text: str, *, flush: bool = False) -> None:
    """Print a text on stdout."""
    print(safe_text(text), flush=flush)


def write_json(document: str, *, flush: bool = False) -> None:
    """Print a JSON document on stdout; programs read the same from it."""
    print(safe_json(document), flush=flush)


def ask(question: str) -> bool:
    """Ask on the terminal; only y and yes mean yes. On stderr, since the question is no result."""
    sys.stderr.write(f"{safe_text(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def write_error(text: str) -> None:
    """Print on stderr what is no result: errors, notices, progress."""
    sys.stderr.write(f"{safe_text(text)}\n")
    sys.stderr.flush()


def log_to_stderr(form: str) -> None:
    """Let this process's log go to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter(form))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def keep_warnings_safe() -> None:
    """Where a command has set up no log, the library prints warnings by itself: they are safe as well."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(SafeFormatter("%(message)s"))


@cache
def _redact() -> Callable[[str], str]:
    from orchestrator.domain.redaction import redactor  # noqa: PLC0415 - most commands need none

    return redactor(os.environ)


def without_secrets(text: str) -> str:
    """A text of an error or a log without keys, and without the values of this process's secret variables."""
    return _redact()(text)


class SafeFormatter(logging.Formatter):
    """Keeps a message on one line, whatever a client has sent; a traceback behind it has its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The line of the record."""
        record.message = safe_line(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback where there is one."""
        return safe_text(without_secrets(super().format(record)))
