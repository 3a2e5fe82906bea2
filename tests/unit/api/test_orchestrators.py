import pytest

from orchestrator.domain.commands import ApprovePlan
from orchestrator.domain.errors import StorageError
from orchestrator.domain.task_status import RunStatus


async def test_the_list_is_a_bare_array_newest_first(world):
    await world.begin("orch-1")
    await world.begin("orch-2")
    answer = await world.client.get("/api/orchestrators")
    assert answer.status_code == 200
    assert [info["id"] for info in answer.json()] == ["orch-2", "orch-1"]
    assert answer.json()[0]["is_alive"] is True
    assert answer.json()[0]["started_at"].endswith("Z")


async def test_one_orchestrator_is_found_by_its_id(world):
    await world.begin()
    answer = await world.client.get("/api/orchestrators/orch-1")
    assert answer.json()["seq"] == 2
    assert answer.json()["status"] == "running"


async def test_status_carries_an_etag_and_answers_304_until_the_log_grows(world):
    run = await world.begin()
    first = await world.client.get("/api/orchestrators/orch-1/status")
    assert first.json()["seq"] == 2
    assert first.json()["summary"]["total_tasks"] == 2
    headers = {"If-None-Match": f'"other", W/{first.headers["ETag"]}'}
    again = await world.client.get("/api/orchestrators/orch-1/status", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    await run.work(1)
    changed = await world.client.get("/api/orchestrators/orch-1/status", headers=headers)
    assert changed.status_code == 200
    assert changed.json()["seq"] == 3


async def test_status_has_another_etag_once_a_command_is_kept_for_the_next_run(world):
    run = await world.begin()
    await run.end()
    address = "/api/orchestrators/orch-1/status"
    before = await world.client.get(address)
    await world.ports.commands.submit("orch-1", ApprovePlan(digest="d"), actor="me")
    after = await world.client.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert [(one["command"], one["actor"]) for one in after.json()["kept"]] == [("approve-plan", "me")]
    again = await world.client.get(address, headers={"If-None-Match": after.headers["ETag"]})
    assert again.status_code == 304
    as_it_was = await world.client.get(f"{address}?at_seq={after.json()['seq']}")
    assert (as_it_was.json()["kept"], as_it_was.headers["ETag"]) == ([], before.headers["ETag"])


async def test_status_is_encoded_once_per_position(world):
    await world.begin()
    statuses = world.app.state.context.statuses
    assert (await statuses.latest("orch-1")) is (await statuses.latest("orch-1"))


async def test_status_as_it_was(world):
    run = await world.begin()
    await run.end()
    now = (await world.client.get("/api/orchestrators/orch-1/status")).json()
    then = (await world.client.get("/api/orchestrators/orch-1/status?at_seq=1")).json()
    assert (now["status"], then["status"]) == ("stopped", "starting")
    assert then["seq"] == 1


@pytest.mark.parametrize("at_seq", ["0", "4", "-1", "1.0", "x", "", "10" * 20, "٣", "1_0", " 1", "NaN"])
async def test_a_position_that_the_log_has_not_is_422(world, at_seq):
    await world.begin()
    answer = await world.client.get("/api/orchestrators/orch-1/status", params={"at_seq": at_seq})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_pages_of_the_log_join_up_by_their_links(world):
    run = await world.begin()
    await run.work(5)
    path, found = "/api/orchestrators/orch-1/events?limit=3", []
    while path:
        answer = await world.client.get(path)
        found += answer.json()
        path = answer.links.get("next", {}).get("url")
    assert [event["seq"] for event in found] == list(range(1, 8))
    stored = await world.ports.log.read("orch-1")
    assert [event["data"]["tool_id"] for event in found[2:]] == [e.data.tool_id for e in stored[2:]]


async def test_a_full_page_that_ends_the_log_has_no_next_one(world):
    await world.begin()
    answer = await world.client.get("/api/orchestrators/orch-1/events?limit=2")
    assert len(answer.json()) == 2
    assert "Link" not in answer.headers


async def test_the_log_past_its_end_is_empty_and_has_no_next_page(world):
    await world.begin()
    answer = await world.client.get(f"/api/orchestrators/orch-1/events?after={2**63 - 1}")
    assert answer.json() == []
    assert "Link" not in answer.headers


async def test_only_the_wanted_types_are_listed(world):
    run = await world.begin()
    await run.work(3)
    answer = await world.client.get(
        "/api/orchestrators/orch-1/events?types=tool_started,plan_loaded,tool_started&limit=2"
    )
    assert [event["type"] for event in answer.json()] == ["plan_loaded", "tool_started"]
    assert "types=tool_started,plan_loaded>" in answer.headers["Link"]


@pytest.mark.parametrize(
    "query",
    [
        "types=nothing",
        "types=",
        "types=ping",
        "limit=0",
        "limit=1001",
        "limit=x",
        "after=-1",
        f"after={10**30}",
        f"after={2**63}",
        "after=",
        "after=1&after=2",
    ],
)
async def test_a_malformed_question_about_the_log_is_422_and_says_where(world, query):
    await world.begin()
    answer = await world.client.get(f"/api/orchestrators/orch-1/events?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")


UNKNOWN = ["orch-nobody", "..", "%2e%2e", "%2f", "%00", "a" * 300, "٣", "orch-1%0a", "%ff", "orch 1", "😀"]


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("rest", ["", "/status", "/events", "/events-sse", "/commands/x"])
async def test_unknown_orchestrators_are_a_404_problem(world, name, rest):
    answer = await world.client.get(f"/api/orchestrators/{name}{rest}")
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


async def test_a_storage_that_fails_is_a_503_problem_and_unhealthy(world, monkeypatch):
    async def fails(**_options: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(world.ports.registry, "list", fails)
    answer = await world.client.get("/api/orchestrators")
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    health = await world.client.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert health.json()["detail"] == "the disk is full"
    assert (await world.client.get("/readyz")).status_code == 503
    assert (await world.client.get("/livez")).status_code == 200


async def test_health_counts_those_that_run(world):
    await world.begin("orch-1")
    await (await world.begin("orch-2")).end()
    health = (await world.client.get("/health")).json()
    assert (health["status"], health["orchestrators_running"]) == ("healthy", 1)
    assert health["timestamp"].endswith("Z")


async def test_metrics_are_prometheus_text(world):
    await world.begin()
    text = (await world.client.get("/metrics")).text
    assert 'orchestrator_orchestrators{status="running"} 1' in text
    assert "# TYPE orchestrator_api_frames_sent_total counter" in text


async def test_what_nobody_foresaw_is_a_500_without_a_traceback(world, monkeypatch, caplog):
    async def breaks(**_options: object) -> None:
        raise RuntimeError("secret thing")

    monkeypatch.setattr(world.ports.registry, "list", breaks)
    answer = await world.client.get("/api/orchestrators")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    reference = answer.json()["detail"].split()[-1].rstrip(".")
    assert reference in caplog.text
    assert "secret thing" in caplog.text


async def test_the_undertaker_is_called_again_and_again_and_survives_errors(ports, settings, caplog):
    from orchestrator.api.app import create_app
    from orchestrator.engine.plan_catalog import PlanCatalog
    from orchestrator.engine.status_reader import StatusReader

    calls = []

    class Undertaker:
        async def bury_the_dead(self) -> list[str]:
            calls.append(1)
            if len(calls) < 4:
                raise StorageError("locked")
            if len(calls) == 5:
                done.set()
            return []

    import asyncio

    done = asyncio.Event()
    reader = StatusReader(ports.registry, ports.log, ports.commands)
    app = create_app(
        ports,
        settings.model_copy(update={"undertaker_seconds": 0.001}),
        reader=reader,
        catalog=PlanCatalog(ports, reader),
        undertaker=Undertaker(),
    )
    async with app.router.lifespan_context(app), asyncio.timeout(5):
        await done.wait()
    assert caplog.text.count("cannot look out for the dead: locked") == 1
    assert app.state.context.is_watching


async def test_a_crashed_orchestrator_is_listed_as_such(world):
    run = await world.begin()
    await run.end(RunStatus.CRASHED)
    info = (await world.client.get("/api/orchestrators/orch-1")).json()
    assert (info["status"], info["is_alive"]) == ("crashed", False)
