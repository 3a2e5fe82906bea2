r"""The kinds of keys that are known by their form, which those who give them out have published.

Each kind is found by a text that all of its keys hold: a text is searched for that first, which is several
times faster than the regular expressions alone, since most texts hold none of them.

A key counts where a word could begin. In JSON, in a URL and in coloured text, a letter or a digit may come
right before it all the same: the `n` of `\n`, the `D` of `%3D`, the `m` of a colour's escape sequence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = "[redacted]"
KEY_LENGTH_MAX = 20_000
"""No key is longer, a private one in its lines neither."""

_COLOUR_LENGTH_MAX = 10
"""`38;5;196` and the like: how far back the escape sequence of a colour is followed."""


def _word_begins_behind(prefix: str = "") -> str:
    """A look-behind over `prefix`, an expression of fixed length, for whether a word begins with it."""
    places = (
        r"(?<![A-Za-z0-9]{})",
        r"(?<=\\[abefnrtv0]{})",  # escaped, as in JSON and in the string literals of programs
        r"(?<=\\x[0-9A-Fa-f]{{2}}{})",
        r"(?<=\\u[0-9A-Fa-f]{{4}}{})",
        r"(?<=%[0-9A-Fa-f]{{2}}{})",
        *(rf"(?<=\[[0-9;]{{{{{length}}}}}m{{}})" for length in range(_COLOUR_LENGTH_MAX)),
    )
    return f"(?:{'|'.join(place.format(prefix) for place in places)})"


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Keys of one form. `held` is in each of them, `whole` finds them, and `replacement` is put there.

    `open_end` finds one that may go on behind the end of the text.
    """

    held: str
    whole: re.Pattern[str]
    open_end: re.Pattern[str]
    replacement: str = MARK

    def taken_out(self, text: str) -> str:
        """The text without keys of this kind."""
        return self.whole.sub(self.replacement, text) if self.held in text else text


def _key(held: str, prefix: str, characters: str, form: str) -> KeyKind:
    """A key of `prefix`, then `form`, all of whose characters are among `characters`."""
    begins = prefix + _word_begins_behind(prefix)
    open_end = rf"{begins}[{characters}]*\Z"
    return KeyKind(held, re.compile(begins + form, re.ASCII), re.compile(open_end, re.ASCII))


def _behind(held: str, prefix: str, characters: str, form: str) -> KeyKind:
    """A secret behind a prefix that is none."""
    return KeyKind(
        held, re.compile(f"({prefix}){form}"), re.compile(rf"{prefix}[{characters}]*\Z"), rf"\1{MARK}"
    )


KINDS = (
    _key("sk-", "sk-", r"\w-", r"[A-Za-z0-9_-]{16,}"),  # vendors of models
    _key("k_live_", "[sr]k_live_", r"\w", r"[A-Za-z0-9]{16,}"),  # Stripe
    _key("gh", "gh[pousr]_", r"\w", r"[A-Za-z0-9]{20,}"),  # GitHub
    _key("github_pat_", "github_pat_", r"\w", r"[A-Za-z0-9_]{20,}"),
    _key("glpat-", "glpat-", r"\w-", r"[A-Za-z0-9_-]{16,}"),  # GitLab
    _key("xox", "xox[abeprs]-", r"\w-", r"[A-Za-z0-9-]{10,}"),  # Slack
    _key("xapp-", "xapp-", r"\w-", r"[A-Za-z0-9-]{16,}"),
    _key("AKIA", "AKIA", r"\w", r"[0-9A-Z]{16}(?![0-9A-Za-z])"),  # Amazon Web Services
    _key("AIza", "AIza", r"\w-", r"[0-9A-Za-z_-]{35}"),  # Google
    _key("ya29.", r"ya29\.", r"\w-", r"[0-9A-Za-z_-]{20,}"),
    _key("npm_", "npm_", r"\w", r"[0-9A-Za-z]{36}"),
    _key("pypi-", "pypi-", r"\w-", r"AgE[0-9A-Za-z_-]{50,}"),
    _key("hf_", "hf_", r"\w", r"[0-9A-Za-z]{30,}"),  # Hugging Face
    _key("SG.", r"SG\.", r"\w.-", r"[\w-]{16,}\.[\w-]{16,}"),  # SendGrid
    _key("eyJ", "eyJ", r"\w.-", r"[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),  # JSON Web Token, RFC 7519
    _behind("earer ", r"[Bb]earer ", r"\w.~+/=-", r"[A-Za-z0-9._~+/-]{16,}=*"),  # RFC 6750
    _behind("://", "://", r"^\s/@", r"[^\s/:@]{1,256}:[^\s/@]{1,256}(?=@)"),  # RFC 3986, userinfo
    _behind("hooks.slack.com/", r"hooks\.slack\.com/services/", r"\w/-", r"[\w/-]{20,}"),
)

_PREFIXES = (
    "sk-", "sk_live_", "rk_live_", *(f"gh{kind}_" for kind in "pousr"), "github_pat_", "glpat-",
    *(f"xox{kind}-" for kind in "abeprs"), "xapp-", "AKIA", "AIza", "ya29.", "npm_", "pypi-", "hf_", "SG.",
    "eyJ", "Bearer ", "bearer ", "hooks.slack.com/services/",
)  # fmt: skip
_BEGUN = frozenset(prefix[:length] for prefix in _PREFIXES for length in range(1, len(prefix)))
_BEGUN_ANYWHERE = frozenset((":", ":/", *("-----BEGIN"[:length] for length in range(1, 11))))
_BEGUN_LENGTH_MAX = max(map(len, _BEGUN))
_BEGUN_ENDS = tuple(_BEGUN | _BEGUN_ANYWHERE)
_WORD_BEGINS = re.compile(_word_begins_behind())

# RFC 7468
_PRIVATE_KEY = "PRIVATE KEY-----"
_PRIVATE_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
_PRIVATE_ENDS = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY-----")
_PRIVATE_BEGUN = re.compile(r"-----BEGIN [A-Z ]{0,60}-{0,5}\Z")


def without_keys(text: str) -> str:
    """The text without keys of known kinds."""
    for kind in KINDS:
        text = kind.taken_out(text)
    return _without_private_keys(text) if _PRIVATE_KEY in text else text


def open_key(text: str) -> int:
    """Where a key begins that may go on behind the text's end; the text's length where none does."""
    start = max(len(text) - KEY_LENGTH_MAX, 0)
    parts = text[start:].rsplit(None, 1)
    word = len(text) - len(parts[-1]) if parts and not text[-1:].isspace() else len(text)
    word = max(word - len("Bearer "), 0)
    found = [at for kind in KINDS if (at := _open_end(kind, text, word)) is not None]
    found += [at for at in (_begun(text), _open_private_key(text, start)) if at is not None]
    return min(found, default=len(text))


def key_across(text: str, place: int) -> int:
    """Where a key begins that lies across the place; the place itself where none does."""
    start = max(place - KEY_LENGTH_MAX, 0)
    for kind in KINDS:
        if text.find(kind.held, start) >= 0:
            for found in kind.whole.finditer(text, start):
                if found.start() < place < found.end():
                    return found.start()
    at = text.rfind("-----BEGIN ", start, place)
    if at >= 0 and _PRIVATE_BEGINS.match(text, at):
        ends = _PRIVATE_ENDS.search(text, at)
        return at if ends and place < ends.end() else place
    return place


def _open_end(kind: KeyKind, text: str, start: int) -> int | None:
    if text.find(kind.held, start) < 0:
        return None
    return found.start() if (found := kind.open_end.search(text, start)) else None


def _begun(text: str) -> int | None:
    """Where the text ends in a part of what a key begins with."""
    if not text.endswith(_BEGUN_ENDS):
        return None
    for length in range(min(_BEGUN_LENGTH_MAX, len(text)), 0, -1):
        end, at = text[-length:], len(text) - length
        if end in _BEGUN_ANYWHERE or (end in _BEGUN and _WORD_BEGINS.match(text, at)):
            return at
    return None


def _open_private_key(text: str, start: int) -> int | None:
    at = text.rfind("-----BEGIN ", start)
    if at < 0:
        return None
    if _PRIVATE_BEGUN.match(text, at):
        return at
    return at if _PRIVATE_BEGINS.match(text, at) and not _PRIVATE_ENDS.search(text, at) else None


def _without_private_keys(text: str) -> str:
    """Keys between their two lines, or up to the text's end where the second one is missing."""
    parts, done = [], 0
    while begins := _PRIVATE_BEGINS.search(text, done):
        limit = begins.end() + KEY_LENGTH_MAX
        ends = _PRIVATE_ENDS.search(text, begins.end(), limit)
        is_cut_off = ends is None and begins.end() < len(text) <= limit
        parts.append(text[done : begins.start()])
        parts.append(MARK if ends or is_cut_off else begins[0])
        done = ends.end() if ends else len(text) if is_cut_off else begins.end()
    return "".join([*parts, text[done:]])
