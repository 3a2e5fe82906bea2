"""What is wrong, told from the words of an error: for agents that pass on their vendor's text and no code.

The words are those of the vendors' own errors (Anthropic, OpenAI, Google, Mistral) and of the agents that
were run against them. Pure. The order matters: “429 You exceeded your current quota” is a limit, a plain 429
is not.
"""

from __future__ import annotations

import re
from typing import Literal

ErrorKind = Literal["limited", "unauthorized", "context_full", "unknown_model", "overloaded"]
"""`limited`: nothing goes for a while; `overloaded`: it may well go when it is tried again."""

OTHER_MODEL = "Name another model in the agent's own settings."

_WORDS: dict[ErrorKind, tuple[str, ...]] = {
    "context_full": (
        r"context[_ ](?:length|window)|contextoverflow|context too long|maximum context",
        r"prompt is too long|ran out of room|input token count .{0,40}exceeds",
        r"too many (?:input )?tokens|input is too long",
    ),
    "limited": (
        r"(?:usage|spend(?:ing)?|session|weekly|daily|monthly|\d-hour)[_ -]?limit",
        r"(?<!rate[ _-])limit (?:has been )?reached",
        r"hit your .{0,20}limit|insufficient[_ ](?:quota|credits?|funds|balance)|credit balance is too low",
        r"exceeded your .{0,20}quota|quota[_ ](?:exceeded|reached|exhausted)",
        r"out of (?:\w+ ){0,3}(?:credits?|messages|requests|quota|usage|prompts|generations)\b",
        r"no (?:\w+ )?(?:credits?|messages|requests|quota|usage) (?:left|remaining)",
        r"payment required|(?<![\d.])402(?![\d.])|(?:trial|plan|subscription) (?:has )?(?:ended|expired)",
        r"upgrade (?:your plan|to (?:\w+ )?(?:pro|plus|max|premium|team)) to",
    ),
    "unauthorized": (
        r"authenticat(?:e\b|ion)|unauthori[sz]ed|(?<!\d)401(?!\d)",
        r"(?:status(?: code)?|http|error)[ :]*403(?!\d)|(?<!\d)403\W{0,3}forbidden",
        r"not logged in|please log ?in|\blog in (?:first|again|with)|please run \W{0,2}(?:\w+ ){0,2}/?login",
        r"(?:incorrect|invalid|missing|no|expired) (?:x-)?api[ _-]?key|invalid_api_key",
        r"api[ _-]?key (?:is )?(?:not valid|not found|not set|invalid|missing|expired|required)",
        r"(?:token|credentials?) (?:has |have |is |are )?(?:expired|invalid)",
    ),
    "unknown_model": (
        r"model[_ ]?not[_ ]?found|(?:issue with the selected|unknown|unrecognized|no such|invalid) model\b",
        r"\bmodels?\b.{0,100}(?:(?:does not|doesn.t|may not) exist|is not (?:found|supported|available))",
        r"\bmodel\W{1,3}[\w./:@-]{1,80}\W{1,3}(?:was )?not (?:found|supported|available)",
        r"not_found_error.{0,60}\bmodel\b",
    ),
    "overloaded": (
        r"overloaded|rate[_ -]?limit|too many requests|(?<![\d.])(?:429|500|502|503|504|529)(?![\d.])",
        r"service unavailable|bad gateway|internal server error|temporarily unavailable|at capacity",
        r"resource[_ ]exhausted|econn(?:reset|refused)|fetch failed|transport error|network error",
        r"(?:stream|connection)\b.{0,20}?\b(?:error|disconnected|reset|closed|lost|refused|interrupted)",
        r"server (?:had an )?error|request timed out",
    ),
}
_PATTERNS = tuple((kind, re.compile("|".join(words), re.IGNORECASE)) for kind, words in _WORDS.items())
SEARCHED_CHARACTERS_MAX = 4_000


def error_kind(text: str) -> ErrorKind | None:
    """What the text speaks of; None when it says nothing that is known."""
    head = text[:SEARCHED_CHARACTERS_MAX]
    return next((kind for kind, pattern in _PATTERNS if pattern.search(head)), None)
