"""An agent of the Agent Client Protocol, for tests: it plays what the prompt names, over stdin and stdout.

`python acp_double.py`; the prompt is the name of a play below, or has it somewhere as `[[play:NAME]]`, as a
task of a plan does. Needs nothing but Python, so that it starts fast.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from planted_secrets import KEYED

SESSION = "ses-double"
WRITING = threading.Lock()


def send(message: dict[str, Any]) -> None:
    with WRITING:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def update(what: str, /, **parts: Any) -> None:
    params = {"sessionId": SESSION, "update": {"sessionUpdate": what, **parts}}
    send({"method": "session/update", "params": params})


def text_content(text: str) -> list[dict[str, Any]]:
    return [{"type": "content", "content": {"type": "text", "text": text}}]


class Turn:
    """One prompt being played, in a thread of its own."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_cancelled = threading.Event()
        self.answers: dict[int, Any] = {}
        self.has_answer = threading.Condition()

    def say(self, text: str) -> None:
        update("agent_message_chunk", content={"type": "text", "text": text})

    def begin(self, call: str, title: str, kind: str = "execute", **raw: Any) -> None:
        update("tool_call", toolCallId=call, title=title, kind=kind, status="in_progress", rawInput=raw)

    def finish(self, call: str, text: str, status: str = "completed") -> None:
        update("tool_call_update", toolCallId=call, status=status, content=text_content(text))

    def ask(self, call: str, title: str, kind: str, **parts: Any) -> str:
        """Ask for permission; `parts` are what is said of the call instead of its command."""
        number = next(NUMBERS)
        options = [
            {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
            {"optionId": "no", "name": "No", "kind": "reject_once"},
        ]
        params = {
            "sessionId": SESSION,
            "options": options,
            "toolCall": {
                "toolCallId": call,
                "title": title,
                "kind": kind,
                **(parts or {"rawInput": {"command": title}}),
            },
        }
        with self.has_answer:
            send({"id": number, "method": "session/request_permission", "params": params})
            self.has_answer.wait_for(lambda: number in self.answers)
        outcome = self.answers[number]["outcome"]
        return outcome.get("optionId", outcome["outcome"])

    def end(self, reason: str = "end_turn", **parts: Any) -> None:
        send({"id": self.number, "result": {"stopReason": reason, **parts}})

    def fail(self, code: int, message: str, data: Any = None) -> None:
        send({"id": self.number, "error": {"code": code, "message": message, "data": data}})

    def wait_for_cancel(self) -> None:
        self.is_cancelled.wait()


def completes(turn: Turn) -> None:
    turn.say("Look")
    turn.say("ing")
    turn.begin("c1", "Read", "read", path="a.py")
    turn.finish("c1", "120 lines")
    turn.begin("c2", "make", command="make")
    turn.finish("c2", "ok")
    turn.say("All ")
    turn.say("good")
    update("usage_update", used=10, size=100, cost={"amount": 0.5, "currency": "USD"})
    turn.end(usage={"inputTokens": 10, "outputTokens": 2, "totalTokens": 12})


def fails(turn: Turn) -> None:
    turn.begin("c1", "make test", command="make test")
    turn.finish("c1", "1 failed", "failed")
    EXIT_CODES.append(3)
    turn.fail(-32603, "Internal error: tests fail")


def hangs(turn: Turn) -> None:
    turn.begin("c1", "serve", command="serve")
    child = subprocess.Popen(["sleep", "3000"], start_new_session=True)
    turn.wait_for_cancel()
    child.kill()
    turn.finish("c1", "User aborted")
    turn.end("cancelled")


def hangs_silently(turn: Turn) -> None:
    turn.wait_for_cancel()
    turn.end("end_turn")  # as OpenCode does


def big(turn: Turn) -> None:
    lines = "x" * 3_000_000
    turn.begin("c1", "cat", command=lines)
    for length in (1_000_000, 2_000_000, 3_000_000):
        update(
            "tool_call_update", toolCallId="c1", status="in_progress", content=text_content(lines[:length])
        )
    turn.finish("c1", lines)
    turn.say(lines)
    turn.end()


def leaks(turn: Turn) -> None:
    """Keys wherever there is a place for one, so many that every cut goes through one."""
    turn.begin("c1", "Write", content=f"A=1\n{KEYED}")
    for length in range(0, len(KEYED), 997):
        update(
            "tool_call_update", toolCallId="c1", status="in_progress", content=text_content(KEYED[:length])
        )
    turn.finish("c1", KEYED)
    turn.begin("c2", "Task")
    for at in range(0, len(KEYED), 7):
        piece = {"type": "text", "text": KEYED[at : at + 7]}
        update("agent_message_chunk", content=piece)
        update("agent_message_chunk", content=piece, _meta={"parentToolCallId": "c2"})
    turn.finish("c2", KEYED)
    sys.stderr.write(KEYED)
    turn.fail(-32603, f"Internal error: {KEYED}")


def asks(turn: Turn) -> None:
    said = turn.ask("c1", "rm -rf build", "execute")
    if said == "yes":
        turn.finish("c1", "removed")
    else:
        turn.finish("c1", "refused", "failed")
    turn.say(f"Told {said}.")
    turn.end()


def acts(turn: Turn) -> None:
    """Does what it likes, and asks nobody."""
    turn.begin("c1", "touch made.txt", command="touch made.txt")
    Path("made.txt").touch()
    turn.finish("c1", "")
    turn.say("Made it.")
    turn.end()


def asks_in_words(turn: Turn) -> None:
    """As Kimi does: what the command is stands in the question's text alone, until it may run."""
    said = turn.ask("c1", "Bash", "execute", content=text_content("May this run: touch made.txt"))
    update("tool_call_update", toolCallId="c1", rawInput={"command": "touch made.txt"})
    turn.finish("c1", "made" if said == "yes" else "refused", "completed" if said == "yes" else "failed")
    turn.say(f"Told {said}.")
    turn.end()


def asks_without_a_word(turn: Turn) -> None:
    said = turn.ask("c1", "Bash", "execute", content=[])
    turn.finish("c1", "refused", "failed")
    turn.say(f"Told {said}.")
    turn.end()


def asks_with_a_blank(turn: Turn) -> None:
    said = turn.ask("c1", "Run command", "execute", rawInput={"command": " \n"})
    turn.finish("c1", "refused", "failed")
    turn.say(f"Told {said}.")
    turn.end()


def asks_to_read(turn: Turn) -> None:
    said = turn.ask("c1", "cat a.py", "read")
    turn.finish("c1", "120 lines")
    turn.say(f"Told {said}.")
    turn.end()


def asks_for_files(turn: Turn) -> None:
    number = next(NUMBERS)
    with turn.has_answer:
        send({"id": number, "method": "fs/read_text_file", "params": {"sessionId": SESSION, "path": "/a"}})
        turn.has_answer.wait_for(lambda: number in turn.answers)
    turn.say(f"Told {turn.answers[number]}.")
    turn.end()


def dies(turn: Turn) -> None:
    turn.begin("c1", "make", command="make")
    sys.stderr.write("Segmentation fault\n")
    sys.stderr.flush()
    os._exit(7)


def stubborn(turn: Turn) -> None:
    STAYS.append(True)
    turn.begin("c1", "serve", command="serve")
    threading.Event().wait()


def leaves_open(turn: Turn) -> None:
    turn.begin("c1", "serve", command="serve")
    turn.end()


def chatters(turn: Turn) -> None:
    with WRITING:
        sys.stdout.write('Loading…\n{"level": "info"}\n[1, 2]\n{broken\n\n' + "y" * 5_000 + "\n")
        sys.stdout.flush()
    send({"id": 999, "result": {"stopReason": "refusal"}})
    send({"id": "x", "error": {"code": 1, "message": "to nobody"}})
    send({"method": "session/update", "params": {"update": {"sessionUpdate": "of tomorrow"}}})
    send({"method": "session/update", "params": {"update": [1]}})
    send({"method": "session/update", "params": [1]})
    send({"method": "_vendor/thing", "params": {}})
    turn.say("Still here.")
    turn.end()


def many_words(turn: Turn) -> None:
    for number in range(2_000):
        turn.say(f"word{number} ")
    turn.end()


def talks_slowly(turn: Turn) -> None:
    turn.say("One moment. ")
    turn.wait_for_cancel()
    turn.end("cancelled")


def refuses(turn: Turn) -> None:
    turn.end("refusal")


def stops_oddly(turn: Turn) -> None:
    turn.end("of_tomorrow")


def has_no_key(turn: Turn) -> None:
    turn.fail(-32000, "Authentication required")


def has_no_quota(turn: Turn) -> None:
    turn.fail(
        -32603, "Internal error", {"details": "You exceeded your current quota. Suggested retry after 3600s"}
    )


def is_overloaded(turn: Turn) -> None:
    turn.fail(-32603, "Internal error: 529 Overloaded")


def complains(turn: Turn) -> None:
    """As OpenCode does: on stderr, of a side call too, and then it tries again without a word."""
    for complaint in os.environ["DOUBLE_COMPLAINTS"].split(";"):
        sys.stderr.write(f'ERROR side=false said="{complaint}"\nERROR side=true said="Usage limit reached"\n')
        sys.stderr.flush()
    turn.wait_for_cancel()
    turn.end("cancelled")


def tries_again(turn: Turn) -> None:
    """As Mistral Vibe does, in an extension of its own."""
    params = {"sessionId": SESSION, "category": "server_error", "detail": "HTTP 503"}
    send({"method": "_session/retrying", "params": params})
    turn.say("It worked.")
    turn.end()


def is_full(turn: Turn) -> None:
    turn.fail(-32603, "Internal error: prompt is too long: 210000 tokens > 200000 maximum")


def ends(turn: Turn) -> None:
    """Answers that its turn is over, and nothing else."""
    turn.end()


def works_quietly(turn: Turn) -> None:
    """No call and no word, but its model has done something."""
    turn.end(usage={"inputTokens": 10, "outputTokens": 2, "totalTokens": 12})


def works_then_fails(turn: Turn) -> None:
    turn.begin("c1", "make", command="make")
    turn.finish("c1", "ok")
    turn.say(REFUSALS["quota"])
    turn.end()


def tries_then_fails(turn: Turn) -> None:
    turn.begin("c1", "make", command="make")
    turn.finish("c1", "no make here", "failed")
    turn.say("API Error: 401 Unauthorized")
    turn.end()


def announces_and_ends(turn: Turn) -> None:
    """A call of which nothing is heard but that it comes."""
    update("tool_call", toolCallId="c1", title="bash", status="pending", rawInput={})
    turn.end()


REFUSALS = {
    "no-key": "Error: 401 Incorrect API key provided: sk-test.",
    "no-model": "Error: Model 'gpt-9' not found on provider acme",
    "full": "HTTP 400: prompt is too long: 210000 tokens > 200000 maximum",
    "quota": "You've hit your usage limit. Try again in 1 hour.",
    "rate": "exceeded retry limit, last status: 429 Too Many Requests",
    "overloaded": "HTTP 529: Overloaded",
    "broken": "I will read the files.\n\nstream disconnected before completion: Transport error: network error",
    "odd": "It went wrong: E17",
}
"""A vendor's refusals as some agents pass them on: as their own words, with `end_turn`, as if all were well."""


def says(text: str) -> Callable[[Turn], None]:
    def play(turn: Turn) -> None:
        turn.say(text)
        turn.end()

    return play


PLAYS: dict[str, Callable[[Turn], None]] = {
    name.replace("_", "-"): play
    for name, play in list(globals().items())
    if callable(play) and getattr(play, "__annotations__", {}).get("turn") is Turn
} | {f"refused-{name}": says(text) for name, text in REFUSALS.items()}
NUMBERS = count(100)
EXIT_CODES: list[int] = []
STAYS: list[bool] = []


def greet(message: dict[str, Any]) -> None:
    if os.environ.get("DOUBLE_HANGS"):
        time.sleep(3_000)
    version = int(os.environ.get("DOUBLE_PROTOCOL", "1"))
    abilities: dict[str, Any] = {"sessionCapabilities": {"resume": {}}}
    if os.environ.get("DOUBLE_LOADS"):
        abilities = {"loadSession": True}
    send(
        {
            "id": message["id"],
            "result": {
                "protocolVersion": version,
                "agentCapabilities": abilities,
                "agentInfo": {"name": "double", "version": "1.2.3"},
            },
        }
    )


def open_session(message: dict[str, Any]) -> None:
    if os.environ.get("DOUBLE_LOCKED"):
        send({"id": message["id"], "error": {"code": -32000, "message": "Authentication required"}})
        return
    if message["method"] == "session/load":
        update("user_message_chunk", content={"type": "text", "text": "earlier question"})
        for number in range(200):
            update("agent_message_chunk", content={"type": "text", "text": f"earlier answer {number}"})
        update("usage_update", used=10, size=100, cost={"amount": 0.4, "currency": "USD"})
    setup: dict[str, Any] = {
        "modes": {"currentModeId": "yolo", "availableModes": [{"id": "yolo"}, {"id": "default"}]},
        "configOptions": [
            {
                "id": "model",
                "category": "model",
                "type": "select",
                "currentValue": "acme/small",
                "options": [{"value": "acme/small"}, {"value": "acme/large"}],
            }
        ],
    }
    if "DOUBLE_MODES" in os.environ:
        modes = os.environ["DOUBLE_MODES"].split()
        setup["modes"] = {"availableModes": [{"id": mode} for mode in modes]}
    if message["method"] == "session/new":
        setup["sessionId"] = SESSION
    elif os.environ.get("DOUBLE_FORGETS_MODES"):
        del setup["modes"]
    elif message["params"]["sessionId"] != SESSION:
        send({"id": message["id"], "error": {"code": -32602, "message": "Session not found"}})
        return
    send({"id": message["id"], "result": setup})


def hear(message: dict[str, Any], turn: Turn | None) -> Turn | None:
    """Answer one message; the turn that is played from then on."""
    match message.get("method"):
        case "initialize":
            greet(message)
        case "session/new" | "session/load" | "session/resume":
            open_session(message)
        case "session/set_mode" | "session/set_config_option" | "session/set_model":
            send({"id": message["id"], "result": {}})
        case "session/prompt":
            turn = begin(message)
        case "session/cancel" if turn is not None:
            turn.is_cancelled.set()
        case None if turn is not None:
            with turn.has_answer:
                turn.answers[message["id"]] = message.get("result", message.get("error"))
                turn.has_answer.notify_all()
    return turn


def begin(message: dict[str, Any]) -> Turn:
    turn = Turn(message["id"])
    prompt = message["params"]["prompt"][0]["text"]
    named = re.search(r"\[\[play:([a-z0-9-]+)\]\]", prompt)
    name = named[1] if named else prompt
    if name == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=PLAYS[name], args=(turn,), daemon=True).start()
    return turn


def main() -> None:
    if "--version" in sys.argv:
        sys.stdout.write("double 1.2.3\n")
        return
    turn: Turn | None = None
    for line in sys.stdin:
        if record := os.environ.get("DOUBLE_RECORD"):
            with Path(record).open("a") as file:
                file.write(line)
        message = json.loads(line)
        turn = hear(message, turn)
    if STAYS:
        threading.Event().wait()
    sys.exit(EXIT_CODES[0] if EXIT_CODES else 0)


if __name__ == "__main__":
    main()
