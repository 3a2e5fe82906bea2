"""How a conversation with Claude Code ended, from its last `result` and how the program exited. Pure.

A result is judged by `is_error` and `terminal_reason`: an API that fails ends with `subtype: "success"`, and
so does a turn in which every call was denied, which the engine judges by the calls. The program's exit code
says nothing on top of a result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.agents.claude.messages import ClaudeMessages, summary
from orchestrator.agents.contained_program import Exit
from orchestrator.agents.error_texts import OTHER_MODEL, error_kind
from orchestrator.domain.events import clip
from orchestrator.engine.agent_events import Finished, Limit, RunOutcome

FINDING_LENGTH_MAX = 65_536
ERROR_LENGTH_MAX = 1_000
DENIALS_TOLD_MAX = 20
UNAUTHORIZED = frozenset({"authentication_failed", "authentication_error"})
LIMITED = frozenset(
    {"rate_limit", "rate_limit_error", "usage_limit_reached", "overloaded", "overloaded_error"}
)
"""In the words of `api_error`, `api_error_type` and the `error` of messages. The CLI has tried some ten times
before it ends with one of these, except for limits that are far off."""

OUTCOMES: Mapping[str, RunOutcome] = {"prompt_too_long": "context_full", "budget_exhausted": "budget"}
"""By `terminal_reason`."""


def verdict(told: ClaudeMessages, end: Exit | None) -> Finished:
    """The end of a run that nobody has interrupted."""
    result = told.result
    if told.is_over and result is None:
        return Finished("unauthorized", error="Claude Code cannot work: its key or login was refused.")
    if result is None:
        return _without_result(told, end)
    text = finding(told)
    if not result.get("is_error"):
        problem = _problem(result)
        return Finished("failed", text, _error(problem)) if problem else Finished("completed", text)
    why = _why(result)
    outcome = _outcome(told, result)
    if outcome == "limited":
        return Finished("limited", text, _error(why), limit=Limit(why, resets_at(told.rejection)))
    if outcome == "unknown_model":
        why = f"{why.rstrip('. ')}. {OTHER_MODEL}"
    return Finished(outcome, text, _error(why))


def interrupted(told: ClaudeMessages, reason: str, end: Exit | None) -> Finished:
    """The end of a run that was told to end; work that was done by then stays done."""
    result = told.result
    if result is not None and not result.get("is_error") and not told.sent:
        return verdict(told, end)
    return Finished("interrupted", finding(told), f"Interrupted: {reason}")


def finding(told: ClaudeMessages) -> str:
    """What the agent says at its end, and what it was not allowed to do."""
    result = told.result or {}
    said = str(result.get("result") or "")
    text = clip((told.last_text if result.get("is_error") else said) or told.last_text, FINDING_LENGTH_MAX)
    if result.get("permission_denials"):
        text = f"{clip(text, FINDING_LENGTH_MAX - ERROR_LENGTH_MAX)}\n\n{_error(f'Note: {denials(result)}.')}"
    return text.strip()


def denials(result: Mapping[str, Any]) -> str:
    """What was denied, as a clause."""
    denied = [entry for entry in result.get("permission_denials") or () if isinstance(entry, dict)]
    calls = [f"{entry.get('tool_name')} ({summary(entry.get('tool_input') or {})})" for entry in denied]
    more = f" and {len(calls) - DENIALS_TOLD_MAX} more" if len(calls) > DENIALS_TOLD_MAX else ""
    return f"the agent was not allowed to use {', '.join(calls[:DENIALS_TOLD_MAX])}{more}"


def resets_at(rejection: Mapping[str, Any] | None) -> datetime | None:
    """When the limit that was reached is lifted."""
    seconds = (rejection or {}).get("resetsAt")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None


def _problem(result: Mapping[str, Any]) -> str | None:
    """Why a result that is no error is no success."""
    if result.get("stop_reason") == "refusal":
        return "The model declined the task."
    reason = result.get("terminal_reason") or "completed"
    return None if reason == "completed" else f"Claude Code ended as {reason}."


def _outcome(told: ClaudeMessages, result: Mapping[str, Any]) -> RunOutcome:
    reason = str(result.get("terminal_reason"))
    if reason in OUTCOMES:
        return OUTCOMES[reason]
    if result.get("subtype") == "error_max_budget_usd":
        return "budget"
    words = {told.api_error, result.get("api_error"), result.get("api_error_type")}
    if words & UNAUTHORIZED or result.get("api_error_status") == 401:
        return "unauthorized"
    if words & LIMITED or result.get("api_error_status") in {429, 529}:
        return "limited"
    if error_kind(_why(result)) == "unknown_model":
        return "unknown_model"
    return "failed"


def _why(result: Mapping[str, Any]) -> str:
    """The vendor's own words, where there are any for people."""
    said = "; ".join(_errors(result)) or str(result.get("result") or "").strip()
    return said or f"Claude Code ended as {result.get('terminal_reason') or result.get('subtype')}."


def _errors(result: Mapping[str, Any]) -> Iterator[str]:
    for error in result.get("errors") or ():
        if isinstance(error, str) and error.strip() and not error.startswith("[ede_diagnostic]"):
            yield error.strip()


def _without_result(told: ClaudeMessages, end: Exit | None) -> Finished:
    """The program went away in the middle of its work, or did not get that far."""
    if end is None:
        return Finished("lost", finding(told), "Claude Code was not started.")
    how = end.problem or f"ended with exit code {end.exit_code} before its work was done"
    said = f": {end.stderr_tail}" if end.stderr_tail else ""
    # What it refuses at its start it will refuse again; what ends it later is not its own doing.
    is_refusal = not told.has_started and end.exit_code is not None and end.exit_code > 0
    outcome: RunOutcome = "failed" if is_refusal else "lost"
    return Finished(outcome, finding(told), _error(f"Claude Code {how}{said}"), end.exit_code)


def _error(sentence: str) -> str:
    return clip(" ".join(sentence.split()), ERROR_LENGTH_MAX)
