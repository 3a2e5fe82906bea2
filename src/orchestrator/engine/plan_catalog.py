"""The plans of a project as lists and status: the log's word first, then status.json's, then the boxes'."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from orchestrator.domain.answers import LastRun, PlanDocument, PlanProblem, PlanTaskLine
from orchestrator.domain.commands import CommandRecord
from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.plan import Plan
from orchestrator.domain.plan_parser import decode_plan, parse_plan
from orchestrator.domain.projection import phase_infos, summarize, task_infos
from orchestrator.domain.redaction import Redact, redact_known
from orchestrator.domain.run_state import RunState
from orchestrator.domain.status import FindingInfo, PlanInfo, PlanStatus, TaskInfo
from orchestrator.engine.default_options import DEFAULT_OPTIONS, plan_settings
from orchestrator.engine.findings import Findings
from orchestrator.engine.identified_plan import identify
from orchestrator.engine.known_tasks import known_before
from orchestrator.engine.plan_list import PlanList, unstarted_state
from orchestrator.engine.ports import Ports
from orchestrator.engine.records import InstanceRecord, PlanFile
from orchestrator.engine.status_reader import StatusReader


class PlanCatalog:
    """Answers what people ask about plans, whether or not one of them is running."""

    def __init__(self, ports: Ports, reader: StatusReader, redact: Redact = redact_known) -> None:
        self._ports = ports
        self._reader = reader
        self._redact = redact
        self._list = PlanList(ports, reader)
        self._parsed: dict[str, tuple[bytes, Plan]] = {}

    async def plans(self) -> list[PlanInfo]:
        """Every plan in docs/plans, by name."""
        files = await self._ports.plans.list()
        return await self._list.infos([(file, await self._plan(file)) for file in files])

    async def document(self, name: str) -> PlanDocument:
        """The plan's own text; raises PlanNotFound or PlanUnreadable."""
        file = await self._ports.plans.read(name)
        plan = await self._plan(file)
        known = await known_before(self._ports, self._reader, file)
        plan = (await asyncio.to_thread(identify, plan, known, self._redact)).plan
        return PlanDocument(
            name=file.name,
            title=plan.title,
            path=file.path,
            last_modified=file.last_modified,
            markdown=decode_plan(file.data),
            problems=[PlanProblem.of(problem) for problem in plan.problems],
            tasks=[PlanTaskLine(task_id=task.id, line=task.line) for task in plan.tasks()],
            settings=plan_settings(plan),
            defaults=DEFAULT_OPTIONS,
            last_run=await self._last_run(file),
        )

    async def _last_run(self, file: PlanFile) -> LastRun | None:
        latest = await self._latest(file)
        if latest is None:
            return None
        record, state = latest
        return LastRun(id=record.id, status=record.status, options=state.outline.options)

    async def _latest(self, file: PlanFile) -> tuple[InstanceRecord, RunState] | None:
        """The plan's latest run and its state, if the database knows one."""
        record = await self._ports.registry.latest(self._ports.plan_key(file.path))
        if record is None:
            return None
        try:
            return record, await self._reader.state(record.id)
        except InstanceNotFound:
            return None

    async def status(self, name: str) -> PlanStatus:
        """Raises PlanNotFound or PlanUnreadable."""
        return await self._status(await self._ports.plans.read(name))

    async def _status(self, file: PlanFile) -> PlanStatus:
        latest = await self._latest(file)
        if latest is not None:
            record, state = latest
            kept = await self._reader.kept_commands(record.id, state)
            return _plan_status(file, state, source="log", instance_id=record.id, kept=kept)
        plan = await self._plan(file)
        document = (await self._ports.outputs.read_status(file.name)).document or {}
        state = unstarted_state(plan, file, document)
        return _plan_status(file, state, source="status.json" if document else "plan")

    async def tasks(self, name: str) -> tuple[TaskInfo, ...]:
        """The tasks of `status`; raises as it does."""
        return (await self.status(name)).tasks

    async def findings(self, name: str) -> list[FindingInfo]:
        """What the plan's tasks left behind; raises PlanNotFound or PlanUnreadable."""
        return await (await self._findings(name)).infos()

    async def finding(self, name: str, task_id: str) -> str | None:
        """The text of a finding, or None; raises PlanNotFound or PlanUnreadable."""
        return await (await self._findings(name)).whole(task_id)

    async def _findings(self, name: str) -> Findings:
        file = await self._ports.plans.read(name)
        artifacts, outputs = self._ports.artifacts, self._ports.outputs
        latest = await self._latest(file)
        if latest is None:
            return Findings(artifacts, outputs, file.name)
        record, state = latest
        return Findings(artifacts, outputs, file.name, record.id, state.tasks)

    async def _plan(self, file: PlanFile) -> Plan:
        """The parsed plan; a file that has not changed is not parsed again.

        In a thread: a long plan takes seconds, and streams must not wait for it.
        """
        kept = self._parsed.get(file.path)
        if kept is not None and kept[0] == file.data:
            return kept[1]
        plan = await asyncio.to_thread(parse_plan, decode_plan(file.data))
        self._parsed[file.path] = (file.data, plan)
        return plan


def _plan_status(
    file: PlanFile,
    state: RunState,
    *,
    source: str,
    instance_id: str | None = None,
    kept: Sequence[CommandRecord] = (),
) -> PlanStatus:
    summary = summarize(state)
    return PlanStatus(
        name=file.name,
        source=source,
        instance_id=instance_id,
        plan_path=file.path,
        status=state.status if instance_id else None,
        summary=summary,
        phases=phase_infos(state, summary.current_phase),
        tasks=task_infos(state, kept),
        seq=state.seq if instance_id else None,
    )
