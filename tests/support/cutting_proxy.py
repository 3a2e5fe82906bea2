"""A proxy that pulls the cable: it cuts the first stream of each case after, or amid, a chosen event."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from types import TracebackType
from typing import Self

from threaded_server import serving

# /cut/<case>/<seq>[m]/…: `m` cuts amid the event; the case tells apart who is to be cut.
_PREFIX = re.compile(rb" /cut/(?P<case>[\w-]+)/(?P<seq>\d+)(?P<amid>m?)(?P<path>/\S*) ")
_NOT_PASSED_ON = re.compile(rb"(?im)^(?:Sec-WebSocket-Extensions|Connection: keep-alive|Host)[^\n]*\n")


class CuttingProxy:
    """Stands before a server at 127.0.0.1; `base(case, seq)` is the URL that a client is given."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._serving = serving(self._serve)
        self._cut: set[bytes] = set()
        self.cuts = 0

    def __enter__(self) -> Self:
        self.port = self._serving.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.__exit__(kind, error, trace)

    def base(self, case: str, seq: int, *, amid: bool = False) -> str:
        return f"http://127.0.0.1:{self.port}/cut/{case}/{seq}{'m' if amid else ''}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            asked = _PREFIX.search(head)
            assert asked
            head = head.replace(asked[0], b" %s " % asked["path"], 1)
            is_socket = b"upgrade: websocket" in head.lower()
            first, _, rest = _NOT_PASSED_ON.sub(b"", head).partition(b"\r\n")
            extra = b"Host: 127.0.0.1\r\n" + (b"" if is_socket else b"Connection: close\r\n")
            answers, upstream = await asyncio.open_connection("127.0.0.1", self._to)
            upstream.write(first + b"\r\n" + extra + rest)
            is_stream = is_socket or b"/events-sse" in first
            at = self._take(asked) if is_stream else None
            ways = [
                asyncio.create_task(_pass_on(reader, upstream)),
                asyncio.create_task(self._answer(answers, writer, is_socket, at)),
            ]
            # Whichever side goes first, both go.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            for end in (upstream, writer):
                if end is not None:
                    end.transport.abort()

    def _take(self, asked: re.Match[bytes]) -> tuple[bytes, bool] | None:
        """Where to cut; nowhere the second time."""
        if asked["case"] in self._cut:
            return None
        self._cut.add(asked["case"])
        return asked["seq"], bool(asked["amid"])

    async def _answer(
        self,
        answers: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        is_socket: bool,
        at: tuple[bytes, bool] | None,
    ) -> None:
        # Nothing waits here for the client: what was written before the cut has been sent.
        client.transport.set_write_buffer_limits(0)
        seen, sent = b"", 0
        with suppress(OSError):
            while piece := await answers.read(65536):
                seen += piece
                end = at and _end_of(seen, at[0], amid=at[1], is_socket=is_socket)
                client.write(seen[sent : end or len(seen)])
                sent = len(seen)
                await client.drain()
                if end:
                    self.cuts += 1
                    return


def _end_of(seen: bytes, seq: bytes, *, amid: bool, is_socket: bool) -> int | None:
    """Where the event of this `seq` ends in what was seen so far, or a place amid it."""
    found = re.search(rb'"seq":%s,"data"' % seq, seen)
    if found is None or amid:
        return found and found.end()
    if is_socket:
        return next((end for end in _frame_ends(seen) if end >= found.end()), None)
    end = seen.find(b"\n\n", found.end())
    return None if end < 0 else end + 2


def _frame_ends(seen: bytes) -> list[int]:
    """Where each whole WebSocket frame of the server ends (RFC 6455, 5.2: unmasked)."""
    ends, at = [], seen.index(b"\r\n\r\n") + 4
    while at + 2 <= len(seen):
        length, width = seen[at + 1] & 0x7F, {126: 2, 127: 8}.get(seen[at + 1] & 0x7F, 0)
        if width:
            length = int.from_bytes(seen[at + 2 : at + 2 + width])
        at += 2 + width + length
        if at <= len(seen):
            ends.append(at)
    return ends


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
