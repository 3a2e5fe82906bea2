"""A talk with an agent program in JSON lines over its standard input and output, with a record of both sides."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import patience

Message = dict[str, Any]
ANSWER_SECONDS = 30.0


class Talk:
    """`with Talk([...], cwd=…, env=…) as talk:` starts the program, and ends it with the block."""

    def __init__(self, command: list[str | Path], *, cwd: Path, env: Mapping[str, str]) -> None:
        self.record: list[Message] = []
        """`{"to": "agent" | "client", "at": seconds, "message": …}`, in the order in which they passed."""
        self.errors = ""
        self.answers: dict[str, Callable[[Message], Any]] = {}
        """What to answer to the agent's own requests, by method: from its params, a result. Others are refused."""
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._began = time.monotonic()
        self._ids = itertools.count(1)
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._read_output, self._read_errors)
        ]

    def __enter__(self) -> Self:
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    @property
    def received(self) -> list[Message]:
        """What the agent has said."""
        return [entry["message"] for entry in self.record if entry["to"] == "client"]

    def send(self, message: Message) -> None:
        self._note("agent", message)
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method: str, params: Any, seconds: float = ANSWER_SECONDS) -> Message:
        """A JSON-RPC request and its answer, with `result` or `error`."""
        number = self.start(method, params)
        return self.wait_for(lambda message: message.get("id") == number and "method" not in message, seconds)

    def start(self, method: str, params: Any) -> int:
        """The same without waiting: the request's number."""
        number = next(self._ids)
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})

    def wait_for(self, wanted: Callable[[Message], bool], seconds: float = ANSWER_SECONDS) -> Message:
        """The first message that the agent has sent, or sends in time, that is wanted."""

        def found() -> Message | None:
            there = next(filter(wanted, self.received), None)
            if there is None and self.process.poll() is not None and not self._readers[0].is_alive():
                raise AssertionError(f"ended with {self.process.returncode}: {self.errors}")
            return there

        return patience.wait_until(found, seconds)

    def end_input(self, seconds: float = 5.0) -> int | None:
        """The exit code after its input is closed; None when it goes on all the same."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """A signal to the program and what has stayed in its process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
            if number == signal.SIGKILL:
                self.process.wait()

    def _note(self, to: str, message: Message) -> None:
        self.record.append({"to": to, "at": round(time.monotonic() - self._began, 3), "message": message})

    def _read_output(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            self._note("client", message)
            if "id" in message and "method" in message:
                self._answer(message)

    def _answer(self, request: Message) -> None:
        head = {"jsonrpc": "2.0", "id": request["id"]}
        if answer := self.answers.get(request["method"]):
            self.send(head | {"result": answer(request["params"])})
        else:
            self.send(head | {"error": {"code": -32601, "message": f"no method {request['method']}"}})

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors += line.decode(errors="replace")
