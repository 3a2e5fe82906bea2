"""`orchestrator list`, `status` and `events`: what the log says, with no server needed."""

from __future__ import annotations

import asyncio
import json as json_module
from pathlib import Path

from orchestrator.cli.composition import Services, open_services
from orchestrator.cli.event_lines import one_line, shown, task_mark
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.project import find_root
from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.status import OrchestratorInfo, OrchestratorStatus
from orchestrator.engine.follow import follow, stored
from orchestrator.engine.records import InstanceRecord
from orchestrator.engine.status_reader import orchestrator_info

IDS_SHOWN_MAX = 10


async def find_instance(services: Services, text: str | None) -> InstanceRecord:
    """The orchestrator with this id, else the only one that is meant; without a text the latest.

    A text means a running orchestrator by its plan's name or by how its id begins, before it means an
    ended one.
    """
    records = await services.ports.registry.list()
    if text is None:
        if records:
            return records[0]
        raise InstanceNotFound("No orchestrator has run here yet.")
    meant = [record for record in records if record.plan_name == text or record.id.startswith(text)]
    alive = [record for record in meant if not record.status.has_ended]
    for found in ([record for record in records if record.id == text], alive, meant):
        if len(found) == 1:
            return found[0]
    shown = (alive or meant or records)[:IDS_SHOWN_MAX]
    known = "".join(f"\n  {record.id}  {record.status:<9} {record.plan_name}" for record in shown)
    what = "More than one orchestrator is meant by" if meant else "There is no orchestrator"
    raise InstanceNotFound(f"{what} {text!r}. There are:{known or ' none'}")


def list_orchestrators(root: Path | None, *, include_ended: bool, json: bool) -> ExitCode:
    """Print one line an orchestrator, newest first."""
    return asyncio.run(_list(find_root(root), include_ended=include_ended, json=json))


async def _list(root: Path, *, include_ended: bool, json: bool) -> ExitCode:
    async with open_services(root, create=False) as services:
        await services.undertaker.bury_the_dead()
        records = await services.ports.registry.list(live_only=not include_ended)
    infos = [orchestrator_info(record) for record in records]
    if json:
        print(json_module.dumps([info.model_dump(mode="json") for info in infos], indent=2))
        return ExitCode.COMPLETED
    if not infos:
        print("No orchestrator is running." if not include_ended else "No orchestrator has run here yet.")
    for info in infos:
        print(_info_line(info))
    return ExitCode.COMPLETED


def _info_line(info: OrchestratorInfo) -> str:
    since = f"{info.started_at.astimezone():%Y-%m-%d %H:%M}"
    return f"{info.id}  {info.status:<9} {info.progress_percent:>5.1f} %  {since}  {info.plan_name}"


def show_status(instance: str | None, root: Path | None, *, at_seq: int | None, json: bool) -> ExitCode:
    """Print the phases and tasks, now or as they were after event `at_seq`."""
    return asyncio.run(_show_status(instance, find_root(root), at_seq=at_seq, json=json))


async def _show_status(instance: str | None, root: Path, *, at_seq: int | None, json: bool) -> ExitCode:
    async with open_services(root, create=False) as services:
        await services.undertaker.bury_the_dead()
        record = await find_instance(services, instance)
        status = await services.reader.status(record.id, at_seq)
    if json:
        print(status.model_dump_json(indent=2))
    else:
        print("\n".join(_status_lines(status)))
    return ExitCode.COMPLETED


def _status_lines(status: OrchestratorStatus) -> list[str]:
    summary = status.summary
    done = f"{summary.completed + summary.skipped} of {summary.total_tasks} done"
    lines = [
        f"{status.instance_id}  {status.plan_path}",
        f"{status.status}, {done} ({summary.progress_percent} %), at event {status.seq}",
    ]
    if status.reason:
        lines.append(status.reason)
    tasks = iter(status.tasks)
    for phase in status.phases:
        lines.append(f"\nPhase {phase.number}: {phase.name}")
        for task in (next(tasks) for _ in range(phase.total_tasks)):
            line = f"  {task_mark(task.status)} {task.id:<8} {one_line(task.description)}"
            if task.blocked_by:
                line += f"  (waits for {', '.join(task.blocked_by)})"
            if task.last_error:
                line += f"  {one_line(task.last_error)}"
            lines.append(line)
    return lines


def show_events(instance: str | None, root: Path | None, *, follow: bool, after: int, json: bool) -> ExitCode:
    """Print the events after a position; with `follow` also those to come, until the orchestrator ends."""
    return asyncio.run(_show_events(instance, find_root(root), wait=follow, after=after, json=json))


async def _show_events(instance: str | None, root: Path, *, wait: bool, after: int, json: bool) -> ExitCode:
    async with open_services(root, create=False) as services:
        await services.undertaker.bury_the_dead()
        record = await find_instance(services, instance)
        log = services.ports.log
        events = (
            follow(log, services.ports.changes, record.id, after) if wait else stored(log, record.id, after)
        )
        async for event in events:
            line = shown(event, json=json)
            if line is not None:
                print(line, flush=wait)
    return ExitCode.COMPLETED
