"""Takes secrets out of texts before they are written: known kinds of keys, and values that we were told.

What is cut in two before it comes here is not found; whoever bounds a text should redact it first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Redact = Callable[[str], str]

MARK = "[redacted]"
SECRET_LENGTH_MIN = 8
"""Shorter values are no secrets worth the name, and would blot out ordinary words."""

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)$", re.IGNORECASE)
# Kinds of keys whose form is published by those who give them out, each behind the text that it begins with:
# long texts are searched for that, and what may not stand before it is looked at only there.
_KNOWN = tuple(
    (beginning, re.compile(f"({before}){form}"))
    for beginning, before, form in (
        ("sk-", r"sk-(?<!\wsk-)", r"[A-Za-z0-9_-]{16,}"),  # model vendors
        ("gh", r"gh[pousr]_(?<!\wgh._)", r"[A-Za-z0-9]{20,}"),
        ("github_pat_", r"github_pat_(?<!\wgithub_pat_)", r"[A-Za-z0-9_]{20,}"),
        ("glpat-", r"glpat-(?<!\wglpat-)", r"[A-Za-z0-9_-]{16,}"),
        ("xox", r"xox[abeprs]-(?<!\wxox.-)", r"[A-Za-z0-9-]{10,}"),
        ("AKIA", r"AKIA(?<!\wAKIA)", r"[0-9A-Z]{16}\b"),
        ("AIza", r"AIza(?<!\wAIza)", r"[0-9A-Za-z_-]{35}"),
        # JSON Web Token, RFC 7519
        ("eyJ", r"eyJ(?<!\weyJ)", r"[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    )
)
# Of these, what they begin with is no secret: RFC 6750; RFC 3986, userinfo.
_BEHIND = (
    ("earer ", re.compile(r"(earer (?<=[Bb]earer ))[A-Za-z0-9._~+/-]{16,}=*")),
    ("://", re.compile(r"(://)[^\s/:@]{1,256}:[^\s/@]{1,256}(?=@)")),
)
# RFC 7468
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
_KEY_ENDS = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY-----")
_KEY_LENGTH_MAX = 20_000


def redact_known(text: str) -> str:
    """The text without keys of known kinds."""
    for beginning, key in _KNOWN:
        if beginning in text:
            text = key.sub(MARK, text)
    for beginning, key in _BEHIND:
        if beginning in text:
            text = key.sub(rf"\1{MARK}", text)
    return _without_private_keys(text) if "PRIVATE KEY-----" in text else text


def _without_private_keys(text: str) -> str:
    """Keys between their two lines, or up to the text's end where the second one is missing."""
    parts, done = [], 0
    while begins := _KEY_BEGINS.search(text, done):
        limit = begins.end() + _KEY_LENGTH_MAX
        ends = _KEY_ENDS.search(text, begins.end(), limit)
        is_cut_off = ends is None and begins.end() < len(text) <= limit
        parts.append(text[done : begins.start()])
        parts.append(MARK if ends or is_cut_off else begins[0])
        done = ends.end() if ends else len(text) if is_cut_off else begins.end()
    return "".join([*parts, text[done:]])


def redactor(variables: Mapping[str, str]) -> Redact:
    """Takes out known kinds of keys, and the values of variables whose names say that they are secret."""
    values = {
        value
        for name, value in variables.items()
        if _SECRET_NAME.search(name) and len(value) >= SECRET_LENGTH_MIN
    }
    longest_first = sorted(values, key=len, reverse=True)

    def redact(text: str) -> str:
        for value in longest_first:
            text = text.replace(value, MARK)
        return redact_known(text)

    return redact
