"""What people see of plans, whether or not one of them is running."""

from __future__ import annotations

import json

import pytest

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.errors import PlanNotFound
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.plan_catalog import PlanCatalog


@pytest.fixture
def catalog(house):
    return PlanCatalog(house.ports, house.reader)


async def test_a_plan_that_never_ran_is_as_its_boxes_say(house, catalog):
    status = await catalog.status("p")
    assert (status.source, status.instance_id, status.status, status.seq) == ("plan", None, None, None)
    (info,) = await catalog.plans()
    assert (info.name, info.total_tasks, info.completed, info.has_status) == ("p", 1, 0, False)


async def test_status_json_speaks_for_a_plan_that_the_database_does_not_know(house, catalog):
    document = {"tasks": [{"id": "1.1", "status": "completed"}]}
    house.outputs.put("docs/plan-outputs/p/status.json", json.dumps(document).encode())
    status = await catalog.status("p")
    assert (status.source, status.summary.completed) == ("status.json", 1)


async def test_the_log_speaks_for_a_plan_that_ran(house, catalog):
    await house.run()
    house.outputs.put("docs/plan-outputs/p/status.json", b'{"tasks":[{"id":"1.1","status":"pending"}]}')
    status = await catalog.status("p")
    assert (status.source, status.instance_id, status.status) == ("log", "orch-1", RunStatus.COMPLETED)
    (info,) = await catalog.plans()
    assert (info.completed, info.has_status) == (1, True)
    assert [task.status for task in await catalog.tasks("p")] == ["completed"]


async def test_a_plan_whose_rest_was_skipped_has_nothing_left(house, catalog):
    document = {"tasks": [{"id": "1.1", "status": "skipped"}]}
    house.outputs.put("docs/plan-outputs/p/status.json", json.dumps(document).encode())
    (info,) = await catalog.plans()
    assert (info.completed, info.progress_percent, info.total_tasks) == (0, 100, 1)


async def test_findings_are_found_by_either_spelling(house, catalog):
    await house.run()
    (info,) = await catalog.findings("p")
    assert (info.task_id, info.size_bytes) == ("1.1", len(house.finding("1.1").encode()))
    assert await catalog.finding("p", "1.1") == await catalog.finding("p", "1-1") == house.finding("1.1")
    assert await catalog.finding("p", "9.9") is None


async def test_an_unknown_plan_is_refused(catalog):
    for ask in (catalog.status, catalog.tasks, catalog.findings):
        with pytest.raises(PlanNotFound):
            await ask("nothing")


async def test_a_plan_that_was_edited_is_read_anew(house, catalog):
    await catalog.plans()
    house.plans.put("p.md", "# P\n\n## Phase 1: one\n\n- [x] 1.1 a\n- [ ] 1.2 b\n")
    (info,) = await catalog.plans()
    assert (info.total_tasks, info.completed) == (2, 1)


async def test_a_plans_document_says_what_a_run_of_it_would_be_like(house, catalog):
    text = (
        "---\nparallel: 3\nagent: robot\nattempts: 4\ntimeout: 5 min\npermissions: edits\n---\n"
        "# P\n\n- [ ] 1.1 a\n"
    )
    house.plans.put("p.md", text.encode())
    document = await catalog.document("p")
    assert document.settings == ChosenOptions(
        parallel=3, agent="robot", max_attempts=4, timeout_seconds=300, permissions="edits"
    )
    assert (document.defaults.parallel, document.defaults.permissions) == (1, "full")
    assert document.last_run is None


async def test_a_plans_document_has_what_was_chosen_for_its_last_run(house, catalog):
    chosen = ChosenOptions(parallel=2, budget_usd=3.0)
    await house.run(parallel=2, chosen=chosen)
    document = await catalog.document("p")
    assert (document.last_run.id, document.last_run.status) == ("orch-1", RunStatus.COMPLETED)
    assert document.last_run.options == chosen
    assert document.settings == ChosenOptions()
    await house.run(restart=True)
    assert (await catalog.document("p")).last_run.options == ChosenOptions()


async def test_a_plan_with_errors_is_listed_as_one(house, catalog):
    house.plans.put("twice.md", b"# P\n\n## Phase 1: A\n\n- [ ] 1.1 a\n- [ ] 1.1 b\n")
    house.plans.put("odd.md", b"---\nspeed: 3\n---\n# P\n\n- [ ] 1.1 a\n")
    found = {info.name: (bool(info.problems), info.has_errors) for info in await catalog.plans()}
    assert found == {"p": (False, False), "twice": (True, True), "odd": (True, False)}
