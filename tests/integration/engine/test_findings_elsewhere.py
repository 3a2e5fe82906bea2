"""Findings in a database that two folders share: the second has never seen the first one's files."""

from __future__ import annotations

import shutil

import pytest

from orchestrator.domain.errors import PlanNotFound
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.engine.findings import Findings
from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.prompt_facts import prompt_facts
from orchestrator.engine.status_reader import StatusReader
from orchestrator.store.open import open_store

PLAN = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n- [ ] 1.2 second (depends: 1.1)\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shared.db"
    return request.getfixturevalue("postgres_url")


async def facts_of_second_task(ports, instance_id):
    """What the prompt of 1.2 would be made of."""
    state = await StatusReader(ports.registry, ports.log, ports.commands).state(instance_id)
    file = await ports.plans.read("p")
    task = parse_plan(decode_plan(file.data)).task_by_id["1.2"]
    return await prompt_facts(
        task, state.tasks, Findings(ports.artifacts, ports.outputs, "p", instance_id, state.tasks)
    )


async def test_another_machine_has_the_findings_of_this_one(tmp_path, write_plan, url, orchestrator):
    write_plan(PLAN)
    async with open_store(tmp_path, url) as ports:
        await (await orchestrator(ports, "orch-a")).run()
    elsewhere = tmp_path / "elsewhere"
    for folder in ("docs/plans", ".orchestrator"):
        # A copy of a project is the same one.
        shutil.copytree(tmp_path / folder, elsewhere / folder)
    async with open_store(elsewhere, url) as ports:
        found = (await facts_of_second_task(ports, "orch-a")).findings
        assert "Attempt 1 by worker: completed" in found["1.1"]
        # It hands on what it was handed.
        await (await orchestrator(ports, "orch-b")).run()
    async with open_store(tmp_path, url) as ports:
        shutil.rmtree(tmp_path / "docs" / "plan-outputs")
        assert (await facts_of_second_task(ports, "orch-b")).findings == found


async def test_the_api_s_findings_need_no_file(tmp_path, write_plan, url, orchestrator):
    write_plan(PLAN)
    async with open_store(tmp_path, url) as ports:
        await (await orchestrator(ports, "orch-a")).run()
        catalog = PlanCatalog(ports, StatusReader(ports.registry, ports.log, ports.commands))
        before = [await catalog.finding("p", "1-1"), await catalog.finding("p", "1.2")]
        shutil.rmtree(tmp_path / "docs" / "plan-outputs")
        assert [await catalog.finding("p", "1-1"), await catalog.finding("p", "1.2")] == before
        assert [info.size_bytes for info in await catalog.findings("p")] == [
            len(text.encode()) for text in before
        ]
        with pytest.raises(PlanNotFound):
            await catalog.finding("q", "1.1")
