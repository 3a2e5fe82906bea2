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
# Kinds of keys whose form is published by those who give them out.
_KNOWN = re.compile(
    r"\bsk-[A-Za-z0-9_-]{16,}"  # model vendors
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"
    r"|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\bxox[abeprs]-[A-Za-z0-9-]{10,}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bAIza[0-9A-Za-z_-]{35}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"  # JSON Web Token, RFC 7519
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/-]{16,}=*"  # RFC 6750
    r"|(?<=://)[^\s/:@]{1,256}:[^\s/@]{1,256}(?=@)"  # RFC 3986, userinfo
    # RFC 7468
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{1,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)"
)


def redact_known(text: str) -> str:
    """The text without keys of known kinds."""
    return _KNOWN.sub(MARK, text)


def redactor(variables: Mapping[str, str]) -> Redact:
    """Takes out known kinds of keys, and the values of variables whose names say that they are secret."""
    values = {
        value
        for name, value in variables.items()
        if _SECRET_NAME.search(name) and len(value) >= SECRET_LENGTH_MIN
    }
    if not values:
        return redact_known
    told = re.compile("|".join(re.escape(value) for value in sorted(values, key=len, reverse=True)))
    return lambda text: redact_known(told.sub(MARK, text))
