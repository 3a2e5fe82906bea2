"""How a turn of an ACP agent ended, as the engine's outcomes: from its stop reason, or from its error.

ACP knows one code of its own: -32000, authentication required
(https://agentclientprotocol.com/protocol/schema). Most agents answer all else with -32603 and the vendor's
text; Mistral Vibe has codes of its own (vibe/acp/exceptions.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestrator.agents.contained_program import Exit
from orchestrator.agents.error_texts import SEARCHED_CHARACTERS_MAX, ErrorKind, error_kind
from orchestrator.agents.json_rpc import RequestFailed
from orchestrator.agents.refusals import ended_by_kind
from orchestrator.domain.events import SUMMARY_LENGTH_MAX, clip
from orchestrator.engine.agent_events import Finished, RunOutcome

AUTHENTICATION_REQUIRED = -32000
"""Some agents use it for other errors too, so the words win over it."""

_SURE_CODES: Mapping[int, ErrorKind] = {
    -31001: "limited",  # Mistral Vibe, after it has tried again by itself
    -31004: "context_full",
}
_STOPS = {
    "refusal": "The model refused to go on.",
    "max_tokens": "The model's answer was cut off at its longest.",
    "max_turn_requests": "The agent reached its limit of requests for one turn.",
}
_PREFIXES = ("Internal error: ", "Internal error", "Error: ")


def ended_by_stop(reason: str, refused_last: str | None = None) -> Finished:
    """The end of a turn that the agent answered; `refused_last`: right after it was refused this."""
    if reason == "end_turn" and refused_last is not None:  # as OpenCode does
        what = clip(refused_last, SUMMARY_LENGTH_MAX // 2)
        return Finished("failed", error=f"The agent stopped when it was not allowed this: {what}")
    if reason == "end_turn":
        return Finished("completed")
    if reason == "cancelled":
        return Finished("interrupted", error="The agent says that its turn was cancelled.")
    said = _STOPS.get(reason) or f"The agent stopped for a reason that is not known: {clip(reason, 200)}."
    return Finished("failed", error=said)


def ended_by_error(failure: RequestFailed, now: datetime, login: str) -> Finished:
    """The end of a turn that the agent answered with an error; `login` says how one gives it its key."""
    text = error_text(failure)
    kind = _SURE_CODES.get(failure.code) or error_kind(f"{text} {_class_name(failure.data)}")
    if kind is None and failure.code == AUTHENTICATION_REQUIRED:
        kind = "unauthorized"
    return ended_by_kind(kind, text, now, login)


def ended_by_failure(said: str, pattern: str, now: datetime, login: str) -> Finished | None:
    """The end of a turn whose last message is a failure by the profile's pattern; None where it is not."""
    said = said[:SEARCHED_CHARACTERS_MAX]
    return ended_by_kind(error_kind(said), said, now, login) if re.search(pattern, said) else None


def ended_without_a_word(agent: str, exited: Exit, now: datetime, login: str) -> Finished:
    """The end of a program that never answered; a missing key is told on stderr alone by some."""
    if exited.problem is not None:
        outcome: RunOutcome = "failed" if exited.problem.startswith("could not be started") else "lost"
        return Finished(outcome, error=f"{agent} {exited.problem}.")
    said = clip(exited.stderr_tail, SUMMARY_LENGTH_MAX)
    if error_kind(said) == "unauthorized":
        return ended_by_kind("unauthorized", said, now, login)
    code = exited.exit_code or 0
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    told = f"and said: {said}" if said else "and said nothing on stderr."
    error = f"{agent} ended in the middle of its work ({how}) {told}"
    return Finished("lost", error=error, exit_code=code if code >= 0 else None)


def error_text(failure: RequestFailed) -> str:
    """What a person should read of the error: its message, and what its data adds to it."""
    message = failure.message.strip()
    for prefix in _PREFIXES:
        message = message.removeprefix(prefix).strip()
    parts = [message, *(part for part in _words(failure.data) if part not in message)]
    text = ". ".join(part.rstrip(". ") for part in parts if part)
    return f"{text}." if text else f"The agent answered with error {failure.code} and no word."


def _class_name(data: Any) -> str:
    """OpenCode's class of the error, which says more than some of its texts."""
    name = data.get("errorName") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def _words(data: Any) -> list[str]:
    """The texts in an error's data that say something."""
    if isinstance(data, str):
        return [data.strip()]
    if not isinstance(data, dict):
        return []
    found: list[str] = []
    for name in ("details", "detail", "message", "error", "reason"):
        value = data.get(name)
        found += _words(value) if isinstance(value, str | dict) else []
    return found[:4]
