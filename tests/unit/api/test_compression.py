"""JSON from 1 kB on is sent as gzip to those who take it; all else is as if there were no gzip."""

from __future__ import annotations

import gzip

import httpx
import pytest

from orchestrator.api import compression
from orchestrator.api.compression import COMPRESSED_BYTES_MIN, Body, accepted, tag_of

STATUS = "/api/orchestrators/orch-1/status"
PLAIN = {"Accept-Encoding": "identity"}


def varies(answer: httpx.Response) -> set[str]:
    return {name.strip() for name in answer.headers["Vary"].split(",")}


def scope(*values: str) -> dict[str, object]:
    return {"headers": [(b"accept-encoding", value.encode("latin-1")) for value in values]}


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("GZIP;Q=1.0", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "br"),
        ("*;q=0.1, br;q=0", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000, *;q=0", None),
        ("identity", None),
        ("deflate", None),
        ("", None),
        ("gzip;q=0.001", "gzip"),
        (" , ;q=1,\xff", None),
    ],
)
def test_the_coding_is_the_best_that_the_client_takes(header, chosen):
    assert accepted(scope(header), ("br", "gzip")) == chosen


def test_a_header_in_several_lines_is_one_and_none_at_all_takes_nothing():
    assert accepted(scope("deflate", "gzip"), ("br", "gzip")) == "gzip"
    assert accepted(scope(), ("br", "gzip")) is None


async def test_the_status_is_the_same_in_both_codings(world):
    await world.begin(tasks=20)
    plain = await world.client.get(STATUS, headers=PLAIN)
    packed = await world.client.get(STATUS, headers={"Accept-Encoding": "gzip"})
    assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip")
    assert packed.content == plain.content
    assert int(plain.headers["Content-Length"]) == len(plain.content)
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 2
    for answer in (plain, packed):
        assert answer.headers["Content-Type"] == "application/json"
        assert varies(answer) == {"Accept-Encoding", "Origin"}


async def test_each_coding_has_a_strong_etag_and_either_is_answered_304(world):
    run = await world.begin(tasks=20)
    tags = {}
    for coding in ("identity", "gzip"):
        answer = await world.client.get(STATUS, headers={"Accept-Encoding": coding})
        tags[coding] = answer.headers["ETag"]
    assert tags["gzip"] == tag_of(tags["identity"], "gzip") != tags["identity"]
    for known in tags.values():
        for coding, own in tags.items():
            headers = {"Accept-Encoding": coding, "If-None-Match": known}
            again = await world.client.get(STATUS, headers=headers)
            assert (again.status_code, again.content) == (304, b"")
            assert (again.headers["ETag"], varies(again)) == (own, {"Accept-Encoding", "Origin"})
            assert "Content-Encoding" not in again.headers
    await run.work(1)
    changed = await world.client.get(STATUS, headers={"If-None-Match": tags["gzip"]})
    assert (changed.status_code, changed.json()["seq"]) == (200, 3)


async def test_what_is_small_stays_as_it_is_and_still_says_that_it_varies(world):
    answer = await world.client.get("/health", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert (varies(answer), answer.json()["status"]) == ({"Accept-Encoding", "Origin"}, "healthy")


async def test_a_page_of_another_origin_gets_both_names_in_vary(make_world):
    world = await make_world(allowed_origins=["http://page.example"])
    await world.begin(tasks=20)
    headers = {"Accept-Encoding": "gzip", "Origin": "http://page.example"}
    answer = await world.client.get(STATUS, headers=headers)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Access-Control-Allow-Origin"] == "http://page.example"
    assert varies(answer) == {"Accept-Encoding", "Origin"}


async def test_a_status_and_a_list_are_compressed_once_however_many_ask(world, monkeypatch):
    await world.begin(tasks=20)
    for number in range(2, 6):
        await world.begin(f"orch-{number}")
    packed: list[int] = []
    compress = compression._compress

    def counted(plain: bytes) -> bytes:
        packed.append(len(plain))
        return compress(plain)

    monkeypatch.setattr(compression, "_compress", counted)
    for _ in range(3):
        for path in (STATUS, "/api/orchestrators"):
            answer = await world.client.get(path, headers={"Accept-Encoding": "gzip"})
            assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) == 2


@pytest.mark.parametrize("length", [COMPRESSED_BYTES_MIN - 1, COMPRESSED_BYTES_MIN, 500_000])
async def test_a_body_is_compressed_from_its_limit_on_also_in_a_thread(length):
    body = Body(b"x" * length)
    if length < COMPRESSED_BYTES_MIN:
        assert body.coding(scope("gzip")) is None
    else:
        assert body.coding(scope("gzip")) == "gzip"
        assert gzip.decompress(await body.compressed()) == body.plain
        assert await body.compressed() is await body.compressed()


async def test_pages_of_the_log_and_plans_are_compressed_too(world):
    run = await world.begin(tasks=30)
    await run.work(20)
    for path in ("/api/orchestrators/orch-1/events", "/openapi.json"):
        packed = await world.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.content == (await world.client.get(path, headers=PLAIN)).content
