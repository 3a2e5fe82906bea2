"""An orchestrator whose engine is the test: what the API shows of it is what the test appends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.domain.events import EventData, NewEvent, OrchestratorChanged, StoredEvent, ToolStarted
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import InstanceRecord, Lease


@dataclass
class Run:
    ports: Ports
    lease: Lease

    @property
    def id(self) -> str:
        return self.lease.instance_id

    async def append(self, *events: EventData) -> list[StoredEvent]:
        stamped = [NewEvent(event, datetime.now(UTC)) for event in events]
        return await self.ports.log.append(self.lease, stamped)

    async def work(self, count: int, text: str = "") -> list[StoredEvent]:
        return await self.append(*(tool(str(number), text) for number in range(count)))

    async def record(self) -> InstanceRecord:
        return await self.ports.registry.get(self.id)

    async def end(self, status: RunStatus = RunStatus.STOPPED) -> None:
        await self.append(OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=status))


def tool(tool_id: str, text: str = "") -> ToolStarted:
    return ToolStarted(task_id="1.1", attempt=1, tool_id=tool_id, tool_name="bash", input_summary=text)
