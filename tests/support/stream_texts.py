"""The messages of a stream as the server writes them, and an orchestrator's info."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.status import OrchestratorInfo
from orchestrator.domain.task_status import RunStatus

NOW = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
STATUS = {
    "instance_id": "orch-1", "plan_name": "demo", "plan_path": "docs/plans/demo.md", "summary": {},
    "phases": [], "tasks": [], "started_at": None, "ended_at": None, "reason": None, "usage": {},
    "usage_by_model": [], "approvals": [],
    "waiting_for": None,
}  # fmt: skip


def info(seq: int = 3, status: str = "running") -> OrchestratorInfo:
    return OrchestratorInfo(
        id="orch-1", project="/p", plan_name="demo", plan_path="docs/plans/demo.md", worktree_path="/p",
        host="h", pid=1, agent=None, status=RunStatus(status), started_at=NOW, ended_at=None,
        last_heartbeat=NOW, is_alive=True, is_stale=False, seq=seq, progress_percent=0.0,
    )  # fmt: skip


def text(kind: str, data: dict[str, Any], seq: int | None = None) -> str:
    position = {} if seq is None else {"seq": seq}
    stamp = "2030-01-02T03:04:05.678901Z"
    envelope = {"type": kind, "timestamp": stamp, "instance_id": "orch-1", **position, "data": data}
    return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)


def event(seq: int) -> str:
    return text("phase_changed", {"old_phase": None, "new_phase": seq}, seq)


def ended(seq: int) -> str:
    return text("orchestrator_changed", {"old_status": "running", "new_status": "completed"}, seq)


def status(seq: int, run_status: str = "running") -> str:
    return text("initial_status", {**STATUS, "status": run_status, "seq": seq}, seq)


def ping(up_to: int) -> str:
    return text("ping", {"up_to": up_to})


def resync(reason: str, requested: int, oldest: int = 1) -> str:
    return text("resync", {"reason": reason, "requested": requested, "oldest": oldest})
