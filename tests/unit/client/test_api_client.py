"""What each verb asks, and what its answer becomes; the server is the test."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import httpx
import pytest
import stream_texts as say

from orchestrator.client import ApiClient, ApiError
from orchestrator.domain.errors import UsageError

DOCUMENT = Path(__file__).parents[3] / "docs/plan-outputs/orchestrator-api-server/openapi.json"
ORCHESTRATOR = "/api/orchestrators/orch-1"
RECEIPT = {"success": True, "message": "Done.", "command_id": "cmd-1", "state": "applied", "seq": 7}
PROBLEM = {
    "type": "about:blank", "title": "Not Found", "status": 404, "detail": "No orchestrator has this id.",
    "instance": "/api/orchestrators/x", "code": "orchestrator_not_found", "errors": [],
}  # fmt: skip
HEALTH = {
    "status": "unhealthy", "version": "0.1.0", "timestamp": "2030-01-02T03:04:05Z",
    "orchestrators_running": 0, "detail": "The storage fails.",
}  # fmt: skip


def client_of(answer, **options):
    """A client whose every request gets this answer, and the requests."""
    requests = []

    def handle(request):
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    url = options.pop("url", "http://server:8000")
    return ApiClient(url, http_transport=httpx.MockTransport(handle), **options), requests


def test_there_is_a_method_for_every_operation_of_the_document():
    paths = json.loads(DOCUMENT.read_text())["paths"].values()
    names = {operation["operationId"] for path in paths for operation in path.values()}
    expected = {re.sub(r"[A-Z]", lambda m: f"_{m[0].lower()}", name) for name in names}
    methods = {name for name, _ in inspect.getmembers(ApiClient, inspect.isfunction) if name[0] != "_"}
    # The stream of events is followed by a watch.
    assert methods - {"aclose", "watch"} == expected - {"stream_events"}


@pytest.mark.parametrize(
    ("verb", "arguments", "options", "expected"),
    [
        ("pause_orchestrator", (), {}, ("pause", {"mode": "drain"}, None)),
        ("pause_orchestrator", (), {"mode": "now"}, ("pause", {"mode": "now"}, None)),
        ("resume_orchestrator", (), {}, ("resume", {}, None)),
        ("shutdown_orchestrator", (), {"force": True}, ("shutdown", {"force": "true"}, None)),
        ("skip_task", ("1.2",), {"reason": "é"}, ("skip-task", {}, {"task_id": "1.2", "reason": "é"})),
        ("answer_approval", ("1.1-1-1",), {"allow": False, "reason": "r"}, ("approvals/1.1-1-1", {}, {"allow": False, "reason": "r"})),
        ("message_task", ("1.2", "hi"), {}, ("tasks/1.2/message", {}, {"text": "hi"})),
        ("retry_task", ("1.2",), {"note": "n"}, ("retry-task", {}, {"task_id": "1.2", "note": "n", "force": False})),
    ],
)  # fmt: skip
async def test_a_command_is_posted_with_what_belongs_to_it(verb, arguments, options, expected):
    client, requests = client_of(RECEIPT)
    async with client:
        receipt = await getattr(client, verb)("orch-1", *arguments, **options, idempotency_key="k-1")
    assert (receipt.state, receipt.seq) == ("applied", 7)
    [request] = requests
    path, query, body = expected
    assert (request.method, request.url.path) == ("POST", f"{ORCHESTRATOR}/{path}")
    assert dict(request.url.params) == query
    assert (json.loads(request.content) if request.content else None) == body
    assert request.headers["idempotency-key"] == "k-1"
    assert request.headers.get("content-type") == ("application/json" if body else None)


@pytest.mark.parametrize(("revision", "header"), [(3, '"3"'), ("*", "*"), (None, None)])
async def test_the_revision_of_a_task_goes_into_if_match(revision, header):
    client, requests = client_of(RECEIPT)
    async with client:
        await client.skip_task("orch-1", "1.1", revision=revision)
        await client.retry_task("orch-1", "1.1", revision=revision)
    assert [request.headers.get("if-match") for request in requests] == [header, header]


async def test_what_can_be_asked_comes_back_as_values():
    client, requests = client_of([say.info().model_dump(mode="json")])
    async with client:
        assert await client.list_orchestrators() == [say.info()]
    assert requests[0].url.path == "/api/orchestrators"
    client, requests = client_of([json.loads(say.event(2)), json.loads(say.text("task_sang", {}, 3))])
    async with client:
        events = await client.list_events("orch-1", after=1, limit=5, types=["phase_changed", "task_sang"])
    assert [(event.seq, event.type) for event in events] == [(2, "phase_changed"), (3, "task_sang")]
    assert dict(requests[0].url.params) == {"after": "1", "limit": "5", "types": "phase_changed,task_sang"}
    client, requests = client_of({**say.STATUS, "status": "running", "seq": 3})
    async with client:
        assert (await client.get_orchestrator_status("orch-1", at_seq=3)).seq == 3
        await client.get_orchestrator_status("orch-1")
    assert [request.url.query for request in requests] == [b"at_seq=3", b""]


async def test_open_questions_come_as_values():
    asked = {
        "id": "1.1-1-1", "task_id": "1.1", "attempt": 1, "question": "May I?", "tool_id": None,
        "requested_at": "2030-01-02T03:04:05Z", "expires_at": None,
    }  # fmt: skip
    client, requests = client_of([asked])
    async with client:
        [approval] = await client.list_approvals("orch-1")
    assert (approval.id, approval.question, approval.expires_at) == ("1.1-1-1", "May I?", None)
    assert requests[0].url.path == f"{ORCHESTRATOR}/approvals"


async def test_a_transcript_is_the_list_of_its_lines():
    text = (
        '{"time":"2030-01-02T03:04:05Z","type":"Text","text":"a\\nb\u2028c"}\n'
        '{"time":"2030-01-02T03:04:06Z","type":"UsageDelta","input_tokens":3}\n'
    )
    answer = httpx.Response(200, text=text, headers={"Content-Type": "application/jsonl"})
    client, requests = client_of(answer)
    async with client:
        lines = await client.get_transcript("orch-1", "1.1", attempt=2)
    assert [(line.type, line.model_extra) for line in lines] == [
        ("Text", {"text": "a\nb\u2028c"}),
        ("UsageDelta", {"input_tokens": 3}),
    ]
    assert str(requests[0].url).endswith(f"{ORCHESTRATOR}/tasks/1.1/transcript?attempt=2")


async def test_an_artifact_is_its_text():
    client, requests = client_of({"name": "output-0001.txt", "size_bytes": 3, "text": "all"})
    async with client:
        kept = await client.get_artifact("orch-1", "1.1", "output-0001.txt", attempt=2)
    assert kept.text == "all"
    assert str(requests[0].url).endswith(f"{ORCHESTRATOR}/tasks/1.1/artifacts/output-0001.txt?attempt=2")


async def test_a_start_says_only_what_was_chosen():
    client, requests = client_of({**say.info().model_dump(mode="json"), "log_path": "x.log"})
    async with client:
        assert (
            await client.start_orchestrator("demo", parallel=2, permissions="ask", budget_usd=1.5)
        ).log_path == "x.log"
        with pytest.raises(UsageError, match="parallel"):
            await client.start_orchestrator("demo", parallel=0)
    assert json.loads(requests[0].content) == {
        "plan": "demo", "parallel": 2, "restart": False, "permissions": "ask", "budget_usd": 1.5,
    }  # fmt: skip
    assert len(requests) == 1


@pytest.mark.parametrize("name", ["a/b", "a b?c#d", "..%2f", "é", "/", "%", "a\\b", "C:\n"])
async def test_a_name_never_leads_to_another_path(name):
    client, requests = client_of({"task_id": "1", "content": ""})
    async with client:
        await client.get_finding_content(name, "1.1")
    raw = requests[0].url.raw_path.decode()
    assert raw.count("/") == 5
    assert "?" not in raw
    assert requests[0].url.path == f"/api/plans/{name}/findings/1.1"


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_a_name_that_is_a_step_of_a_path_is_refused(name):
    client, requests = client_of({})
    async with client:
        with pytest.raises(UsageError):
            await client.get_plan_status(name)
        with pytest.raises(UsageError):
            client.watch(name)
    assert requests == []


@pytest.mark.parametrize("url", ["http://server:8000", "http://server:8000/", "http://server:8000/under/it/"])
async def test_the_servers_url_may_have_a_path_of_its_own(url):
    client, requests = client_of([], url=url)
    async with client:
        await client.list_plans()
    assert str(requests[0].url) == url.rstrip("/") + "/api/plans"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "server",
        "localhost:8000",
        "ftp://server",
        "http://",
        "http://a:b@server",
        "http://x?q=1",
        "http://x:y",
    ],
)
def test_what_is_no_url_of_a_server_is_said(url):
    with pytest.raises(UsageError):
        ApiClient(url)


async def test_token_and_headers_go_with_every_request():
    client, requests = client_of([], token="secret", headers={"X-Team": "blue"})
    async with client:
        await client.list_plans()
    assert requests[0].headers["authorization"] == "Bearer secret"
    assert requests[0].headers["x-team"] == "blue"


async def test_a_problem_is_an_error_with_its_code_and_sentence():
    client, _ = client_of(httpx.Response(404, json=PROBLEM))
    async with client:
        with pytest.raises(ApiError, match="No orchestrator has this id") as refused:
            await client.get_orchestrator("x")
    assert (refused.value.status, refused.value.code, refused.value.is_final) == (
        404,
        "orchestrator_not_found",
        True,
    )
    assert refused.value.problem.instance == "/api/orchestrators/x"


@pytest.mark.parametrize(("asked", "seconds"), [("10", 10), ("99999", 300), ("soon", None), (None, None)])
async def test_how_long_the_server_asks_to_wait(asked, seconds):
    client, _ = client_of(httpx.Response(503, json=PROBLEM, headers={"Retry-After": asked} if asked else {}))
    async with client:
        with pytest.raises(ApiError) as refused:
            await client.list_plans()
    assert refused.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (httpx.Response(502, text="<html>Bad gateway"), 502, "http_502"),
        (httpx.Response(599), 599, "http_599"),
        (httpx.Response(302, headers={"Location": "http://elsewhere/"}), 302, "http_302"),
        (httpx.Response(200, text="<html>Welcome"), 200, "invalid_answer"),
        (httpx.Response(200, json={"what": 1}), 200, "invalid_answer"),
        (httpx.ConnectError("refused"), 0, "network_error"),
        (httpx.ReadTimeout("slow"), 0, "network_error"),
    ],
)
async def test_whatever_else_happens_is_an_error_too(answer, status, code):
    client, requests = client_of(answer)
    async with client:
        with pytest.raises(ApiError) as failed:
            await client.list_plans()
    assert (failed.value.status, failed.value.code) == (status, code)
    assert len(requests) == 1


async def test_a_server_that_is_unhealthy_answers_so_and_one_that_refuses_does_not():
    client, _ = client_of(httpx.Response(503, json=HEALTH))
    async with client:
        assert (await client.health()).status == "unhealthy"
    problem = httpx.Response(
        503, json={**PROBLEM, "status": 503}, headers={"Content-Type": "application/problem+json"}
    )
    client, _ = client_of(problem)
    async with client:
        with pytest.raises(ApiError):
            await client.health()


async def test_no_variable_diverts_a_request(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://elsewhere:1")
    client = ApiClient("http://server:8000")
    assert client._server.http._mounts == {}
    await client.aclose()


@pytest.mark.parametrize("token", ["a-token-with-a-break\n", "müde", "two words"])
def test_what_is_no_token_is_said_without_it(token):
    with pytest.raises(UsageError, match="A token has only") as refused:
        ApiClient("http://server", token=token)
    assert token.strip() not in str(refused.value)


async def test_an_empty_token_is_none_and_an_empty_list_of_types_no_filter():
    client, requests = client_of([], token="")
    await client.list_events("orch-1", types=[])
    assert "authorization" not in requests[0].headers
    assert "types" not in requests[0].url.params


async def test_what_could_not_be_sent_is_refused_before():
    client, requests = client_of(RECEIPT)
    for key in ("schlüssel", "a\nb", ""):
        with pytest.raises(UsageError, match="idempotency_key"):
            await client.pause_orchestrator("orch-1", idempotency_key=key)
    with pytest.raises(UsageError, match="transport"):
        client.watch("orch-1", transport="pigeon")
    assert requests == []
