"""What must not be written down, and what must not be touched."""

from __future__ import annotations

import pytest

from orchestrator.domain.redaction import MARK, redact_known, redactor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key sk-" + "a" * 30 + " end", f"key {MARK} end"),
        ("ghp_" + "A1" * 15, MARK),
        ("Authorization: Bearer abcdefghijklmnop1234", f"Authorization: Bearer {MARK}"),
        ("https://user:pa55word@example.org/x", f"https://{MARK}@example.org/x"),
        ("AKIA" + "Q" * 16, MARK),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", MARK),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nafter", f"{MARK}\nafter"),
    ],
)
def test_known_kinds_of_keys_are_taken_out(text, expected):
    assert redact_known(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "task sk-1.2 done",
        "http://localhost:8000/docs",
        "git@host:path",
        "Bearer of news",
        "disk-space-is-low-on-this-machine",
    ],
)
def test_ordinary_words_stay(text):
    assert redact_known(text) == text


def test_values_of_secret_variables_are_taken_out_longest_first():
    redact = redactor(
        {"MY_TOKEN": "hunter22", "OTHER_API_KEY": "hunter22-and-more", "HOME": "/home/me", "A_KEY": "x"}
    )
    assert redact("hunter22-and-more hunter22 /home/me x") == f"{MARK} {MARK} /home/me x"


def test_hostile_text_takes_no_long_time():
    redact_known("-----BEGIN PRIVATE KEY-----" * 20_000)
    redact_known("://" + "a:" * 200_000)
