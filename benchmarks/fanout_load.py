"""A thousand clients of a stream in one thread: they count, and when asked take the time.

Python reads 200,000 to 300,000 messages a second that come one by one; the tables say which share of its core
it needed, and what it did not read in time is an error. An event is counted where its `"seq":` is, which is
once in it whatever it is wrapped in: a chunk of an HTTP body ends with a line break of its own, and those
who count lines or blank lines count such a chunk twice.
"""

from __future__ import annotations

import gc
import resource
import select
import socket
import time

MARK = b'"seq":'
STAMP = b'"input_summary":"'
PING, PONG = 0x89, 0x8A
READ_BYTES = 16 * 2**10
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Crowd:
    """Clients that are connected to one address, over WebSocket or SSE."""

    def __init__(self, port: int, path: str, count: int, *, upgrade: bool) -> None:
        self._poll = select.epoll()
        self._clients: dict[int, socket.socket] = {}
        self._rests: dict[int, bytes] = {}
        self.counts: dict[int, int] = {}
        self.delays_ms: list[float] = []
        self.share = 0.0
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{UPGRADE if upgrade else ''}\r\n".encode()
        for _ in range(count):
            sock = socket.create_connection(("127.0.0.1", port), 10)
            sock.sendall(request)
            head = b""
            while b"\r\n\r\n" not in head:
                part = sock.recv(1)
                assert part, head
                head += part
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 101")), head
            sock.setblocking(False)
            self._clients[sock.fileno()] = sock
            self.counts[sock.fileno()] = 0
            self._poll.register(sock.fileno(), select.EPOLLIN)

    def read(self, each: int, seconds: float, *, timed: bool = False) -> None:
        """Until every client has `each` messages more; raises TimeoutError when one has not in time."""
        missing = len(self._clients) * each
        goal = {fd: count + each for fd, count in self.counts.items()}
        limit, begun, cpu = time.monotonic() + seconds, time.monotonic(), _cpu()
        gc.disable()
        try:
            while missing > 0:
                ready = self._poll.poll(0.1)
                for fd, _ in ready:
                    missing -= self._take(fd, timed=timed)
                if time.monotonic() > limit:
                    raise TimeoutError(f"{missing} messages did not come in {seconds:g} s")
        finally:
            gc.enable()
        self.share = (_cpu() - cpu) / (time.monotonic() - begun)
        assert self.counts == goal, "a client got too few or too many"

    def _take(self, fd: int, *, timed: bool) -> int:
        data = self._clients[fd].recv(READ_BYTES)
        if not data:
            raise ConnectionError("the server closed a connection")
        if data[0] == PING and data[1] < 126:
            # Unanswered, uvicorn would close the connection after 40 seconds.
            self._clients[fd].send(bytes((PONG, 0x80 | data[1], 0, 0, 0, 0)) + data[2 : 2 + data[1]])
        if fd in self._rests:
            data = self._rests.pop(fd) + data
        found = data.count(MARK)
        self.counts[fd] += found
        quote = data.rfind(b'"', -len(MARK))
        if quote >= 0 and MARK.startswith(data[quote:]) and data[quote:] != MARK:
            self._rests[fd] = data[quote:]
        if timed:
            now, at = time.monotonic_ns(), data.find(STAMP)
            while at >= 0:
                at += len(STAMP)
                self.delays_ms.append((now - int(data[at : data.index(b" ", at)])) / 1e6)
                at = data.find(STAMP, at)
        return found

    def close(self) -> None:
        self._poll.close()
        for sock in self._clients.values():
            sock.close()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
