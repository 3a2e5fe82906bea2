"""The benchmarks can be run: every figure has a row. What the figures are is not asked here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
FIGURES = (
    "Push",
    "Command",
    "Durable appends",
    "Replay",
    "scripted tasks",
    "shell tasks",
    "Agent",
    "Parse",
    "--help",
    "304",
    "idle",
    "as gzip",
    "GET /api/plans",
    "GET /api/orchestrators",
    "a page of",
    "first paint",
    "first load",
    "kB a second",
    "longest frame",
    "clients, 40 a second, WebSocket",
    "clients, 40 a second, SSE",
    "events at once",
    "Memory of a connection",
)


@pytest.mark.long
@pytest.mark.needs_chromium
@pytest.mark.timeout(300)
def test_every_figure_can_be_had(tmp_path) -> None:
    page = tmp_path / "performance.md"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", page],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    table = page.read_text()
    for figure in FIGURES:
        assert figure in table, figure
