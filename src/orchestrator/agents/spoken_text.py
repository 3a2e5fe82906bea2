"""What an agent says, token by token, in pieces worth an event each; and its last message in full."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.agents.terminal_text import BoundedText
from orchestrator.domain.events import clip
from orchestrator.domain.redaction import RedactedStream, Redactor, redact_known
from orchestrator.engine.agent_events import Text

PIECE_LENGTH = 4_000
HOLD_SECONDS = 1.0
LAST_MESSAGE_LENGTH_MAX = 60_000


class SpokenText:
    """Gathers text up to a length, a time, or the message's end. Pure: the caller says what time it is.

    What may be a secret that goes on is given out once it is known where it ends.
    """

    def __init__(self, redact: Redactor = redact_known) -> None:
        self._clean = RedactedStream(redact)
        self._held = ""
        self._due_at = 0.0
        self._message_id: object = None
        self._is_ended = False
        self._last = BoundedText(LAST_MESSAGE_LENGTH_MAX)

    def add(self, text: str, message_id: object, now: float) -> Iterator[Text]:
        """The agent goes on, or begins a message of another id."""
        if not text:
            return
        if message_id != self._message_id and message_id is not None:
            if self._message_id is not None:
                yield from self.end_message(now)
            self._message_id = message_id
        if self._is_ended:
            self._is_ended, self._last = False, BoundedText(LAST_MESSAGE_LENGTH_MAX)
        text = clip(text, len(text))  # without halves of characters
        self._hold(self._clean.feed(text), now)
        while len(self._held) >= PIECE_LENGTH:
            piece, self._held = self._held[:PIECE_LENGTH], self._held[PIECE_LENGTH:]
            yield Text(piece)

    def take(self, now: float, *, at_once: bool = False) -> Iterator[Text]:
        """What has waited long enough, `at_once` all that waits."""
        if self._held and (at_once or now >= self._due_at):
            text, self._held = self._held, ""
            yield Text(text)

    def end_message(self, now: float) -> Iterator[Text]:
        """The agent turns to something else: what it says next is a new message."""
        self._hold(self._clean.feed("", is_last=True), now)
        yield from self.take(now, at_once=True)
        self._is_ended = True

    def _hold(self, text: str, now: float) -> None:
        self._last.add(text)
        if not self._held:
            self._due_at = now + HOLD_SECONDS
        self._held += text

    def delay_seconds(self, now: float) -> float | None:
        """How long until `take` has something; None while nothing waits."""
        return max(self._due_at - now, 0.0) if self._held else None

    @property
    def last_message(self) -> str:
        """What the agent said last, in full; also where a tool call came after it."""
        return self._last.text.strip()
