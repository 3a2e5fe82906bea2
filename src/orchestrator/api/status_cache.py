"""The status of orchestrators as bytes: encoded once per position of the log, however many ask for it.

Of a run that has ended, the commands that are kept for the plan's next run are part of it too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property

from orchestrator import __version__
from orchestrator.api.compression import Body
from orchestrator.api.frames import Frame, status_frame
from orchestrator.domain.commands import CommandRecord
from orchestrator.domain.projection import orchestrator_status
from orchestrator.domain.run_state import RunState
from orchestrator.engine.ports import Changes
from orchestrator.engine.status_reader import StatusReader

KEPT_STATUSES_MAX = 64


class EncodedStatus:
    """An orchestrator's status at `seq`, as JSON; `kept` are the ids of the commands for the next run."""

    def __init__(self, instance_id: str, seq: int, kept: tuple[str, ...], body: bytes, now: datetime) -> None:
        self.instance_id = instance_id
        self.seq = seq
        self.kept = kept
        self.body = Body(body)
        self._now = now

    @property
    def etag(self) -> str:
        """Of the plain body; strong: the log up to `seq`, what is kept and our version decide every byte."""
        # What is kept only grows until the next run begins, and then goes oldest first.
        kept = f":{len(self.kept)}:{self.kept[-1]}" if self.kept else ""
        return f'"{self.instance_id}:{self.seq}{kept}:{__version__}"'

    @cached_property
    def frame(self) -> Frame:
        """The status as the first message of a stream."""
        return status_frame(self.instance_id, self.seq, self.body.plain, self._now)


class StatusCache:
    """Keeps the statuses that were asked for last, and knows without reading when they still hold."""

    def __init__(
        self,
        reader: StatusReader,
        changes: Changes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader = reader
        self._changes = changes
        self._now = now
        self._kept: OrderedDict[str, EncodedStatus] = OrderedDict()
        self._versions: dict[str, int | None] = {}

    async def latest(self, instance_id: str) -> EncodedStatus:
        """The status now; raises InstanceNotFound."""
        # Asked before it is read: what is written in between is read once more.
        version = self._changes.version()
        kept = self._kept.get(instance_id)
        if kept is not None and version is not None and self._versions.get(instance_id) == version:
            return kept
        state = await self._reader.state(instance_id)
        commands = await self._reader.kept_commands(instance_id, state)
        if kept is None or (kept.seq, kept.kept) != (state.seq, _ids(commands)):
            kept = self._encoded(instance_id, state, commands)
            self._kept[instance_id] = kept
        self._versions[instance_id] = version
        self._kept.move_to_end(instance_id)
        while len(self._kept) > KEPT_STATUSES_MAX:
            dropped, _ = self._kept.popitem(last=False)
            self._versions.pop(dropped, None)
        return kept

    async def at(self, instance_id: str, seq: int) -> EncodedStatus:
        """The status as it was at `seq`; raises InstanceNotFound and SeqOutOfRange."""
        return self._encoded(instance_id, await self._reader.state(instance_id, at_seq=seq))

    def _encoded(
        self, instance_id: str, state: RunState, commands: Sequence[CommandRecord] = ()
    ) -> EncodedStatus:
        body = orchestrator_status(state, instance_id, commands).model_dump_json().encode()
        return EncodedStatus(instance_id, state.seq, _ids(commands), body, self._now())


def _ids(commands: Sequence[CommandRecord]) -> tuple[str, ...]:
    return tuple(command.id for command in commands)
