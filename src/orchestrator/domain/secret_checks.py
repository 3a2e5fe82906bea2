"""What tells a secret from code, prose and placeholders, where the form alone does not.

Each check is given the whole text and where in it the value lies; what follows the value is known by then.
"""

from __future__ import annotations

import base64
import binascii
import re

RANDOM_LENGTH_MIN = 12
"""A name in a program rarely has so long a part with several digits in it."""

WORD_LENGTH_MIN = 12
"""A quoted password of letters alone is longer than the words of forms and messages."""

_PARTS = re.compile(rb"[A-Za-z0-9]{%d,}" % RANDOM_LENGTH_MIN)
_LETTER = re.compile(rb"[A-Za-z]")
_SYMBOL = re.compile(rb"[0-9!#%^*+=~?@]")
_CODE = re.compile(rb"\A(?:[./~$:=]|[A-Za-z_][\w.]*\Z|0x)")
_NO_BEGINNINGS = b"$<{%),;:]}"
"""What a template begins with, and what comes behind a text that ends in “password:”."""

_SAME = re.compile(rb"\A(.)\1*\Z|\A[xX*.-]+\Z|[xX*.]{6}", re.DOTALL)
_PLACEHOLDER = re.compile(
    rb"\A(?:your|my|the|some|example|changeme|placeholder|redacted)|\[redacted\]|example\Z", re.IGNORECASE
)


def is_random(text: bytes, start: int, end: int) -> bool:
    """Whether the value holds a part that is no word: long, of letters and of two digits or more."""
    value = text[start:end]
    if _is_placeholder(value) or text[end : end + 1] in {b"(", b"[", b"{"}:
        return False
    return any(map(_is_random_part, _PARTS.findall(value)))


def is_password(text: bytes, start: int, end: int) -> bool:
    """Whether the text after `password=` is a password, not a name, path, call or placeholder."""
    value = text[start:end]
    if _is_placeholder(value) or _CODE.search(value) or text[end : end + 1] in {b"(", b"[", b"{", b"<"}:
        return False
    return bool(_SYMBOL.search(value))


def is_quoted_password(text: bytes, start: int, end: int) -> bool:
    """Whether the text behind `"password":` is one, and no label, type or placeholder."""
    value = text[start:end]
    if _is_placeholder(value) or value[:1] in _NO_BEGINNINGS:
        return False
    if b" " in value:
        return bool(re.search(rb"[0-9]", value)) and not value.endswith((b".", b":", b"!"))
    if value.isalpha():
        return len(value) >= WORD_LENGTH_MIN and b"password" not in value.lower()
    return bool(_SYMBOL.search(value))


def is_bearer(text: bytes, start: int, end: int) -> bool:
    """Whether the word behind “bearer” is a token: prose has no digits in its words."""
    value = text[start:end]
    return not _is_placeholder(value) and bool(re.search(rb"[0-9]", value) or _mixes_cases(value))


def is_basic(text: bytes, start: int, end: int) -> bool:
    """Whether this is a name and a password in Base64, as RFC 7617 has them."""
    value = text[start:end].rstrip(b"=")
    try:
        decoded = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
        return ":" in decoded.decode() and decoded.decode().isprintable()
    except (binascii.Error, ValueError):
        return False


def _is_random_part(part: bytes) -> bool:
    digits = sum(map(part.count, (b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9")))
    is_name = part.endswith((b"Key", b"Token", b"Secret"))  # of a class: Ed25519PrivateKey
    return digits >= 2 and _LETTER.search(part) is not None and not is_name


def _mixes_cases(value: bytes) -> bool:
    """Whether it has capitals where no word has them."""
    return len(re.findall(rb"[a-z][A-Z]", value)) >= 2


def _is_placeholder(value: bytes) -> bool:
    return bool(_SAME.search(value) or _PLACEHOLDER.search(value))
