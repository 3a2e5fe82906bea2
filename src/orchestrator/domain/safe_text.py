"""Makes the text of others safe to be shown: nothing in it steers a terminal, and nothing in it hides.

An agent quotes web pages and the output of tools, and a terminal obeys what it is sent: escape sequences set
its title, clear it, write the clipboard (OSC 52) and draw false lines. Marks for the direction of text show
a command in another order than it runs in; characters without a width hide what is there. Each of these
is shown as a replacement character, so that one sees that something was there. Colours, which do no harm
and are in the output of most tools, are left out without a mark.

Tabs and newlines stay, and so do joiners (emoji and several scripts need them) and blanks of any width.
"""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls: C0 without tab and newline, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"  # without a width, or for a direction
    "\u2028\u2029\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff"  # halves of surrogate pairs, which cannot be encoded
    "\U000e0000-\U000e007f"  # tags: text in text that nobody sees
    "]"
)


def safe_text(text: str) -> str:
    """Text of one or several lines."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(REPLACEMENT, _COLOUR.sub("", text.replace("\r\n", "\n")))


def safe_line(text: str) -> str:
    """Text that must stay on one line: where it breaks, ` ⏎ ` is shown."""
    if text.isascii() and text.isprintable():
        return text
    return safe_text(text).strip("\n").replace("\n", " ⏎ ").replace("\t", " ")


def safe_json(document: str) -> str:
    """A JSON document that means the same, with the characters escaped that it may hold as they are."""
    return _UNSAFE.sub(_escaped, document)


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
