"""The server: one thread a connection, no state but what it has been asked and how often it has refused."""

from __future__ import annotations

import json
import re
import select
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self

from fake_model import anthropic, chat, google, responses
from fake_model.question import Question
from fake_model.scenarios import (
    SCENARIOS,
    Cut,
    Delegate,
    Hang,
    Refuse,
    Say,
    Shell,
    Spend,
    Turn,
    Withhold,
    Write,
    turn_of,
    words_of,
)
from fake_model.tools import call_of
from fake_model.voice import Tongue, Voice

TONGUES: tuple[Tongue, ...] = (anthropic, responses, chat, google)
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Request:
    """One request for a model's turn."""

    at: float
    """Seconds of `time.monotonic`."""
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    question: Question


class CutOffError(Exception):
    """The connection is to break now."""


class FakeModel:
    """`with FakeModel() as model:` serves at `model.url`, on a free port of loopback, until the block ends."""

    def __init__(self, *, resets_in_seconds: int = 3600, root: Path | None = None) -> None:
        self.requests: list[Request] = []
        self.strays: list[str] = []
        """What else was asked for, as "GET /path": an agent that works offline asks for nothing else."""
        self.resets_in_seconds = resets_in_seconds
        self.root = root
        """Where the agent works, for tools that take absolute paths only."""
        self._refusals: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        handler = type("Handler", (_Handler,), {"model": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Without a path: Anthropic's base URL; OpenAI's has `/v1` behind it."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked(self, scenario: str) -> list[Request]:
        """The requests for turns of a scenario, in order."""
        questions = ((request, request.question) for request in self.requests)
        return [
            request for request, about in questions if about.scenario == scenario and not about.is_side_call
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert not self._server.failures, self._server.failures

    def wait_closed(self, seconds: float) -> bool:
        return self._closed.wait(seconds)

    def turn(self, question: Question) -> Turn:
        """What the model does now, without the errors that have come often enough."""
        if question.scenario not in SCENARIOS:
            return [
                Say("A title" if question.is_side_call else f"There is no scenario {question.scenario!r}.")
            ]
        steps = turn_of(question.scenario, question.number, question.turn)
        if question.is_side_call:
            # What is refused for good is refused here too: else an agent could compact its way out.
            lasting = [step for step in steps if isinstance(step, Refuse) and step.times is None]
            return [*lasting, Say("A title")]
        return [
            step for step in steps if not (isinstance(step, Refuse | Cut) and self._is_over(step, question))
        ]

    def _is_over(self, step: Refuse | Cut, question: Question) -> bool:
        if step.times is None:
            return False
        with self._lock:
            self._refusals[question.prompt, question.turn] += 1
            return self._refusals[question.prompt, question.turn] > step.times


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.failures: list[BaseException | None] = []

    def handle_error(self, *_: object) -> None:
        error = sys.exception()
        # An agent may be ended at any moment, as many tests do; anything else is a fault of ours.
        if not isinstance(error, OSError):
            self.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ClassVar[FakeModel]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        for tongue in TONGUES:
            if re.fullmatch(tongue.PATH, path):
                self._answer(tongue, json.loads(body))
                return
        self.do_GET()

    def do_GET(self) -> None:
        self.model.strays.append(f"{self.command} {self.path}")
        self.send_response(404)
        self.send_header("content-length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the names that the standard library looks for

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _answer(self, tongue: Tongue, body: dict[str, Any]) -> None:
        question = tongue.read(body)
        self.model.requests.append(Request(time.monotonic(), self.path, dict(self.headers), body, question))
        steps = self.model.turn(question)
        for step in steps:
            if isinstance(step, Refuse):
                refusal = tongue.refusal(step.reason, self.model.resets_in_seconds)
                self._send_head(refusal.status, {**refusal.headers, "content-length": str(len(refusal.body))})
                self.wfile.write(refusal.body)
                return
        self._send_head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        try:
            for frame in self._frames(tongue.Voice(body.get("model", "fake")), steps, question):
                data = frame.encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.write(b"0\r\n\r\n")
        except CutOffError:
            self._break()

    def _send_head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _frames(self, voice: Voice, steps: Turn, question: Question) -> Iterator[str]:
        spent = next((step for step in steps if isinstance(step, Spend)), Spend())
        yield from voice.start(spent.input_tokens)
        for step in steps:
            match step:
                case Say():
                    yield from voice.say(self._words(step))
                case Shell() | Write() | Delegate():
                    yield from self._call(voice, step, question)
                case Withhold():
                    yield from voice.withhold()
                case Cut():
                    yield from voice.say(self._broken_words())
                case Hang():
                    self._hang()
        yield from voice.end(spent.input_tokens, spent.output_tokens)

    def _call(self, voice: Voice, step: Shell | Write | Delegate, question: Question) -> Iterator[str]:
        try:
            name, arguments = call_of(step, question.tools, self.model.root)
        except LookupError as lack:  # agents take away the tools that are denied
            return voice.say([f"I cannot: {lack}."])
        return voice.call(name, arguments)

    def _words(self, step: Say) -> Iterator[str]:
        for word in words_of(step):
            yield word
            if step.pause_seconds and self.model.wait_closed(step.pause_seconds):
                raise CutOffError

    def _broken_words(self) -> Iterator[str]:
        yield "This sentence breaks off in the "
        raise CutOffError

    def _hang(self) -> None:
        """Until the agent is gone, or the server closes."""
        while not self.model.wait_closed(LOOK_SECONDS):
            ready, _, _ = select.select([self.connection], [], [], 0)
            if ready and not self.connection.recv(1, socket.MSG_PEEK):
                break
        raise CutOffError

    def _break(self) -> None:
        """Reset the connection: an orderly end would look like the end of the answer."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
