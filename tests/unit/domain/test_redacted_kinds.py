"""Which secrets are known by their form and by what stands before them, and what is left alone."""

from __future__ import annotations

import base64
import random
import string
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest
from planted_secrets import KEYS, NAMED, PASSWORD, PGP_KEY, PRIVATE_KEY

from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.redaction import RedactedStream, redact_known, redactor

ROOT = Path(__file__).resolve().parents[3]
ENDS = (
    "2b1a0",
    "hunter2",
    "correct-horse-7",
    "c2VzYW1l",
    "D4",
    "c9d0",
    "s3cr3t",
    "39281706",
    "e5f6",
    "1234567",
    "mnop",
    "P7KEY",
)


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED)
def test_what_is_named_as_a_secret_is_taken_out_and_its_name_stays(text):
    told = redact_known(f"{text} and more")
    assert MARK in told
    assert told.split(MARK)[0] == text[: len(told.split(MARK)[0])]
    assert not [end for end in ENDS if end in told]


@pytest.mark.parametrize("key", [PRIVATE_KEY, PGP_KEY], ids=["PEM", "PGP"])
@pytest.mark.parametrize("prefix", ["", "> ", "+", "    ", "\t"])
def test_a_private_key_is_taken_out_with_whatever_its_lines_begin_with(key, prefix):
    text = "\n".join(prefix + line for line in key.splitlines())
    assert redact_known(f"{text}\nafter") == f"{prefix}{MARK}\nafter"


def test_the_beginning_of_a_private_key_is_taken_out_too():
    assert (
        redact_known("\n".join(PRIVATE_KEY.splitlines()[:3]) + "\n[12 tests passed]")
        == f"{MARK}[12 tests passed]"
    )
    assert redact_known(PRIVATE_KEY.replace("\n", "\\n") + '"') == f'{MARK}"'


@pytest.mark.parametrize(
    "hidden", ["\x1b[31m", "\x1b[0m\x1b[1;32m", "\x1b]0;title\x07", "\0", "\\u001b[31m", "\\x1b[0m"]
)
@pytest.mark.parametrize("secret", [KEYS["GitHub"], "Bearer a1B2c3D4e5F6a1B2c3D4", "tok-1234567890-abc"])
def test_escape_sequences_do_not_hide_a_secret(secret, hidden):
    redact = redactor({"A_TOKEN": "tok-1234567890-abc"})
    for at in range(1, len(secret)):
        told = redact(f"it is {secret[:at]}{hidden}{secret[at:]} end")
        assert MARK in told
        assert secret[-8:] not in told
        assert told.endswith(f"{MARK} end")


@pytest.mark.parametrize("before", range(3))
@pytest.mark.parametrize("value", [PASSWORD, "hunter2-hunter2", "äöü-äöü-äöü"])
def test_a_known_value_is_found_in_whatever_was_encoded(value, before):
    redact = redactor({"DB_PASSWORD": value})
    whole = b"x" * before + value.encode() + b"yy"
    core = base64.b64encode(whole).decode()[4:-8]
    for text in (base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode()):
        assert MARK in redact(text)
        assert core not in redact(text)
    assert redact(value.encode().hex()) == redact(quote(value).lower()) == redact(quote(value)) == MARK


CODE = """
def login(user: str, password: str = "", token=None) -> Token:
    password = getpass.getpass("Password: ")
    api_key = os.environ["STATS_API_KEY"]
    client = Client(api_key=settings.api_key_v2, secret=self._secret, password=self.password)
    const token: AccessTokenV2 = parseOAuth2AccessToken(input);
    curl -H "Authorization: Bearer $TOKEN" https://example.org:8080/x?token=${TOKEN} ssh://git@github.com/a/b
    password: ${{ secrets.DB_PASSWORD }}   # password=<your password>, PASSWORD=********, password: [redacted]
    {"password": {"type": "string"}, "token": "string", "secret": null, "label": {"password": "Enter your password."}}
    the bearer authentication-scheme of the basic authentication, a task-ant-colony-optimization-problem
    passwd: files systemd
    PWD=/home/me/project-2 OLDPWD=/root pass: 12/12 passed
"""


def test_code_and_prose_stay():
    assert redact_known(CODE) == CODE


def test_lock_files_and_sources_of_this_repository_stay():
    checked = 0
    for pattern in (
        "requirements*.txt",
        "**/package-lock.json",
        "src/orchestrator/{}/**/*.py",
        "docs/*.md",
        "LICENSE",
    ):
        folders = ("engine", "agents", "store", "api", "cli", "client") if "{}" in pattern else ("",)
        for path in (path for folder in folders for path in ROOT.glob(pattern.format(folder))):
            if "node_modules" in path.parts or path.name == "security.md":
                continue
            text = path.read_text()
            assert redact_known(text) == text, path
            checked += len(text)
    assert checked > 1_000_000


def test_digests_ids_and_pictures_stay():
    chance = random.Random(7)
    lines = []
    for _ in range(3_000):
        digest = chance.randbytes(64)
        lines += [
            f"commit {digest[:20].hex()}",
            f"index {digest[:4].hex()}..{digest[4:8].hex()} 100644",
            str(uuid.UUID(bytes=digest[:16])),
            f'      "integrity": "sha512-{base64.b64encode(digest).decode()}",',
            f"    --hash=sha256:{digest[:32].hex()} \\",
            f"h1:{base64.b64encode(digest[:32]).decode()}=",
            "".join(chance.choices(string.ascii_letters + string.digits, k=40)),
        ]
    lines.append(f"data:image/png;base64,{base64.b64encode(chance.randbytes(1_000_000)).decode()}")
    text = "\n".join(lines)
    assert redact_known(text) == text


def test_only_the_beginning_of_a_secret_waits():
    stream = RedactedStream(redactor({"A_TOKEN": "zq-1234567890"}))
    for text in (
        "Ready. ",
        "my secret",
        "=",
        " next to it\n",
        "12 passed in 1",
        "...",
        " the password:",
        " see https://",
        "\n",
        "$ ",
    ):
        assert stream.feed(text) == text
    assert stream.feed("a ghp") == "a "
    assert stream.feed("_AAAA") == ""
    assert stream.feed(" no key") == "ghp_AAAA no key"
    assert stream.feed(" zq-12345") == " "
    assert stream.feed("x") == "zq-12345x"
    assert stream.feed(" zq-1234567890") == f" {MARK}"  # no longer value begins so
    assert stream.feed(f" {KEYS['GitHub']}") == f" {MARK}"  # at once, although it may go on
    assert stream.feed("AAAA") == ""
    assert stream.feed(".") == "."


def test_a_secret_of_any_length_is_not_held():
    stream = RedactedStream(redact_known)
    assert stream.feed(KEYS["GitHub"]) == MARK
    assert {stream.feed("a1" * 500) for _ in range(15)} == {""}
    assert stream._stages[-1]._held == b""


def test_each_kind_says_what_it_is():
    text = f"one\n  {KEYS['npm']}\npassword=hunter2-hunter2 and {PRIVATE_KEY}"
    found = redact_known.found(text)
    assert [one.kind for one in found] == ["npm token", "password by its name", "private key"]
    assert [text[one.start : one.end] for one in found] == [KEYS["npm"], "hunter2-hunter2", PRIVATE_KEY]
