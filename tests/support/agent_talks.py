"""How each agent is greeted, asked and interrupted: the least that is needed, for proofs and records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import patience
from real_agents import CODEX, OPENCODE, environment, install
from stdio_talk import Message, Talk

TURN_SECONDS = 60.0


class CodexTalk(Talk):
    """`codex app-server`: JSON-RPC with threads, turns and items."""

    decision = "accept"
    """What it is told when it asks: `accept`, `decline`, `cancel`."""

    def __init__(self, *, home: Path, work: Path, url: str, **settings: str) -> None:
        env = environment(CODEX, home, url, **settings)
        super().__init__([install(CODEX) and CODEX.programs / "codex", "app-server"], cwd=work, env=env)
        self._work = work
        self.session = ""
        self.turn = ""
        self.answers["item/commandExecution/requestApproval"] = lambda _: {"decision": self.decision}

    def open(self, session: str = "") -> None:
        """Greet it, and start a thread or go on with one."""
        client = {"name": "plan-orchestrator", "title": "Plan Orchestrator", "version": "0.1.0"}
        self.ask("initialize", {"clientInfo": client})
        self.notify("initialized")
        if session:
            answer = self.ask("thread/resume", {"threadId": session, "cwd": str(self._work)})
        else:
            answer = self.ask("thread/start", {"cwd": str(self._work)})
        self.session = answer["result"]["thread"]["id"]

    def prompt(self, text: str) -> None:
        params = {"threadId": self.session, "input": [{"type": "text", "text": text}]}
        self.turn = self.ask("turn/start", params)["result"]["turn"]["id"]

    def wait_for_tool(self) -> Message:
        return self.wait_for(
            lambda message: (
                message.get("method") == "item/started"
                and message["params"]["item"]["type"] == "commandExecution"
            )
        )

    def interrupt(self) -> Message:
        return self.ask("turn/interrupt", {"threadId": self.session, "turnId": self.turn})

    def wait_for_end(self, seconds: float = TURN_SECONDS) -> dict[str, Any]:
        """The turn, with its status and error."""
        done = self.wait_for(
            lambda message: (
                message.get("method") == "turn/completed" and message["params"]["turn"]["id"] == self.turn
            ),
            seconds,
        )
        return done["params"]["turn"]


class AcpTalk(Talk):
    """An agent of the Agent Client Protocol; here `opencode acp`."""

    decision = "allow_once"
    """The kind of the option that is chosen when it asks: `allow_once`, `reject_once`."""

    def __init__(self, *, home: Path, work: Path, url: str, **settings: str) -> None:
        env = environment(OPENCODE, home, url, **settings)
        super().__init__([install(OPENCODE) and OPENCODE.programs / "opencode", "acp"], cwd=work, env=env)
        self._work = work
        self.session = ""
        self._prompt = 0
        self.answers["session/request_permission"] = self._decide

    def _decide(self, params: Message) -> Message:
        chosen = next(option for option in params["options"] if option["kind"] == self.decision)
        return {"outcome": {"outcome": "selected", "optionId": chosen["optionId"]}}

    def open(self, session: str = "") -> None:
        """Greet it, and start a session or load one."""
        files = {"readTextFile": False, "writeTextFile": False}
        self.ask("initialize", {"protocolVersion": 1, "clientCapabilities": {"fs": files, "terminal": False}})
        place = {"cwd": str(self._work), "mcpServers": []}
        if session:
            self.ask("session/load", {"sessionId": session, **place})
            self.session = session
        else:
            self.session = self.ask("session/new", place)["result"]["sessionId"]

    def prompt(self, text: str) -> None:
        block = {"type": "text", "text": text}
        self._prompt = self.start("session/prompt", {"sessionId": self.session, "prompt": [block]})

    def updates(self) -> list[dict[str, Any]]:
        return [
            message["params"]["update"]
            for message in self.received
            if message.get("method") == "session/update"
        ]

    def wait_for_tool(self) -> dict[str, Any]:
        """The first call that is known to run."""
        return patience.wait_until(
            lambda: next(
                (update for update in self.updates() if update.get("status") == "in_progress"), None
            ),
            TURN_SECONDS,
        )

    def interrupt(self) -> None:
        self.notify("session/cancel", {"sessionId": self.session})

    def wait_for_end(self, seconds: float = TURN_SECONDS) -> Message:
        """The answer to the prompt, with `result.stopReason` or `error`."""
        return self.wait_for(
            lambda message: message.get("id") == self._prompt and "method" not in message, seconds
        )
