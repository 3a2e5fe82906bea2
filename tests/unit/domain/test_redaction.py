"""What must not be written down, and what must not be touched."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_secrets import KEYS, PASSWORD, PRIVATE_KEY

from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.redaction import RedactedStream, redact_known, redact_values, redactor

SLACK_HOOK = "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((key, MARK) for key in KEYS.values()),
        ("key sk-" + "a" * 30 + " end", f"key {MARK} end"),
        ("Authorization: Bearer abcdefghijklmnop1234", f"Authorization: Bearer {MARK}"),
        ("https://user:pa55word@example.org/x", f"https://{MARK}@example.org/x"),
        (f"{SLACK_HOOK} ", f"https://hooks.slack.com/services/{MARK} "),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nafter", f"{MARK}\nafter"),
        (f"{PRIVATE_KEY}\nafter", f"{MARK}\nafter"),
    ],
)
def test_known_kinds_of_keys_are_taken_out(text, expected):
    assert redact_known(text) == expected


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize(
    "before",
    [
        "",
        " ",
        "\n",
        '"',
        "=",
        "_",
        r"\n",
        r"\t",
        r"\\n",
        r"\r\n",
        r"\u001b",
        r"\x1b",
        "%3D",
        "\x1b[31m",
        r"\u001b[1;31m",
    ],
)
def test_a_key_is_found_wherever_a_word_begins(before, key):
    assert redact_known(f"{before}{key}, and more") == f"{before}{MARK}, and more"


@pytest.mark.parametrize(
    "text",
    [
        "task sk-1.2 done",
        "http://localhost:8000/docs",
        "git@host:path",
        "Bearer of news",
        "disk-space-is-low-on-this-machine",
        "task-ant-colony-optimization",
        "eyJust an ordinary word.",
        "highp_vec4 and mediump_vec4 are types",
        "tests/hf_models and npm_package_name",
        MARK,
    ],
)
def test_ordinary_words_stay(text):
    assert redact_known(text) == text


def test_values_of_secret_variables_are_taken_out_longest_first():
    redact = redactor(
        {"MY_TOKEN": "hunter22", "OTHER_API_KEY": "hunter22-and-more", "HOME": "/home/me", "A_KEY": "x"}
    )
    assert redact("hunter22-and-more hunter22 /home/me x") == f"{MARK} {MARK} /home/me x"


@pytest.mark.parametrize("is_ascii", [True, False])
def test_values_of_variables_are_found_where_they_are_escaped(is_ascii):
    redact = redactor({"DB_PASSWORD": PASSWORD})
    once = json.dumps({"password": PASSWORD}, ensure_ascii=is_ascii)
    assert redact(once) == f'{{"password": "{MARK}"}}'
    assert json.loads(redact(json.dumps(once, ensure_ascii=is_ascii))) == f'{{"password": "{MARK}"}}'
    assert redact(f"https://example.org/?p={quote(PASSWORD)}") == f"https://example.org/?p={MARK}"


def test_a_value_that_is_in_the_mark_changes_nothing():
    assert redactor({"A_PASSWORD": "redacted"})(MARK) == MARK


@pytest.mark.parametrize("secret", [*KEYS.values(), PRIVATE_KEY, PASSWORD, "user:pa55word"])
@pytest.mark.parametrize("before", ["x ", r"A=1\n", "A=1\n", "\x1b[31m"])
def test_what_comes_in_pieces_is_redacted_as_in_one(secret, before):
    redact = redactor({"DB_PASSWORD": PASSWORD})
    after = "@host end\n" if ":" in secret else " end\n"
    before += "https://" if secret == "user:pa55word" else ""
    text = f"{before}{secret}{after}"
    assert redact(text) == f"{before}{MARK}{after}"
    for at in range(len(text)):
        stream = RedactedStream(redact)
        pieces = (stream.feed(text[:at]), stream.feed(text[at:]), stream.feed("", is_last=True))
        assert "".join(pieces) == redact(text), f"cut at {at}"


@pytest.mark.parametrize("secret", [*KEYS.values(), PRIVATE_KEY, PASSWORD])
def test_what_comes_character_by_character_is_redacted_as_in_one(secret):
    redact = redactor({"DB_PASSWORD": PASSWORD})
    text = f"before {secret} after"
    stream = RedactedStream(redact)
    told = "".join(stream.feed(character) for character in text)
    assert told + stream.feed("", is_last=True) == f"before {MARK} after"


@given(
    st.lists(
        st.sampled_from(
            [
                "sk-",
                "gh",
                "p_",
                "A" * 20,
                " ",
                "\\",
                "n",
                "Bearer ",
                "://",
                "@",
                ":",
                "-----",
                "pass",
                "-",
                "aaa ",
            ]
        )
    )
)
def test_a_stream_loses_nothing_and_finds_what_the_whole_holds(pieces):
    redact = redactor({"A_TOKEN": "pass-n-gh", "B_TOKEN": "aaa aaa aaa"})
    stream = RedactedStream(redact)
    told = "".join([*map(stream.feed, pieces), stream.feed("", is_last=True)])
    assert told == redact("".join(pieces))


def test_ordinary_text_is_not_held_back():
    stream = RedactedStream(redact_known)
    for text in (
        "The quick brown fox jumps ",
        "over the lazy dog.",
        "\n12 passed in 0.3 s\n",
        "see http://x/y ",
    ):
        assert stream.feed(text) == text


def test_a_stream_holds_a_bounded_text():
    stream = RedactedStream(redact_known)
    told = sum(len(stream.feed("eyJ" + "a" * 4_096)) for _ in range(20))
    assert told > 4 * 4_096


def test_values_are_redacted_before_they_become_json():
    key = KEYS["GitHub"]
    given = {"content": f"A=1\n{key}", "list": [1, None, key, {key: True}], "id": key}
    told = redact_values(given, redactor({}), keep={"id"})
    assert told == {"content": f"A=1\n{MARK}", "list": [1, None, MARK, {MARK: True}], "id": key}


def test_a_value_of_any_depth_can_be_walked():
    value = "end"
    for _ in range(5_000):
        value = [value]
    assert "…" in json.dumps(redact_values(value, redact_known), ensure_ascii=False)


def test_hostile_text_takes_no_long_time():
    redact_known("-----BEGIN PRIVATE KEY-----" * 20_000)
    redact_known("://" + "a:" * 200_000)
    for text in (
        "-----BEGIN PRIVATE KEY-----" * 2_000,
        "://" + "a:" * 20_000,
        "sk-" * 20_000,
        "eyJ." * 20_000,
    ):
        stream = RedactedStream(redact_known)
        for _ in range(5):
            stream.feed(text)
