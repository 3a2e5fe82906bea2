"""A `codex` of our own: speaks the protocol of `codex app-server` over real stdio; the prompt says what happens.

What it sends is cut down from records of the real one (tests/fixtures/agents/codex), order and silences included:
a command that is interrupted gets no end, and SIGINT ends the program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from planted_secrets import KEYED

THREAD, TURN = "thread-1", "turn-1"
Play = Generator[None, Any, None]
"""Goes on with the answer to the request that it has sent last."""


def install(folder: Path) -> Path:
    """Make `folder` one that belongs on PATH."""
    folder.mkdir(exist_ok=True)
    program = folder / "codex"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E {Path(__file__).resolve()} "$@"\n')
    program.chmod(0o755)
    return folder


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def tell(method: str, **params: Any) -> None:
    send({"method": method, "params": {"threadId": THREAD, "turnId": TURN, **params}})


def say(text: str) -> None:
    tell("item/completed", item={"type": "agentMessage", "id": f"msg_{time.monotonic_ns()}", "text": text})


def command(number: int, line: str, status: str, output: str | None = None, code: int | None = None) -> None:
    item = {
        "type": "commandExecution",
        "id": f"call_{number}",
        "command": f"/bin/bash -lc '{line}'",
        "status": status,
        "aggregatedOutput": output,
        "exitCode": code,
    }
    tell("item/started" if status == "inProgress" else "item/completed", item=item)


def run(number: int, line: str, output: str, code: int = 0) -> None:
    command(number, line, "inProgress")
    command(number, line, "failed" if code else "completed", output, code)


def spend(times: int) -> None:
    usage = {"inputTokens": 1000, "cachedInputTokens": 400, "outputTokens": 50}
    total = {name: count * times for name, count in usage.items()}
    tell("thread/tokenUsage/updated", tokenUsage={"total": total, "last": usage})


def end(status: str, error: dict[str, Any] | None = None) -> None:
    tell("turn/completed", turn={"id": TURN, "status": status, "error": error})


def fail(message: str, info: Any) -> None:
    error = {"message": message, "codexErrorInfo": info, "additionalDetails": None}
    tell("error", error=error, willRetry=False)
    end("failed", error)


def completes() -> Play:
    tell("warning", message="Model metadata not found")
    run(1, "make", "ok\n")
    spend(1)
    run(2, "make test", "ok\n")
    spend(2)
    say("All good")
    end("completed")
    yield


def fails() -> Play:
    run(1, "make test", "1 failed\n", 1)
    fail("the model does not know how to go on", "other")
    yield


def hangs() -> Play:
    command(1, "serve", "inProgress")
    subprocess.Popen(["sleep", "3000"], start_new_session=True)
    tell("item/commandExecution/outputDelta", itemId="call_1", delta="up\n")
    yield


def hangs_silently() -> Play:
    yield


def stubborn() -> Play:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    command(1, "serve", "inProgress")
    while True:
        time.sleep(60)
    yield


def big() -> Play:
    run(1, "x" * 3_000_000, "y" * 3_000_000)
    command(2, "big", "inProgress")
    for _ in range(60):
        tell("item/commandExecution/outputDelta", itemId="call_2", delta="z" * 50_000)
    command(2, "big", "completed", "z" * 3_000_000, 0)
    say("w" * 3_000_000)
    end("completed")
    yield


def leaks() -> Play:
    """Keys wherever there is a place for one, so many that every cut goes through one."""
    command(1, KEYED, "inProgress")
    for at in range(0, len(KEYED), 7):
        tell("item/commandExecution/outputDelta", itemId="call_1", delta=KEYED[at : at + 7])
    command(1, KEYED, "completed", KEYED, 0)
    item = {"type": "mcpToolCall", "id": "call_2", "server": "docs", "tool": "write", "status": "completed"}
    tell("item/completed", item={**item, "arguments": {"content": f"A=1\n{KEYED}"}})
    say(KEYED)
    fail(KEYED, "other")
    yield


def asks() -> Play:
    command(1, "touch a", "inProgress")
    send(
        {
            "method": "item/commandExecution/requestApproval",
            "id": 0,
            "params": {
                "itemId": "call_1",
                "command": "/bin/bash -lc 'touch a'",
                "cwd": "/p",
                "reason": "May I?",
            },
        }
    )
    answer = yield
    tell("serverRequest/resolved", requestId=0)
    allowed = answer == {"decision": "accept"}
    command(1, "touch a", "completed" if allowed else "declined", "", 0 if allowed else None)
    say(f"It was {json.dumps(answer)}")
    end("completed")
    yield


def takes_its_question_back() -> Play:
    send({"method": "item/commandExecution/requestApproval", "id": 0, "params": {"itemId": "call_1"}})
    tell("serverRequest/resolved", requestId=0)
    command(2, "serve", "inProgress")
    yield
    say("I got an answer all the same")
    yield


def asks_for_more() -> Play:
    send({"method": "item/tool/call", "id": "x", "params": {}})
    answer = yield
    say(f"It was {json.dumps(answer)}")
    end("completed")
    yield


def quota() -> Play:
    window = {"usedPercent": 100, "windowDurationMins": 300, "resetsAt": int(time.time()) + 3600}
    tell("account/rateLimits/updated", rateLimits={"primary": window, "secondary": None})
    tell("account/rateLimits/updated", rateLimits={"primary": None, "secondary": None})
    fail("You’ve hit your usage limit.", "usageLimitExceeded")
    yield


def unauthorised() -> Play:
    error = {"message": "Reconnecting... 1/2", "additionalDetails": "unexpected status 401"}
    tell("error", error=error, willRetry=True)
    fail("unexpected status 401 Unauthorized", {"httpConnectionFailed": {"httpStatusCode": 401}})
    yield


def context_full() -> Play:
    fail("Codex ran out of room in the model's context window.", "contextWindowExceeded")
    yield


def dies() -> Play:
    command(1, "make", "inProgress")
    sys.stderr.write("thread 'main' panicked\n")
    sys.stdout.write('{"method": "item/comple')
    sys.stdout.flush()
    os._exit(101)
    yield


def chatters() -> Play:
    sys.stdout.write("npm warn: you are out of date\n{broken\n[1]\n")
    send({"method": "something/new", "params": {"a": 1}})
    send({"method": "item/started", "params": None})
    run(1, "make", "ok\n")
    say("All good")
    end("completed")
    yield


def listens() -> Play:
    command(1, "serve", "inProgress")
    yield


def leaves() -> Play:
    """A command that goes on in the background when the turn is over, as Codex's long ones do."""
    command(1, "serve &", "inProgress")
    subprocess.Popen(["sleep", "3000"], start_new_session=True)
    say("It is up")
    end("completed")
    yield


PLAYS: dict[str, Callable[[], Play]] = {
    play.__name__.replace("_", "-"): play
    for play in (
        *(
            completes,
            fails,
            hangs,
            hangs_silently,
            stubborn,
            big,
            leaks,
            asks,
            takes_its_question_back,
            asks_for_more,
            quota,
            unauthorised,
        ),
        *(context_full, dies, chatters, listens, leaves),
    )
}


class Server:
    """Answers one message after another."""

    def __init__(self) -> None:
        self.play: Play | None = None
        self.model = "gpt-double"

    def take(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params") or {}
        if method is None:
            self.go_on(message.get("result", message.get("error")))
            return
        if "id" not in message:
            return
        if method == "thread/resume" and params["threadId"] != THREAD:
            error = {"code": -32600, "message": f"no rollout found for thread id {params['threadId']}"}
            send({"id": message["id"], "error": error})
            return
        send({"id": message["id"], "result": self.result(method, params)})
        if method == "turn/start":
            self.play = PLAYS[params["input"][0]["text"].split()[0]]()
            next(self.play)
        elif method == "turn/interrupt":
            end("interrupted")
        elif method == "turn/steer":
            say(f"I was told {params['input'][0]['text']}")
            end("completed")

    def go_on(self, answer: Any) -> None:
        if self.play is not None:
            self.play.send(answer)

    def result(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        with Path("asked.jsonl").open("a") as file:
            file.write(json.dumps([method, params]) + "\n")
        match method:
            case "thread/start" | "thread/resume":
                self.model = params.get("model") or self.model
                return {"thread": {"id": THREAD, "cliVersion": "9.9.9"}, "model": self.model}
            case "turn/start":
                return {"turn": {"id": TURN}}
        return {}


def main(arguments: list[str]) -> None:
    if "--version" in arguments:
        print("codex-cli 9.9.9")  # noqa: T201
        return
    Path("started.json").write_text(json.dumps([arguments, dict(os.environ)]))
    server = Server()
    for line in sys.stdin:
        server.take(json.loads(line))


if __name__ == "__main__":
    main(sys.argv[1:])
