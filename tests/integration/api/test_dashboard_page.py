"""The dashboard at `/`: a page for browsers, JSON for programs, and a policy that lets nothing else in."""

from __future__ import annotations

import gzip
import re

import pytest

from orchestrator.api import dashboard_page

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
INDEX = '<!doctype html><meta name="csp-nonce" content="" /><script src="./dashboard/main-1.js"></script>'

LONG = b"start();\n" * 500


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A dashboard of our own, so that none has to be built."""
    folder = tmp_path / "built"
    (folder / "dashboard").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "dashboard" / "main-1.js").write_text("start();")
    for suffix, packed in (("br", b"brotli of it"), ("gz", gzip.compress(LONG, 9))):
        (folder / "dashboard" / f"long-1.js.{suffix}").write_bytes(packed)
    (folder / "dashboard" / "long-1.js").write_bytes(LONG)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "dashboard" / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(dashboard_page, "FOLDER", folder)
    monkeypatch.setattr(dashboard_page, "INDEX", folder / "index.html")
    return folder


@pytest.fixture
async def client(folder, make_server):
    return (await make_server()).client


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER, "text/html"),
        ("text/html", "text/html"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.1", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("TEXT/HTML; q=0.5, application/json;q=0.4", "text/html"),
        ("text/html;q=nonsense", "application/json"),
        ("", "application/json"),
    ],
)
async def test_browsers_get_a_page_and_programs_get_json(client, accept, kind):
    answer = await client.get("/", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, kind)
    assert "Accept" in answer.headers["Vary"]


async def test_each_page_has_a_nonce_of_its_own_in_a_policy_without_a_hole(client):
    answers = [await client.get("/", headers={"Accept": BROWSER}) for _ in range(2)]
    policies = [answer.headers["Content-Security-Policy"] for answer in answers]
    nonces = [re.search(r"'nonce-([\w-]{20,})'", policy)[1] for policy in policies]
    assert nonces[0] != nonces[1]
    assert f'<meta name="csp-nonce" content="{nonces[0]}" />' in answers[0].text
    parts = dict(part.split(" ", 1) for part in policies[0].split("; "))
    assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'none'"
    assert parts["frame-ancestors"] == "'none'"
    assert (parts["script-src"], parts["connect-src"]) == ("'self'", "'self'")
    assert "unsafe" not in policies[0]
    assert answers[0].headers["X-Content-Type-Options"] == "nosniff"
    assert answers[0].headers["Cache-Control"] == "no-cache"


async def test_assets_are_kept_for_ever_and_what_is_not_there_is_404(client):
    asset = await client.get("/dashboard/main-1.js")
    assert (asset.status_code, asset.text) == (200, "start();")
    assert "immutable" in asset.headers["Cache-Control"]
    again = await client.get("/dashboard/main-1.js", headers={"If-None-Match": asset.headers["ETag"]})
    assert again.status_code == 304
    assert (await client.head("/dashboard/main-1.js")).status_code == 200
    missing = await client.get("/dashboard/main-2.js")
    assert missing.status_code == 404
    assert missing.headers["Content-Type"] == "application/problem+json"
    assert "immutable" not in missing.headers.get("Cache-Control", "")


async def raw(client, path="/dashboard/long-1.js", method="GET", **headers):
    """The answer with the bytes that were sent: nothing is unpacked."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.stream(method, path, headers=headers) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


@pytest.mark.parametrize(
    ("takes", "coding", "suffix"),
    [
        ("identity", None, ""),
        ("gzip, deflate", "gzip", ".gz"),
        ("gzip, deflate, br, zstd", "br", ".br"),
        ("br;q=0, gzip", "gzip", ".gz"),
        ("zstd", None, ""),
    ],
)
async def test_assets_are_sent_in_the_coding_that_the_build_made(client, folder, takes, coding, suffix):
    answer, sent = await raw(client, Accept_Encoding=takes)
    assert sent == (folder / "dashboard" / f"long-1.js{suffix}").read_bytes()
    headers = answer.headers
    assert (headers.get("Content-Encoding"), headers["Content-Length"]) == (coding, str(len(sent)))
    assert headers["Content-Type"].startswith("text/javascript")
    assert "Accept-Encoding" in headers["Vary"]
    assert "immutable" in headers["Cache-Control"]
    head, nothing = await raw(client, method="HEAD", Accept_Encoding=takes)
    assert (head.headers["Content-Length"], head.headers["ETag"]) == (str(len(sent)), headers["ETag"])
    assert nothing == b""


async def test_each_coding_of_an_asset_has_its_own_etag_and_its_own_ranges(client, folder):
    tags = []
    for takes in ("identity", "gzip", "br"):
        answer, sent = await raw(client, Accept_Encoding=takes)
        tag = answer.headers["ETag"]
        tags.append(tag)
        same, nothing = await raw(client, Accept_Encoding=takes, If_None_Match=tag)
        assert (same.status_code, nothing, same.headers["ETag"]) == (304, b"", tag)
        assert "Accept-Encoding" in same.headers["Vary"]
        assert "Content-Encoding" not in same.headers
        part, piece = await raw(client, Accept_Encoding=takes, Range="bytes=2-5", If_Range=tag)
        assert (part.status_code, piece) == (206, sent[2:6])
        assert part.headers["Content-Range"] == f"bytes 2-5/{len(sent)}"
        assert part.headers.get("Content-Encoding") == answer.headers.get("Content-Encoding")
    assert len(set(tags)) == 3


async def test_the_files_of_a_coding_have_no_address_of_their_own(client):
    for suffix in ("br", "gz"):
        assert (await client.get(f"/dashboard/long-1.js.{suffix}")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/../index.html",
        "/dashboard/%2e%2e/index.html",
        "/dashboard/..%2findex.html",
        "/dashboard/%2fetc%2fpasswd",
        "/dashboard//etc/passwd",
        "/dashboard/link.txt",
        "/dashboard/",
        "/dashboard/main-1.js%00.txt",
    ],
)
async def test_no_address_leads_out_of_the_folder(client, path):
    answer = await client.get(path)
    assert answer.status_code in {404, 405}
    assert "secret" not in answer.text


async def test_with_a_token_the_page_is_open_and_the_api_is_not(folder, make_server):
    client = (await make_server(token="only-for-friends")).client
    assert (await client.get("/", headers={"Accept": BROWSER})).status_code == 200
    assert (await client.get("/dashboard/main-1.js")).status_code == 200
    assert (await client.get("/api/orchestrators")).status_code == 401


async def test_another_host_gets_no_page(client):
    answer = await client.get("/", headers={"Accept": BROWSER, "Host": "evil.example"})
    assert answer.status_code in {400, 403, 421}


async def test_without_a_build_the_page_says_what_to_do(folder, make_server):
    (folder / "index.html").unlink()
    client = (await make_server()).client
    answer = await client.get("/", headers={"Accept": BROWSER})
    assert answer.status_code == 200
    assert "make dashboard" in answer.text
    assert (await client.get("/", headers={"Accept": "*/*"})).json()
