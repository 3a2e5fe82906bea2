"""`orchestrator doctor`: what is wrong with this project's root, database and clock, and what to do."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from orchestrator.agents.containment import containment_notice
from orchestrator.cli.agent_composition import Use, make_agents
from orchestrator.cli.composition import DATABASE_URL_VARIABLE
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.output import write, write_json
from orchestrator.cli.plans import agent_names, linted
from orchestrator.cli.project import find_root
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.wording import counted
from orchestrator.store.checkup import Finding, check_database
from orchestrator.store.database import locate
from orchestrator.store.plan_files import PLANS_FOLDER, DiskPlanFiles
from orchestrator.store.plan_outputs import OUTPUTS_FOLDER
from orchestrator.store.state_checkup import check_state
from orchestrator.store.state_place import find_place

FREE_BYTES_MIN = 200 * 2**20
_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def examine(root: Path | None, *, as_json: bool) -> ExitCode:
    """Print what was found: exit 0 when nothing is wrong, 1 when something is. Nothing is changed."""
    found = []
    for finding in _findings(find_root(root)):
        found.append(finding)
        if not as_json:
            write(f"{_MARKS[finding.verdict]} {finding.about}: {finding.text}", flush=True)
    if as_json:
        write_json(json.dumps([asdict(finding) for finding in found], indent=2))
    return ExitCode.FAILED if any(f.verdict == "problem" for f in found) else ExitCode.COMPLETED


def _findings(root: Path) -> Iterator[Finding]:
    yield from _check_root(root)
    yield from check_state(root)
    yield from _check_plans(root)
    url = os.environ.get(DATABASE_URL_VARIABLE) or None
    try:
        location = locate(root, find_place(root).folder, url)
    except OrchestratorError as error:
        yield Finding("database", "problem", str(error))
    else:
        yield from check_database(location)
    notice = containment_notice()
    yield Finding("system", "warning" if notice else "ok", notice or "What a task starts ends with it.")


def _check_root(root: Path) -> Iterator[Finding]:
    yield Finding("root", "ok", str(root))
    folder = root / OUTPUTS_FOLDER
    while not folder.exists():
        folder = folder.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        yield Finding(
            "root",
            "problem",
            f"{folder} cannot be written, and {OUTPUTS_FOLDER} belongs there; check owner and rights.",
        )
    free = shutil.disk_usage(root).free
    if free < FREE_BYTES_MIN:
        yield Finding("root", "problem", f"The disk has {free // 2**20} MiB left; free some space.")


def _check_plans(root: Path) -> Iterator[Finding]:
    files = asyncio.run(DiskPlanFiles(root).list())
    if not files:
        yield Finding("plans", "warning", f"There is no plan in {root / PLANS_FOLDER}; write one there.")
    bad, agents = 0, agent_names(make_agents(root, Use.LOOK))
    for file in files:
        errors = () if file.problem else linted(file, agents).errors
        if file.problem or errors:
            bad += 1
            what = file.problem or f"{counted(len(errors), 'error')}; see orchestrator lint {file.name}"
            yield Finding("plans", "problem", f"{file.path}: {what}")
    if files and not bad:
        yield Finding("plans", "ok", f"{len(files)} can be run.")
