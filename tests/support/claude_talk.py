"""A talk with Claude Code through its SDK, with a record of the lines below the SDK."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import claude_agent_sdk as sdk
import wiretap
from real_agents import CLAUDE, claude_program, environment

TOOLS = ["Bash", "Write", "Agent"]


class ClaudeTalk:
    """One session: `await talk.ask(prompt)`, as often as wanted."""

    def __init__(self, *, home: Path, work: Path, url: str, token: str = "", **options: Any) -> None:
        self._folder = home.parent
        self._work = work
        self._env = environment(CLAUDE, home, url, token=token)
        self._options = {"allowed_tools": TOOLS, "max_buffer_size": 16 << 20, **options}
        self.messages: list[Any] = []
        """What the SDK has yielded."""
        self.error: Exception | None = None
        """What it has raised after that."""
        self.session = ""
        self._record = self._folder / "record.jsonl"

    @property
    def record(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._record.read_text().splitlines()]

    @property
    def result(self) -> Any:
        """The last message, which says how it ended; None when it was killed."""
        return next(
            (message for message in reversed(self.messages) if hasattr(message, "total_cost_usd")), None
        )

    async def ask(
        self,
        prompt: str,
        at_first_tool: Callable[[Any], Awaitable[None]] | None = None,
        resume: str | None = None,
    ) -> None:
        """One prompt, until its result; `at_first_tool` is called with the SDK's client."""
        self._record.write_text("")
        door, _ = wiretap.place(self._folder, claude_program(), self._env)
        options = sdk.ClaudeAgentOptions(cwd=self._work, cli_path=door, resume=resume, **self._options)
        try:
            async with sdk.ClaudeSDKClient(options) as client:
                await client.query(prompt)
                async for message in client.receive_response():
                    self.messages.append(message)
                    self.session = getattr(message, "session_id", None) or self.session
                    if at_first_tool and _calls_tool(message):
                        await at_first_tool(client)
                        at_first_tool = None
        except sdk.ClaudeSDKError as error:
            self.error = error

    def kill(self) -> None:
        """SIGKILL to the program itself, as by a lack of memory."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                is_it = (folder / "exe").readlink() == claude_program()
                is_ours = f"HOME={self._env['HOME']}\0".encode() in (folder / "environ").read_bytes()
            except OSError:
                continue
            if is_it and is_ours:
                os.kill(int(folder.name), signal.SIGKILL)


def _calls_tool(message: Any) -> bool:
    return isinstance(message, sdk.AssistantMessage) and any(
        isinstance(block, sdk.ToolUseBlock) for block in message.content
    )
