"""The output of an agent's open tool calls as it comes: plain text, redacted, a few chunks a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.agents.terminal_text import LiveOutput, TerminalText
from orchestrator.domain.redaction import RedactedStream, Redactor, redact_known


@dataclass(slots=True)
class _Call:
    clean: RedactedStream
    terminal: TerminalText = field(default_factory=TerminalText)
    live: LiveOutput = field(default_factory=LiveOutput)


class LiveOutputs:
    """Each call has its own; output of one that was not begun, or has ended, is dropped.

    Times are those of one clock, in seconds.
    """

    def __init__(self, redact: Redactor = redact_known) -> None:
        self._redact = redact
        self._calls: dict[str, _Call] = {}

    def begin(self, tool_id: str) -> None:
        """Take output of this call from now on."""
        self._calls.setdefault(tool_id, _Call(RedactedStream(self._redact)))

    def add(self, tool_id: str, text: str, now: float) -> None:
        """Take a piece in."""
        if (call := self._calls.get(tool_id)) is not None:
            call.live.add(call.clean.feed(call.terminal.feed(text.encode(errors="replace"))), now)

    def delay_seconds(self, now: float) -> float | None:
        """How long until a chunk is due; None while there is nothing to show."""
        delays = (call.live.delay_seconds(now) for call in self._calls.values())
        return min((delay for delay in delays if delay is not None), default=None)

    def due(self, now: float) -> Iterator[tuple[str, str]]:
        """The calls whose chunk is due, with it."""
        for tool_id, call in self._calls.items():
            if chunk := call.live.take(now):
                yield tool_id, chunk

    def end(self, tool_id: str, now: float) -> str:
        """The call's last chunk, if any."""
        call = self._calls.pop(tool_id, None)
        if call is None:
            return ""
        call.live.add(call.clean.feed(call.terminal.feed(b"", is_last=True), is_last=True), now)
        return call.live.take(now, at_once=True)


def plain_text(text: str) -> str:
    """A whole output without escape sequences and control characters."""
    return TerminalText().feed(text.encode(errors="replace"), is_last=True)
