"""The generative language API, as Gemini CLI speaks it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fake_model.question import Question, Said, question
from fake_model.voice import Refusal, event, json_refusal

PATH = re.compile(r"/v1beta/models/[^:/]+:streamGenerateContent")


def read(body: dict[str, Any]) -> Question:
    """The question in a request's body."""
    declared = [one for tool in body.get("tools", []) for one in tool.get("functionDeclarations", [])]
    tools = {one["name"]: one.get("parametersJsonSchema") or one.get("parameters") or {} for one in declared}
    return question((_said(content) for content in body["contents"]), tools)


def _said(content: dict[str, Any]) -> Said:
    parts = content.get("parts", [])
    if content.get("role") == "model":
        return Said(is_tool_turn=any("functionCall" in part for part in parts))
    return Said("\n".join(part["text"] for part in parts if "text" in part))


class Voice:
    """Renders one turn as server-sent events."""

    def __init__(self, model: str) -> None:
        self._reason = "STOP"

    def start(self, input_tokens: int) -> Iterator[str]:
        yield from ()

    def say(self, pieces: Iterable[str]) -> Iterator[str]:
        for piece in pieces:
            yield _candidate([{"text": piece}])

    def call(self, name: str, arguments: dict[str, Any]) -> Iterator[str]:
        yield _candidate([{"functionCall": {"name": name, "args": arguments}}])

    def withhold(self) -> Iterator[str]:
        self._reason = "SAFETY"
        yield from ()

    def end(self, input_tokens: int, output_tokens: int) -> Iterator[str]:
        usage = {
            "promptTokenCount": input_tokens,
            "candidatesTokenCount": output_tokens,
            "totalTokenCount": input_tokens + output_tokens,
        }
        yield _candidate([], finishReason=self._reason, usage=usage)


def _candidate(parts: list[dict[str, Any]], usage: dict[str, int] | None = None, **more: str) -> str:
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0, **more}
    return event({"candidates": [candidate], **({"usageMetadata": usage} if usage else {})})


def refusal(reason: str, resets_in_seconds: int) -> Refusal:
    """The vendor's answer for it."""
    code, status, message = {
        "unauthorised": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        "rate_limited": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        "quota": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan."),
        "unknown_model": (404, "NOT_FOUND", "models/fake is not found for API version v1beta"),
        "overloaded": (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "context_full": (
            400,
            "INVALID_ARGUMENT",
            "The input token count (250000) exceeds the maximum (200000).",
        ),
    }[reason]
    details: list[dict[str, Any]] = []
    if code == 429:
        seconds = resets_in_seconds if reason == "quota" else 1
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}]
    error = {"code": code, "status": status, "message": message, "details": details}
    return json_refusal(code, {"error": error}, {})
