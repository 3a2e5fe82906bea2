import logging

import pytest

from orchestrator.api.guard import check_binding, chosen_subprotocol, is_loopback, split_port
from orchestrator.api.refused_origins import REPORTED_MAX
from orchestrator.api.settings import ApiSettings
from orchestrator.domain.errors import UsageError

TOKEN = "a-long-enough-token-0123"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]", "[::1]:8000"])
async def test_loopback_names_are_answered_at_any_port(world, host):
    assert (await world.client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8000",
        "localhost:8000@evil.example",
        "evil.example#localhost",
        "localhost:x",
        "localhost/",
        "::1",
        "0.0.0.0:8000",
        "",
        " localhost",
    ],
)
async def test_other_hosts_are_refused(world, host):
    answer = await world.client.get("/health", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "host_not_allowed")


async def test_a_host_in_the_settings_is_answered(make_world):
    world = await make_world(allowed_hosts=("box.example",))
    assert (await world.client.get("/livez", headers={"Host": "Box.example:8000"})).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8000",  # the server's own
        "http://localhost:3000",
        "http://127.0.0.1:3000",
    ],
)
async def test_allowed_origins_may_ask(world, origin):
    answer = await world.client.get("/health", headers={"Origin": origin})
    assert answer.status_code == 200
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost:8001",
        "http://localhost:3000.evil.example",
        "http://localhost:3000@evil.example",
        "http://localhost.evil.example:8000",
        "file://localhost:8000",
        "http://127.0.0.1:8000",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_other_origins_are_refused_whatever_they_ask(world, origin, method):
    await world.begin()
    answer = await world.client.request(method, "/api/orchestrators/orch-1/pause", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in answer.headers


def origin_lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name.endswith("refused_origins")]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_a_refusal_says_how_to_allow_the_page_and_so_does_the_log(world, caplog, method):
    answer = await world.client.request(method, "/health", headers={"Origin": "http://LOCALHOST:3001"})
    detail = answer.json()["detail"]
    assert "--allow-origin http://localhost:3001 " in detail
    assert "ORCHESTRATOR_API_ALLOWED_ORIGINS=http://localhost:3001 " in detail
    assert origin_lines(caplog) == [detail]


async def test_a_page_that_asks_again_fills_no_log(world, caplog):
    for port in (3001, 3002, 3001, 3001):
        await world.client.get("/health", headers={"Origin": f"http://localhost:{port}"})
    assert [":3001 " in line for line in origin_lines(caplog)] == [True, False]


async def test_many_pages_fill_no_log(world, caplog):
    for port in range(2 * REPORTED_MAX):
        await world.client.get("/health", headers={"Origin": f"https://{port}.evil.example"})
    *reported, last = origin_lines(caplog)
    assert len(reported) == REPORTED_MAX
    assert "evil" not in last


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "file://",
        "https://evil.example/path",
        "https://user@evil.example",
        "https://evil.example --allow-origin https://other.example",
        "https://evil.example:3001:1",
        "https://$(id)",
        b"https://\x1b]52;c;aGk=\x07",
        b"https://evil.example\x85",
        f"https://{'a' * 300}",
    ],
)
async def test_only_what_is_an_origin_is_repeated(world, caplog, origin):
    answer = await world.client.get("/health", headers={"Origin": origin})
    assert answer.status_code == 403
    [line] = origin_lines(caplog)
    assert line == answer.json()["detail"]
    assert "evil" not in line
    assert line.isprintable()
    assert "--allow-origin" not in line


async def test_what_is_allowed_is_not_in_the_log(world, caplog):
    caplog.set_level(logging.INFO)
    await world.client.get("/health", headers={"Origin": "http://localhost:3000"})
    await world.client.get("/health")
    assert origin_lines(caplog) == []


@pytest.mark.parametrize("origin", ["http://localhost:3001", "https://box.example", "http://[::1]:3001"])
async def test_what_a_refusal_advises_works(make_world, origin):
    world = await make_world(allowed_origins=ApiSettings.load(allowed_origins=origin).allowed_origins)
    assert (await world.client.get("/health", headers={"Origin": origin})).status_code == 200


async def test_two_origins_are_both_looked_at(world):
    headers = [("Origin", "http://localhost:3000"), ("Origin", "https://evil.example")]
    assert (await world.client.get("/health", headers=headers)).status_code == 403


NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
EMBEDDED = {
    "img": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "script": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    "link": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "style"},
    "fetch": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
    "iframe": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "object": {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
    "a form or link to the API": NAVIGATION,
    "nothing else": {},
}


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "something-new", ""])
@pytest.mark.parametrize("kind", EMBEDDED)
async def test_what_a_page_elsewhere_embeds_is_refused(world, site, kind):
    for path in ("/api/agents", "/health", "/openapi.json", "/static/swagger-init.js", "/nothing"):
        answer = await world.client.get(path, headers={"Sec-Fetch-Site": site, **EMBEDDED[kind]})
        assert (answer.status_code, answer.json()["code"]) == (403, "site_not_allowed"), path


@pytest.mark.parametrize("site", ["same-origin", "none", None])
async def test_the_servers_own_pages_and_programs_without_a_page_may_ask(world, site):
    headers = {} if site is None else {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"}
    assert (await world.client.get("/api/orchestrators", headers=headers)).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/", "/docs", "/redoc"])
async def test_a_link_elsewhere_may_open_a_page(world, site, path):
    headers = {"Sec-Fetch-Site": site, "Accept": "text/html", **NAVIGATION}
    assert (await world.client.get(path, headers=headers)).status_code == 200
    for change in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "no-cors"}):
        assert (await world.client.get(path, headers={**headers, **change})).status_code == 403


async def test_two_sites_are_both_looked_at(world):
    headers = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]
    assert (await world.client.get("/health", headers=headers)).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_an_allowed_origin_may_ask_from_another_site(world, site):
    headers = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"}
    assert (await world.client.get("/health", headers=headers)).status_code == 200
    assert (await world.client.get("/health", headers={**headers, "Origin": "null"})).status_code == 403


async def test_a_page_of_an_allowed_origin_may_read_what_it_needs(world):
    answer = await world.client.get("/health", headers={"Origin": "http://localhost:3000"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("ETag", "Location", "Link", "Retry-After"))


async def test_a_preflight_is_answered_without_a_token(make_world):
    world = await make_world(token=TOKEN)
    answer = await world.client.options(
        "/api/orchestrators/orch-1/skip-task",
        headers={
            "Origin": "http://localhost:3000",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,if-match,idempotency-key",
        },
    )
    assert answer.status_code == 200
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer é"],
)
async def test_without_the_token_the_answer_is_401(make_world, shown):
    world = await make_world(token=TOKEN)
    headers = {"Authorization": shown.encode("latin-1")} if shown else {}
    for path in ("/health", "/metrics", "/api/orchestrators", "/api/orchestrators/x/events-sse", "/nothing"):
        answer = await world.client.get(path, headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthorized"


async def test_a_refused_page_of_an_allowed_origin_can_read_why(make_world):
    world = await make_world(token=TOKEN)
    answer = await world.client.get("/health", headers={"Origin": "http://localhost:3000"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


async def test_with_the_token_the_api_answers_and_some_pages_need_none(make_world):
    world = await make_world(token=TOKEN)
    shown = {"Authorization": f"bearer {TOKEN}"}
    assert (await world.client.get("/api/orchestrators", headers=shown)).status_code == 200
    for path in ("/", "/livez", "/readyz", "/docs", "/redoc", "/openapi.json", "/static/swagger-init.js"):
        assert (await world.client.get(path)).status_code == 200, path


async def test_every_answer_carries_the_security_headers(world):
    for path in ("/health", "/nothing", "/docs", "/api/orchestrators/x"):
        headers = (await world.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
    refused = await world.client.get("/health", headers={"Host": "evil.example"})
    assert refused.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"])
def test_loopback_needs_no_token(host):
    assert is_loopback(host)
    check_binding(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "box.example", "", "localhost.example"])
def test_another_address_needs_a_token(host):
    with pytest.raises(UsageError, match="ORCHESTRATOR_API_TOKEN"):
        check_binding(host, None)
    check_binding(host, TOKEN)


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("localhost", ("localhost", None)),
        ("Box:80", ("box", 80)),
        ("[::1]:8", ("[::1]", 8)),
        ("a:b", None),
        ("a@b", None),
        ("a/b", None),
        ("a:99999", None),
        ("", None),
        ("[::1", None),
    ],
)
def test_a_host_is_taken_apart(host, parts):
    assert split_port(host) == parts


def test_the_token_is_not_echoed_where_another_subprotocol_is_offered():
    assert chosen_subprotocol([f"bearer.{TOKEN}", "orchestrator.v1"]) == "orchestrator.v1"
    assert chosen_subprotocol([]) is None
    assert chosen_subprotocol(["chat"]) is None


class TestSettings:
    def test_each_has_a_variable(self, monkeypatch):
        monkeypatch.setenv("ORCHESTRATOR_API_PORT", "9000")
        monkeypatch.setenv("ORCHESTRATOR_API_ALLOWED_HOSTS", "Box.example, other")
        monkeypatch.setenv("ORCHESTRATOR_API_ALLOWED_ORIGINS", "https://box.example")
        loaded = ApiSettings.load()
        assert loaded.port == 9000
        assert loaded.allowed_hosts == ("box.example", "other")
        assert loaded.allowed_origins == ("https://box.example",)
        assert ApiSettings.load(port=1).port == 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("port", "http"),
            ("port", "70000"),
            ("ping_seconds", "0"),
            ("token", "short"),
            ("token", "with spaces and more"),
            ("allowed_origins", "localhost:3000"),
            ("allowed_origins", "https://box.example/path"),
            ("allowed_origins", "*"),
            ("allowed_origins", "http://localhost:3001."),
            ("allowed_origins", "http://localhost:port"),
        ],
    )
    def test_a_wrong_one_is_a_usage_error_that_names_it(self, monkeypatch, name, value):
        monkeypatch.setenv(f"ORCHESTRATOR_API_{name.upper()}", value)
        with pytest.raises(UsageError, match=f"ORCHESTRATOR_API_{name.upper()}") as caught:
            ApiSettings.load()
        assert name != "token" or value not in str(caught.value)

    def test_the_token_does_not_show(self):
        assert TOKEN not in repr(ApiSettings(token=TOKEN))

    def test_each_is_described(self):
        assert all(field.description for field in ApiSettings.model_fields.values())
