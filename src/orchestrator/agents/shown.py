"""Whether a question for permission shows what would be done, or only that something would be.

A person can judge a command, a file or the words of a question. “Run command” with an empty input looks like
a question and says nothing; so does a text of blanks and of characters that nobody sees. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

COMMANDS = ("command", "cmd")
"""Where tools have what they run."""

ASIDE = frozenset(
    {"cwd", "workdir", "working_directory", "description", "explanation", "timeout", "timeout_ms"}
    | {"timeoutMs", "background", "run_in_background", "is_background"}
    | {"type", "kind", "tool", "tool_name", "toolName"}
)
"""Parts of an input that say where, how and why a tool is used, and not what it would do."""

_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs without ink: Hangul fillers and the empty Braille cell."""

_GENERIC_WORDS = """
a an and any are be by can could do does for from i if in is it may me must need needed needs of ok on or
please should so some something that the this to want wants we will with would you your
allow allowed approval approve approved ask asking asks authorize confirm confirmation grant permission
permissions permit request requested requesting requests required requires
action agent arguments audio bash call called calling calls change changes cmd code command commands
console content create delete deleted deleting edit editing edits exec execute executed executes executing
execution fetch fetching file files function functions image input invoke invoking local mcp modify move
name new operation other perform performing powershell process program read reading reads resource run
running runs script search searching server sh shell system task terminal think tool tools unknown update
updating use used uses using web write writes writing zsh
"""
"""Words of which a title may be made up that names a tool, or what is wanted, and nothing of its own."""

_GENERIC = frozenset(_GENERIC_WORDS.split())
_PATH_OR_FLAG = re.compile(r"(?<![^\s`'\"(])(?:(?:~|\.{1,2})?/\w|--?\w)")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[^\W\d_]+")


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of the text."""
    return not any(unicodedata.category(char)[0] in "LNPS" and char not in _UNSEEN for char in text)


def shows_input(given: Any) -> bool:
    """Whether a tool's input says what the tool would do; one with an empty command says nothing."""
    match given:
        case str():
            return not is_blank(given)
        case dict():
            commands = [given[name] for name in COMMANDS if name in given]
            parts = commands or [value for name, value in given.items() if name not in ASIDE]
            return any(shows_input(part) for part in parts)
        case list():
            return any(shows_input(part) for part in given)
        case bool() | None:
            return False
    return True


def is_specific(words: str, *names: str) -> bool:
    """Whether the words say more than that a tool would be used.

    `names` are what the call itself is known by: its tool's name, its kind, its id.
    """
    if _PATH_OR_FLAG.search(words):
        return True
    return bool(_words(words) - _GENERIC - _words(" ".join(names)))


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text) if not is_blank(word)}
