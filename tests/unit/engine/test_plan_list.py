"""The list of plans says what each plan's status says, and folds no log for it twice."""

from __future__ import annotations

import json

import pytest

from orchestrator.engine.plan_catalog import PlanCatalog
from orchestrator.engine.records import RunCounts
from orchestrator.engine.status_reader import KEPT_LOGS_MAX

PLANS = KEPT_LOGS_MAX + 6
MIXED = """# P

- [ ] 1.1 first
- [ ] 1.2 fails
- [ ] 1.3 waits
  depends: 1.2
- [x] 1.4 done before
"""


@pytest.fixture
def catalog(house):
    return PlanCatalog(house.ports, house.reader)


@pytest.fixture
def reads(house, monkeypatch):
    """The ids whose logs were read."""
    asked: list[str] = []
    read = house.log.read

    async def noted(instance_id: str, *args, **options):
        asked.append(instance_id)
        return await read(instance_id, *args, **options)

    monkeypatch.setattr(house.log, "read", noted)
    return asked


async def counts_of(catalog: PlanCatalog) -> list[tuple[str, int, int, int, int]]:
    return [(p.name, p.total_tasks, p.completed, p.unchecked, p.stale) for p in await catalog.plans()]


async def check(catalog: PlanCatalog) -> None:
    """Every line of the list says what the plan's status says, which is folded from the log."""
    for info in await catalog.plans():
        status = await catalog.status(info.name)
        summary = status.summary
        assert (info.total_tasks, info.completed, info.unchecked, info.stale, info.has_status) == (
            summary.total_tasks,
            summary.completed,
            summary.unchecked,
            summary.stale,
            status.source != "plan",
        )


def without_counts(house) -> None:
    """As an earlier version would have left the registry."""
    for record in list(house.store.instances.values()):
        house.store.instances[record.id] = record._replace(counts=RunCounts())


async def test_the_list_reads_no_log_however_many_plans_have_run(make_house, monkeypatch):
    house = make_house("# P\n\n- [ ] 1.1 a\n")
    catalog = PlanCatalog(house.ports, house.reader)
    await house.run()
    record = house.store.instances["orch-1"]
    for number in range(PLANS):
        name = f"p{number}"
        house.plans.put(f"{name}.md", "# P\n\n- [ ] 1.1 a\n")
        path = f"docs/plans/{name}.md"
        house.store.instances[name] = record._replace(id=name, plan_name=name, plan_path=path)
        house.store.plans[house.ports.plan_key(path)] = house.store.plans[record.plan_key]
        house.store.events[name] = house.store.events["orch-1"]

    async def refused(*_args, **_options):
        raise AssertionError("the list read a log")

    monkeypatch.setattr(house.log, "read", refused)
    counts = await counts_of(catalog)
    assert len(counts) == PLANS + 1
    assert {line[1:] for line in counts} == {(1, 1, 1, 0)}


async def test_where_the_registry_has_no_counts_each_log_is_folded_once(house, catalog, reads):
    await house.run()
    without_counts(house)
    first = await counts_of(catalog)
    assert first == [("p", 1, 1, 1, 0)]
    assert "orch-1" in reads
    house.reader._known.clear()
    reads.clear()
    assert await counts_of(catalog) == first
    assert reads == []


async def test_the_list_follows_a_run_from_event_to_event(make_house, plays):
    house = make_house(MIXED)
    catalog = PlanCatalog(house.ports, house.reader)
    append, seen = house.log.append, []

    async def checked(*args, **options):
        stored = await append(*args, **options)
        await check(catalog)
        seen.append((await counts_of(catalog))[0])
        return stored

    house.log.append = checked
    house.robot.plays["1.2"] = [plays.fail()] * 9
    await house.run()
    assert len(set(seen)) > 1
    await check(catalog)


async def test_the_list_follows_a_run_whose_counts_the_registry_has_not(house, catalog):
    await house.run()
    without_counts(house)
    await check(catalog)
    house.plans.put("p.md", "# P\n\n- [ ] 1.1 a\n- [ ] 1.2 b\n")
    await house.run()
    without_counts(house)
    await check(catalog)
    assert (await counts_of(catalog))[0][1:3] == (2, 2)


async def test_an_edit_of_the_plan_or_of_status_json_shows_at_once(house, catalog):
    assert await counts_of(catalog) == [("p", 1, 0, 0, 0)]
    house.plans.put("p.md", "# P\n\n- [x] 1.1 a\n- [ ] 1.2 b\n")
    assert await counts_of(catalog) == [("p", 2, 1, 1, 0)]
    for status, completed in (("completed", 2), ("pending", 1)):
        document = {"tasks": [{"id": "1.2", "status": status, "description": "b"}]}
        house.outputs.put("docs/plan-outputs/p/status.json", json.dumps(document).encode())
        assert (await counts_of(catalog))[0][:3] == ("p", 2, completed)
        await check(catalog)


async def test_files_that_have_not_changed_are_not_counted_again(house, catalog, monkeypatch):
    first = await counts_of(catalog)

    def refused(*_args):
        raise AssertionError("an unchanged plan was counted again")

    monkeypatch.setattr("orchestrator.engine.plan_list.unstarted_state", refused)
    assert await counts_of(catalog) == first


async def test_nothing_is_kept_of_a_plan_that_is_gone(house, catalog):
    await house.run()
    without_counts(house)
    house.plans.put("q.md", "# Q\n\n- [ ] 1.1 a\n")
    await catalog.plans()
    assert (set(catalog._list._from_logs), set(catalog._list._from_files)) == (
        {"docs/plans/p.md"},
        {"docs/plans/q.md"},
    )
    house.plans.remove("p.md")
    house.plans.remove("q.md")
    assert await catalog.plans() == []
    assert (catalog._list._from_logs, catalog._list._from_files) == ({}, {})


async def test_a_pruned_run_says_nothing(house, catalog):
    await house.run()
    house.outputs.files.clear()
    record = house.store.instances["orch-1"]
    house.store.instances["orch-1"] = record._replace(pruned_at=record.ended_at)
    (info,) = await catalog.plans()
    assert (info.completed, info.has_status) == (0, False)
