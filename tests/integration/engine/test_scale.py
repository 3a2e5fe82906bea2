"""What a task costs the engine itself must not grow with the plan."""

from __future__ import annotations

import time

import pytest

from orchestrator.domain.task_status import RunStatus
from orchestrator.store.open import open_memory_store

MILLISECONDS_MAX = 10


def flat(size: int) -> str:
    return "# P\n\n## Phase 1: one\n\n" + "".join(f"- [ ] 1.{n} task\n" for n in range(1, size + 1))


def chain(size: int) -> str:
    rest = (f"- [ ] 1.{n} task (depends: 1.{n - 1})\n" for n in range(2, size + 1))
    return "# P\n\n## Phase 1: one\n\n- [ ] 1.1 task\n" + "".join(rest)


def phases(size: int) -> str:
    parts = []
    for phase in range(1, size // 10 + 1):
        boxes = "".join(f"- [ ] {phase}.{n} task\n" for n in range(1, 11))
        parts.append(f"## Phase {phase}: part\n\n{boxes}\n")
    return "# P\n\n" + "".join(parts)


async def milliseconds_per_task(orchestrator, plan: str, size: int, parallel: int) -> float:
    async with open_memory_store(plans={"p.md": plan}) as ports:
        run = await orchestrator(ports, "orch-a", parallel=parallel)
        began = time.process_time()
        assert await run.run() is RunStatus.COMPLETED
        return (time.process_time() - began) * 1000 / size


@pytest.mark.long
@pytest.mark.parametrize("shape", [flat, chain, phases], ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("parallel", [1, 4])
async def test_a_task_costs_at_most_ten_milliseconds(orchestrator, shape, parallel):
    assert await milliseconds_per_task(orchestrator, shape(500), 500, parallel) < MILLISECONDS_MAX


@pytest.mark.long
@pytest.mark.parametrize("shape", [flat, chain, phases], ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("parallel", [1, 4])
async def test_a_task_of_five_thousand_costs_no_more(orchestrator, shape, parallel):
    assert await milliseconds_per_task(orchestrator, shape(5_000), 5_000, parallel) < MILLISECONDS_MAX
