"""One turn of an ACP agent: its `session/update` messages as the engine's events. Pure.

See https://agentclientprotocol.com/protocol/prompt-turn, and tool-calls beside it. A call's id may come first
in `tool_call`, in `tool_call_update` or in a question for permission; its content is told anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.agents.acp import content
from orchestrator.agents.acp.usage import TurnUsage
from orchestrator.agents.shown import is_specific, shows_input
from orchestrator.agents.spoken_text import SpokenText
from orchestrator.agents.terminal_text import LiveOutput
from orchestrator.agents.tool_calls import ToolCalls
from orchestrator.domain.redaction import RedactedStream, Redactor, redact_known, redact_values
from orchestrator.engine.agent_events import AgentEvent, ToolOutcome

KEPT = frozenset({"toolCallId", "parentToolCallId"})
"""Ids that must find what they belong to."""

LIVE_CHARACTERS_MAX = 262_144
"""A call's output is shown while it grows, up to so much."""


@dataclass
class CallStory:
    """What the agent has told of a call so far; later messages add to it and replace parts of it."""

    id: str = ""
    name: str = ""
    kind: str = "other"
    title: str = ""
    parent: str | None = None
    raw_input: Any = None
    locations: list[Any] = field(default_factory=list)
    content: list[Any] = field(default_factory=list)
    raw_output: Any = None
    question: str = ""
    grown: str = ""
    clean: RedactedStream | None = None
    live: LiveOutput = field(default_factory=LiveOutput)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take in what the message says; what it leaves out stays as it was."""
        self.id = self.id or content.call_id(message)
        title = message.get("title")
        if isinstance(title, str) and title:
            self.name = self.name or content.tool_name(message)
            self.title = title
        if isinstance(kind := message.get("kind"), str):
            self.kind = kind
        meta = content.meta(message)
        if isinstance(parent := meta.get("parentToolCallId"), str):
            self.parent = parent
        if message.get("rawInput") is not None:
            self.raw_input = message["rawInput"]
        if message.get("rawOutput") is not None:
            self.raw_output = message["rawOutput"]
        for part in ("locations", "content"):
            if isinstance(items := message.get(part), list):
                setattr(self, part, items)

    @property
    def tool_name(self) -> str:
        """A short name: the tool's own, where the agent tells it, else the kind."""
        return self.name or (self.kind if self.kind != "other" else "tool")

    @property
    def input_text(self) -> str:
        """What the call is about: where its input does not say it, also in the words of its question."""
        about = content.input_text(self.raw_input, self.title, self.locations)
        if not self._is_specific(self.question) or shows_input(self.raw_input):
            return about
        return f"{about}\n{self.question}" if self._is_titled or self._is_placed else self.question

    @property
    def whole_input(self) -> tuple[str, str]:
        """All that it is given, for the person who is asked about it: the command, and what goes with it.

        Both are empty where the agent says no more than that a tool would be used.
        """
        command, rest = content.whole_input(self.raw_input, self.content)
        if not command and (self._is_titled or self._is_placed or self._is_specific(self.question)):
            command = self.input_text
        return command, rest

    @property
    def _is_titled(self) -> bool:
        return self._is_specific(self.title) and not content.is_one_name(self.title)

    @property
    def _is_placed(self) -> bool:
        """Whether a file that it names says what it is about; of a command it only says where."""
        return self.kind != "execute" and bool(content.paths(self.locations))

    def _is_specific(self, words: str) -> bool:
        return is_specific(words, self.name, self.kind, self.id)

    @property
    def output_text(self) -> str:
        """What came out of it."""
        return content.content_text(self.content) or content.raw_output_text(self.raw_output)


class AcpTurn:
    """Takes in updates and gives out events. `is_stopping`: what ends from now on was interrupted."""

    def __init__(self, redact: Redactor = redact_known) -> None:
        self._redact = redact
        self.usage = TurnUsage()
        self.is_stopping = False
        self.spoken = SpokenText(redact)
        self._calls = ToolCalls()
        self._stories: dict[str, CallStory] = {}
        self._asides: dict[str, RedactedStream] = {}  # of sub-agents, by the call that began them
        self._ended: set[str] = set()
        self._denied: set[str] = set()
        self.refused_last: str | None = None
        """What was refused, where the agent has done and said nothing since."""

    def update(self, update: Mapping[str, Any], now: float) -> Iterator[AgentEvent]:
        """What one `session/update` tells; kinds that say nothing of the work are passed over."""
        match update.get("sessionUpdate"):
            case "agent_message_chunk":
                yield from self.usage.by_chunk(content.meta(update))
                yield from self._say(update, now)
            case "tool_call" | "tool_call_update":
                yield from self._call(update, now)
            case "usage_update":
                yield from self.usage.by_update(update)

    def asked(self, call: Mapping[str, Any], now: float) -> Iterator[AgentEvent]:
        """A question for permission names a call: it counts as begun, so that one sees what is asked for."""
        tool_id = content.call_id(call)
        if tool_id and tool_id not in self._ended:
            story = self._hear(tool_id, call)
            story.question = content.content_text(story.content)
            yield from self._start(tool_id, story, now)

    def story(self, tool_id: str) -> CallStory:
        """What is known of a call."""
        return self._stories.get(tool_id) or CallStory()

    def deny(self, tool_id: str) -> Iterator[AgentEvent]:
        """The call's permission was refused: some agents tell no end of it."""
        self._denied.add(tool_id)
        story = self.story(tool_id)
        self.refused_last = story.input_text or story.tool_name
        yield from self._end(tool_id, "denied", "")

    def due(self, now: float, *, at_once: bool = False) -> Iterator[AgentEvent]:
        """The text and the live output that have waited long enough, `at_once` all of it."""
        yield from self.spoken.take(now, at_once=at_once)
        for tool_id, story in self._stories.items():
            if text := story.live.take(now, at_once=at_once):
                yield from self._calls.output(tool_id, text)

    def delay_seconds(self, now: float) -> float | None:
        """How long until `due` has something; None while nothing waits."""
        delays = [story.live.delay_seconds(now) for story in self._stories.values()]
        return min((d for d in (self.spoken.delay_seconds(now), *delays) if d is not None), default=None)

    def close(self, now: float) -> Iterator[AgentEvent]:
        """The turn is over: what is held back comes out, and calls without an end were interrupted."""
        yield from self.spoken.end_message(now)
        yield from self.due(now, at_once=True)
        for parent in list(self._asides):
            yield from self._aside(parent, "", is_last=True)
        for tool_id, story in self._stories.items():
            if story.title:  # announced, and perhaps never heard of again
                yield from self._calls.started(tool_id, story.tool_name, story.input_text, story.parent)
        yield from self._calls.close()

    def _say(self, update: Mapping[str, Any], now: float) -> Iterator[AgentEvent]:
        text = content.block_text(update.get("content"))
        parent = content.meta(update).get("parentToolCallId")
        if isinstance(parent, str):  # a sub-agent's words are the output of the call that began it
            yield from self._aside(parent, text)
            return
        if text:
            self.refused_last = None
        yield from self.spoken.add(text, update.get("messageId"), now)

    def _aside(self, parent: str, text: str, *, is_last: bool = False) -> Iterator[AgentEvent]:
        clean = self._asides.setdefault(parent, RedactedStream(self._redact))
        yield from self._calls.output(parent, clean.feed(text, is_last=is_last))
        if is_last:
            del self._asides[parent]

    def _call(self, update: Mapping[str, Any], now: float) -> Iterator[AgentEvent]:
        tool_id = content.call_id(update)
        if not tool_id or tool_id in self._ended:
            return
        story = self._hear(tool_id, update)
        status = update.get("status")
        if status in ("completed", "failed"):
            yield from self._start(tool_id, story, now)
            yield from self._end(tool_id, self._outcome(tool_id, story, str(status)), story.output_text)
        elif status == "in_progress" or shows_input(story.raw_input):
            # A call that is only pending may still be waiting for its arguments.
            yield from self._start(tool_id, story, now)
            yield from self._grow(tool_id, story, update, now)

    def _hear(self, tool_id: str, message: Mapping[str, Any]) -> CallStory:
        story = self._stories.setdefault(tool_id, CallStory())
        story.hear(redact_values(message, self._redact, KEPT))
        return story

    def _start(self, tool_id: str, story: CallStory, now: float) -> Iterator[AgentEvent]:
        for event in self._calls.started(tool_id, story.tool_name, story.input_text, story.parent):
            yield from self.spoken.end_message(now)
            self.refused_last = None
            yield event

    def _grow(
        self, tool_id: str, story: CallStory, message: Mapping[str, Any], now: float
    ) -> Iterator[AgentEvent]:
        """Show what has come to the output since the last time; each message has all of it."""
        told = message.get("content")
        text = content.content_text(told) if isinstance(told, list) else ""
        if len(text) > LIVE_CHARACTERS_MAX or text == story.grown or not text:
            return
        if story.clean is None or not text.startswith(story.grown):
            story.clean, story.grown = RedactedStream(self._redact), ""
        story.live.add(story.clean.feed(text[len(story.grown) :]), now)
        story.grown = text
        if chunk := story.live.take(now):
            yield from self._calls.output(tool_id, chunk)

    def _end(self, tool_id: str, outcome: ToolOutcome, output: str) -> Iterator[AgentEvent]:
        story = self._stories.pop(tool_id, None)
        if story is not None and story.clean is not None:
            story.live.add(story.clean.feed("", is_last=True), 0.0)
        if story is not None and (rest := story.live.take(0.0, at_once=True)):
            yield from self._calls.output(tool_id, rest)
        if tool_id in self._asides:
            yield from self._aside(tool_id, "", is_last=True)
        self._ended.add(tool_id)
        yield from self._calls.ended(tool_id, outcome, output)

    def _outcome(self, tool_id: str, story: CallStory, status: str) -> ToolOutcome:
        if tool_id in self._denied:
            return "denied"
        if self.is_stopping:
            return "interrupted"  # OpenCode and others call an aborted command completed
        return "error" if status == "failed" or content.has_failed(story.raw_output) else "ok"
