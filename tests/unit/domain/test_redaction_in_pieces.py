"""Whatever the pieces of a text are, what comes out is what comes out for the whole, and never a secret."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st
from planted_secrets import KEYS, NAMED, PASSWORD, PRIVATE_KEY

from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.redaction import RedactedStream, Redactor, redactor

VALUE = "k7-tok/en+äö 9f8e"
OVERLAPPING = ("aaab-aaab-aaac", "aaab-aaab-aaac-aaad", "b-aaac-aaad-aaae", "aaad-aaae-aaaf")
VARIABLES = {
    "DB_PASSWORD": PASSWORD,
    "MY_TOKEN": VALUE,
    **{f"A{n}_KEY": value for n, value in enumerate(OVERLAPPING)},
}
SECRETS = (*KEYS.values(), PRIVATE_KEY, *NAMED.values(), VALUE, PASSWORD, *OVERLAPPING)
ENCODED = tuple(base64.b64encode(before + VALUE.encode()).decode() for before in (b"", b"u", b"u:"))
PARTS = (
    *SECRETS,
    *ENCODED,
    json.dumps(PASSWORD),
    quote(VALUE),
    "sk-", "gh", "p_", "A" * 20, "a1B2c3D4e5F6", " ", "\n", "\\", "\\n", "n", "Bearer ", "://", "@", ":", "-----", "-",
    "BEGIN ", "PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "password", "token", "=", '"', "'", "cookie: a=",
    "aaab-", "\x1b[31m", "\x1b[", "\x1b]0;", "\x07", "\\u001b[1m", "\\u00", "\0", "%3D", "ä", "\ud800", "eyJ", ".", ";",
    "x", "/", "https://hooks.slack.com/services/", "Basic ", MARK,
)  # fmt: skip

redact = redactor(VARIABLES)
texts = st.lists(
    st.one_of(
        st.sampled_from(PARTS),
        st.sampled_from(SECRETS).flatmap(lambda s: st.integers(0, len(s)).map(lambda at: s[:at])),
    ),
    max_size=8,
).map("".join)


def in_pieces(redact: Redactor, text: str, cuts: list[int]) -> list[str]:
    stream = RedactedStream(redact)
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    pieces = [stream.feed(text[start:end]) for start, end in pairwise(places)]
    return [*pieces, stream.feed("", is_last=True)]


@settings(max_examples=120, deadline=None)
@given(texts, st.lists(st.integers(0, 5_000), max_size=12))
def test_any_cut_gives_what_the_whole_gives(text, cuts):
    assert "".join(in_pieces(redact, text, cuts)) == redact(text)


@settings(max_examples=50, deadline=None)
@given(texts)
def test_single_characters_give_what_the_whole_gives(text):
    assert "".join(in_pieces(redact, text, list(range(len(text))))) == redact(text)


@settings(max_examples=50, deadline=None)
@given(texts)
def test_what_is_redacted_stays_as_it_is(text):
    once = redact(
        text.replace("\x1b", "").replace("\\", "")
    )  # the mark's bracket could go on with a sequence
    assert redact(once) == once


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SECRETS),
    st.lists(st.integers(0, 2_000), max_size=8),
    st.sampled_from([" ", "\n", '"', "=", ": "]),
)
def test_no_beginning_of_the_output_holds_a_part_of_the_secret(secret, cuts, before):
    told = ""
    for piece in in_pieces(redact, f"before{before}{secret} after", cuts):
        told += piece
        assert told == f"before{before}{MARK} after"[: len(told)] or secret in NAMED.values()
    assert secret not in told
    assert MARK in told
