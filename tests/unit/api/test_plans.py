import pytest

from orchestrator.domain.errors import PlanUnreadable


async def test_plans_are_listed(world):
    answer = await world.client.get("/api/plans")
    assert answer.status_code == 200
    (plan,) = answer.json()
    assert (plan["name"], plan["title"], plan["total_tasks"], plan["has_status"]) == (
        "demo",
        "Demo",
        2,
        False,
    )


async def test_a_plans_text_comes_with_the_lines_of_its_tasks_and_problems(world):
    plan = (await world.client.get("/api/plans/demo")).json()
    lines = plan["markdown"].splitlines()
    assert [task["task_id"] for task in plan["tasks"]] == ["1.1", "1.2"]
    assert all(task["task_id"] in lines[task["line"] - 1] for task in plan["tasks"])
    assert plan["problems"] == []
    answer = await world.client.get("/api/plans/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "plan_not_found")


async def test_a_plan_that_nobody_runs_tells_its_boxes(world):
    status = (await world.client.get("/api/plans/demo/status")).json()
    assert (status["source"], status["instance_id"], status["seq"]) == ("plan", None, None)
    tasks = (await world.client.get("/api/plans/demo/tasks")).json()
    assert [task["id"] for task in tasks] == ["1.1", "1.2"]
    assert tasks == status["tasks"]


async def test_findings_are_found_by_both_spellings_of_the_id(world):
    assert (await world.client.get("/api/plans/demo/findings")).json() == []
    await world.ports.outputs.write_finding("demo", "1.1", "what was done")
    (finding,) = (await world.client.get("/api/plans/demo/findings")).json()
    assert (finding["task_id"], finding["size_bytes"]) == ("1.1", 13)
    for spelling in ("1.1", "1-1"):
        content = (await world.client.get(f"/api/plans/demo/findings/{spelling}")).json()
        assert content == {"task_id": "1.1", "content": "what was done"}


@pytest.mark.parametrize("task_id", ["1.2", "9.9", "%2e%2e", "x" * 300, "٣", "%00", "1.1%0a"])
async def test_a_finding_that_is_not_there_is_404(world, task_id):
    answer = await world.client.get(f"/api/plans/demo/findings/{task_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "finding_not_found")


@pytest.mark.parametrize(
    "name", ["nothing", "%2e%2e", "%00", "x" * 300, "٣", "demo.md%00", "%5c..", ".hidden", "a%0ab"]
)
@pytest.mark.parametrize("rest", ["status", "tasks", "findings", "findings/1.1"])
async def test_a_plan_that_is_not_there_is_404(world, name, rest):
    answer = await world.client.get(f"/api/plans/{name}/{rest}")
    assert (answer.status_code, answer.json()["code"]) == (404, "plan_not_found")


async def test_a_plan_that_cannot_be_read_is_a_problem(world, monkeypatch):
    async def fails(_name: str) -> None:
        raise PlanUnreadable("demo.md is a folder")

    monkeypatch.setattr(world.ports.plans, "read", fails)
    answer = await world.client.get("/api/plans/demo/status")
    assert (answer.status_code, answer.json()["detail"]) == (422, "demo.md is a folder")
