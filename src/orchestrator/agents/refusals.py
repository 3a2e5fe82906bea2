"""Whether a last message is its vendor's refusal, passed on as text, and not an answer of the agent.

Some agents end their turn as if all were well when their vendor refuses them, and say the refusal as if it
were their own words: “Error: 401 Incorrect API key”, “You've hit your usage limit”, “HTTP 529: Overloaded”.
The same words are in honest reports (“Wrong passwords are answered with 401 now.”), so what counts is how
vendors begin: a line that opens with the word error, with a status, or with one of their set phrases. Only
the first and the last line count, and the last line's end: agents put a banner before it, or what they had
said until the stream broke. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from orchestrator.agents.error_texts import OTHER_MODEL, ErrorKind, error_kind
from orchestrator.agents.limit_texts import reset_time
from orchestrator.domain.events import SUMMARY_LENGTH_MAX, clip
from orchestrator.engine.agent_events import Finished, Limit

FAR = timedelta(minutes=10)
"""A vendor that is overloaded for longer than this is a limit to wait for, not an error to try again."""

ERROR_LENGTH_MAX = 20_000
"""A vendor's error is shorter than this, with the page or the JSON that comes with it."""

REPORT_LENGTH_MAX = 1_000
"""What says more than this before it ends in an error is a report, whatever words are in it."""

BEGINNING_LENGTH = 200
"""How much of a long error says what is wrong, before its details."""

_OPENINGS = frozenset({"{", "[", "[{"})
_STATUS = r"(?:4[0-2]\d|50\d|52\d)\b"
_PARTS = (
    r"(?:api|internal|server|provider|model|llm|agent|stream|network|connection|request|upstream|execution)"
)
_REASONS = (
    r"(?:unauthorized|forbidden|payment required|not found|too many requests|overloaded"
    r"|internal server error|bad gateway|service unavailable|gateway time-?out|\{)"
)
_ALONE = (
    r"(?:unauthorized|forbidden|payment required|too many requests|internal server error|bad gateway"
    r"|service unavailable|gateway time-?out)"
)
_ERRORS = (
    rf"(?:(?:{_PARTS}|fatal|http)[ _-])*error(?:\s*:|$)",
    r"[A-Za-z.]{1,60}(?:Error|Exception)\s*:",
    rf"(?:http|status|unexpected status|error code|code)[ :]*(?:code[ :]*)?{_STATUS}\s*(?:[:{{]|$)",
    r"\{\s*[\"'](?:error[\"']|type[\"']\s*:\s*[\"']error)(?!\s*:\s*(?:null|false|0|\"\"|''|\[\s*\]))",
)
"""How a line begins that calls itself an error, whatever it says then."""

_STATUSES = (
    rf"(?:(?:{_PARTS}|fatal|http)[ _-])*error\W{{0,3}}(?:code|status|http)?[ :]*(?:code[ :]*)?{_STATUS}",
    rf"(?:http|status|unexpected status|error code|code)[ :]*(?:code[ :]*)?{_STATUS}",
    rf"request failed with (?:http |status |code )*{_STATUS}",
    rf"{_STATUS}\W{{0,4}}{_REASONS}",
    rf"(?:error\W{{1,3}})?{_ALONE}\W*$",
    rf"(?:an? )?(?:(?:unexpected|unknown|{_PARTS}) )*error (?:has )?occurred\b|something went wrong\b",
)
"""How a line begins that names an error, or speaks of one in a sentence."""

_WHOSE = r"(?:your |the |our )?"
_IS = r"(?:is |are |was |has been |have been )?"
_SPANS = r"(?:(?:usage|rate|session|spend(?:ing)?|weekly|daily|monthly|5-hour|token)[ _-])*"
_KEYS = r"(?:api[ _-]?key|(?:oauth )?token|credentials|login|session)"
_SERVERS = r"(?:service|server|model|api|provider)s?"
_LINES = r"(?:stream|connection|transport|network)"
_UNITS = r"(?:messages|credits?|tokens|requests|quota|usage|prompts|generations)"
_NAMED_MODEL = r"models?\b\W{0,3}[\w./:@-]{0,80}\W{0,3}"

_BEGINNINGS: Mapping[ErrorKind, tuple[str, ...]] = {
    "limited": (
        r"you(?:.ve| have)? (?:hit|reached|exceeded|used up) your .{0,40}?(?:limit|quota|credits)\b",
        rf"(?:\w+ )?{_SPANS}(?:limit|quota) {_IS}(?:reached|exceeded|exhausted|used up)\b(?! after\b)",
        r"(?:insufficient|resource|quota|rate_limit)_(?:quota|exhausted|exceeded|error)",
        rf"insufficient (?:quota|credits?|funds|balance)|out of credits|{_WHOSE}credit balance is too low",
        rf"(?:you(?:.re| are)|you(?:.ve| have)? run) out of (?:\w+ ){{0,3}}{_UNITS}\b",
        rf"you(?:.ve| have)? (?:no|used (?:up )?all)(?: \w+){{0,4}} {_UNITS}\b(?!.* to\b)",
        rf"no (?:\w+ )?{_UNITS} (?:left|remaining)\b",
        r"your (?:\w+ )?(?:trial|plan|subscription) (?:has )?(?:ended|expired|run out)\b",
        r"upgrade (?:your plan|to (?:\w+ )?(?:pro|plus|max|premium|team)) to (?:continue|keep|get)\b",
        r"too many requests|exceeded retry limit",
    ),
    "unauthorized": (
        rf"authentication {_IS}(?:required|failed|error)|(?:you are )?not (?:logged in|authenticated)\b",
        r"please (?:log ?in|sign in|re-?authenticate|run \W{0,2}(?:\w+ ){0,2}/?login(?!-))\b",
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

_POLITE = (
    r"(?:(?:(?:i.?m|i am|we.?re|we are) (?:very |so |really )?)?sorry|(?:my |our )?apologies"
    r"|(?:i|we) apologi[sz]e|unfortunately|oops|uh-oh|info|warning|notice|failed|failure)"
)
_PREFIX = rf"(?:{_POLITE}\W{{1,3}}(?:but |however,? )?)?"
_DONE = (
    r"(?!(?:(?![.!?](?:\s|$)).)*\b"
    r"(?:(?:add|fix|implement|handl|chang|test|document|cover|answer|logg|report|redirect|resolv|mock)ed"
    r"|shown|caught)\b)"
)
"""In the same sentence: what is said of work that was done, in words that are like a refusal's."""

_PHRASES = (*_STATUSES, *(phrase for phrases in _BEGINNINGS.values() for phrase in phrases))


@cache
def _refusal() -> re.Pattern[str]:
    """Compiled when the first agent ends: that takes some 40 ms."""
    begins = f"(?:{'|'.join(_ERRORS)}|{_DONE}(?:{'|'.join(_PHRASES)}))"
    return re.compile(_PREFIX + begins, re.IGNORECASE)


_LATE = re.compile(
    rf"(?:(?<=[.…!?:)\]])\s*|(?<=\w))(?:API Error: ?{_STATUS}|stream disconnected before completion:)"
    rf"|(?<=[.…!?:)\]])\s*(?:Error|HTTP)[ :]+{_STATUS}(?=\W{{0,4}}(?i:{_REASONS})|\W*$)"
)
"""A refusal behind what the agent had said until then, on the same line: it never got to end its sentence."""

_RATE = re.compile(r"rate[_ -]?limit|too many requests|(?<![\d.])429(?![\d.])", re.IGNORECASE)


def refusal(text: str, now: datetime, login: str = "") -> Finished | None:
    """How the attempt ended whose last message this is; None where it is not known as a refusal.

    `login` says how one gives the agent its key.
    """
    said = refusal_in(text)
    if said is None:
        return None
    head = said if len(said) <= REPORT_LENGTH_MAX else said[:BEGINNING_LENGTH]
    kind = error_kind(head) or error_kind(said)
    if kind == "overloaded" and _RATE.search(head):
        kind = "limited"  # its agent has given up trying again
    return ended_by_kind(kind, said, now, login)


def refusal_in(text: str) -> str | None:
    """The text if it begins as vendors begin what is no answer, or its end if that does; else None.

    What follows such a beginning may be long, as the page of a gateway is. What is said before such an end
    is short, or it was a report.
    """
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("```")]
    if not lines or len(text) > ERROR_LENGTH_MAX:
        return None
    is_short = len(text) <= REPORT_LENGTH_MAX
    first = lines[0][:REPORT_LENGTH_MAX] if lines[0] not in _OPENINGS else " ".join(lines[:10])
    if _refusal().match(_undecorated(first)) and (is_short or error_kind(first) is not None):
        return "\n".join(lines)
    if not is_short:
        return None
    if _refusal().match(_undecorated(lines[-1])):
        return lines[-1]
    late = _LATE.search(lines[-1])
    said = lines[-1][late.start() :].strip() if late else ""
    return said if _refusal().match(said) else None


def _undecorated(line: str) -> str:
    """The line without Markdown's marks, and without signs, bullets and brackets at its beginning."""
    return re.sub(r"^(?:[^\w{]|[_\u2139])+", "", re.sub(r"[*`]+|__", "", line))


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
