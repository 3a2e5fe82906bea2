"""Which orchestrator a person means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.cli.find_instance import find_instance
from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.status import OrchestratorInfo
from orchestrator.domain.task_status import RunStatus

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def info(name: str, plan: str, status: RunStatus) -> OrchestratorInfo:
    return OrchestratorInfo(
        id=name, project="/p", plan_name=plan, plan_path=f"docs/plans/{plan}.md", worktree_path="/p",
        host="h", pid=1, agent=None, status=status, started_at=NOW, ended_at=None,
        last_heartbeat=NOW, is_alive=True, is_stale=False, seq=1, progress_percent=0.0,
    )  # fmt: skip


INFOS = [
    info("orch-3-cc", "bake", RunStatus.RUNNING),
    info("orch-2-bb", "bake", RunStatus.COMPLETED),
    info("orch-1-aa", "wash", RunStatus.FAILED),
]


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
def test_an_id_its_beginning_or_a_plan_is_enough_and_the_living_come_first(text, expected):
    assert find_instance(INFOS, text).id == expected


def test_of_a_plans_ended_runs_the_latest_is_meant():
    ended = [info("orch-2-bb", "bake", RunStatus.COMPLETED), info("orch-1-aa", "bake", RunStatus.FAILED)]
    assert find_instance(ended, "bake").id == "orch-2-bb"


def test_of_several_that_fit_the_one_of_this_checkout_is_meant():
    linked = info("orch-4-dd", "bake", RunStatus.RUNNING).model_copy(update={"checkout": "linked"})
    infos = [linked, *INFOS]
    assert find_instance(infos, "bake", ("/p", "linked")).id == "orch-4-dd"
    assert find_instance(infos, "bake", ("/p", None)).id == "orch-3-cc"
    assert find_instance(infos, "wash", ("/p", "linked")).id == "orch-1-aa"
    with pytest.raises(InstanceNotFound, match=r"orch-4-dd  running   bake \(checkout linked\)"):
        find_instance(infos, "bake", ("/elsewhere", None))


@pytest.mark.parametrize(("infos", "text"), [(INFOS, "nobody"), (INFOS[1:], "orch"), ([], None), ([], "x")])
def test_what_is_not_there_or_not_clear_is_said_with_what_there_is(infos, text):
    with pytest.raises(InstanceNotFound) as refusal:
        find_instance(infos, text)
    assert all(info.id in str(refusal.value) for info in infos)
