"""/ (for browsers: the dashboard), /docs, /redoc and /openapi.json: all from here, nothing from elsewhere."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from orchestrator import __version__
from orchestrator.api import dashboard_page
from orchestrator.api.compression import Body, JsonResponse
from orchestrator.api.openapi import TITLE, document_bytes

STATIC_FOLDER = Path(__file__).parent / "static"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="static/favicon-32x32.png">
{head}</head>
<body style="margin: 0">
<div id="docs"></div>
{scripts}</body>
</html>
"""


def _page(title: str, scripts: tuple[str, ...], styles: tuple[str, ...] = ()) -> Response:
    head = "".join(f'<link rel="stylesheet" href="static/{name}">\n' for name in styles)
    tags = "".join(f'<script src="static/{name}"></script>\n' for name in scripts)
    return HTMLResponse(
        _PAGE.format(title=title, head=head, scripts=tags), headers={"Content-Security-Policy": PAGE_POLICY}
    )


def add(app: FastAPI) -> None:
    """Give the app its pages; none of them stands in openapi.json."""

    @lru_cache(maxsize=1)
    def document() -> Body:
        return Body(document_bytes(app))

    async def index(request: Request) -> Response:
        if dashboard_page.is_wanted(request.headers.get("accept", "")):
            return dashboard_page.page()
        return JSONResponse(
            {
                "name": TITLE,
                "version": __version__,
                "docs": "/docs",
                "redoc": "/redoc",
                "openapi": "/openapi.json",
                "health": "/health",
                "orchestrators": "/api/orchestrators",
                "plans": "/api/plans",
            },
            headers={"Vary": "Accept"},
        )

    async def openapi(_request: Request) -> Response:
        return JsonResponse(document(), headers={"Cache-Control": "no-cache"})

    async def docs(_request: Request) -> Response:
        scripts = ("swagger-ui-bundle.js", "swagger-init.js")
        return _page(f"{TITLE}: Swagger UI", scripts, ("swagger-ui.css",))

    async def redoc(_request: Request) -> Response:
        return _page(f"{TITLE}: ReDoc", ("redoc.standalone.js", "redoc-init.js"))

    async def favicon(_request: Request) -> Response:
        return FileResponse(STATIC_FOLDER / "favicon-32x32.png", media_type="image/png")

    for path, page in (
        ("/", index),
        ("/openapi.json", openapi),
        ("/docs", docs),
        ("/redoc", redoc),
        ("/favicon.ico", favicon),
    ):
        app.add_route(path, page, methods=["GET"], include_in_schema=False)
