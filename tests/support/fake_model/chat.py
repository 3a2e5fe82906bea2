"""The chat completions API, as opencode and most other agents speak it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from fake_model.question import Question, Said, question
from fake_model.voice import Refusal, event, fresh_id, openai_refusal

PATH = "/v1/chat/completions"


def read(body: dict[str, Any]) -> Question:
    """The question in a request's body."""
    functions = [tool["function"] for tool in body.get("tools", [])]
    tools = {function["name"]: function.get("parameters", {}) for function in functions}
    return question((_said(message) for message in body["messages"]), tools)


def _said(message: dict[str, Any]) -> Said:
    if message["role"] == "assistant":
        return Said(is_tool_turn=bool(message.get("tool_calls")))
    if message["role"] != "user":
        return Said()
    content = message["content"]
    parts = [{"text": content}] if isinstance(content, str) else content
    return Said("\n".join(part.get("text", "") for part in parts))


class Voice:
    """Renders one turn as server-sent events."""

    def __init__(self, model: str) -> None:
        self._head = {
            "id": fresh_id("chatcmpl"),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._calls = 0
        self._is_withheld = False

    def start(self, input_tokens: int) -> Iterator[str]:
        yield self._chunk({"role": "assistant", "content": ""})

    def say(self, pieces: Iterable[str]) -> Iterator[str]:
        for piece in pieces:
            yield self._chunk({"content": piece})

    def call(self, name: str, arguments: dict[str, Any]) -> Iterator[str]:
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"index": self._calls, "id": fresh_id("call"), "type": "function", "function": function}
        self._calls += 1
        yield self._chunk({"tool_calls": [call]})

    def withhold(self) -> Iterator[str]:
        self._is_withheld = True
        yield from ()

    def end(self, input_tokens: int, output_tokens: int) -> Iterator[str]:
        reason = "content_filter" if self._is_withheld else "tool_calls" if self._calls else "stop"
        yield self._chunk({}, reason)
        usage = {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
        }
        yield event(self._head | {"choices": [], "usage": usage})
        yield event("[DONE]")

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> str:
        return event(self._head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


def refusal(reason: str, resets_in_seconds: int) -> Refusal:
    """The vendor's answer for it."""
    quota = {
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "type": "insufficient_quota",
        "param": None,
        "code": "insufficient_quota",
    }
    return openai_refusal(reason, {"retry-after": str(resets_in_seconds)}, quota)
