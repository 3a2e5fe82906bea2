"""Which orchestrator a person means."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from orchestrator.cli.inspect import find_instance
from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import InstanceRecord

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def record(name: str, plan: str, status: RunStatus) -> InstanceRecord:
    return InstanceRecord(
        id=name, project="/p", plan_name=plan, plan_path=f"docs/plans/{plan}.md", worktree_path="/p",
        host="h", pid=1, pid_started="1", agent=None, status=status, started_at=NOW, ended_at=None,
        last_heartbeat=NOW, lease_until=NOW, database_now=NOW, epoch=1, seq=1, progress_percent=0.0,
    )  # fmt: skip


RECORDS = [
    record("orch-3-cc", "bake", RunStatus.RUNNING),
    record("orch-2-bb", "bake", RunStatus.COMPLETED),
    record("orch-1-aa", "wash", RunStatus.FAILED),
]


def services(records):
    async def list_all() -> list[InstanceRecord]:
        return records

    return SimpleNamespace(ports=SimpleNamespace(registry=SimpleNamespace(list=list_all)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "orch-3-cc"),
        ("orch-2-bb", "orch-2-bb"),
        ("orch-1", "orch-1-aa"),
        ("orch", "orch-3-cc"),
        ("bake", "orch-3-cc"),
        ("wash", "orch-1-aa"),
    ],
)
async def test_an_id_its_beginning_or_a_plan_is_enough_and_the_living_come_first(text, expected):
    assert (await find_instance(services(RECORDS), text)).id == expected


@pytest.mark.parametrize(
    ("records", "text"), [(RECORDS, "nobody"), (RECORDS[1:], "orch"), ([], None), ([], "x")]
)
async def test_what_is_not_there_or_not_clear_is_said_with_what_there_is(records, text):
    with pytest.raises(InstanceNotFound) as refusal:
        await find_instance(services(records), text)
    assert all(record.id in str(refusal.value) for record in records)
