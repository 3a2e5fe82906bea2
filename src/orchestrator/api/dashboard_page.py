"""The dashboard at `/`, as built from `web/` into the folder `dashboard` beside this file.

Its addresses stand behind `#`, and it asks for everything relative to where it lies, so this one page is
enough under whatever path a proxy puts it.
"""

from __future__ import annotations

import mimetypes
import os
import re
import secrets
from html import escape
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from orchestrator.api.compression import accepted

FOLDER = Path(__file__).parent / "dashboard"
INDEX = FOLDER / "index.html"
ASSETS_PATH = "/dashboard"
_NONCE_TAG = '<meta name="csp-nonce" content="" />'
_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")
_SUFFIXES = {"br": ".br", "gzip": ".gz"}
_FOREVER = "public, max-age=31536000, immutable"

_NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plan Orchestrator</title></head>
<body>
<h1>Plan Orchestrator</h1>
<p>The API is here; the dashboard is not built. In a checkout, <code>make dashboard</code> builds it (it needs
Node.js 20.19 or newer); a released package carries it.</p>
<ul>
<li><a href="docs">The API's documentation</a></li>
<li><a href="api/orchestrators">The orchestrators, as JSON</a></li>
</ul>
</body>
</html>
"""


def is_built() -> bool:
    """Whether there is a dashboard to serve."""
    return INDEX.exists()


def is_wanted(accept: str) -> bool:
    """Whether who sends this header (RFC 9110, 12.5.1) would rather have a page than JSON.

    Who takes anything (`*/*`) gets JSON.
    """
    weights = {"text/html": 0.0, "application/json": 0.0}
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        if kind in weights:
            said = next((one[2:] for one in parameters if one.startswith("q=")), "1")
            weights[kind] = float(said) if _WEIGHT.fullmatch(said) else 0.0
    return weights["text/html"] > 0 and weights["text/html"] >= weights["application/json"]


def places(url: str) -> str:
    """What a server at `url` has for people, in one line."""
    dashboard = f"dashboard {url}/   " if is_built() else ""
    return f"{dashboard}API {url}   documentation {url}/docs"


def policy(nonce: str) -> str:
    """What the page may do: nothing inline but style sheets with this nonce, and nothing elsewhere."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def page() -> Response:
    """The page, with a nonce of its own."""
    nonce = secrets.token_urlsafe(16)
    html = INDEX.read_text() if is_built() else _NOT_BUILT
    html = html.replace(_NONCE_TAG, _NONCE_TAG.replace('content=""', f'content="{escape(nonce)}"'))
    headers = {"Content-Security-Policy": policy(nonce), "Cache-Control": "no-cache", "Vary": "Accept"}
    return HTMLResponse(html, headers=headers)


class _Assets(StaticFiles):
    """Scripts and styles, whose names change with what is in them.

    The build has put `<name>.br` and `<name>.gz` beside those that get smaller by it. They are the file's
    codings, not files of their own: each has its own ETag, ranges count in its bytes (RFC 9110, 14.2), and
    their names lead nowhere.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not FOLDER.exists() or path.endswith(tuple(_SUFFIXES.values())):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _FOREVER
        return response

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file in the best coding that there is of it and that the client takes."""
        coding = accepted(scope, self._codings(full_path))
        if coding is None:
            response = super().file_response(full_path, stat_result, scope, status_code)
        else:
            packed = f"{os.fspath(full_path)}{_SUFFIXES[coding]}"
            response = super().file_response(packed, os.stat(packed), scope, status_code)  # noqa: PTH116
            if response.status_code != HTTPStatus.NOT_MODIFIED:
                response.headers["Content-Encoding"] = coding
                response.headers["Content-Type"] = _media_type(full_path)
        response.headers.add_vary_header("Accept-Encoding")
        return response

    def _codings(self, full_path: PathLike) -> tuple[str, ...]:
        """The codings that the build made of a file, smallest first."""
        path = os.fspath(full_path)
        return tuple(coding for coding, suffix in _SUFFIXES.items() if Path(path + suffix).is_file())


def _media_type(path: PathLike) -> str:
    kind = mimetypes.guess_type(os.fspath(path))[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def add(app: FastAPI) -> None:
    """Serve what the page links to."""
    app.mount(ASSETS_PATH, _Assets(directory=FOLDER / "dashboard", check_dir=False), name="dashboard")
