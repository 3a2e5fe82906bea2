"""How a Codex turn ended, in our words.

After `TurnError` and `RateLimitSnapshot` of the protocol that `codex app-server generate-ts` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.agents.error_texts import OTHER_MODEL, error_kind
from orchestrator.agents.limit_texts import reset_time
from orchestrator.engine.agent_events import Finished, Limit, RunOutcome

UNAUTHORIZED, TOO_MANY_REQUESTS = 401, 429
SERVER_ERRORS = range(500, 600)
USED_UP_PERCENT = 100.0

_OUTCOMES: Mapping[str, RunOutcome] = {
    "contextWindowExceeded": "context_full",
    "sessionBudgetExceeded": "budget",
}
REMEDY = "Run `codex login`, or set CODEX_API_KEY, or the variable that your provider's `env_key` names."

Window = Mapping[str, Any]


class RateLimits:
    """What Codex knows of the account's limits. Its updates are sparse: what one leaves out stands."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}

    def update(self, snapshot: Any) -> None:
        """Merge a snapshot in."""
        if isinstance(snapshot, dict):
            for name in ("primary", "secondary"):
                if isinstance(window := snapshot.get(name), dict):
                    self._windows[name] = window

    def resets_at(self, now: datetime) -> datetime | None:
        """When every window that is used up has begun anew; None where none is, or nobody said when."""
        full = [
            window for window in self._windows.values() if _number(window, "usedPercent") >= USED_UP_PERCENT
        ]
        moments = [datetime.fromtimestamp(seconds, UTC) for w in full if (seconds := _number(w, "resetsAt"))]
        latest = max(moments, default=None)
        return latest if latest is not None and latest > now else None


def failure(error: Any, limits: RateLimits, now: datetime, text: str = "") -> Finished:
    """The end of a turn that failed; `text` is what it leaves. `now` is aware, in the host's zone."""
    error = error if isinstance(error, dict) else {}
    message = _message(error)
    kind, status = _kind(error.get("codexErrorInfo"))
    if kind in {"usageLimitExceeded", "rateLimitExceeded"} or status == TOO_MANY_REQUESTS:
        resets_at = limits.resets_at(now) or reset_time(message, now)
        return Finished("limited", text, message, limit=Limit(message, resets_at))
    if kind == "unauthorized" or status == UNAUTHORIZED:
        return Finished(
            "unauthorized", text, f"Codex has no key or login that is accepted. {REMEDY} It said: {message}"
        )
    if kind in _OUTCOMES:
        return Finished(_OUTCOMES[kind], text, message)
    if kind == "serverOverloaded" or status in SERVER_ERRORS:
        return Finished("failed", text, f"Codex's model could not be reached for now: {message}")
    if error_kind(message) == "unknown_model":
        return Finished("unknown_model", text, f"Codex: {message.rstrip('. ')}. {OTHER_MODEL}")
    return Finished("failed", text, f"Codex: {message}")


def local_now() -> datetime:
    """This moment in the host's zone: Codex tells times in it, without naming it."""
    return datetime.now(UTC).astimezone()


def _kind(info: Any) -> tuple[str, int | None]:
    """The name of `codexErrorInfo`, and the HTTP status that some of its kinds carry."""
    if isinstance(info, dict) and info:
        kind, details = next(iter(info.items()))
        status = details.get("httpStatusCode") if isinstance(details, dict) else None
        return str(kind), status if isinstance(status, int) else None
    return str(info or "other"), None


def _message(error: Mapping[str, Any]) -> str:
    said = [str(error[name]).strip() for name in ("message", "additionalDetails") if error.get(name)]
    return " ".join(said) or "The turn failed, and nothing was said about why."


def _number(window: Window, name: str) -> float:
    value = window.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
