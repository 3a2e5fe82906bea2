r"""How a kind of secret is described, and the three expressions that are built from one description.

A kind is a row of parts: literals (`Literal`), runs of characters (`Run`) and choices of literals (`Choice`).
From them this module builds, for RE2, which takes time in proportion to the text whatever the expression is:

- `whole` matches the secret where it begins;
- `first` matches just enough of it to know that one may begin here. Those of all kinds are one expression,
  so a text is searched once;
- `begun` matches, at the end of a text, everything that could still become one. It may match more than that
  (the limits of runs are left out): then text waits a little longer, and nothing else changes.

The three must agree: what `whole` finds in a text, `begun` must find in every prefix of that text that ends
inside it. That is why they are built here and never written by hand. Expressions work on UTF-8 bytes, read as
Latin-1: no form holds a letter beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

MEMORY_BYTES_MAX = 32 << 20
"""What RE2 may use for the states of one expression; beyond it, it is slower, not larger."""

CONTEXT_LENGTH = 16
"""How many characters before a key decide whether a word begins with it."""

_WORD_BEGINS = (
    r"\\[abefnrtv0]",  # escaped, as in JSON and in the string literals of programs
    r"\\x[0-9A-Fa-f]{2}",
    r"\\u[0-9A-Fa-f]{4}",
    r"%[0-9A-Fa-f]{2}",
    r"\[[0-9;]{0,10}m",  # the end of a colour's escape sequence whose beginning is spelled in some other way
)


class Pattern(Protocol):
    """What is used of a compiled expression."""

    def search(self, text: bytes, pos: int = 0) -> Any:
        """The first match from `pos` on."""

    def match(self, text: bytes, pos: int = 0, endpos: int | None = None) -> Any:
        """The match that begins at `pos`, and ends at `endpos` at most."""


def compiled(expression: str) -> Pattern:
    """An expression over bytes, on RE2."""
    import re2  # noqa: PLC0415 - most commands redact nothing, and need not wait for it

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = MEMORY_BYTES_MAX
    options.log_errors = False
    pattern: Pattern = re2.compile(expression.encode("latin-1"), options)
    return pattern


@dataclass(frozen=True, slots=True)
class Literal:
    """A text as it is; `fold`: capital or not."""

    text: str
    fold: bool = False

    def one(self, character: str) -> str:
        """The expression for one character of it."""
        if self.fold and character.isalpha():
            return f"[{character.lower()}{character.upper()}]"
        return re.escape(character)

    @property
    def whole(self) -> str:
        """The expression for all of it."""
        return "".join(map(self.one, self.text))

    def begun(self, rest: str) -> str:
        """The expression for its beginnings, none of them too, and for all of it with `rest` behind."""
        return f"(?:{self.begun_once(rest)})?"

    def begun_once(self, rest: str) -> str:
        """The same with one character or more."""
        for character in reversed(self.text[1:]):
            rest = f"(?:{self.one(character)}{rest})?"
        return f"{self.one(self.text[0])}{rest}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several literals."""

    texts: tuple[str, ...]
    fold: bool = False

    @property
    def whole(self) -> str:
        """The expression for any of them."""
        return f"(?:{'|'.join(Literal(text, self.fold).whole for text in self.texts)})"

    def begun(self, rest: str) -> str:
        """The expression for the beginnings of each, none too."""
        return f"(?:{self.begun_once(rest)})?"

    def begun_once(self, rest: str) -> str:
        """The same with one character or more."""
        return "|".join(Literal(text, self.fold).begun_once(rest) for text in self.texts)


@dataclass(frozen=True, slots=True)
class Run:
    """From `least` to `most` characters of a class, which is written as between brackets."""

    characters: str
    least: int
    most: int

    @property
    def whole(self) -> str:
        """The expression for all of it."""
        return f"[{self.characters}]{{{self.least},{self.most}}}"

    @property
    def first(self) -> str:
        """The expression for no more of it than is needed."""
        return f"[{self.characters}]{{{self.least}}}"

    def begun(self, rest: str) -> str:
        """The expression for its beginnings, none of them too; the limits are left out."""
        return f"[{self.characters}]*{rest}"

    def begun_once(self, rest: str) -> str:
        """The same with one character or more."""
        return f"[{self.characters}]+{rest}"


Part = Literal | Choice | Run
Check = Callable[[bytes, int, int], bool]


class Tail(Protocol):
    """What still belongs to a secret that is known to be one."""

    def end(self, text: bytes, at: int, limit: int, *, is_last: bool) -> tuple[int, bool]:
        """How far it goes from `at`, at most to `limit`, and whether it is known to end there."""


class RunTail:
    """Goes on as long as the characters of a class do."""

    def __init__(self, characters: str) -> None:
        self._run = compiled(f"[{characters}]*")

    def end(self, text: bytes, at: int, limit: int, *, is_last: bool) -> tuple[int, bool]:
        """See Tail."""
        end = min(self._run.match(text, at).end(), limit)
        return end, is_last or end < len(text)


@dataclass(frozen=True)
class Kind:
    """Secrets of one form: `lead`, which stays, then `secret`, which is taken out, then `after`, which stays.

    `is_word`: it counts only where a word could begin. `tail_class` holds the characters that still belong to
    a secret whose form is complete. `check` is given the text and the place of the secret in it.
    """

    name: str
    secret: tuple[Part, ...]
    lead: tuple[Part, ...] = ()
    after: tuple[Part, ...] = ()
    is_word: bool = False
    check: Check | None = None
    tail_class: str | None = None
    block_tail: Callable[[], Tail] | None = None

    def place(self, text: bytes, start: int) -> tuple[int, int] | None:
        """Where the secret is that begins, with its lead, at `start`."""
        found = self._whole.match(text, start)
        if found is None:
            return None
        begins, ends = found.span(1)
        if self._rest is not None:
            pattern, most = self._rest
            ends = pattern.match(text, ends, min(ends + most, len(text))).end()
        return begins, ends

    @cached_property
    def _whole(self) -> Pattern:
        """Matches it where it begins; the secret is group 1. A run that ends it is as short as can be."""
        *parts, last = self.secret
        end = last.first if self._rest and isinstance(last, Run) else last.whole
        return compiled(f"{_joined(self.lead)}({_joined(parts)}{end}){_joined(self.after)}")

    @cached_property
    def _rest(self) -> tuple[Pattern, int] | None:
        """The rest of the run that ends it, and its length at most: counting is slow in one expression."""
        last = self.secret[-1]
        if self.after or not isinstance(last, Run) or last.most == last.least:
            return None
        return compiled(f"[{last.characters}]*"), last.most - last.least

    @cached_property
    def tail(self) -> Tail | None:
        """What follows the complete form and still belongs to it."""
        if self.block_tail is not None:
            return self.block_tail()
        return None if self.tail_class is None else RunTail(self.tail_class)

    @property
    def first(self) -> str:
        """Enough of it to look closer."""
        *parts, last = (*self.lead, *self.secret, *self.after)
        return _joined(parts) + (last.first if isinstance(last, Run) else last.whole)

    @property
    def begun(self) -> str:
        """The beginnings of the secret and of what must follow it, of one character or more."""
        rest, beginnings = "", ""
        for part in reversed((*self.secret, *self.after)):
            can_be_left_out = isinstance(part, Run) and not part.least and beginnings
            beginnings = part.begun_once(rest) + (f"|{beginnings}" if can_be_left_out else "")
            rest = part.begun(rest)
        return beginnings

    @property
    def first_bytes(self) -> frozenset[int]:
        """What it can begin with."""
        part = (*self.lead, *self.secret)[0]
        texts = part.texts if isinstance(part, Choice) else (part.text,) if isinstance(part, Literal) else ()
        assert texts, f"{self.name} begins with no literal"
        begins = {text[0] for text in texts}
        if isinstance(part, Choice | Literal) and part.fold:
            begins = {case for one in begins for case in (one.lower(), one.upper())}
        return frozenset(map(ord, begins))

    @property
    def is_fixed(self) -> bool:
        """Whether the complete form has one length only, or ends with a literal."""
        last = (*self.secret, *self.after)[-1]
        return not isinstance(last, Run) or last.least == last.most


def _joined(parts: Iterable[Part]) -> str:
    return "".join(part.whole for part in parts)


def first_of_any(kinds: Iterable[Kind]) -> Pattern:
    """Matches where a secret of any of the kinds may begin."""
    return compiled("|".join(f"(?:{kind.first})" for kind in kinds))


def begun_words(kinds: Iterable[Kind]) -> Pattern:
    """Matches, at a text's end, what may become a secret that begins a word, as group 1."""
    begun = "|".join(kind.begun for kind in kinds if kind.is_word)
    return compiled(rf"(?:\A|[^A-Za-z0-9]|{'|'.join(_WORD_BEGINS)})({begun})\z")


def begun_anywhere(kinds: Iterable[Kind]) -> Pattern:
    """Matches, at a text's end, a lead and, in the one group that is set, what may become a secret."""
    begun = [f"{_joined(kind.lead)}({kind.begun})" for kind in kinds if not kind.is_word]
    return compiled(rf"(?:{'|'.join(begun)})\z")


_ESCAPED = re.compile(f"(?:{'|'.join(_WORD_BEGINS)})\\Z".encode())


def word_begins(text: bytes, at: int) -> bool:
    """Whether a word could begin here; in JSON and in a URL a letter may precede it all the same."""
    if not at or not text[at - 1 : at].isalnum():
        return True
    return _ESCAPED.search(text[max(at - CONTEXT_LENGTH, 0) : at]) is not None
