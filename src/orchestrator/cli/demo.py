"""`orchestrator demo`: a packaged plan and its script, played in a folder of its own."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path

from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.interrupts import remove_on_leaving
from orchestrator.cli.run import RunRequest, run_plan
from orchestrator.cli.serve_request import ServeRequest
from orchestrator.engine.records import NewRun

PLAN_FOLDER = Path(__file__).parent / "demo_plan"
NAME = "bake-a-cake"
BACK_OFF_SECONDS = 1.5


def play(*, api: ServeRequest | None, keep_serving: bool, speed: float, json: bool) -> ExitCode:
    """Run the demo plan; its folder is removed afterwards."""
    # Named before it is made, so that there is no moment at which a signal would leave it behind.
    root = Path(tempfile.gettempdir(), f"orchestrator-demo-{secrets.token_hex(8)}")
    with remove_on_leaving(str(root)):
        try:
            root.mkdir(mode=0o700)
            return _play_in(root, api=api, keep_serving=keep_serving, speed=speed, json=json)
        finally:
            shutil.rmtree(root, ignore_errors=True)


def _play_in(
    root: Path, *, api: ServeRequest | None, keep_serving: bool, speed: float, json: bool
) -> ExitCode:
    plans = root / "docs" / "plans"
    plans.mkdir(parents=True)
    shutil.copy(PLAN_FOLDER / f"{NAME}.md", plans)
    request = RunRequest(
        run=NewRun(NAME, back_off_seconds=BACK_OFF_SECONDS / speed if speed else 0),
        api=api,
        keep_serving=keep_serving,
        script=PLAN_FOLDER / f"{NAME}.yaml",
        script_speed=speed,
        json=json,
        root=root,
        is_temporary=True,
    )
    return run_plan(request)
