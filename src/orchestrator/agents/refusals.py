"""Whether a last message is its vendor's refusal, passed on as text, and not an answer of the agent.

Some agents end their turn as if all were well when their vendor refuses them, and say the refusal as if it
were their own words: “Error: 401 Incorrect API key”, “You've hit your usage limit”, “HTTP 529: Overloaded”.
The same words are in honest reports (“Wrong passwords are answered with 401 now.”), so what counts is how
vendors begin: a line that opens with the word error, with a status, or with one of their set phrases. Only
the first and the last line count: agents put a banner before it, or what they had said until the stream
broke. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from orchestrator.agents.error_texts import OTHER_MODEL, ErrorKind, error_kind
from orchestrator.agents.limit_texts import reset_time
from orchestrator.domain.events import SUMMARY_LENGTH_MAX, clip
from orchestrator.engine.agent_events import Finished, Limit

FAR = timedelta(minutes=10)
"""A vendor that is overloaded for longer than this is a limit to wait for, not an error to try again."""

_STATUS = r"(?:4[0-2]\d|50\d|52\d)\b"
_PARTS = (
    r"(?:api|internal|server|provider|model|llm|agent|stream|network|connection|request|upstream|execution)"
)
_REASONS = (
    r"(?:unauthorized|forbidden|payment required|not found|too many requests|overloaded"
    r"|internal server error|bad gateway|service unavailable|gateway time-?out|\{)"
)
_ERRORS = (
    rf"(?:(?:{_PARTS}|fatal|http)[ _-])*error(?:\s*:|\s*[(\[]?(?:code|status|http)?[ :]*{_STATUS}|$)",
    r"[A-Za-z.]{1,60}(?:Error|Exception)\s*:",
    rf"(?:http|status|unexpected status|error code|code)[ :]*(?:code[ :]*)?{_STATUS}",
    rf"{_STATUS}\W{{0,4}}{_REASONS}",
    r"\{\s*[\"'](?:error[\"']|type[\"']\s*:\s*[\"']error)",
)
"""How a line begins that calls itself an error, whatever it says then."""

_WHOSE = r"(?:your |the |our )?"
_IS = r"(?:is |are |was |has been |have been )?"
_SPANS = r"(?:(?:usage|rate|session|spend(?:ing)?|weekly|daily|monthly|5-hour|token)[ _-])*"
_KEYS = r"(?:api[ _-]?key|(?:oauth )?token|credentials|login|session)"
_SERVERS = r"(?:service|server|model|api|provider)s?"
_LINES = r"(?:stream|connection|transport|network)"
_NAMED_MODEL = r"models?\b\W{0,3}[\w./:@-]{0,80}\W{0,3}"

_BEGINNINGS: Mapping[ErrorKind, tuple[str, ...]] = {
    "limited": (
        r"you(?:.ve| have)? (?:hit|reached|exceeded|used up) your .{0,40}?(?:limit|quota|credits)\b",
        rf"(?:\w+ )?{_SPANS}(?:limit|quota) {_IS}(?:reached|exceeded|exhausted|used up)",
        r"(?:insufficient|resource|quota|rate_limit)_(?:quota|exhausted|exceeded|error)",
        r"insufficient (?:quota|credits?|funds|balance)|out of credits|your credit balance is too low",
        r"too many requests|exceeded retry limit",
    ),
    "unauthorized": (
        rf"authentication {_IS}(?:required|failed|error)|(?:you are )?not (?:logged in|authenticated)\b",
        r"please (?:log ?in|sign in|re-?authenticate)\b",
        r"(?:incorrect|invalid|missing|expired) (?:x-)?api[ _-]?key\b",
        r"no (?:x-)?api[ _-]?key (?:was |is )?(?:found|given|provided|set|configured)",
        rf"{_WHOSE}{_KEYS} (?:is |are |has |have )(?:not valid|not set|invalid|missing|expired|been revoked)",
    ),
    "unknown_model": (
        rf"(?:the )?(?:requested )?{_NAMED_MODEL}{_IS}not (?:found|available|supported)",
        rf"(?:the )?(?:requested )?{_NAMED_MODEL}(?:does not|doesn.t|may not) exist",
        r"(?:unknown|unrecognized|no such|invalid) model\b\W*(?:['\"`:]|[\w./-]*\d)",
        r"there.s an issue with the selected model",
    ),
    "context_full": (
        rf"{_WHOSE}(?:input )?(?:prompt|input|conversation|request) (?:is|was) too (?:long|large)\b",
        rf"{_WHOSE}context (?:window|length) {_IS}(?:exceeded|full|too (?:long|large|small))",
        r"(?:codex |the model )?ran out of room|this model.s maximum context|input token count",
    ),
    "overloaded": (
        rf"(?:{_WHOSE}{_SERVERS} {_IS})?(?:currently |temporarily )?(?:overloaded|unavailable|at capacity)\b",
        rf"{_WHOSE}{_LINES} {_IS}(?:disconnected|error|reset|lost|interrupted|refused|timed out)",
        rf"{_WHOSE}{_LINES} {_IS}closed (?:before|by|unexpectedly)",
        r"service unavailable|fetch failed|request (?:timed out|failed)|server (?:had an )?error|econnre",
    ),
}
"""How vendors and their agents begin a refusal that does not call itself an error."""

_PREFIX = r"(?:(?:info|warning|notice|failed|failure|sorry)\W{1,3})?"
_DONE = r"(?!.*\b(?:add|fix|implement|handl|chang|test|document|cover|answer|logg|report)ed\b|.*\bshown\b)"
"""What is said of work that was done, in words that are like a refusal's."""

_REFUSAL = re.compile(
    "|".join(_ERRORS)
    + f"|{_DONE}{_PREFIX}(?:{'|'.join(w for words in _BEGINNINGS.values() for w in words)})",
    re.IGNORECASE,
)
_RATE = re.compile(r"rate[_ -]?limit|too many requests|(?<![\d.])429(?![\d.])", re.IGNORECASE)


def refusal(text: str, now: datetime, login: str = "") -> Finished | None:
    """How the attempt ended whose last message this is; None where it is not known as a refusal.

    `login` says how one gives the agent its key.
    """
    said = refusal_in(text)
    if said is None:
        return None
    kind = error_kind(said)
    if kind == "overloaded" and _RATE.search(said):
        kind = "limited"  # its agent has given up trying again
    return ended_by_kind(kind, said, now, login)


def refusal_in(text: str) -> str | None:
    """The text if it begins as vendors begin what is no answer, or the last line if that does; else None."""
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    for first in (0, len(lines) - 1):
        if lines and _REFUSAL.match(_undecorated(lines[first])):
            return "\n".join(lines[first:])
    return None


def _undecorated(line: str) -> str:
    """The line without signs, bullets, stars and brackets at its beginning."""
    return re.sub(r"^(?:[^\w{]|_)+", "", line)


def ended_by_kind(kind: ErrorKind | None, text: str, now: datetime, login: str) -> Finished:
    """How the attempt ended that met an error of this kind; `text` is what the agent or its vendor said."""
    sentence = clip(text, SUMMARY_LENGTH_MAX)
    resets_at = reset_time(text, now)
    if kind == "overloaded" and resets_at is not None and resets_at - now > FAR:
        kind = "limited"
    match kind:
        case "limited":
            return Finished("limited", error=sentence, limit=Limit(sentence, resets_at))
        case "unauthorized":
            return Finished("unauthorized", error=f"{sentence.rstrip('. ')}. {login}".strip())
        case "unknown_model":
            return Finished("unknown_model", error=f"{sentence.rstrip('. ')}. {OTHER_MODEL}")
        case "context_full":
            return Finished("context_full", error=sentence)
        case _:
            return Finished("failed", error=sentence)
