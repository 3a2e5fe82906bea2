"""A run of any size whose agents are this program: `python -m benchmarks.busy_run ROOT TASKS CALLS RATE`.

It writes what a run of so many tasks has in its log, says `ready`, and then goes on with so many events a
second until it is killed.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.agents.host import LocalProcesses
from orchestrator.domain.events import (
    EventData,
    NewEvent,
    OrchestratorChanged,
    PlanLoaded,
    PlannedPhase,
    PlannedTask,
    TaskChanged,
    ToolCompleted,
    ToolStarted,
)
from orchestrator.domain.task_status import RunStatus, TaskStatus
from orchestrator.engine.lease_guard import LeaseGuard, elapsed_seconds
from orchestrator.engine.lease_keeper import keep_lease
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import Lease, NewInstance
from orchestrator.store.open import open_store

INSTANCE_ID = "orch-busy"
PHASE_LENGTH = 50
RUNNING = 4
PAGE = 500


def plan(tasks: int) -> PlanLoaded:
    phases = range(1, (tasks - 1) // PHASE_LENGTH + 2)
    return PlanLoaded(
        plan_name="busy",
        plan_path="docs/plans/busy.md",
        title="Busy",
        phases=tuple(PlannedPhase(number=phase, name=f"Part {phase}") for phase in phases),
        tasks=tuple(
            PlannedTask(id=task_id(n), phase=phase_of(n), description=f"Task {n}") for n in range(tasks)
        ),
    )


def phase_of(number: int) -> int:
    return number // PHASE_LENGTH + 1


def task_id(number: int) -> str:
    return f"{phase_of(number)}.{number % PHASE_LENGTH + 1}"


def change(number: int, old: TaskStatus, new: TaskStatus, revision: int) -> TaskChanged:
    return TaskChanged(
        task_id=task_id(number),
        description=f"Task {number}",
        phase=phase_of(number),
        old_status=old,
        new_status=new,
        attempt=1,
        revision=revision,
        agent="busy",
        duration_ms=1_000 if new is TaskStatus.COMPLETED else None,
    )


def call(number: int, index: int) -> Iterator[EventData]:
    told = {
        "task_id": task_id(number),
        "attempt": 1,
        "tool_id": f"call-{index}",
        "tool_name": ("Bash", "Read", "Edit")[index % 3],
    }
    yield ToolStarted(**told, input_summary=f"src/file-{index}.ts")
    failed = index % 20 == 0
    status = "error" if failed else "ok"
    yield ToolCompleted(
        **told, status=status, success=not failed, duration_ms=5, output_summary=f"line {index}"
    )


def story(tasks: int, calls: int) -> Iterator[EventData]:
    """Half of the tasks done, some running, and the calls spread over those."""
    yield plan(tasks)
    yield OrchestratorChanged(old_status=RunStatus.STARTING, new_status=RunStatus.RUNNING)
    done, indexes = max(1, tasks // 2), itertools.count()
    for number in range(done):
        yield change(number, TaskStatus.PENDING, TaskStatus.IN_PROGRESS, 1)
        for _ in range(calls // done):
            yield from call(number, next(indexes))
        yield change(number, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, 2)
    for number in range(done, min(done + RUNNING, tasks)):
        yield change(number, TaskStatus.PENDING, TaskStatus.IN_PROGRESS, 1)


async def go_on(ports: Ports, lease: Lease, tasks: int, calls: int, per_second: float) -> None:
    """Calls of the running tasks, and now and then one of these is done and the next begins."""
    first = max(1, tasks // 2)
    events: Iterator[EventData] = iter(())
    clock = asyncio.get_running_loop().time
    begun = clock()
    for number in itertools.count():
        event = next(events, None)
        if event is None:
            running = first + number // 20 % max(1, tasks - first - RUNNING)
            parts = [*call(running, calls + number)]
            if number % 20 == 0:
                parts.append(change(running, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, 2))
                parts.append(change(running + RUNNING, TaskStatus.PENDING, TaskStatus.IN_PROGRESS, 1))
            events = iter(parts)
            event = next(events)
        await ports.log.append(lease, [NewEvent(event, datetime.now(UTC))])
        await asyncio.sleep(max(0.0, begun + (number + 1) / per_second - clock()))


async def main(root: str, tasks: int, calls: int, per_second: float) -> None:
    host = LocalProcesses()
    (Path(root) / "docs" / "plans").mkdir(parents=True, exist_ok=True)
    async with open_store(Path(root), None) as ports:
        pid = os.getpid()
        path = "docs/plans/busy.md"
        new = NewInstance(INSTANCE_ID, root, "busy", path, root, host.host, pid, host.start_time(pid), "busy")
        lease = await ports.registry.claim(new)
        guard = LeaseGuard(ports.registry, lease, elapsed_seconds())
        keeper = asyncio.create_task(keep_lease(guard, asyncio.get_running_loop().time()))
        now = datetime.now(UTC)
        events = story(tasks, calls)
        while page := list(itertools.islice(events, PAGE)):
            await ports.log.append(lease, [NewEvent(event, now) for event in page])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if per_second:
            await go_on(ports, lease, tasks, calls, per_second)
        await keeper


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
