"""The messages API, as Claude Code speaks it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from fake_model.question import Question, Said, question
from fake_model.voice import Refusal, event, fresh_id, json_refusal

PATH = "/v1/messages"


def read(body: dict[str, Any]) -> Question:
    """The question in a request's body."""
    tools = {tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools", [])}
    return question((_said(message) for message in body["messages"]), tools)


def _said(message: dict[str, Any]) -> Said:
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if message["role"] == "assistant":
        return Said(is_tool_turn=any(block["type"] == "tool_use" for block in blocks))
    return Said("\n".join(block["text"] for block in blocks if block["type"] == "text"))


class Voice:
    """Renders one turn as server-sent events."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._block = 0
        self._reason = "end_turn"

    def start(self, input_tokens: int) -> Iterator[str]:
        usage = {"input_tokens": input_tokens, "output_tokens": min(input_tokens, 1)}
        message = {
            "id": fresh_id("msg"),
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
        }
        yield _event(
            "message_start", message=message | {"stop_reason": None, "stop_sequence": None, "usage": usage}
        )

    def say(self, pieces: Iterable[str]) -> Iterator[str]:
        yield self._open({"type": "text", "text": ""})
        for piece in pieces:
            yield self._delta({"type": "text_delta", "text": piece})
        yield self._close()

    def call(self, name: str, arguments: dict[str, Any]) -> Iterator[str]:
        self._reason = "tool_use"
        yield self._open({"type": "tool_use", "id": fresh_id("toolu"), "name": name, "input": {}})
        yield self._delta({"type": "input_json_delta", "partial_json": json.dumps(arguments)})
        yield self._close()

    def withhold(self) -> Iterator[str]:
        self._reason = "refusal"
        yield from ()

    def end(self, input_tokens: int, output_tokens: int) -> Iterator[str]:
        usage = {"input_tokens": input_tokens, "output_tokens": output_tokens}
        yield _event("message_delta", delta={"stop_reason": self._reason, "stop_sequence": None}, usage=usage)
        yield _event("message_stop")

    def _open(self, block: dict[str, Any]) -> str:
        return _event("content_block_start", index=self._block, content_block=block)

    def _delta(self, delta: dict[str, Any]) -> str:
        return _event("content_block_delta", index=self._block, delta=delta)

    def _close(self) -> str:
        self._block += 1
        return _event("content_block_stop", index=self._block - 1)


def _event(kind: str, **fields: Any) -> str:
    return event({"type": kind, **fields}, kind)


def refusal(reason: str, resets_in_seconds: int) -> Refusal:
    """The vendor's answer for it."""
    status, kind, message, headers = {
        "unauthorised": (401, "authentication_error", "invalid x-api-key", {}),
        "rate_limited": (
            429,
            "rate_limit_error",
            "Number of requests has exceeded your limit",
            {"retry-after": "1"},
        ),
        "quota": (429, "rate_limit_error", "This request would exceed your limit", _quota(resets_in_seconds)),
        "unknown_model": (404, "not_found_error", "model: fake-model", {}),
        "overloaded": (529, "overloaded_error", "Overloaded", {}),
        "context_full": (
            400,
            "invalid_request_error",
            "prompt is too long: 250000 tokens > 200000 maximum",
            {},
        ),
    }[reason]
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": fresh_id("req")}
    return json_refusal(status, error, headers)


def _quota(resets_in_seconds: int) -> dict[str, str]:
    reset = str(int(time.time()) + resets_in_seconds)
    return {
        "retry-after": str(resets_in_seconds),
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": reset,
        "anthropic-ratelimit-unified-representative-claim": "five_hour",
        "anthropic-ratelimit-unified-5h-status": "rejected",
        "anthropic-ratelimit-unified-5h-reset": reset,
        "anthropic-ratelimit-unified-5h-utilization": "1.0",
    }
