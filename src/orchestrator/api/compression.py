"""Answers in the coding that the client takes: JSON from 1 kB on as gzip.

Level 1, since a status is asked for again and again: one of 2,000 tasks goes from 943 kB to 17.5 kB in
1.4 ms, and level 6 needs twice that time for 15 kB. What is kept encoded (`Body`) is also kept compressed, so
a status or a list is compressed once however many ask for it. Brotli and zstd would need a dependency in this
version of Python, for JSON that is a tenth smaller.

Never compressed: streams (a compressor would hold events back), answers that come in pieces, and problems.

**Why this leaks nothing.** Where a secret is compressed together with what an attacker chooses, the length
shows whether a guess is right (BREACH). That takes an attacker who makes the victim's browser ask again and
again. Here that is not possible: no cookie says who asks (the token is a header that only our own page
sends), and `guard` refuses requests that pages of other sites and ports begin. Nor is the secret that counts,
the token, in any body.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from functools import lru_cache

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

COMPRESSED_BYTES_MIN = 1_000
"""Less fits into one packet anyway."""
LEVEL = 1
THREAD_BYTES_MIN = 128 * 1024
"""From here on compressing would hold up the event loop for longer than the way to a thread and back."""
_GZIP = 16 + zlib.MAX_WBITS
_WEIGHT = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")


def accepted(scope: Scope, codings: tuple[str, ...]) -> str | None:
    """Which of the codings, best first, the client takes (RFC 9110, 12.5.3); None for none of them."""
    given = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    return _accepted(given, codings) if given else None


@lru_cache(maxsize=64)
def _accepted(header: bytes, codings: tuple[str, ...]) -> str | None:
    weights: dict[str, float] = {}
    for part in header.decode("latin-1").lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((match for one in parameters if (match := _WEIGHT.fullmatch(one))), None)
        weights["gzip" if coding == "x-gzip" else coding] = float(weight[1]) if weight else 1.0
    taken = [coding for coding in codings if weights.get(coding, weights.get("*", 0.0)) > 0]
    # The sort is stable: what the client does not tell apart, we do.
    return min(taken, key=lambda coding: -weights.get(coding, weights.get("*", 0.0)), default=None)


class Body:
    """A body that is encoded, and compressed once if anyone asks for that."""

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self._compressed: bytes | None = None

    def coding(self, scope: Scope) -> str | None:
        """The coding in which this client gets it, or None."""
        return accepted(scope, ("gzip",)) if len(self.plain) >= COMPRESSED_BYTES_MIN else None

    async def compressed(self) -> bytes:
        """The body as gzip."""
        if self._compressed is None:
            if len(self.plain) < THREAD_BYTES_MIN:
                self._compressed = _compress(self.plain)
            else:
                self._compressed = await asyncio.to_thread(_compress, self.plain)
        return self._compressed


def _compress(plain: bytes) -> bytes:
    return zlib.compress(plain, LEVEL, wbits=_GZIP)


def tag_of(etag: str, coding: str | None) -> str:
    """The strong ETag of a version in this coding: other bytes need another one (RFC 9110, 8.8.3.3)."""
    return etag if coding is None else f'{etag[:-1]};{coding}"'


def tags_of(etag: str, codings: tuple[str, ...] = ("gzip",)) -> frozenset[str]:
    """The ETags of a version in all its codings."""
    return frozenset({etag, *(tag_of(etag, coding) for coding in codings)})


class JsonResponse(Response):
    """JSON that is ready, in the coding that the client takes."""

    media_type = "application/json"

    def __init__(
        self,
        body: Body,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
    ) -> None:
        super().__init__(body.plain, status_code=status, headers=headers)
        self._encoded = body
        self._etag = etag

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        self.headers.add_vary_header("Accept-Encoding")
        coding = self._encoded.coding(scope)
        if coding is not None:
            self.body = await self._encoded.compressed()
            self.headers["Content-Encoding"] = coding
            self.headers["Content-Length"] = str(len(self.body))
        if self._etag is not None:
            self.headers["ETag"] = tag_of(self._etag, coding)
        await super().__call__(scope, receive, send)
