"""A `claude` of our own: speaks stream-json and the control protocol over real stdio; the prompt says what happens.

What it sends is cut down from records of the real one (tests/fixtures/agents/claude), order and silences included:
it greets only after the first prompt, an interrupted turn ends with a result, the end of stdin ends the program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from planted_secrets import KEYED

SESSION = "11111111-2222-4333-8444-555555555555"
Play = Generator[None, Any, None]
"""Goes on with the answer to the question that it has asked last."""


def install(folder: Path) -> str:
    """Write the program into the folder; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "claude"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E {Path(__file__).resolve()} "$@"\n')
    program.chmod(0o755)
    return str(program)


def send(kind: str, **message: Any) -> None:
    sys.stdout.write(json.dumps({"type": kind, "session_id": SESSION, **message}) + "\n")
    sys.stdout.flush()


def state(name: str) -> None:
    send("system", subtype="session_state_changed", state=name, sdk_host_only=True)


def init() -> None:
    send("system", subtype="init", model="claude-double", claude_code_version="2.1.330", tools=["Bash"])


def block(**content: Any) -> None:
    message = {"id": "msg_1", "model": "claude-double", "role": "assistant", "content": [content]}
    send("assistant", message=message, parent_tool_use_id=None)


def say(text: str) -> None:
    block(type="text", text=text)


def call(number: int, name: str, **given: Any) -> None:
    block(type="tool_use", id=f"toolu_{number}", name=name, input=given)


def returns(number: int, output: str, *, is_error: bool = False, **meta: Any) -> None:
    content = {
        "type": "tool_result",
        "tool_use_id": f"toolu_{number}",
        "content": output,
        "is_error": is_error,
    }
    send(
        "user",
        message={"role": "user", "content": [content]},
        parent_tool_use_id=None,
        tool_result_meta=[{"id": f"toolu_{number}", **meta}],
    )


def end(text: str, **fields: Any) -> None:
    """The end of a turn that went well, or as `fields` say."""
    used = {"inputTokens": 1000, "outputTokens": 50, "costUSD": 0.01}
    send(
        "result",
        **{
            "subtype": "success",
            "is_error": False,
            "terminal_reason": "completed",
            "result": text,
            "num_turns": 1,
            "permission_denials": [],
            "user_message_uuids": taken,
            "model_usage_since_last_result": {"claude-double": used},
            **fields,
        },
    )
    state("idle")


def error(reason: str, *errors: str, **fields: Any) -> None:
    ended = {"subtype": "error_during_execution", "is_error": True, "terminal_reason": reason}
    end("", **{**ended, "errors": errors, **fields})


def completes() -> Play:
    say("Looking")
    call(1, "Read", file_path="a.py")
    returns(1, "120 lines")
    call(2, "Bash", command="make")
    returns(2, "ok")
    end("All good")
    yield


def fails() -> Play:
    call(1, "Bash", command="make test")
    returns(1, "Exit code 1\n1 failed", is_error=True)
    error("model_error", "the model does not know how to go on")
    yield


def hangs() -> Play:
    call(1, "Bash", command="serve")
    subprocess.Popen(["sleep", "3000"], start_new_session=True)
    yield


def hangs_silently() -> Play:
    yield


def stubborn() -> Play:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    call(1, "Bash", command="serve")
    while True:
        time.sleep(60)
    yield


def big() -> Play:
    call(1, "Bash", command="x" * 3_000_000)
    returns(1, "y" * 3_000_000)
    say("z" * 3_000_000)
    end("w" * 3_000_000)
    yield


def leaks() -> Play:
    """Keys wherever there is a place for one, so many that every cut goes through one."""
    call(1, "Write", content=f"A=1\n{KEYED}")
    returns(1, KEYED)
    say(KEYED)
    sys.stderr.write(KEYED)
    error("model_error", KEYED)
    yield


def asks() -> Play:
    call(1, "Bash", command="touch a")
    request = {
        "subtype": "can_use_tool",
        "tool_name": "Bash",
        "input": {"command": "touch a"},
        "decision_reason": "This command requires approval",
        "tool_use_id": "toolu_1",
    }
    send("control_request", request_id="question-1", request=request)
    answer = yield
    if answer["behavior"] == "allow":
        returns(1, "")
        end("It was allowed")
    else:
        decision = {"decision": "reject", "source": "user_reject"}
        returns(1, answer["message"], is_error=True, permission_decision=decision)
        denied = {"tool_name": "Bash", "tool_use_id": "toolu_1", "tool_input": {"command": "touch a"}}
        end("It was denied", permission_denials=[denied])
    yield


def takes_notes() -> Play:
    call(1, "Bash", command="wait for a note")
    note = yield
    returns(1, f"a note: {note}")
    end(f"I was told: {note}")
    yield


def dies() -> Play:
    call(1, "Bash", command="make")
    os.kill(os.getpid(), signal.SIGKILL)
    yield


def refuses() -> Play:
    sys.stderr.write("This computer is not supported.\n")
    sys.exit(4)
    yield


def babbles() -> Play:
    sys.stdout.write('[SandboxDebug] hello\n{"type": "assistant", \n{"type": "new", "message": 3}\n')
    send("assistant", message=None)
    send("assistant", message={"content": [{"type": "text"}, {"type": "redacted"}, "text"]})
    end("All the same")
    yield


def limited() -> Play:
    info = {"status": "rejected", "resetsAt": 1_795_650_468, "rateLimitType": "five_hour"}
    send("rate_limit_event", rate_limit_info=info)
    error("api_error", subtype="success", api_error="usage_limit_reached", result="You've hit your limit")
    yield


def shows() -> Play:
    """What it was started with."""
    end(json.dumps({"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": str(Path.cwd())}))
    yield


PLAYS: dict[str, Callable[[], Play]] = {
    "completes": completes,
    "fails": fails,
    "hangs": hangs,
    "hangs-silently": hangs_silently,
    "stubborn": stubborn,
    "big": big,
    "leaks": leaks,
    "asks": asks,
    "takes-notes": takes_notes,
    "dies": dies,
    "refuses": refuses,
    "babbles": babbles,
    "limited": limited,
    "shows": shows,
}
taken: list[str] = []
"""The ids of the messages that the turn has taken up."""


def respond(request_id: str, **response: Any) -> None:
    send("control_response", response={"subtype": "success", "request_id": request_id, "response": response})


def serve() -> int:
    """Play until the end of stdin; returns the exit code."""
    play: Play | None = None
    code = 0
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    for line in sys.stdin:
        message = json.loads(line)
        match message["type"]:
            case "control_request" if message["request"]["subtype"] == "initialize":
                respond(message["request_id"], commands=[])
            case "control_request":
                respond(message["request_id"], still_queued=[])
                returns(1, "STOP what you are doing", is_error=True, non_execution_kind="user-rejected")
                error("aborted_tools", "[ede_diagnostic] result_type=user")
                code = 1
            case "user":
                text = message["message"]["content"]
                taken.append(message.get("uuid") or str(uuid.uuid4()))
                if play is None:
                    state("running")
                    if text != "refuses":
                        init()
                    play = PLAYS[text]()
                    next(play)
                else:
                    play.send(text)
            case "control_response":
                assert play is not None
                play.send(message["response"]["response"])
    return code


def main() -> int:
    """What its command line asks for."""
    if "--version" in sys.argv:
        sys.stdout.write("2.1.330 (Claude Code)\n")
        return 0
    if "--resume=gone" in sys.argv:
        send("result", is_error=True, errors=["No conversation found with session ID: gone"])
        return 1
    return serve()


if __name__ == "__main__":
    sys.exit(main())
