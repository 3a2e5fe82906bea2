import json

import httpx
import pytest

SKIP = "/api/orchestrators/orch-1/skip-task"
JSON = {"Content-Type": "application/json"}


async def post(world, body: bytes | str, path: str = SKIP, **headers: str) -> httpx.Response:
    return await world.client.post(path, content=body, headers={**JSON, **headers})


def is_problem(answer: httpx.Response, status: int) -> bool:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance", "code", "errors"}
    assert problem["status"] == status
    return bool(problem["title"] and problem["detail"] and problem["code"])


@pytest.mark.parametrize(
    "path", ["/nothing", "/api", "/api/", "/api/orchestrators/", "/static/x", "/static/../app.py"]
)
async def test_an_unknown_path_is_a_404_problem(world, path):
    assert is_problem(await world.client.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/api/plans", "GET, HEAD"),
        ("PUT", "/api/orchestrators", "GET, HEAD, POST"),
        ("HEAD", "/api/orchestrators/orch-1/pause", "POST"),
        ("POST", "/docs", "GET, HEAD"),
        ("POST", "/static/swagger-init.js", "GET, HEAD"),
        ("DELETE", "/api/orchestrators/orch-1", "GET, HEAD"),
        ("GET", "/api/orchestrators/orch-1/pause", "POST"),
        ("OPTIONS", "/api/orchestrators/orch-1/pause", "POST"),
        ("PUT", "/health", "GET, HEAD"),
        ("BREW", "/health", "GET, HEAD"),
    ],
)
async def test_another_method_is_a_405_problem_that_names_the_right_ones(world, method, path, allow):
    answer = await world.client.request(method, path)
    assert method == "HEAD" or is_problem(answer, 405)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)


@pytest.mark.parametrize(
    "path", ["/api/orchestrators", "/api/plans", "/health", "/livez", "/docs", "/nothing"]
)
async def test_head_has_the_head_of_get_and_no_body(world, path):
    got, head = await world.client.get(path), await world.client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    differ = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in differ} == {
        k: v for k, v in got.headers.items() if k not in differ
    }


async def test_head_of_a_stream_ends_at_once(world):
    await world.begin()
    answer = await world.client.head("/api/orchestrators/orch-1/events-sse")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"1.1"',
        b"{",
        b'{"task_id": 1}',
        b'{"task_id": 1.1}',
        b'{"task_id": null}',
        b'{"task_id": ["1.1"]}',
        b'{"task_id": ""}',
        b'{"task_id": "1.1", "other": 1}',
        b'{"task_id": "1.1", "reason": 5}',
        b'{"task_id": NaN}',
        b'{"task_id": Infinity}',
        b'{"task_id": "\\ud800"}',
        b'{"task_id": "1.1", "reason": "\\udfff"}',
        b'{"task_id": "\xff"}',
        b"\x00",
        b"\xef\xbb\xbf{}",
        json.dumps({"task_id": "x" * 65}).encode(),
        json.dumps({"task_id": "1.1", "reason": "x" * 2001}).encode(),
        b"[" * 30_000,
        b'{"task_id":' * 5_000,
        b'{"task_id": ' + b"9" * 5_000 + b"}",
    ],
)
async def test_a_body_that_makes_no_sense_is_422_and_says_where(world, body):
    await world.begin()
    answer = await post(world, body)
    assert is_problem(answer, 422)
    assert answer.json()["errors"][0]["pointer"].startswith("/body")


async def test_a_wrong_body_comes_before_an_unknown_orchestrator(world):
    assert is_problem(await post(world, b"{}", "/api/orchestrators/nobody/skip-task"), 422)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json; charset=latin-1",
        "json",
    ],
)
async def test_a_body_of_another_type_is_415(world, given):
    await world.begin()
    answer = await world.client.post(SKIP, content=b'{"task_id": "1.1"}', headers={"Content-Type": given})
    assert is_problem(answer, 415)


async def test_a_body_too_many_bytes_long_is_413_announced_or_not(world):
    await world.begin()
    big = b'{"task_id": "' + b"x" * 70_000 + b'"}'

    async def chunks():
        for start in range(0, len(big), 1000):
            yield big[start : start + 1000]

    assert is_problem(await post(world, big), 413)
    assert is_problem(await world.client.post(SKIP, content=chunks(), headers=JSON), 413)
    assert is_problem(await post(world, b"{}", **{"Content-Length": "9" * 30}), 413)


async def test_a_body_that_never_comes_is_408(world):
    import asyncio

    await world.begin()

    async def never():
        yield b"{"
        await asyncio.Event().wait()

    answer = await world.client.post(SKIP, content=never(), headers=JSON)
    assert is_problem(answer, 408)


@pytest.mark.parametrize("body", [b"", b"{}"])
@pytest.mark.parametrize("verb", ["pause", "resume", "shutdown"])
async def test_some_bodies_are_optional(world, verb, body):
    await world.begin()
    answer = await post(world, body, f"/api/orchestrators/orch-1/{verb}")
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "path",
    ["pause?mode=later", "pause?mode=", "shutdown?force=perhaps", "shutdown?force=true&force=false"],
)
async def test_a_wrong_choice_is_422(world, path):
    await world.begin()
    assert is_problem(await post(world, b"", f"/api/orchestrators/orch-1/{path}"), 422)


@pytest.mark.parametrize(
    "tag", ["3", '"x"', 'W/"3"', '"3", "4"', "", '"-1"', '"99999999999"', '"٣"'.encode().decode("latin-1")]
)
async def test_an_if_match_that_is_no_revision_is_422(world, tag):
    await world.begin()
    answer = await world.client.post(
        SKIP, content=b'{"task_id": "1.1"}', headers={**JSON, "If-Match": tag.encode("latin-1")}
    )
    assert is_problem(answer, 422)


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "é"])
async def test_an_idempotency_key_that_is_none_is_422(world, key):
    await world.begin()
    headers = {"Idempotency-Key": key.encode("latin-1")}
    assert is_problem(await world.client.post("/api/orchestrators/orch-1/pause", headers=headers), 422)


async def test_what_was_asked_stands_in_the_problem_without_its_query(world):
    answer = await world.client.get("/api/orchestrators/a%20b/status?secret=1")
    assert answer.json()["instance"] == "/api/orchestrators/a%20b/status"
    assert "secret" not in answer.text
