"""What an agent, a plan or a server could say to steer the terminal that shows it."""

from __future__ import annotations

ESC = "\x1b"
STEERING = (
    f"{ESC}]0;pwn\x07"  # the title
    f"{ESC}]52;c;cHdu\x07"  # the clipboard
    f"{ESC}[2J{ESC}[1;1H"  # clear, and go to the first line
    f"{ESC}P1$r0m{ESC}\\"  # a device control string
    f"{ESC}c"  # reset
    "\x9b31m\x9d0;pwn\x9c"  # the same in C1
    "\x07\x08\x00\x7f\x0e"
    "over\rdrawn"
    "\u202eesrever\u2066\u200f"  # directions
    "hid\u200b\u2060\ufeff\U000e0041den"
    "\u2028false line"
)
"""Nothing of it may reach a terminal as it is."""

FALSE_LINE = "● completed\n12:00:00 ● completed"

RAW = set(STEERING) - set(f"{STEERING}".translate({ord(c): None for c in STEERING if not c.isprintable()}))


def raw_characters(text: str) -> set[str]:
    """The characters in it that no terminal may be sent."""
    return RAW & set(text)
