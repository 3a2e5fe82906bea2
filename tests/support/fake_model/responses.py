"""The responses API, as Codex speaks it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from fake_model.question import Question, Said, question
from fake_model.voice import Refusal, event, fresh_id, openai_refusal

PATH = "/v1/responses"


def read(body: dict[str, Any]) -> Question:
    """The question in a request's body."""
    tools = {tool["name"]: tool.get("parameters", {}) for tool in body.get("tools", []) if "name" in tool}
    return question(_said(body["input"]), tools)


def _said(items: list[dict[str, Any]]) -> Iterator[Said]:
    before = ""
    for item in items:
        kind = item.get("type", "message")
        if kind == "function_call":
            # The calls of one turn stand side by side, their results behind them.
            yield Said(is_tool_turn=before != "function_call")
        elif kind == "message" and item["role"] == "user":
            yield Said("\n".join(part.get("text", "") for part in item["content"]))
        before = kind


class Voice:
    """Renders one turn as server-sent events."""

    def __init__(self, model: str) -> None:
        self._response = {"id": fresh_id("resp"), "object": "response", "model": model}
        self._items: list[dict[str, Any]] = []

    def start(self, input_tokens: int) -> Iterator[str]:
        yield _event("response.created", response=self._response | {"status": "in_progress", "output": []})

    def say(self, pieces: Iterable[str]) -> Iterator[str]:
        item = {
            "type": "message",
            "id": fresh_id("msg"),
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        yield self._added(item)
        text = ""
        for piece in pieces:
            text += piece
            yield _event(
                "response.output_text.delta",
                item_id=item["id"],
                output_index=len(self._items),
                content_index=0,
                delta=piece,
            )
        content = [{"type": "output_text", "text": text, "annotations": []}]
        yield self._done(item | {"status": "completed", "content": content})

    def call(self, name: str, arguments: dict[str, Any]) -> Iterator[str]:
        item = {"type": "function_call", "id": fresh_id("fc"), "call_id": fresh_id("call"), "name": name}
        yield self._added(item | {"arguments": "", "status": "in_progress"})
        yield self._done(item | {"arguments": json.dumps(arguments), "status": "completed"})

    def withhold(self) -> Iterator[str]:
        """The model's own refusal, which is a part of its message."""
        item = {"type": "message", "id": fresh_id("msg"), "role": "assistant"}
        yield self._added(item | {"status": "in_progress", "content": []})
        content = [{"type": "refusal", "refusal": "I'm sorry, but I can't help with that."}]
        yield self._done(item | {"status": "completed", "content": content})

    def end(self, input_tokens: int, output_tokens: int) -> Iterator[str]:
        usage = {
            "input_tokens": input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": input_tokens + output_tokens,
        }
        response = self._response | {"status": "completed", "output": self._items, "usage": usage}
        yield _event("response.completed", response=response)

    def _added(self, item: dict[str, Any]) -> str:
        return _event("response.output_item.added", output_index=len(self._items), item=item)

    def _done(self, item: dict[str, Any]) -> str:
        self._items.append(item)
        return _event("response.output_item.done", output_index=len(self._items) - 1, item=item)


def _event(kind: str, **fields: Any) -> str:
    return event({"type": kind, **fields}, kind)


def refusal(reason: str, resets_in_seconds: int) -> Refusal:
    """The vendor's answer for it."""
    if reason == "context_full":
        # This vendor begins to answer, and then says so.
        error = {
            "code": "context_length_exceeded",
            "message": "Your input exceeds the context window of this model.",
        }
        response = {"id": fresh_id("resp"), "object": "response", "status": "failed", "error": error}
        frame = _event("response.failed", response=response)
        return Refusal(200, {"content-type": "text/event-stream"}, frame.encode())
    resets_at = int(time.time()) + resets_in_seconds
    headers = {
        "x-codex-primary-used-percent": "100",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": str(resets_at),
    }
    quota = {
        "type": "usage_limit_reached",
        "message": "The usage limit has been reached",
        "plan_type": "plus",
        "resets_at": resets_at,
    }
    return openai_refusal(reason, headers, quota)
