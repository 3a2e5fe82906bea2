"""An agent for the benchmark: speaks ACP over stdio, and makes as many tool calls as it is told.

`COUNT PAUSE_MS BYTES`: each call's title is the moment in which its line was written, in nanoseconds of the
monotonic clock; BYTES is the size of the first output. With `bare` in front it writes those lines alone.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def update(what: str, **fields: Any) -> None:
    session_update = {"sessionUpdate": what, **fields}
    write({"method": "session/update", "params": {"sessionId": "s", "update": session_update}})


def work(count: int, pause_ms: float, size: int) -> None:
    for number in range(count):
        name = f"call-{number}"
        moment = str(time.monotonic_ns())
        update(
            "tool_call",
            toolCallId=name,
            title=moment,
            kind="execute",
            status="in_progress",
            rawInput={"command": moment},
        )
        text = "x" * (size if number == 0 else 20)
        content = [{"type": "content", "content": {"type": "text", "text": text}}]
        update("tool_call_update", toolCallId=name, status="completed", content=content)
        if pause_ms:
            time.sleep(pause_ms / 1000)


def main() -> None:
    is_bare = sys.argv[1] == "bare"
    count, pause_ms, size = (int(word) for word in sys.argv[2 if is_bare else 1 :])
    if is_bare:
        work(count, pause_ms, size)
        return
    for line in sys.stdin:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                result: dict[str, Any] = {"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []}
            case "session/new":
                result = {"sessionId": "s"}
            case "session/prompt":
                work(count, pause_ms, size)
                result = {"stopReason": "end_turn"}
            case _:
                result = {}
        if "id" in message:
            write({"id": message["id"], "result": result})


if __name__ == "__main__":
    main()
