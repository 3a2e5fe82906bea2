"""What lists cost the server: plans that have run, orchestrators, and a page of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.commands import _is_up
from benchmarks.measure import (
    PYTHON,
    Effort,
    Row,
    Samples,
    api_server,
    cpu_a_request,
    folder,
    process,
    say,
    wait_until,
)
from orchestrator.domain.events import (
    OrchestratorChanged,
    PlanLoaded,
    PlannedPhase,
    PlannedTask,
    ToolStarted,
)
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.journal import Journal
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import NewInstance
from orchestrator.store.open import open_store

PLANS, TASKS, EVENTS = 100, 50, 1_000
PATHS = {
    "plans": "/api/plans",
    "orchestrators": "/api/orchestrators",
    "events": f"/api/orchestrators/orch-0/events?limit={EVENTS}",
}
AIMS = {"plans": 10.0, "orchestrators": 0.5, "events": 3.0}
TITLES = {
    "plans": f"GET /api/plans, {PLANS} plans with runs",
    "orchestrators": f"GET /api/orchestrators, {PLANS} runs",
    "events": f"GET a page of {EVENTS:,} events",
}


async def _fill(root: Path) -> None:
    """Plans, each with a run that has ended; the first of these has a page of calls."""
    folder = root / "docs" / "plans"
    folder.mkdir(parents=True)
    async with open_store(root) as ports:
        for number in range(PLANS):
            tasks = "".join(f"- [ ] 1.{n} Task {n}, with some words in it\n" for n in range(1, TASKS + 1))
            (folder / f"p{number}.md").write_text(f"# Plan {number}\n\n## Phase 1: One\n\n{tasks}")
            await _run(ports, root, number)


async def _run(ports: Ports, root: Path, number: int) -> None:
    name, path = f"p{number}", f"docs/plans/p{number}.md"
    new = NewInstance(f"orch-{number}", ports.project, name, path, str(root), "here", 1, "1", "shell")
    journal = Journal(ports.log, await ports.registry.claim(new), lambda: datetime.now(UTC))
    await journal.record(
        PlanLoaded(
            plan_name=name,
            plan_path=path,
            title=name,
            phases=(PlannedPhase(number=1, name="One"),),
            tasks=tuple(
                PlannedTask(id=f"1.{n}", phase=1, description=f"Task {n}") for n in range(1, TASKS + 1)
            ),
        ),
        OrchestratorChanged(old_status=RunStatus.STARTING, new_status=RunStatus.RUNNING),
    )
    if number == 0:
        await journal.record(*(_call(index) for index in range(EVENTS)))
    await journal.record(OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=RunStatus.COMPLETED))


def _call(index: int) -> ToolStarted:
    return ToolStarted(
        task_id="1.1",
        attempt=1,
        tool_id=f"call-{index}",
        tool_name="Read",
        input_summary=f"src/file-{index}.ts",
    )


@contextmanager
def _references(answers: Mapping[str, bytes], root: Path) -> Iterator[tuple[str, int]]:
    """FastAPI with the same answers, as prepared bytes and through `response_model`: its URL and its pid."""
    for name, answer in answers.items():
        (root / f"{name}.json").write_bytes(answer)
    with process(PYTHON, "-m", "benchmarks.children", "plain-server", "lists", root) as other:
        assert other.stdout is not None
        base = other.stdout.readline().strip()
        wait_until(lambda: _is_up(f"{base}/noop"))
        yield base, other.pid


def rows(effort: Effort) -> list[Row]:
    rounds, each = effort.count(5, 1), effort.count(100, 10)
    samples = {name: (Samples(), Samples(), Samples()) for name in PATHS}
    # As the references send them.
    plain = {"Accept-Encoding": "identity"}
    with folder() as root, httpx.Client() as client:
        asyncio.run(_fill(root))
        with api_server(root) as (url, pid):
            answers = {name: client.get(url + path, headers=plain).content for name, path in PATHS.items()}
            with _references(answers, root) as (base, other):
                for number in range(rounds):
                    say(f"lists, round {number + 1} of {rounds}")
                    for name, (ours, prepared, model) in samples.items():
                        ours.add(cpu_a_request(client, pid, url + PATHS[name], each, plain))
                        prepared.add(cpu_a_request(client, other, f"{base}/prepared/{name}", each, plain))
                        model.add(
                            cpu_a_request(client, other, f"{base}/model/{name}", max(each // 5, 5), plain)
                        )
    return [
        Row(
            f"{TITLES[name]}, ms of processor a request",
            ours.spread(),
            f"FastAPI, prepared bytes: {prepared.spread()}; with `response_model`: {model.spread()}",
            f"≤ {AIMS[name]:g}",
            ours.median <= AIMS[name],
        )
        for name, (ours, prepared, model) in samples.items()
    ]
