"""The end of a private key that was printed as a block of lines: PEM (RFC 7468) and PGP (RFC 9580).

A block that has begun is taken out up to its last line, wherever that is. Where it never comes, as in the
output of `head -3 key.pem`, the block ends with the first character that no line of one can hold.
"""

from __future__ import annotations

from functools import cache

from orchestrator.domain.secret_patterns import Literal, Pattern, compiled

NAME_LENGTH_MAX = 40
"""`RSA `, `ENCRYPTED `, `OPENSSH ` and the like before PRIVATE KEY."""

_LAST_LINE = rf"-----END [A-Z0-9 ]{{0,{NAME_LENGTH_MAX}}}PRIVATE KEY(?: BLOCK)?-----"
_FOREIGN = r"""[^A-Za-z0-9+/=\s\\:,.()>|"'-]"""


class BlockTail:
    """The lines of a block, and the one that ends it."""

    def __init__(self) -> None:
        self._last_line, self._foreign, self._begun = _patterns()

    def end(self, text: bytes, at: int, limit: int, *, is_last: bool) -> tuple[int, bool]:
        """See Tail."""
        last_line, foreign = self._last_line.search(text, at), self._foreign.search(text, at)
        ends = [
            found
            for found in (last_line and last_line.end(), foreign and foreign.start())
            if found is not None
        ]
        if ends:
            end = min(ends)
            return min(end, limit), True
        if is_last or limit <= len(text):
            return min(len(text), limit), True
        return int(self._begun.search(text, at).start()), False


@cache
def _patterns() -> tuple[Pattern, Pattern, Pattern]:
    begun = Literal("-----END ").begun("[A-Z0-9 -]*")
    return compiled(_LAST_LINE), compiled(_FOREIGN), compiled(rf"(?:{begun})\z")
