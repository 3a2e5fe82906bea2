"""One side of a talk in JSON-RPC 2.0, a message a line: what Codex and the agents of ACP speak.

See https://www.jsonrpc.org/specification; batches are part of neither. Knows nothing of processes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.domain.events import MESSAGE_LENGTH_MAX, clip
from orchestrator.domain.redaction import Redactor, redact_known, redact_values
from orchestrator.engine.agent_events import Log

INBOX_BYTES_MAX = 32 * 1024 * 1024
"""What may wait to be received; while more does, nothing is read, answers neither."""

METHOD_NOT_FOUND = -32601

Id = int | str


class LineStream(Protocol):
    """Lines to the other side and from it, without their newlines."""

    async def send(self, line: bytes) -> None:
        """Raises ConnectionError when the other side is gone."""

    def lines(self) -> AsyncIterator[bytes]:
        """The lines up to the end. A ValueError stands for one that could not be taken; others follow."""


@dataclass(frozen=True, slots=True)
class Notification:
    """The other side tells something."""

    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """The other side asks; answer with `respond` or `refuse`."""

    id: Id
    method: str
    params: dict[str, Any]


Incoming = Notification | Request | Log


class RequestFailed(Exception):
    """The other side has answered with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class PeerGone(ConnectionError):
    """The other side is gone: it answers nothing more."""


class JsonRpcPeer:
    """Asks and is asked. Reads from when it is built (in a running event loop) until the end, or `close`.

    Its reports of errors and of lines that are no message hold no secrets; the rest is as it came.
    """

    def __init__(self, stream: LineStream, redact: Redactor = redact_known) -> None:
        self._stream = stream
        self._redact = redact
        self._numbers = itertools.count(1)
        self._asked: dict[Id, asyncio.Future[Any]] = {}
        self._inbox: asyncio.Queue[tuple[Incoming | None, int]] = asyncio.Queue()
        self._waiting_bytes = 0
        self._has_room = asyncio.Event()
        self._has_ended = False
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def request(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Ask, and wait for the result; raises RequestFailed or PeerGone. Has no limit of its own."""
        if self._reading.done():
            raise PeerGone(f"There is nobody to ask for {method}.")
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send({"id": number, "method": method, **_given(params)})
            return await answer
        finally:
            self._asked.pop(number, None)
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # seen, also where sending has failed as well: asyncio would complain

    async def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Tell; raises PeerGone."""
        await self._send({"method": method, **_given(params)})

    async def respond(self, request_id: Id, result: Any) -> None:
        """Answer a request; raises PeerGone."""
        await self._send({"id": request_id, "result": result})

    async def refuse(self, request_id: Id, message: str, code: int = METHOD_NOT_FOUND) -> None:
        """Answer a request with an error; raises PeerGone."""
        await self._send({"id": request_id, "error": {"code": code, "message": message}})

    async def receive(self) -> Incoming | None:
        """What comes next beside answers, None from the end on; may be cancelled without loss.

        Lines that are no message come as Log: programs let one slip onto their stdout now and then.
        """
        if self._has_ended and self._inbox.empty():
            return None
        message, size = await self._inbox.get()
        self._waiting_bytes -= size
        self._has_room.set()
        if message is None:
            self._has_ended = True
        return message

    async def close(self) -> None:
        """Read no more; who still waits for an answer gets PeerGone. Idempotent."""
        self._reading.cancel()
        await asyncio.wait({self._reading})

    async def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode()
        try:
            await self._stream.send(line)
        except OSError as error:
            raise PeerGone(str(error)) from error

    async def _read(self) -> None:
        """Take what comes, answers apart; then tell all who wait that nothing more does."""
        try:
            lines = self._stream.lines()
            while (incoming := await self._next(lines)) is not None:
                for message, size in incoming:
                    self._inbox.put_nowait((message, size))
                    self._waiting_bytes += size
                while self._waiting_bytes > INBOX_BYTES_MAX:
                    self._has_room.clear()
                    await self._has_room.wait()
        finally:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(PeerGone("The other side ended before it had answered."))
            self._inbox.put_nowait((None, 0))

    async def _next(self, lines: AsyncIterator[bytes]) -> tuple[tuple[Incoming, int], ...] | None:
        """What the next line holds for the receiver, if anything, and its size; None at the end."""
        try:
            line = await anext(lines)
        except (StopAsyncIteration, OSError):
            return None
        except ValueError as error:
            return ((Log(str(error)), 0),)
        message = self._sort(line)
        return () if message is None else ((message, len(line)),)

    def _sort(self, line: bytes) -> Incoming | None:
        """What the line holds for the receiver; an answer goes to who asked."""
        message = parsed(line)
        if message is None:
            text = line.decode(errors="replace").strip()
            return Log(clip(self._redact(text), MESSAGE_LENGTH_MAX)) if text else None
        if "method" not in message:
            return self._take_answer(message)
        method, params = str(message["method"]), message.get("params")
        params = params if isinstance(params, dict) else {}
        if isinstance(number := message.get("id"), int | str):
            return Request(number, method, params)
        return Notification(method, params)

    def _take_answer(self, message: dict[str, Any]) -> Log | None:
        """Hand the answer to who asked; to a question that nobody waits for any more, it is dropped."""
        number, error = message.get("id"), redact_values(message.get("error"), self._redact)
        if number is None and error is not None:
            return Log(clip(f"The agent refused a message: {error}", MESSAGE_LENGTH_MAX))
        answer = self._asked.get(number) if isinstance(number, int | str) else None
        if answer is None or answer.done():
            return None
        if error is None:
            answer.set_result(message.get("result"))
        else:
            answer.set_exception(_failure(error))
        return None


def parsed(line: bytes) -> dict[str, Any] | None:
    """The JSON object that the line holds, if it is one."""
    try:
        message = json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and message.keys() & {"method", "result", "error"} else None


def _failure(error: Any) -> RequestFailed:
    if not isinstance(error, dict):
        return RequestFailed(0, str(error))
    code = error.get("code")
    return RequestFailed(
        code if isinstance(code, int) else 0, str(error.get("message", "")), error.get("data")
    )


def _given(params: dict[str, Any] | None) -> dict[str, Any]:
    return {} if params is None else {"params": params}
